//! The decision as AWS draws it in its chart: from the documents' JSON texts, with strings only. It shares with
//! [`postern_policy::decide`] the keys of the request and nothing else.

use crate::compare::{conditions_hold, glob, list, resource_fits, strings};
use postern_call::Principal;
use postern_names::Via;
use postern_policy::{Ask, Attached, Keys, Memberships, PolicyKind, PolicySet, keys_within};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Allow,
    Deny,
    Missing(PolicyKind),
}

/// How an Allow names the caller, from least to most.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Named {
    Account,
    Everyone,
    Role,
    Exactly,
}

/// The policies of a set, read as JSON.
pub struct Chart {
    scp: Vec<Vec<Value>>,
    rcp: Vec<Vec<Value>>,
    endpoint: Vec<Value>,
    resource: Vec<Value>,
    resource_kind: Option<PolicyKind>,
    identity: Vec<Value>,
    boundary: Vec<Value>,
    session: Vec<Value>,
    memberships: Memberships,
}

/// One request before the chart.
struct Asked<'a> {
    ask: &'a Ask<'a>,
    keys: Keys,
    bounded: bool,
}

impl Chart {
    pub fn of(set: &PolicySet) -> Self {
        let all = |list: &[Attached]| list.iter().map(|a| read(a.document.text())).collect::<Vec<_>>();
        let one = |policy: &Option<Attached>| all(policy.as_slice());
        Self {
            scp: set.service_control.iter().map(|level| all(level)).collect(),
            rcp: set.resource_control.iter().map(|level| all(level)).collect(),
            endpoint: one(&set.endpoint),
            resource: one(&set.resource),
            resource_kind: set.resource.as_ref().map(|policy| policy.kind),
            identity: all(&set.identity),
            boundary: one(&set.boundary),
            session: all(&set.session),
            memberships: set.memberships.clone(),
        }
    }

    pub fn verdict(&self, ask: &Ask<'_>) -> Verdict {
        let asked = Asked { ask, keys: keys_within(ask, &self.memberships), bounded: !self.boundary.is_empty() };
        let caller = &ask.caller.principal;
        let root = matches!(caller, Principal::Root { .. });
        let linked = matches!(caller, Principal::Role { path, .. } if path.starts_with("/aws-service-role/"));
        let stranger = ask.caller.account().is_none();
        let through_endpoint = matches!(ask.via, Via::Endpoint { .. });
        let own = ask.resource_policy.filter(|_| self.resource.is_empty());
        let own: Vec<Value> = own.map(|document| read(document.text())).into_iter().collect();

        // Who is subject to what.
        let if_any = |applies: bool, policies| if applies { policies } else { &[][..] };
        let levels = |applies: bool, levels| if applies { levels } else { &[][..] };
        let scp: &[Vec<Value>] = levels(!stranger && !linked, &self.scp);
        let rcp: &[Vec<Value>] = levels(!linked, &self.rcp);
        let endpoint: &[Value] = if_any(through_endpoint, &self.endpoint);
        let resource: &[Value] = if own.is_empty() { &self.resource } else { &own };
        let identity: &[Value] = if_any(!root && !stranger, &self.identity);
        let boundary: &[Value] = if_any(!root && !stranger, &self.boundary);
        let session: &[Value] = if_any(!stranger, &self.session);
        let own_kind = if ask.action.starts_with("sts:") { PolicyKind::Trust } else { PolicyKind::Resource };
        let resource_kind = self.resource_kind.unwrap_or(if own.is_empty() { PolicyKind::Resource } else { own_kind });

        let allow = |policies: &[Value], named| best(policies.iter().map(|p| asked.strongest(p, "Allow", named)));
        let deny = |policies: &[Value], named| policies.iter().any(|p| asked.strongest(p, "Deny", named).is_some());

        // 1. Any deny of any kind.
        if scp.iter().any(|l| deny(l, false)) || rcp.iter().any(|l| deny(l, true)) || deny(endpoint, true) {
            return Verdict::Deny;
        }
        if deny(resource, true) || deny(identity, false) || deny(boundary, false) || deny(session, false) {
            return Verdict::Deny;
        }
        // 2. to 4. Each level of control, and the endpoint.
        if rcp.iter().any(|level| allow(level, true).is_none()) {
            return Verdict::Missing(PolicyKind::ResourceControl);
        }
        if scp.iter().any(|level| allow(level, false).is_none()) {
            return Verdict::Missing(PolicyKind::ServiceControl);
        }
        if !endpoint.is_empty() && allow(endpoint, true).is_none() {
            return Verdict::Missing(PolicyKind::Endpoint);
        }
        // 5. The resource's policy. Keys and roles demand its word.
        let by_resource = allow(resource, true);
        let account = ask.caller.account();
        let foreign = account.is_some() && ask.resource_account.is_some() && account != ask.resource_account;
        let of_key = ask.action.starts_with("kms:") && ask.resource != "*";
        let own_word = !resource.is_empty() && (resource_kind == PolicyKind::Trust || of_key);
        if (stranger || foreign || own_word) && by_resource.is_none() {
            return Verdict::Missing(resource_kind);
        }
        if stranger || (!foreign && by_resource == Some(Named::Exactly)) {
            return Verdict::Allow;
        }
        // 6. to 8. Identity, boundary, session.
        let by_resource = !foreign && matches!(by_resource, Some(Named::Everyone | Named::Role));
        if !root && !by_resource && allow(identity, false).is_none() {
            return Verdict::Missing(PolicyKind::Identity);
        }
        if !boundary.is_empty() && allow(boundary, false).is_none() {
            return Verdict::Missing(PolicyKind::Boundary);
        }
        if !session.is_empty() && allow(session, false).is_none() {
            return Verdict::Missing(PolicyKind::Session);
        }
        Verdict::Allow
    }
}

