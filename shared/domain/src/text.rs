//! Texts that people type, with their limits.

/// Why a text is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but blanks.
    #[error("this must not be empty")]
    Empty,
    /// Longer than allowed.
    #[error("this has {given} characters, at most {allowed} are allowed")]
    TooLong {
        /// Characters allowed.
        allowed: usize,
        /// Characters given.
        given: usize,
    },
    /// A control character or line break where none may stand.
    #[error("this must not hold line breaks or control characters")]
    Control,
}

/// Takes one line: trimmed, not empty, no control characters, so many characters at most.
///
/// # Errors
/// [`TextError`].
pub fn line(text: &str, allowed: usize) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    optional_line(text, allowed)
}

/// As [`line`], but may be empty.
///
/// # Errors
/// [`TextError`].
pub fn optional_line(text: &str, allowed: usize) -> Result<String, TextError> {
    let text = text.trim();
    if text.chars().any(is_unfit) {
        return Err(TextError::Control);
    }
    bounded(text, allowed)
}

/// Takes several lines: no control characters but line feeds and tabs.
///
/// # Errors
/// [`TextError`].
pub fn lines(text: &str, allowed: usize) -> Result<String, TextError> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().any(|c| is_unfit(c) && c != '\n' && c != '\t') {
        return Err(TextError::Control);
    }
    bounded(text, allowed)
}

/// Control characters and the marks that turn the direction of text around.
fn is_unfit(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn bounded(text: &str, allowed: usize) -> Result<String, TextError> {
    let given = text.chars().count();
    if given > allowed { Err(TextError::TooLong { allowed, given }) } else { Ok(text.to_owned()) }
}
