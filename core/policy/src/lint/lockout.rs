//! A bucket policy that denies everything from outside the endpoint, the repair of the policy included: only the account's
//! root can take it away again.

use super::LintKind;
use super::view::{Condition, Policy, Statement};

/// What tells that the caller comes from the wrong place.
const PLACE: &[&str] = &[
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:vpcsourceip",
];
/// What exempts somebody, when it is a second condition of the same Deny.
const SOMEBODY: &[&str] =
    &["aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:userid", "aws:username"];

pub fn check(policy: &mut Policy<'_>) {
    if policy.kind != LintKind::Resource {
        return;
    }
    for statement in policy.each() {
        let repair = ["s3:putbucketpolicy", "s3:deletebucketpolicy"];
        let covers_repair = repair.iter().all(|action| statement.covers(action));
        if !statement.denies() || !covers_repair || !of_bucket(&statement) || statement.has("NotPrincipal") {
            continue;
        }
        let whole = statement.names_everyone() && statement.conditions.is_empty();
        if whole {
            policy.warning(
                "LOCKOUT_WITHOUT_EXEMPTION",
                &statement.spot,
                "This denies everybody everything, PutBucketPolicy and DeleteBucketPolicy too: only the account's root can \
                 remove it.",
            );
            continue;
        }
        if let Some(place) = statement.conditions.iter().find(|c| is_wrong_place(c))
            && !statement.conditions.iter().any(is_exemption)
        {
            let details = format!(
                "This denies s3:PutBucketPolicy and s3:DeleteBucketPolicy as well to whoever does not come as {} wants, you at \
                 the console included. Deny only what concerns the objects, or exempt an administrator: \
                 {{\"ArnNotLike\": {{\"aws:PrincipalArn\": \"arn:aws:iam::ACCOUNT:role/ADMIN\"}}}}.",
                place.key
            );
            let at = [&statement.at("Action"), &place.operator_spot];
            policy.find(super::FindingKind::Warning, "LOCKOUT_WITHOUT_EXEMPTION", &at, details);
        }
    }
}

fn of_bucket(statement: &Statement<'_>) -> bool {
    let is_bucket = |text: &str| {
        text == "*" || text.rsplit(':').next().is_some_and(|name| !name.contains('/') || name.starts_with('*'))
    };
    statement.has("NotResource") || statement.resources().iter().any(|found| is_bucket(found.text))
}

fn is_wrong_place(condition: &Condition<'_>) -> bool {
    let absent = condition.reading.is_some_and(|operator| operator.holds.is_none())
        && condition.values.iter().any(|(value, _)| value == "true");
    PLACE.contains(&condition.lower_key.as_str()) && (condition.negated() || absent)
}

fn is_exemption(condition: &Condition<'_>) -> bool {
    let of_person =
        SOMEBODY.contains(&condition.lower_key.as_str()) || condition.lower_key.starts_with("aws:principaltag/");
    of_person && condition.negated()
}
