//! `cargo xtask tidy`: the house rules as a test. Each rule names the file and says what to do.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Which of our crates a crate may name. What is not listed may name none.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("core/names", &[]),
    ("core/call", &["names"]),
    ("core/policy", &["names", "call"]),
    ("core/plain-policy", &["names", "call", "policy"]),
    ("core/model", &["names"]),
    ("core/program", &["names"]),
    ("core/control", &["names", "call", "policy", "model", "insights"]),
    ("core/compiler", &["names", "model", "program"]),
    // A second opinion: it must never see the compiler or a program.
    ("core/explain", &["names", "model"]),
    ("core/insights", &["names", "model", "explain"]),
    ("core/worlds", &["names", "model"]),
    ("edge/serve", &["names", "call", "policy"]),
    ("edge/wire", &["names", "call"]),
    ("edge/door", &["names", "call", "serve", "wire"]),
    ("edge/resolver", &["names", "model"]),
    ("edge/metadata", &["names"]),
    ("edge/linux", &["names", "program"]),
    ("edge/sandbox", &["names"]),
    ("edge/store", &[]),
    ("edge/upstream", &["names", "call", "policy", "serve", "wire"]),
    ("services/access-analyzer", &["call", "policy", "serve"]),
    ("services/dynamodb", &["names", "call", "policy", "serve", "store", "kit"]),
    ("services/ec2", &["names", "call", "policy", "serve", "model", "control", "store"]),
    ("services/iam", &["names", "call", "policy", "serve", "store"]),
    ("services/kit", &["names", "call", "policy", "store"]),
    ("services/kms", &["names", "call", "policy", "serve", "kit", "store"]),
    ("services/logs", &["names", "call", "policy", "serve", "kit", "store"]),
    ("services/monitoring", &["names", "call", "policy", "serve", "kit", "store"]),
    ("services/organizations", &["names", "call", "policy", "serve", "store"]),
    ("services/route53", &["names", "call", "policy", "serve", "model", "control", "ec2", "kit", "store"]),
    ("services/s3", &["names", "call", "policy", "serve", "store"]),
    ("services/sns", &["names", "call", "policy", "serve", "store", "kit"]),
    ("services/sqs", &["names", "call", "policy", "serve", "store", "kit"]),
    ("services/secretsmanager", &["names", "call", "policy", "serve", "kit", "store"]),
    ("services/ssm", &["names", "call", "policy", "model", "serve", "kit", "store"]),
];

/// Words that mean I/O, a clock or chance; the core has none of them.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::process",
    "std::thread",
    "std::time::SystemTime",
    "std::time::Instant",
    "SystemTime::now",
    "Instant::now",
    "now_utc",
    "TcpStream",
    "UdpSocket",
    "TcpListener",
    "getrandom",
    "rand::",
    "tokio",
    "async fn",
    "std::env",
    "println!",
    "eprintln!",
];

/// Crates that may hold unsafe code.
const UNSAFE: &[&str] = &["edge/linux", "edge/sandbox"];

const LINES_MAX: usize = 800;

/// The stops that packets pass, each with its file in the compiler and its page.
const PACKET_STOPS: &[&str] = &[
    "instance",
    "security_group_out",
    "network_acl_out",
    "route_table",
    "internet_gateway",
    "nat_gateway",
    "peering",
    "endpoint",
    "network_acl_in",
    "security_group_in",
    "name",
    "service",
    "appliance",
];

/// All that is wrong, one line each.
pub fn flaws(root: &Path) -> Vec<String> {
    let mut flaws = Vec::new();
    let crates = crates(root);
    for (name, directory) in &crates {
        dependencies(name, directory, &mut flaws);
        head(name, directory, &mut flaws);
        unused(name, directory, &mut flaws);
        for file in sources(&directory.join("src")) {
            source(root, name, &file, &mut flaws);
        }
    }
    stops(root, &mut flaws);
    flaws
}

