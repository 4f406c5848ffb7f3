//! What was found, for people and for programs.

use serde::Serialize;
use std::fmt::Write as _;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and would work better otherwise.
    Warning,
    /// Mails or payments will go wrong, or nobody knows.
    Problem,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }

    /// Green, yellow, red.
    ///
    /// Source: ECMA-48, select graphic rendition.
    fn colour(self) -> &'static str {
        match self {
            Self::Ok => "\u{1b}[32m",
            Self::Warning => "\u{1b}[33m",
            Self::Problem => "\u{1b}[31m",
        }
    }
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// This machine's clock against AWS's.
    Clock,
    /// What the account may send.
    SesAccount,
    /// What mails are sent with.
    ConfigurationSet,
    /// Whether SES would lead links through itself.
    Tracking,
    /// Whether SES may send for the identity.
    Identity,
    /// Whether mails are signed.
    Dkim,
    /// Whether the sending servers are named.
    Spf,
    /// The settings of the business.
    Business,
    /// Whether the business's sender belongs to the identity.
    Sender,
    /// What receivers are told to do with mails that only claim to come from the domain.
    Dmarc,
    /// The secret that signs customers' links.
    LinkKeys,
    /// The first API key, made by the deployment.
    BootstrapKey,
    /// The secret with the gateway's keys.
    GatewayKeys,
    /// Whether the gateway's key is for what the stack is for.
    GatewayMode,
    /// Whether the gateway's key works.
    GatewayAccess,
    /// Whether the gateway tells us.
    Notices,
    /// Whether it tells us all we need.
    NoticeKinds,
    /// Whether it tells us in the version that we read.
    NoticeVersion,
}

impl Check {
    /// Its name in both kinds of output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::SesAccount => "ses-account",
            Self::ConfigurationSet => "configuration-set",
            Self::Tracking => "tracking",
            Self::Identity => "identity",
            Self::Dkim => "dkim",
            Self::Spf => "spf",
            Self::Business => "business",
            Self::Sender => "sender",
            Self::Dmarc => "dmarc",
            Self::LinkKeys => "link-keys",
            Self::BootstrapKey => "bootstrap-key",
            Self::GatewayKeys => "gateway-keys",
            Self::GatewayMode => "gateway-mode",
            Self::GatewayAccess => "gateway-access",
            Self::Notices => "notices",
            Self::NoticeKinds => "notice-kinds",
            Self::NoticeVersion => "notice-version",
        }
    }
}

/// What one check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How bad it is.
    pub level: Level,
    /// What is.
    pub says: String,
    /// What to do; nothing when all is well.
    pub todo: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: Check, says: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, says: says.into(), todo: None }
    }

    pub(crate) fn warning(check: Check, says: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, level: Level::Warning, says: says.into(), todo: Some(todo.into()) }
    }

    pub(crate) fn problem(check: Check, says: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, level: Level::Problem, says: says.into(), todo: Some(todo.into()) }
    }
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In the order in which it was asked.
    pub findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Json<'a> {
    findings: &'a [Finding],
    ok: usize,
    warnings: usize,
    problems: usize,
}

impl Report {
    /// How many findings are that bad.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }

    /// What the program ends with: 1 when anything is a problem.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(self.count(Level::Problem) > 0)
    }

    /// A finding a line, what to do below it, and a last line of counts.
    #[must_use]
    pub fn text(&self, coloured: bool) -> String {
        let width = self.findings.iter().map(|finding| finding.check.name().len()).max().unwrap_or_default();
        let mut text = String::new();
        for Finding { check, level, says, todo } in &self.findings {
            let (before, after) = if coloured { (level.colour(), "\u{1b}[0m") } else { ("", "") };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{before}{:<7}{after}  {:<width$}  {says}", level.name(), check.name());
            if let Some(todo) = todo {
                let _ = writeln!(text, "{:<7}  {:<width$}  > {todo}", "", "");
            }
        }
        let (ok, warnings, problems) = (self.count(Level::Ok), self.count(Level::Warning), self.count(Level::Problem));
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let _ = writeln!(text, "\n{ok} ok, {warnings} warning{}, {problems} problem{}", plural(warnings), plural(problems));
        text
    }

    /// The same for programs.
    ///
    /// # Errors
    /// None that text and numbers can cause.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        let (ok, warnings, problems) = (self.count(Level::Ok), self.count(Level::Warning), self.count(Level::Problem));
        serde_json::to_string_pretty(&Json { findings: &self.findings, ok, warnings, problems })
    }
}
