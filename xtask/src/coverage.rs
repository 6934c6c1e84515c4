//! `coverage`: writes `docs/coverage.md` from what the binary says it implements.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::Command;

/// Takes `{service: [operations]}` from a file, from standard input (`-`), or from the binary itself.
pub fn run(from: Option<&str>) -> Result<(), String> {
    let json = match from {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|error| error.to_string())?;
            text
        }
        Some(file) => std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?,
        None => ask_the_binary()?,
    };
    let implemented: BTreeMap<String, Vec<String>> =
        serde_json::from_str(&json).map_err(|error| format!("not {{service: [operations]}}: {error}"))?;
    let target = crate::root().join("docs/coverage.md");
    std::fs::write(&target, postern_wire::coverage::page(&implemented))
        .map_err(|error| format!("{}: {error}", target.display()))
}

fn ask_the_binary() -> Result<String, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .current_dir(crate::root())
        .args(["run", "--quiet", "--package", "postern", "--", "coverage", "--json"])
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("`postern coverage --json`: {}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
