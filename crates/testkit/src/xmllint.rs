//! Holds XML against its schema with `xmllint`, which knows XSD as no crate does.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::sandboxed::in_ci;

/// Whether `xmllint` accepts a text, and what it says; `None`, with the reason on standard output, where it is not installed.
///
/// # Panics
///
/// In CI, where it must be installed.
pub fn xmllint(arguments: &[&str], xml: &str) -> Option<(bool, String)> {
    let command = Command::new("xmllint")
        .args(arguments)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match command {
        Ok(child) => child,
        Err(error) => {
            assert!(!in_ci(), "xmllint must be installed in CI: {error}");
            println!("skipped: xmllint (Debian's libxml2-utils) cannot be run: {error}");
            return None;
        }
    };
    child.stdin.take().expect("a pipe").write_all(xml.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}
