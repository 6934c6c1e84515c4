//! `cargo xtask truth`: the truth run on the real kernel for as long as wanted. It prints worlds, questions, disagreements.

use std::process::Command;

const TEST: &str = "truth::the_kernel_does_what_is_explained";

/// Options: `--minutes N` (1 if not said), `--seed S` (1,000,000: behind those of the ordinary test).
pub fn run(options: &[&str]) -> Result<(), String> {
    let (mut minutes, mut seed) = (1u64, 1_000_000u64);
    for pair in options.chunks(2) {
        let number = || pair.get(1).and_then(|n| n.parse().ok()).ok_or_else(|| format!("{} needs a number", pair[0]));
        match pair[0] {
            "--minutes" => minutes = number()?,
            "--seed" => seed = number()?,
            other => return Err(format!("truth: what is {other}?")),
        }
    }
    let ran = Command::new(env!("CARGO"))
        .args(["test", "-q", "-p", "postern-linux", "--test", "kernel", "--", "--exact", TEST, "--nocapture"])
        .env("POSTERN_TRUTH", format!("{minutes}:{seed}"))
        .current_dir(super::root())
        .status()
        .map_err(|error| format!("run cargo: {error}"))?;
    if ran.success() { Ok(()) } else { Err("they disagree: keep the seed in KEPT".to_owned()) }
}
