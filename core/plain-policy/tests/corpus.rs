//! The fuzzer's corpus and all that it ever found, run once more by every `cargo test`.

use postern_plain_policy::{try_decision, try_document};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn documents() {
    for file in files("document", 40) {
        // The fuzzer, too, takes what is no UTF-8 for no input.
        if let Ok(text) = String::from_utf8(fs::read(&file).unwrap()) {
            try_document(&text).unwrap_or_else(|flaw| panic!("{}: {flaw}", file.display()));
        }
    }
}

#[test]
fn decisions() {
    for file in files("decision", 20) {
        try_decision(&fs::read(&file).unwrap()).unwrap_or_else(|flaw| panic!("{}: {flaw}", file.display()));
    }
}

fn files(target: &str, least: usize) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let mut found = Vec::new();
    for folder in ["corpus", "findings"] {
        // A target without findings has no folder of them.
        let listed = fs::read_dir(root.join(folder).join(target)).into_iter().flatten();
        found.extend(listed.map(|entry| entry.unwrap().path()));
    }
    assert!(found.len() >= least, "{} files of {target}", found.len());
    found
}