impl Asked<'_> {
    /// The closest naming among the statements of this effect that fit the request.
    fn strongest(&self, document: &Value, effect: &str, named: bool) -> Option<Named> {
        let variables = document["Version"] == "2012-10-17";
        best(list(&document["Statement"]).iter().filter(|s| s["Effect"] == effect).map(|statement| {
            let (asked, resource) = (self.ask.action.to_lowercase(), self.resource());
            let action = |wanted: &str| wanted == "*" || glob(&wanted.to_lowercase(), &asked);
            let covers = |wanted: &str| resource_fits(wanted, resource, variables, &self.keys);
            let fits = among(statement, "Action", action)
                && among(statement, "Resource", covers)
                && conditions_hold(&statement["Condition"], variables, &self.keys);
            if fits { self.naming(statement, effect, named) } else { None }
        }))
    }

    /// ListBuckets has none, and is taken for all buckets.
    fn resource(&self) -> &str {
        if self.ask.action == "s3:ListAllMyBuckets" && self.ask.resource == "*" {
            return "arn:aws:s3:::*";
        }
        self.ask.resource
    }

    fn naming(&self, statement: &Value, effect: &str, named: bool) -> Option<Named> {
        if !named {
            return Some(Named::Exactly);
        }
        let naming = self.principal_fits(statement);
        let narrowed = statement["Condition"].as_object().is_some_and(|operators| {
            operators.iter().filter(|(operator, _)| !operator.contains("Not")).any(|(_, pairs)| {
                pairs.as_object().is_some_and(|p| p.keys().any(|k| k.eq_ignore_ascii_case("aws:PrincipalArn")))
            })
        });
        // The documented exception: `*` with a condition on the principal is as good as its name.
        let exactly = naming == Some(Named::Everyone) && narrowed && effect == "Allow";
        if exactly { Some(Named::Exactly) } else { naming }
    }

    fn principal_fits(&self, statement: &Value) -> Option<Named> {
        if statement["NotPrincipal"].is_null() {
            return best(names(&statement["Principal"]).iter().map(|name| self.name_fits(name)));
        }
        let caller = self.ask.caller;
        let listed = names(&statement["NotPrincipal"]);
        let has = |wanted: Option<String>| listed.iter().any(|(_, name)| wanted.as_deref() == Some(name.as_str()));
        let account = caller.account().map(|a| a.to_string());
        let account_listed = has(account.clone()) || has(account.map(|a| format!("arn:aws:iam::{a}:root")));
        let exempt = listed.iter().any(|(family, name)| family == "AWS" && name == "*")
            || match &caller.principal {
                Principal::Anonymous => false,
                Principal::Service { .. } | Principal::WebIdentity { .. } => {
                    listed.iter().any(|name| self.name_fits(name).is_some())
                }
                Principal::Root { .. } => account_listed,
                _ => {
                    let (one, other) = (caller.arn(), caller.principal_arn());
                    account_listed && has(one.map(|a| a.to_string())) && has(other.map(|a| a.to_string()))
                }
            };
        (self.bounded || !exempt).then_some(Named::Everyone)
    }

    fn name_fits(&self, (family, name): &(String, String)) -> Option<Named> {
        let caller = self.ask.caller;
        let is = |have: Option<String>| have.as_deref() == Some(name.as_str());
        let account = caller.account().map(|a| a.to_string());
        match (family.as_str(), &caller.principal) {
            ("Service", Principal::Service { name: own }) if own == name || name == "*" => Some(Named::Exactly),
            ("Federated", Principal::WebIdentity { provider, .. }) if provider == name => Some(Named::Exactly),
            ("CanonicalUser", _) if is(self.keys.get("s3:canonicaluserid").and_then(|ids| ids.first()).cloned()) => {
                Some(Named::Account)
            }
            ("AWS", _) if name == "*" => Some(Named::Everyone),
            ("AWS", Principal::User { id, .. }) if id == name => Some(Named::Exactly),
            ("AWS", Principal::Role { id, .. }) if id == name => Some(Named::Role),
            ("AWS", principal) if is(account.clone()) || is(account.map(|a| format!("arn:aws:iam::{a}:root"))) => {
                Some(if matches!(principal, Principal::Root { .. }) { Named::Exactly } else { Named::Account })
            }
            ("AWS", _) if is(caller.arn().map(|a| a.to_string())) => Some(Named::Exactly),
            ("AWS", _) if is(caller.principal_arn().map(|a| a.to_string())) => Some(Named::Role),
            _ => None,
        }
    }
}

/// Whether the element or its opposite admits; an element that is not there admits all.
fn among(statement: &Value, element: &str, fits: impl Fn(&str) -> bool) -> bool {
    match (&statement[element], &statement[format!("Not{element}")]) {
        (Value::Null, Value::Null) => true,
        (Value::Null, not) => !strings(not).iter().any(|pattern| fits(pattern)),
        (yes, _) => strings(yes).iter().any(|pattern| fits(pattern)),
    }
}

/// Family and name of each principal.
fn names(element: &Value) -> Vec<(String, String)> {
    match element {
        Value::String(all) => vec![("AWS".to_owned(), all.clone())],
        other => {
            let families = other.as_object().into_iter().flatten();
            families
                .flat_map(|(family, names)| strings(names).into_iter().map(move |name| (family.clone(), name)))
                .collect()
        }
    }
}

fn best(found: impl Iterator<Item = Option<Named>>) -> Option<Named> {
    found.fold(None, |best, named| if best > named { best } else { named })
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
