//! The command line.

use std::{net::SocketAddr, path::PathBuf};

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
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// A sentence naming the argument and what would be right.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--json" => options.json = true,
                "--dns" => {
                    let text = arguments.next().unwrap_or_default();
                    options.dns = Some(text.parse().map_err(|_| format!("--dns {text}: name a server such as 9.9.9.9:53"))?);
                }
                "-" => options.file = None,
                other if other.starts_with('-') => return Err(format!("{other} is no option of this program")),
                file if options.file.is_none() => options.file = Some(PathBuf::from(file)),
                other => return Err(format!("{other}: there is one file of outputs already")),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_mistakes_are_named() {
        let parse = |text: &str| Options::parse(text.split_whitespace().map(str::to_owned));
        assert_eq!(parse(""), Ok(Options::default()));
        assert_eq!(parse("-"), Ok(Options::default()));
        let all = Options { file: Some(PathBuf::from("outputs.json")), json: true, dns: Some(SocketAddr::from(([127, 0, 0, 1], 5353))) };
        assert_eq!(parse("--json --dns 127.0.0.1:5353 outputs.json"), Ok(all));
        for (text, says) in [("--dns", "name a server"), ("--dns 9.9.9.9", "name a server"), ("--what", "no option"), ("a b", "one file")] {
            assert!(parse(text).is_err_and(|error| error.contains(says)), "{text}");
        }
    }
}
