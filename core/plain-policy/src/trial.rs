//! What the fuzzer and the replay of its corpus hold the engine to.

use crate::{Case, Verdict};
use postern_call::{Caller, Principal};
use postern_names::{AccountId, Via};
use postern_policy::lint::{FindingKind, LintKind, lint};
use postern_policy::{
    Ask, Attached, Document, Keys, MalformedDocument, PolicyKind, PolicySet, advice, decide, decide_given, hint,
    verdict,
};
use std::sync::Arc;
use time::OffsetDateTime;

type Parse = fn(&str) -> Result<Document, MalformedDocument>;

const KINDS: &[(Parse, LintKind)] = &[
    (Document::parse_identity, LintKind::Identity),
    (Document::parse_resource, LintKind::Resource),
    (Document::parse_endpoint, LintKind::Endpoint),
    (Document::parse_trust, LintKind::Trust),
];

/// The engine and the chart agree on the case that these bytes make.
pub fn try_decision(bytes: &[u8]) -> Result<Vec<Verdict>, String> {
    Case::new(bytes, 4).verdicts()
}

/// Any text is a document or is refused with a place in it; the linter takes all, and calls wrong what is refused.
pub fn try_document(text: &str) -> Result<(), String> {
    let json = serde_json::from_str::<serde_json::Value>(text);
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            placed(text, &error)?;
            let stricter = ["given twice", "too deep"].iter().any(|word| error.reason.contains(word));
            if error.reason.contains("invalid Json") && json.is_ok() && !stricter {
                return Err(format!("JSON is refused as none: {error}"));
            }
            return all_kinds(text, false);
        }
    };
    if let Err(error) = json {
        return Err(format!("no JSON is taken: {error}"));
    }
    if document.text() != text {
        return Err("the text is not kept".into());
    }
    decided(document);
    all_kinds(text, true)
}

fn all_kinds(text: &str, parses: bool) -> Result<(), String> {
    for (parse, kind) in KINDS {
        let findings = lint(text, *kind);
        match parse(text) {
            Ok(_) if !parses => return Err(format!("as {kind:?} it is taken, as any document it is not")),
            Ok(document) => {
                let _ = document.check_gateway();
            }
            Err(error) => {
                placed(text, &error)?;
                // What Access Analyzer only warns of, and AWS refuses to store.
                let warned = |code: &str| code.starts_with("EMPTY_") || code == "UNIQUE_SIDS_RECOMMENDED";
                if !findings.iter().any(|f| f.kind == FindingKind::Error || warned(f.issue_code)) {
                    return Err(format!("as {kind:?} it is refused, and the linter is content: {error}"));
                }
            }
        }
    }
    Ok(())
}

fn placed(text: &str, error: &MalformedDocument) -> Result<(), String> {
    let Some(at) = error.position else { return Ok(()) };
    let (lines, characters) = (text.matches('\n').count() + 1, text.chars().count());
    let inside = (1..=lines).contains(&at.line) && at.offset <= characters && at.column <= at.offset;
    if inside && !error.reason.is_empty() { Ok(()) } else { Err(format!("{at:?} is no place in the text: {error}")) }
}

/// Whatever parses can be asked.
fn decided(document: Document) {
    let document = Arc::new(document);
    let via = Via::Host { peer: std::net::Ipv4Addr::LOCALHOST.into() };
    let account = AccountId::DEFAULT;
    let caller = Caller::of(Principal::User { account, path: "/".into(), name: "ann".into(), id: "AIDA".into() });
    let ask = Ask {
        caller: &caller,
        via: &via,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::photos/a",
        resource_account: None,
        resource_policy: None,
        keys: Keys::new(),
        region: "us-east-1",
        secure: true,
        user_agent: None,
        now: OffsetDateTime::UNIX_EPOCH,
        request_id: None,
    };
    let set = PolicySet {
        identity: vec![Attached::new(PolicyKind::Identity, "p", Arc::clone(&document))],
        resource: Some(Attached::new(PolicyKind::Resource, "r", document)),
        ..PolicySet::default()
    };
    let decision = decide(&ask, &set);
    let _ =
        (hint(&decision), advice(ask.action, ask.resource, &decision), verdict(ask.action, ask.resource, &decision));
    let _ = decide_given(&ask, &set, Keys::new());
}
