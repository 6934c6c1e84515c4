//! Packet filters: the whole ruleset of a namespace in one transaction of `nft`.

use crate::error::{Failure, Named, Outcome};
use postern_program::Ruleset;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Replaces the ruleset of the calling thread's namespace. A packet meets the old one or the new one, never part of one.
pub(crate) fn replace(rules: &Ruleset) -> Outcome<()> {
    run(&postern_program::nft::script(rules))
}

pub(crate) fn remove() -> Outcome<()> {
    run("flush ruleset\n")
}

/// Feeds a script to `nft` in the calling thread's namespace: a child begins in its parent thread's.
pub(crate) fn run(script: &str) -> Outcome<()> {
    let Some(nft) = find() else {
        return Err(Failure::new("nft", "not found in PATH or /usr/sbin: install the package nftables"));
    };
    let mut child = Command::new(nft)
        .args(["-f", "-"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .named("spawn(nft)")?;
    // A child that died early says why on its standard error; the broken pipe says less.
    let written = child.stdin.take().map(|mut stdin| stdin.write_all(script.as_bytes()));
    let output = child.wait_with_output().named("wait(nft)")?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let words = words.trim();
        let words = if words.is_empty() { output.status.to_string() } else { words.to_owned() };
        return Err(Failure::new("nft", words));
    }
    written.transpose().named("write(nft)").map(|_| ())
}

/// The `nft` program.
pub(crate) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(usual).map(|folder| folder.join("nft")).find(|file| file.is_file())
}
