//! `postern policy check`: what is wrong, dangerous or needless in a policy, with the lines it is about.

use crate::say::{Colour, Trouble, paint};
use postern_policy::lint::{Finding, FindingKind, LintKind, Location, lint};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Policy {
    #[command(subcommand)]
    word: Word,
}

#[derive(clap::Subcommand)]
enum Word {
    /// Say what is wrong, dangerous or needless in a policy; exit status 1 if it has errors
    Check(Check),
}

#[derive(clap::Args)]
struct Check {
    /// The policy, as JSON; - reads it from standard input
    file: PathBuf,
    /// Where it is to be attached [default: guessed from its elements]
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Print the findings as accessanalyzer validate-policy answers them
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// An endpoint's policy
    Endpoint,
    /// A policy of a user, group or role; a boundary; a session policy
    Identity,
    /// A policy of a bucket, a queue, a key, …
    Resource,
    /// A service control policy
    Scp,
    /// A resource control policy
    Rcp,
    /// A role's trust policy
    Trust,
}

impl Policy {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        match self.word {
            Word::Check(check) => check.run(),
        }
    }
}

impl Check {
    fn run(self) -> Result<ExitCode, Trouble> {
        let text = read(&self.file)?;
        let kind = self.kind.map_or_else(|| guessed(&text), Kind::of);
        let findings = lint(&text, kind);
        if self.json {
            println!("{}", json!({ "findings": findings.iter().map(Finding::answer).collect::<Vec<_>>() }));
        } else {
            for finding in &findings {
                print!("{}", told(finding, &self.file, &text));
            }
            if self.kind.is_none() {
                eprintln!("checked as {}; --kind says otherwise", named(kind));
            }
            eprintln!("{}", summary(&findings));
        }
        let has_errors = findings.iter().any(|finding| finding.kind == FindingKind::Error);
        Ok(if has_errors { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

impl Kind {
    fn of(self) -> LintKind {
        match self {
            Self::Endpoint => LintKind::Endpoint,
            Self::Identity => LintKind::Identity,
            Self::Resource => LintKind::Resource,
            Self::Scp => LintKind::ServiceControl,
            Self::Rcp => LintKind::ResourceControl,
            Self::Trust => LintKind::Trust,
        }
    }
}

fn named(kind: LintKind) -> &'static str {
    match kind {
        LintKind::Endpoint => "an endpoint's policy",
        LintKind::Identity => "an identity's policy",
        LintKind::Resource => "a resource's policy",
        LintKind::ServiceControl => "a service control policy",
        LintKind::ResourceControl => "a resource control policy",
        LintKind::Trust => "a role's trust policy",
    }
}

fn read(file: &Path) -> Result<String, Trouble> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(Trouble::at("read standard input"))?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(Trouble::at(format!("read {}", file.display())))
}

/// Statements with principals and without resources are a role's trust; without principals, an identity's.
fn guessed(text: &str) -> LintKind {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let statement = document.get("Statement").cloned().unwrap_or_default();
    let first = statement.get(0).unwrap_or(&statement);
    let has = |name: &str| first.get(name).is_some();
    match (has("Principal") || has("NotPrincipal"), has("Resource") || has("NotResource")) {
        (true, true) => LintKind::Resource,
        (true, false) => LintKind::Trust,
        (false, _) => LintKind::Identity,
    }
}

/// The finding, and each place with its line and a caret under it.
fn told(finding: &Finding, file: &Path, text: &str) -> String {
    let (word, colour) = match finding.kind {
        FindingKind::Error => ("error", Colour::Red),
        FindingKind::SecurityWarning => ("security warning", Colour::Red),
        FindingKind::Warning => ("warning", Colour::Yellow),
        FindingKind::Suggestion => ("suggestion", Colour::Blue),
    };
    let head = paint(&format!("{word}[{}]:", finding.issue_code), colour);
    let mut told = format!("{head} {}\n", finding.details);
    for location in &finding.locations {
        told.push_str(&excerpt(location, file, text));
    }
    told.push_str(&format!("  {} {}\n\n", paint("see", Colour::Faint), finding.learn_more_link()));
    told
}

/// Characters of a line that are shown.
const WIDTH: usize = 100;

fn excerpt(location: &Location, file: &Path, text: &str) -> String {
    let (start, end) = (location.start, location.end);
    let line: Vec<char> = text.lines().nth(start.line.saturating_sub(1)).unwrap_or_default().chars().collect();
    // A long line is cut so that the place is seen.
    let skipped = if start.column > WIDTH / 2 && line.len() > WIDTH { start.column - WIDTH / 2 } else { 0 };
    let shown: String = line.iter().skip(skipped).take(WIDTH).map(|c| if c.is_control() { ' ' } else { *c }).collect();
    let last = if end.line == start.line { end.column } else { line.len() };
    let most = (skipped + WIDTH).saturating_sub(start.column).max(1);
    let length = last.saturating_sub(start.column).clamp(1, most);
    let number = start.line.to_string();
    let margin = " ".repeat(number.len());
    let caret = " ".repeat(start.column - skipped) + &paint(&"^".repeat(length), Colour::Red);
    let place = format!("{}:{}:{}", file.display(), start.line, start.column + 1);
    format!("  {margin}--> {place}\n  {margin} |\n  {number} | {shown}\n  {margin} | {caret}\n")
}

fn summary(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing to say against it".to_owned();
    }
    let count = |kind: FindingKind, word: &str| {
        let count = findings.iter().filter(|finding| finding.kind == kind).count();
        (count > 0).then(|| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
    };
    let counts = [
        count(FindingKind::Error, "error"),
        count(FindingKind::SecurityWarning, "security warning"),
        count(FindingKind::Warning, "warning"),
        count(FindingKind::Suggestion, "suggestion"),
    ];
    counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let text = "{\"Version\": \"2012-10-17\",\n \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:Nothing\", \"Resource\": \"*\"}}";
        let findings = lint(text, guessed(text));
        let told = told(&findings[0], Path::new("p.json"), text);
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].starts_with("error[INVALID_ACTION]: The action s3:Nothing"), "{told}");
        assert!(lines[1].ends_with("p.json:2:45"), "{told}");
        let at = lines[3].find("\"s3:Nothing\"").unwrap();
        assert_eq!(lines[4].find('^'), Some(at));
        assert_eq!(lines[4].matches('^').count(), "\"s3:Nothing\"".len());
    }

    #[test]
    fn a_place_far_right_is_seen() {
        let statement = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#;
        let text = format!("{{\"Statement\":{statement},\"Version\":\"2012-10-17\",{}\"Odd\":1}}", " ".repeat(400));
        let findings = lint(&text, LintKind::Identity);
        let told = told(&findings[0], Path::new("p.json"), &text);
        // A link is as long as it is; nothing else may push the line out of sight.
        let fits = |line: &str| line.contains("https://") || line.chars().count() < 140;
        assert!(told.lines().all(fits), "{told}");
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[4].find('^'), lines[3].find("\"Odd\""), "{told}");
    }

    #[test]
    fn kinds_are_guessed_from_the_elements() {
        let of = |members: &str| guessed(&format!("{{\"Statement\":[{{{members}}}]}}"));
        assert_eq!(of("\"Principal\":\"*\",\"Resource\":\"*\""), LintKind::Resource);
        assert_eq!(of("\"Principal\":\"*\""), LintKind::Trust);
        assert_eq!(of("\"Resource\":\"*\""), LintKind::Identity);
        assert_eq!(guessed("{"), LintKind::Identity);
    }
}
