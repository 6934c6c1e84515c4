//! The question to the gate: each resource of a call is asked for, and every one must be allowed. Actions, types and keys
//! are those of the service's own table.

use crate::resources::{self, Touched};
use crate::{Inner, commit};
use postern_call::{Call, Refusal};
use postern_names::AccountId;
use postern_policy::table::{self, ActionIn, Level};
use postern_policy::{Ask, Decision, Keys};
use serde_json::Value;

/// `UnauthorizedOperation` with AWS's sentence about the first resource that is not allowed.
pub fn may(inner: &Inner, call: &Call, account: AccountId) -> Result<(), Refusal> {
    let touched = resources::touched(&commit::read_lock(&inner.world), call, account);
    let tagged = resources::tagged_on_create(call, &touched, account);
    let profile = profile(inner, call, account);
    let mut shared = request_keys(call);
    if let Some(profile) = &profile {
        shared.insert("ec2:instanceprofile".to_owned(), vec![profile.arn.clone()]);
        shared.insert("ec2:newinstanceprofile".to_owned(), vec![profile.arn.clone()]);
    }
    let asker = Asker { inner, call, account, shared };
    for thing in touched {
        asker.judge("ec2", &call.operation, thing)?;
    }
    for thing in tagged {
        asker.judge("ec2", "CreateTags", thing)?;
    }
    // Who gives an instance a role must be allowed to pass that role on.
    if let Some(role) = profile.and_then(|profile| profile.role) {
        let service = vec!["ec2.amazonaws.com".to_owned()];
        let thing = Touched { arn: role, keys: Keys::from([("iam:passedtoservice".to_owned(), service)]) };
        asker.judge("iam", "PassRole", thing)?;
    }
    // So must be who has the organization trust a service for it.
    if call.operation == "EnableReachabilityAnalyzerOrganizationSharing" {
        let service = vec![postern_control::ANALYZER.to_owned()];
        let keys = Keys::from([("organizations:serviceprincipal".to_owned(), service)]);
        asker.judge("organizations", "EnableAWSServiceAccess", Touched { arn: "*".to_owned(), keys })?;
    }
    Ok(())
}

fn profile(inner: &Inner, call: &Call, account: AccountId) -> Option<postern_control::InstanceProfile> {
    let profile = call.input.get("IamInstanceProfile")?;
    let text = |member: &str| profile.get(member).and_then(Value::as_str);
    inner.outside.instance_profile(account, text("Arn").or_else(|| text("Name"))?)
}

struct Asker<'a> {
    inner: &'a Inner,
    call: &'a Call,
    account: AccountId,
    /// Keys that come from the request and may belong to any of its resources.
    shared: Keys,
}

impl Asker<'_> {
    fn judge(&self, service: &str, name: &str, thing: Touched) -> Result<(), Refusal> {
        let call = self.call;
        let action = format!("{service}:{name}");
        let known = table::service(service).and_then(|table| table.action(name));
        let keys = self.keys(known, &thing);
        let ask = Ask {
            caller: &call.caller,
            via: &call.via,
            action: &action,
            resource: &thing.arn,
            resource_account: (thing.arn != "*").then_some(self.account),
            resource_policy: None,
            keys,
            region: call.region.as_str(),
            secure: call.secure,
            user_agent: call.user_agent.as_deref(),
            now: call.now,
            request_id: Some(&call.request_id),
        };
        match self.inner.judge.judge(&ask) {
            Decision::Allow { .. } => Ok(()),
            decision => Err(self.refusal(&ask, &decision, known)),
        }
    }

    /// The thing's own keys and the request's, as far as the table knows them for the action on such a thing.
    fn keys(&self, known: Option<ActionIn>, thing: &Touched) -> Keys {
        let Some(action) = known else { return thing.keys.clone() };
        let word = action.type_of(&thing.arn).map(|resource| resource.word);
        let mut keys = self.shared.clone();
        keys.extend(tag_keys(self.call, word));
        keys.extend(thing.keys.clone());
        action.keep_known(&thing.arn, &mut keys);
        keys
    }

    fn refusal(&self, ask: &Ask<'_>, decision: &Decision, known: Option<ActionIn>) -> Refusal {
        let (code, status) = postern_policy::code_for("ec2");
        let sentence = postern_policy::sentence(ask, decision);
        // The policy crate opens EC2's own actions with this; EC2 says it of others' too.
        let mut message = if sentence.starts_with(OPENING) { sentence } else { format!("{OPENING}{sentence}") };
        let reads = known.is_some_and(|action| matches!(action.level, Level::List | Level::Read));
        if !reads && let Some(sealed) = self.inner.judge.sealed(ask, decision) {
            message = format!("{message}. Encoded authorization failure message: {sealed}");
        }
        Refusal { hint: postern_policy::hint(decision), ..Refusal::new(code, message).status(status) }
    }
}

const OPENING: &str = "You are not authorized to perform this operation. ";

/// Keys that any resource of the call may have.
fn request_keys(call: &Call) -> Keys {
    let mut keys = Keys::from([("ec2:region".to_owned(), vec![call.region.to_string()])]);
    if !call.operation.starts_with("Modify") {
        return keys;
    }
    // What is to be changed, by the names of the request's members.
    let mut changed = Vec::new();
    for (name, value) in call.input.as_object().into_iter().flatten() {
        let value = value.get("Value").unwrap_or(value);
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => continue,
        };
        if !name.ends_with("Id") && name != "DryRun" {
            changed.push(name.clone());
            keys.insert(format!("ec2:attribute/{}", name.to_lowercase()), vec![text]);
        }
    }
    if !changed.is_empty() {
        keys.insert("ec2:attribute".to_owned(), changed);
    }
    keys
}

/// The request's tags for a thing of this type: those of its specification, or of the request as a whole.
fn tag_keys(call: &Call, word: Option<&str>) -> Keys {
    let of_type = |s: &&Value| s.get("ResourceType").and_then(Value::as_str).is_some_and(|given| Some(given) == word);
    let specifications = call.input.get("TagSpecifications").and_then(Value::as_array).into_iter().flatten();
    let specified = specifications.filter(of_type).filter_map(|s| s.get("Tags")).filter_map(Value::as_array).flatten();
    let direct = call.input.get("Tags").and_then(Value::as_array).into_iter().flatten();
    let mut keys = Keys::new();
    let mut names = Vec::new();
    for tag in specified.chain(direct) {
        let text = |member: &str| tag.get(member).and_then(Value::as_str);
        if let Some(name) = text("Key") {
            names.push(name.to_owned());
            let value = text("Value").unwrap_or_default().to_owned();
            keys.insert(format!("aws:requesttag/{}", name.to_lowercase()), vec![value]);
        }
    }
    if !names.is_empty() {
        keys.insert("aws:tagkeys".to_owned(), names);
    }
    keys
}
