//! The program itself, as far as it comes without asking anybody.
#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

fn run(arguments: &[&str], input: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_remit-doctor"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended before it reads.
    let _ = program.stdin.take().unwrap().write_all(input.as_bytes());
    program.wait_with_output().unwrap()
}

#[test]
fn what_it_cannot_use_ends_with_two_and_a_sentence() {
    for (arguments, input, says) in [
        (&[][..], "", "this is no list of stack outputs"),
        (&["--json", "-"], "[]", "the stack has no output CustomerUrl"),
        (&[], r#"[{"OutputKey": "CustomerUrl", "OutputValue": "pay"}]"#, "CustomerUrl is not of its form"),
        (&["no-such-file.json"], "", "no-such-file.json cannot be read"),
        (&["--what"], "", "invalid option '--what'"),
        (&["--dns", "nowhere"], "", "--dns nowhere: name a server"),
    ] {
        let output = run(arguments, input);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && output.stdout.is_empty() && said.contains(says), "{arguments:?}: {said}");
    }
}

#[test]
fn help_says_how_it_is_used() {
    let output = run(&["--help"], "");
    assert!(output.status.success() && String::from_utf8(output.stdout).unwrap().contains("sam list stack-outputs"));
}
