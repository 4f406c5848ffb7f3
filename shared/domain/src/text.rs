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
    /// A line break in what is one line.
    #[error("this is one line: it must not hold line breaks")]
    LineBreak,
    /// A control character.
    #[error("this must not hold control characters")]
    Control,
}

/// Text as people paste it, made plain: line ends are line feeds, marks that only steer how text is laid out are dropped, and so are blanks
/// at both ends. What joins letters (U+200C, U+200D) stays, for Persian and emoji are written with it.
#[must_use]
pub fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let text: String = text.chars().filter(|c| !is_mark(*c)).collect();
    text.trim().to_owned()
}

/// Takes one line: not empty, so many characters at most. A tab becomes a blank.
///
/// # Errors
/// [`TextError`].
pub fn line(text: &str, allowed: usize) -> Result<String, TextError> {
    let text = optional_line(text, allowed)?;
    if text.chars().all(is_blank) { Err(TextError::Empty) } else { Ok(text) }
}

/// As [`line`], but may be empty.
///
/// # Errors
/// [`TextError`].
pub fn optional_line(text: &str, allowed: usize) -> Result<String, TextError> {
    let text = plain(text).replace('\t', " ");
    if text.contains('\n') {
        return Err(TextError::LineBreak);
    }
    bounded(text, allowed)
}

/// Takes several lines, or none: so many characters at most.
///
/// # Errors
/// [`TextError`].
pub fn lines(text: &str, allowed: usize) -> Result<String, TextError> {
    bounded(plain(text), allowed)
}

/// Marks that have no shape of their own: of direction, of places where a word may or may not be parted, of byte order.
///
/// Source: Unicode Standard, section 23.2, "Layout Controls", and UAX #9, table 4.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
    )
}

/// What shows as nothing when it stands alone.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{115F}' | '\u{1160}' | '\u{200C}' | '\u{200D}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}')
}

fn bounded(text: String, allowed: usize) -> Result<String, TextError> {
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(TextError::Control);
    }
    let given = text.chars().count();
    if given > allowed { Err(TextError::TooLong { allowed, given }) } else { Ok(text) }
}
