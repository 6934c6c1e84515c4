//! Policy variables: where they are not known, and where they are not closed.

use super::view::{Policy, Spot};

/// Elements in which `${...}` is plain text.
const WITHOUT: &[&str] = &["Sid", "Effect", "Action", "NotAction"];

pub fn check(policy: &mut Policy<'_>) {
    for statement in policy.each() {
        for name in WITHOUT {
            for found in statement.strings(name).iter().filter(|found| found.text.contains("${")) {
                let details = format!("Variables are not replaced in {name}.");
                policy.error("VARIABLE_UNSUPPORTED_IN_ELEMENT", &found.spot, details);
            }
        }
        for found in statement.resources().iter().chain(&statement.strings("NotResource")) {
            one(policy, found.text, &found.spot);
            let head: Vec<&str> = found.text.splitn(6, ':').take(5).collect();
            if policy.has_variables && head.join(":").contains("${") {
                let details = "In an ARN variables are replaced behind the fifth colon only.";
                policy.error("VARIABLE_UNSUPPORTED_IN_ELEMENT", &found.spot, details);
            }
        }
        for condition in &statement.conditions {
            let takes = condition.reading.is_some_and(|operator| {
                matches!(operator.holds, Some(super::keys::Holds::Text | super::keys::Holds::Arn))
            });
            for (value, spot) in &condition.values {
                one(policy, value, spot);
                if policy.has_variables && !takes && value.contains("${") {
                    let details =
                        format!("{} does not replace variables; String and Arn operators do.", condition.operator);
                    policy.error("INVALID_VARIABLE_FOR_OPERATOR", spot, details);
                }
            }
        }
    }
}

fn one(policy: &mut Policy<'_>, text: &str, spot: &Spot) {
    let Some((_, mut rest)) = text.split_once("${") else { return };
    if !policy.has_variables {
        let details = "Variables need \"Version\": \"2012-10-17\"; in this document the text stands for itself.";
        return policy.error("VARIABLE_UNSUPPORTED_IN_VERSION", spot, details);
    }
    loop {
        let Some((inside, after)) = rest.split_once('}') else {
            return policy.error("MISSING_BRACE_IN_VARIABLE", spot, "A variable is not closed with }.");
        };
        let (name, default) = inside.split_once(',').map_or((inside, None), |(name, default)| (name, Some(default)));
        if name.trim().is_empty() {
            policy.error("EMPTY_VARIABLE", spot, "A variable has no name.");
        } else if !matches!(name, "*" | "?" | "$") && name.contains(char::is_whitespace) {
            policy.error("UNSUPPORTED_SPACE_IN_VARIABLE", spot, "A variable's name has no spaces.");
        }
        if default.map(str::trim).is_some_and(|d| d.len() < 2 || !d.starts_with('\'') || !d.ends_with('\'')) {
            policy.error("MISSING_QUOTE_IN_VARIABLE", spot, "A variable's default stands in single quotes.");
        }
        match after.split_once("${") {
            Some((_, next)) => rest = next,
            None => return,
        }
    }
}
