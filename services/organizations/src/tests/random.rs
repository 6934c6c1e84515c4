//! Random calls, right and wrong: whatever is answered, the state stays whole, and the disk agrees with it.

use super::*;
use crate::content::Type;
use crate::keep;
use crate::state::State;
use std::collections::BTreeSet;

/// A small generator with a fixed beginning, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
    fn one(&mut self, of: &[String]) -> String {
        of[self.below(of.len())].clone()
    }
}

/// What is wrong with the state.
fn flaws(state: &State) -> Vec<String> {
    let mut flaws = Vec::new();
    for organization in state.organizations.values() {
        let members: Vec<_> = state.members(&organization.id).collect();
        let mut targets: BTreeSet<String> = organization.units.keys().cloned().collect();
        targets.insert(organization.root.clone());
        for (id, _, member) in &members {
            if !organization.is_parent(&member.parent) {
                flaws.push(format!("{id} stands below {}, which is not there", member.parent));
            }
            targets.insert(id.to_string());
        }
        if !members.iter().any(|(id, ..)| *id == organization.management) {
            flaws.push("the management account is no member".into());
        }
        for (id, unit) in &organization.units {
            if !organization.is_parent(&unit.parent) || organization.above(id).len() > 6 {
                flaws.push(format!("{id} stands wrong"));
            }
        }
        for target in organization.attached.keys().filter(|target| !targets.contains(*target)) {
            flaws.push(format!("policies are attached to {target}, which is not there"));
        }
        for (target, kind) in targets.iter().flat_map(|target| Type::ALL.map(|kind| (target, kind))) {
            let count = organization.attached_to(target, kind).count();
            let right = if organization.enabled.contains(&kind) { 1..=5 } else { 0..=0 };
            if !right.contains(&count) {
                flaws.push(format!("{count} policies of {kind:?} on {target}"));
            }
        }
    }
    for (id, account) in &state.accounts {
        if account.member.is_some() && state.of_account(*id).is_none() {
            flaws.push(format!("{id} is in an organization that is not there"));
        }
    }
    flaws
}

#[tokio::test]
async fn random_calls_leave_no_flaw() {
    let rig = Rig::new().await;
    let mut dice = Dice(7);
    let mut ids: Vec<String> =
        vec!["123456789012".into(), OTHER.into(), "p-FullAWSAccess".into(), "p-RCPFullAWSAccess".into()];
    let mut done = BTreeSet::new();
    for step in 0..3000 {
        // Ids that answers name are asked about later, in right and wrong places.
        let (a, b, c) = (dice.one(&ids), dice.one(&ids), dice.one(&ids));
        let kind = Type::ALL[dice.below(2)].word();
        let word = format!("name{}", dice.below(40));
        let content = match dice.below(3) {
            0 => {
                r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}"#
            }
            _ => DENY_S3,
        };
        let verb = &VERBS[dice.below(VERBS.len())];
        // Ends come seldom, or there would be nothing to end.
        if matches!(verb.operation, "DeleteOrganization" | "CloseAccount" | "DisablePolicyType") && dice.below(8) > 0 {
            continue;
        }
        let pick = |prefix: &str, id: &str| {
            ids.iter().rev().find(|known| known.starts_with(prefix)).map_or(id.to_owned(), Clone::clone)
        };
        let (root, handshake) = (pick("r-", &a), pick("h-", &a));
        let input = json!({
            "PolicyId": a, "TargetId": b, "ParentId": b, "RootId": root, "OrganizationalUnitId": a, "ChildId": a,
            "ResourceId": a, "AccountId": a, "HandshakeId": handshake, "SourceParentId": b, "DestinationParentId": c,
            "Filter": kind, "Type": kind, "PolicyType": kind, "Name": word, "Description": "", "Content": content,
            "Email": format!("{word}@example.org"), "AccountName": word, "ChildType": "ACCOUNT",
            "Target": { "Type": "ACCOUNT", "Id": a }, "ServicePrincipal": "ram.amazonaws.com",
            "CreateAccountRequestId": "car-0", "TagKeys": ["a"], "Tags": [{ "Key": "a", "Value": word }],
        });
        let by = match dice.below(6) {
            0 => OTHER.to_owned(),
            1 if a.parse::<AccountId>().is_ok() => a,
            _ => "123456789012".into(),
        };
        if let Ok(reply) = rig.by(&by, verb.operation, input).await {
            done.insert(verb.operation);
            collect(&reply, &mut ids);
        }
        let found = flaws(&rig.organizations.read());
        assert!(found.is_empty(), "step {step}, {}: {found:?}", verb.operation);
    }
    assert!(done.len() > 35, "only {done:?} were ever done");
    let store = Store::open(&rig.directory.path().join("state.db")).unwrap();
    let (held, kept) = (rig.organizations.read(), keep::load(&store).unwrap());
    let text = |state: &State| json!([state.organizations, format!("{:?}", state.accounts)]).to_string();
    assert_eq!(text(&held), text(&kept));
}

/// The ids in an answer.
fn collect(reply: &Value, ids: &mut Vec<String>) {
    match reply {
        Value::Object(members) => members.values().for_each(|value| collect(value, ids)),
        Value::Array(items) => items.iter().for_each(|value| collect(value, ids)),
        Value::String(text) => {
            let id = text.parse::<AccountId>().is_ok()
                || ["r-", "ou-", "p-", "h-"].iter().any(|prefix| text.starts_with(prefix));
            if id && !ids.contains(text) {
                ids.push(text.clone());
            }
        }
        _ => {}
    }
}
