//! What a request may put on a session: policies that limit it, and tags.

use crate::document::Doc;
use crate::entity::Tags;
use crate::input::{Input, constraint};
use crate::refuse;
use crate::session::PassedPolicy;
use crate::state::Account;
use postern_call::Refusal;
use postern_policy::{Document, Keys};

const POLICY_ARNS_MAX: usize = 10;
/// Plain text of the inline session policy and the ARNs together; AWS's packed limit is in the same spirit.
const POLICY_CHARACTERS_MAX: usize = 2048;

/// The session policies of a request: `Policy` inline and `PolicyArns` of the role's or user's account. With the session
/// tags they share one room.
pub fn policies(input: Input<'_>, tags: &Tags, account: Option<&Account>) -> Result<Vec<PassedPolicy>, Refusal> {
    let mut passed = Vec::new();
    if let Some(text) = input.text("Policy") {
        let document = Document::parse_identity(text).map_err(|error| refuse::malformed(error.reason))?;
        passed.push(PassedPolicy { name: "session".into(), document: Doc::new(document) });
    }
    let arns = input.list("PolicyArns");
    if arns.len() > POLICY_ARNS_MAX {
        let rule = format!("Member must have length less than or equal to {POLICY_ARNS_MAX}");
        return Err(constraint("[...]", "PolicyArns", &rule));
    }
    for descriptor in arns {
        let arn = Input(descriptor).required("arn")?;
        let document = account.and_then(|account| account.managed_document(arn));
        let document = document.or_else(|| crate::managed::find(arn).map(|policy| policy.document.clone()));
        let document = document.ok_or_else(|| refuse::not_attachable(arn))?;
        passed.push(PassedPolicy { name: arn.to_owned(), document });
    }
    if packed(input, tags) > POLICY_CHARACTERS_MAX {
        let message =
            format!("Packed policy consumes {}% of allotted space, please use smaller policy.", percent(input, tags));
        return Err(Refusal::new("PackedPolicyTooLarge", message));
    }
    Ok(passed)
}

/// How much of the room for session policies and tags is used, in percent; `None` when none were passed.
pub fn packed_size(input: Input<'_>, tags: &Tags) -> Option<usize> {
    let any = input.text("Policy").is_some() || !input.list("PolicyArns").is_empty() || !tags.is_empty();
    any.then(|| percent(input, tags))
}

/// The condition keys of a request's tags.
pub fn tag_request_keys(tags: &Tags, transitive: &[String]) -> Keys {
    let mut keys = Keys::new();
    for (name, value) in tags {
        keys.insert(format!("aws:requesttag/{}", name.to_lowercase()), vec![value.clone()]);
    }
    if !tags.is_empty() {
        keys.insert("aws:tagkeys".into(), tags.iter().map(|(name, _)| name.clone()).collect());
    }
    if !transitive.is_empty() {
        keys.insert("sts:transitivetagkeys".into(), transitive.to_vec());
    }
    keys
}

/// Letters, digits and `_+=,.@-`, 2 to 64 of them.
pub fn session_name<'a>(input: Input<'a>, member: &str, max: usize) -> Result<&'a str, Refusal> {
    let name = input.required(member)?;
    let good = name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c));
    if !good {
        return Err(constraint(name, member, "Member must satisfy regular expression pattern: [\\w+=,.@-]*"));
    }
    if name.len() < 2 {
        return Err(constraint(name, member, "Member must have length greater than or equal to 2"));
    }
    if name.len() > max {
        return Err(constraint(name, member, &format!("Member must have length less than or equal to {max}")));
    }
    Ok(name)
}

fn packed(input: Input<'_>, tags: &Tags) -> usize {
    let arns = input.list("PolicyArns").iter().filter_map(|arn| Input(arn).text("arn")).map(str::len);
    let tags = tags.iter().map(|(name, value)| (name.len() + value.len()).div_ceil(2));
    input.text("Policy").map_or(0, str::len) + arns.sum::<usize>() + tags.sum::<usize>()
}

fn percent(input: Input<'_>, tags: &Tags) -> usize {
    (packed(input, tags) * 100).div_ceil(POLICY_CHARACTERS_MAX)
}
