//! The command line.

use lexopt::Arg::{Long, Short, Value};
use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

/// What `remit-doctor` takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The file with the stack's outputs; none reads standard input.
    pub file: Option<PathBuf>,
    /// Whether to print JSON.
    pub json: bool,
    /// The name server to ask; none asks those of this machine.
    pub dns: Option<SocketAddr>,
}

/// What is printed for `--help` and after a mistake.
pub const USAGE: &str = "\
Tells whether a deployed stack's mails will arrive and its payments will be noticed.

  sam list stack-outputs --stack-name remit --output json | remit-doctor [OPTIONS] [FILE]

  FILE            the stack's outputs (default, or -: standard input)
  --json          print JSON
  --dns IP:PORT   ask that name server
  --help          this text

AWS is found by the ordinary variables and profiles, such as AWS_PROFILE and AWS_REGION.
It ends with 0 when there is no problem, 1 when there is one, 2 when it could not begin.
";

impl Options {
    /// Reads the arguments after the program's name; none when help was asked for.
    ///
    /// # Errors
    /// A sentence naming the argument and what would be right.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, String> {
        let mut options = Self::default();
        let mut arguments = lexopt::Parser::from_args(arguments);
        while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
            match argument {
                Long("help") | Short('h') => return Ok(None),
                Long("json") => options.json = true,
                Long("dns") => options.dns = Some(server(&arguments.value().unwrap_or_default().to_string_lossy())?),
                Value(file) if file == "-" => options.file = None,
                Value(file) if options.file.is_none() => options.file = Some(file.into()),
                Value(file) => return Err(format!("{}: there is one file of outputs already", file.to_string_lossy())),
                other @ (Long(_) | Short(_)) => return Err(other.unexpected().to_string()),
            }
        }
        Ok(Some(options))
    }
}

fn server(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("--dns {text}: name a server such as 9.9.9.9:53"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_mistakes_are_named() {
        let parse = |text: &str| Options::parse(text.split_whitespace().map(OsString::from));
        assert_eq!(parse(""), Ok(Some(Options::default())));
        assert_eq!(parse("-"), Ok(Some(Options::default())));
        let all = Options { file: Some(PathBuf::from("outputs.json")), json: true, dns: Some(SocketAddr::from(([127, 0, 0, 1], 5353))) };
        assert_eq!(parse("--json --dns 127.0.0.1:5353 outputs.json"), Ok(Some(all)));
        assert_eq!(parse("outputs.json --help"), Ok(None));
        for (text, says) in [
            ("--dns", "--dns : name a server"),
            ("--dns 9.9.9.9", "--dns 9.9.9.9: name a server"),
            ("--what", "invalid option '--what'"),
            ("a b", "b: there is one file"),
        ] {
            assert!(parse(text).is_err_and(|error| error.contains(says)), "{text}");
        }
    }
}
