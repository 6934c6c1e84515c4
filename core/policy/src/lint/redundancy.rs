//! Actions and resources that another one of the same list covers already, statements given twice.

use super::FindingKind;
use super::view::{Found, Policy, pattern_covers};

/// Lists longer than this are not compared pair by pair.
const ITEMS_MAX: usize = 200;

pub fn check(policy: &mut Policy<'_>) {
    let statements = policy.each();
    for statement in &statements {
        for (name, code, ignore_case) in [
            ("Action", "REDUNDANT_ACTION", true),
            ("NotAction", "REDUNDANT_ACTION", true),
            ("Resource", "REDUNDANT_RESOURCE", false),
            ("NotResource", "REDUNDANT_RESOURCE", false),
        ] {
            list(policy, &statement.strings(name), code, ignore_case);
        }
    }
    let mut seen: Vec<(String, usize)> = Vec::new();
    for (place, statement) in statements.iter().enumerate() {
        let mut parts: Vec<String> = statement
            .members
            .iter()
            .filter(|member| member.name != "Sid")
            .map(|member| format!("{}{:?}", member.name, crate::json::Json::from(member.node.clone())))
            .collect();
        parts.sort();
        let whole = parts.join("\u{0}");
        match seen.iter().find(|(known, _)| *known == whole).and_then(|(_, first)| statements.get(*first)) {
            Some(first) if !statement.members.is_empty() => policy.find(
                FindingKind::Suggestion,
                "REDUNDANT_STATEMENT",
                &[&statement.spot, &first.spot],
                format!("{} says the same again.", super::structure::shown(&statement.spot.path)),
            ),
            _ => seen.push((whole, place)),
        }
    }
}

fn list(policy: &mut Policy<'_>, items: &[Found<'_>], code: &'static str, ignore_case: bool) {
    if items.len() > ITEMS_MAX {
        return;
    }
    for (place, item) in items.iter().enumerate() {
        let wider = items.iter().enumerate().find(|(other, wider)| {
            let same = if ignore_case { wider.text.eq_ignore_ascii_case(item.text) } else { wider.text == item.text };
            let covers = ignore_case || same || !differs_in_case(wider.text, item.text);
            *other != place && pattern_covers(wider.text, item.text) && covers && (!same || *other < place)
        });
        if let Some((_, wider)) = wider {
            let details = format!("{} is covered by {} in the same list.", item.text, wider.text);
            policy.find(FindingKind::Suggestion, code, &[&item.spot, &wider.spot], details);
        }
    }
}

/// Whether the fixed head of the pattern matches only without regard to case.
fn differs_in_case(pattern: &str, text: &str) -> bool {
    let head = pattern.find(['*', '?']).and_then(|at| pattern.get(..at)).unwrap_or(pattern);
    !text.starts_with(head)
}
