//! The command line.

use std::path::PathBuf;

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
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// A sentence naming the argument and what would be right.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { data_dir: Some(PathBuf::from(".remit")), reset: false, every_start: false, port: 8080 };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = |what: &str| arguments.next().ok_or_else(|| format!("{argument} needs {what}"));
            match argument.as_str() {
                "--memory" => options.data_dir = None,
                "--reset" => options.reset = true,
                "--every-start" => options.every_start = true,
                "--data" => options.data_dir = Some(PathBuf::from(value("a folder")?)),
                "--port" => {
                    let text = value("a number from 1 to 65534")?;
                    let port = text.parse().ok().filter(|port| (1..=65534).contains(port));
                    options.port = port.ok_or_else(|| format!("--port {text}: a port is a number from 1 to 65534"))?;
                }
                other => return Err(format!("{other} is no option of this program")),
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
        let port = |port| Options { data_dir: Some(PathBuf::from(".remit")), reset: false, every_start: false, port };
        assert_eq!(parse(""), Ok(port(8080)));
        assert_eq!(parse("--port 9000"), Ok(port(9000)));
        assert_eq!(parse("--memory --reset"), Ok(Options { data_dir: None, reset: true, every_start: false, port: 8080 }));
        for (text, says) in [("--port 0", "a port is"), ("--port x", "a port is"), ("--data", "needs a folder"), ("--what", "no option")] {
            assert!(parse(text).is_err_and(|error| error.contains(says)), "{text}");
        }
    }
}
