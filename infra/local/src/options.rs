//! The command line.

use lexopt::Arg::{Long, Short, Value};
use std::{ffi::OsString, path::PathBuf};

/// What `cargo run` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where everything is kept; none keeps it in memory only.
    pub data_dir: Option<PathBuf>,
    /// Whether to begin anew.
    pub reset: bool,
    /// Whether every start of the schedule is made, those that have nothing to do as well.
    pub every_start: bool,
    /// The port of the pages and the API.
    pub port: u16,
}

/// What is printed for `--help` and after a mistake.
pub const USAGE: &str = "\
Remit on one machine.

  cargo run [-- OPTIONS]

  --data DIR   keep everything in DIR (default: .remit)
  --memory     keep nothing
  --reset      throw away what is kept and begin anew
  --every-start  make every start of the schedule, also those that have nothing to do
  --port N     pages and API at port N (default: 8080; the sandbox gateway takes the next one)
  --help       this text
";

impl Options {
    /// Reads the arguments after the program's name; none when help was asked for.
    ///
    /// # Errors
    /// A sentence naming the argument and what would be right.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, String> {
        let mut options = Self { data_dir: Some(PathBuf::from(".remit")), reset: false, port: 8080, every_start: false };
        let mut arguments = lexopt::Parser::from_args(arguments);
        while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
            match argument {
                Long("help") | Short('h') => return Ok(None),
                Long("memory") => options.data_dir = None,
                Long("reset") => options.reset = true,
                Long("every-start") => options.every_start = true,
                Long("data") => options.data_dir = Some(arguments.value().map_err(|_| "--data needs a folder")?.into()),
                Long("port") => options.port = port(&arguments.value().unwrap_or_default().to_string_lossy())?,
                other @ (Long(_) | Short(_) | Value(_)) => return Err(other.unexpected().to_string()),
            }
        }
        Ok(Some(options))
    }
}

/// The gateway takes the port after it, so the last one is left out.
fn port(text: &str) -> Result<u16, String> {
    text.parse().ok().filter(|port| (1..=65534).contains(port)).ok_or_else(|| format!("--port {text}: a port is a number from 1 to 65534"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_mistakes_are_named() {
        let parse = |text: &str| Options::parse(text.split_whitespace().map(OsString::from));
        let usual = Options { data_dir: Some(PathBuf::from(".remit")), reset: false, port: 8080, every_start: false };
        assert_eq!(parse(""), Ok(Some(usual.clone())));
        assert_eq!(parse("--port 9000"), Ok(Some(Options { port: 9000, ..usual.clone() })));
        assert_eq!(
            parse("--data=here --every-start"),
            Ok(Some(Options { data_dir: Some("here".into()), every_start: true, ..usual.clone() }))
        );
        assert_eq!(parse("--memory --reset"), Ok(Some(Options { data_dir: None, reset: true, ..usual })));
        assert_eq!(parse("--reset --help --what"), Ok(None));
        for (text, says) in [
            ("--port 0", "--port 0: a port is"),
            ("--port x", "--port x: a port is"),
            ("--port", "--port : a port is"),
            ("--data", "--data needs a folder"),
            ("--what", "invalid option '--what'"),
            ("-x", "invalid option '-x'"),
            ("--reset=now", "unexpected argument for option '--reset'"),
            ("what", "unexpected argument \"what\""),
        ] {
            assert!(parse(text).is_err_and(|error| error.contains(says)), "{text}");
        }
    }
}
