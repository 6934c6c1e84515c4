//! A decision in one line: for the `X-Postern-Decision` header, for lists, for logs.

use crate::{Decision, PolicyKind, StatementRef};

/// What a client surely takes in one header line.
const CHARACTERS_MAX: usize = 1000;

/// `explicit-deny by endpoint vpce-1#DenyOthers; s3:GetObject on arn:aws:s3:::logs/a`: the verdict, the kind and the name
/// of the deciding policies with the statement's Sid or its place from 0, and what was asked. Plain ASCII.
pub fn verdict(action: &str, resource: &str, decision: &Decision) -> String {
    let mut line = String::with_capacity(160);
    match decision {
        Decision::Allow { by } if by.is_empty() => line.push_str("allow by root"),
        Decision::Allow { by } => {
            for (number, statement) in by.iter().enumerate() {
                line.push_str(if number == 0 { "allow by " } else { ", " });
                push_place(&mut line, statement);
            }
        }
        Decision::ExplicitDeny { by } => {
            line.push_str("explicit-deny by ");
            push_place(&mut line, by);
        }
        Decision::ImplicitDeny { missing, .. } => {
            line.push_str("implicit-deny for want of ");
            line.push_str(kind_name(*missing));
        }
    }
    line.extend(["; ", action, " on ", resource]);
    // Nearly every line is fit as it is.
    if line.len() <= CHARACTERS_MAX && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return line;
    }
    line.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }).take(CHARACTERS_MAX).collect()
}

fn push_place(line: &mut String, statement: &StatementRef) {
    let StatementRef { kind, policy, index, sid } = statement;
    line.extend([kind_name(*kind), " ", policy, "#"]);
    match sid {
        Some(sid) => line.push_str(sid),
        None => line.push_str(&index.to_string()),
    }
}

/// A kind in one word.
pub fn kind_name(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "identity",
        PolicyKind::Resource => "resource",
        PolicyKind::Boundary => "boundary",
        PolicyKind::Session => "session",
        PolicyKind::ServiceControl => "service-control",
        PolicyKind::ResourceControl => "resource-control",
        PolicyKind::Endpoint => "endpoint",
        PolicyKind::Trust => "trust",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_plain_line() {
        let statement = |sid: Option<&str>| StatementRef {
            kind: PolicyKind::Endpoint,
            policy: "vpce-1".into(),
            index: 2,
            sid: sid.map(str::to_owned),
        };
        let line = |decision| verdict("s3:GetObject", "arn:aws:s3:::b/\u{e9}\n", &decision);
        let tail = "; s3:GetObject on arn:aws:s3:::b/??";
        let deny = line(Decision::ExplicitDeny { by: statement(Some("Mine")) });
        assert_eq!(deny, format!("explicit-deny by endpoint vpce-1#Mine{tail}"));
        let allow = line(Decision::Allow { by: vec![statement(None), statement(Some("A"))] });
        assert_eq!(allow, format!("allow by endpoint vpce-1#2, endpoint vpce-1#A{tail}"));
        assert_eq!(line(Decision::Allow { by: Vec::new() }), format!("allow by root{tail}"));
        let missing = line(Decision::ImplicitDeny { missing: PolicyKind::ServiceControl, nearly: Vec::new() });
        assert_eq!(missing, format!("implicit-deny for want of service-control{tail}"));
    }
}
