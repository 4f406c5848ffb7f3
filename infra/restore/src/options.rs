//! The command line.

use app::reconcile::{Gap, Links};
use chrono::{DateTime, Utc};
use lexopt::Arg::{Long, Short, Value};
use std::{ffi::OsString, path::PathBuf};

/// What `remit-restore` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The table that was restored from a backup; none when the stack's own table was.
    pub from: Option<String>,
    /// The time of which nothing is known.
    pub gap: Gap,
    /// The number that the next invoice gets at least.
    pub next_number: u64,
    /// What becomes of customers' links.
    pub links: Links,
    /// Whether a stack that was restored before may be made equal to a backup again.
    pub again: bool,
    /// The file with the stack's outputs; none reads standard input.
    pub file: Option<PathBuf>,
}

/// What is printed for `--help` and after a mistake.
pub const USAGE: &str = "\
Brings a stack back from a backup of its table, while all its functions stand still.

  sam list stack-outputs --stack-name remit --output json | remit-restore OPTIONS [FILE]

  --from TABLE         make the stack's table equal to this one first: the table that the backup was restored to
  --since TIME         where the backup ends, such as 2026-11-02T10:00:00Z
  --until TIME         when all functions had stopped
  --next-number N      the next invoice's number, beyond every number on a mail since: 1200 for INV-01200
  --links keep|revoke  whether the links that customers have go on opening, or get a new version
  --again              restore a stack that was restored before, and lose what happened in it since
  FILE                 the stack's outputs (default, or -: standard input)
  --help               this text

Mails and reminders of the time between are not sent again. Payments of it are asked of the gateway and written down again; what
cannot be given back to its invoice is closed and listed. It may be stopped and run again with the same options.
It ends with 0 when nothing is left for you, 1 when something is, 2 when it did not come to its end.
";

impl Options {
    /// Reads the arguments after the program's name; none when help was asked for.
    ///
    /// # Errors
    /// A sentence naming the argument and what would be right.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>, now: DateTime<Utc>) -> Result<Option<Self>, String> {
        let (mut from, mut since, mut until, mut next_number, mut links, mut again, mut file) = (None, None, None, None, None, false, None);
        let mut arguments = lexopt::Parser::from_args(arguments);
        while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
            match argument {
                Long("help") | Short('h') => return Ok(None),
                Long("from") => from = Some(table(&value(&mut arguments))?),
                Long("since") => since = Some(time("--since", &value(&mut arguments))?),
                Long("until") => until = Some(time("--until", &value(&mut arguments))?),
                Long("next-number") => next_number = Some(number(&value(&mut arguments))?),
                Long("links") => links = Some(kept(&value(&mut arguments))?),
                Long("again") => again = true,
                Value(one) if one == "-" => file = None,
                Value(one) if file.is_none() => file = Some(PathBuf::from(one)),
                Value(one) => return Err(format!("{}: there is one file of outputs already", one.to_string_lossy())),
                other @ (Long(_) | Short(_)) => return Err(other.unexpected().to_string()),
            }
        }
        let missing = |name: &str| format!("{name} is missing");
        let gap = Gap { since: since.ok_or_else(|| missing("--since"))?, until: until.ok_or_else(|| missing("--until"))? };
        if gap.since >= gap.until || gap.until > now {
            return Err("--since comes before --until, and --until is over".to_owned());
        }
        let next_number = next_number.ok_or_else(|| missing("--next-number"))?;
        let links = links.ok_or_else(|| missing("--links"))?;
        Ok(Some(Self { from, gap, next_number, links, again, file }))
    }
}

/// What follows an option, or nothing.
fn value(arguments: &mut lexopt::Parser) -> String {
    arguments.value().unwrap_or_default().to_string_lossy().into_owned()
}

fn table(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("--from needs the name of a table".to_owned()) } else { Ok(text.to_owned()) }
}

fn time(name: &str, text: &str) -> Result<DateTime<Utc>, String> {
    text.parse().map_err(|_| format!("{name} {text}: write a time such as 2026-11-02T10:00:00Z"))
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| format!("--next-number {text}: write a number such as 1200"))
}

fn kept(text: &str) -> Result<Links, String> {
    match text {
        "keep" => Ok(Links::Keep),
        "revoke" => Ok(Links::Revoke),
        _ => Err(format!("--links {text}: write keep or revoke")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

    use super::*;

    const WHOLE: &str = "--since 2026-11-02T10:00:00Z --until 2026-11-02T12:00:00Z --next-number 1200 --links keep";

    fn parse(text: &str) -> Result<Option<Options>, String> {
        Options::parse(text.split_whitespace().map(OsString::from), "2026-11-02T13:00:00Z".parse().unwrap())
    }

    #[test]
    fn options_are_read() {
        let options = parse(&format!("{WHOLE} --from remit-restored outputs.json")).unwrap().unwrap();
        assert_eq!((options.from.as_deref(), options.next_number, options.links), (Some("remit-restored"), 1200, Links::Keep));
        assert_eq!(options.gap.until - options.gap.since, chrono::TimeDelta::hours(2));
        assert_eq!(options.file, Some(PathBuf::from("outputs.json")));
        assert_eq!(parse("--help"), Ok(None));
        assert_eq!(parse(&WHOLE.replace("keep", "revoke")).unwrap().unwrap().links, Links::Revoke);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, says) in [
            (WHOLE.replace("--links keep", ""), "--links is missing"),
            (WHOLE.replace("keep", "maybe"), "keep or revoke"),
            (WHOLE.replace("1200", "none"), "write a number"),
            (WHOLE.replace("1200", "0"), "write a number"),
            (WHOLE.replace("--next-number 1200", ""), "--next-number is missing"),
            (WHOLE.replace("2026-11-02T10:00:00Z", "yesterday"), "write a time"),
            (WHOLE.replace("--until 2026-11-02T12:00:00Z", ""), "--until is missing"),
            (WHOLE.replace("T12", "T10"), "comes before"),
            (WHOLE.replace("T12", "T14"), "is over"),
            (format!("{WHOLE} --from"), "--from needs"),
            (format!("{WHOLE} --what"), "invalid option '--what'"),
            (format!("{WHOLE} a b"), "one file"),
        ] {
            assert!(parse(&text).is_err_and(|error| error.contains(says)), "{text}");
        }
    }
}