fn crates(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for group in ["core", "edge", "services", "app"] {
        for entry in fs::read_dir(root.join(group)).into_iter().flatten().flatten() {
            if entry.path().join("Cargo.toml").exists() {
                found.insert(format!("{group}/{}", entry.file_name().to_string_lossy()), entry.path());
            }
        }
    }
    found
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn dependencies(name: &str, directory: &Path, flaws: &mut Vec<String>) {
    if name.starts_with("app/") {
        return;
    }
    let Some((_, allowed)) = MAY_NAME.iter().find(|(known, _)| *known == name) else {
        flaws.push(format!("{name}: say in xtask/src/tidy.rs which crates it may name"));
        return;
    };
    let manifest = fs::read_to_string(directory.join("Cargo.toml")).unwrap_or_default();
    let shipped = manifest.split("[dev-dependencies]").next().unwrap_or_default();
    for line in shipped.lines() {
        if let Some(named) = line.strip_prefix("postern-").and_then(|l| l.split(['.', ' ']).next())
            && !allowed.contains(&named)
        {
            flaws.push(format!("{name}: must not name postern-{named}"));
        }
    }
}

/// A dependency that no source of the crate names costs build time for nothing.
fn unused(name: &str, directory: &Path, flaws: &mut Vec<String>) {
    let manifest = fs::read_to_string(directory.join("Cargo.toml")).unwrap_or_default();
    let text: String = ["src", "tests", "examples", "benches"]
        .iter()
        .flat_map(|part| sources(&directory.join(part)))
        .filter_map(|file| fs::read_to_string(file).ok())
        .collect();
    let listed = manifest.lines().filter_map(|line| line.strip_suffix(".workspace = true"));
    for dependency in listed.filter(|d| !matches!(*d, "version" | "edition" | "rust-version" | "license" | "publish")) {
        let ident = dependency.replace('-', "_").replace("md_5", "md5");
        if !text.contains(&format!("{ident}::")) && !text.contains(&format!("use {ident}")) {
            flaws.push(format!("{name}: depends on {dependency}, and nothing in it says so"));
        }
    }
}

fn head(name: &str, directory: &Path, flaws: &mut Vec<String>) {
    let main = ["src/lib.rs", "src/main.rs"].map(|f| directory.join(f)).into_iter().find(|f| f.exists());
    let text = main.and_then(|f| fs::read_to_string(f).ok()).unwrap_or_default();
    if !UNSAFE.contains(&name) && !text.contains("#![forbid(unsafe_code)]") {
        flaws.push(format!("{name}: forbid unsafe code at its head"));
    }
}

fn source(root: &Path, crate_name: &str, file: &Path, flaws: &mut Vec<String>) {
    let text = fs::read_to_string(file).unwrap_or_default();
    let shown = file.strip_prefix(root).unwrap_or(file).display();
    if !text.starts_with("//!") {
        flaws.push(format!("{shown}: begin with a `//!` line that says what the file is for"));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        flaws.push(format!("{shown}: {lines} lines; more than {LINES_MAX} are too many for one idea"));
    }
    for (number, line) in text.lines().enumerate() {
        for mark in ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!(", "#[ignore"] {
            if line.contains(mark) {
                flaws.push(format!("{shown}:{}: leftover {mark}", number + 1));
            }
        }
        if crate_name.starts_with("core/") && !line.trim_start().starts_with("//") {
            for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                flaws.push(format!("{shown}:{}: the core does no I/O and reads no clock: `{word}`", number + 1));
            }
        }
    }
}

fn stops(root: &Path, flaws: &mut Vec<String>) {
    for stop in PACKET_STOPS {
        let files = ["core/compiler/src/{}.rs", "core/explain/src/{}.rs", "docs/stops/{}.md"];
        for file in files.map(|file| file.replace("{}", stop)) {
            if !root.join(&file).exists() {
                flaws.push(format!("{file}: every stop has one"));
            }
        }
    }
    for stop in ["endpoint_policy", "identity_policy", "resource_policy"] {
        let file = format!("docs/stops/{stop}.md");
        if !root.join(&file).exists() {
            flaws.push(format!("{file}: every stop has one"));
        }
    }
}
