//! What to change in the policies so that a refused request is allowed: the smallest change first. Each is offered only after
//! the question was decided again with it.

mod edit;
mod widen;

use crate::gates::gathered;
use crate::{Ask, Attached, Decision, Document, PolicyKind, PolicySet, decide};
use std::sync::Arc;

/// A policy as it is to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    pub kind: PolicyKind,
    /// As in [`crate::StatementRef::policy`]; of a new policy of an identity the name that it is to have.
    pub policy: String,
    /// The policy's whole text; `None`: it has no statement left. An endpoint's is reset then, to full access.
    pub text: Option<String>,
    /// Whether it is one more inline policy of the caller.
    pub is_new: bool,
    /// Greater changes cost more.
    pub(crate) cost: u32,
}

/// Changes that allow the request together.
pub type Amendments = Vec<Amendment>;

const CHANGES_MAX: usize = 5;
const TRIES_MAX: usize = 200;
const OFFERED_MAX: usize = 3;

/// The ways to let a refused request in by policies alone; none if it is allowed, or if only what nobody can edit stops it:
/// session policies, and those that AWS keeps.
pub fn amendments(ask: &Ask<'_>, policies: &PolicySet) -> Vec<Amendments> {
    let (ask, policies) = gathered(ask, policies);
    let mut found = Vec::new();
    let mut open: Vec<(u32, PolicySet, Amendments)> = vec![(0, policies, Vec::new())];
    for _ in 0..TRIES_MAX {
        // The cheapest of what is not tried yet; of equals the one found first.
        let Some(place) = (0..open.len()).min_by_key(|n| open.get(*n).map(|(cost, ..)| *cost)) else { break };
        let (cost, policies, done) = open.remove(place);
        let decision = decide(&ask, &policies);
        if matches!(decision, Decision::Allow { .. }) {
            if !done.is_empty() && !found.contains(&done) {
                found.push(done);
            }
            if found.len() == OFFERED_MAX {
                break;
            }
            continue;
        }
        if done.len() == CHANGES_MAX {
            continue;
        }
        for amendment in widen::candidates(&ask, &policies, &decision) {
            let mut changed = policies.clone();
            if !amendment.apply(&mut changed) || decide(&ask, &changed) == decision {
                continue;
            }
            let mut next = done.clone();
            // The later text has the earlier change in it.
            next.retain(|one| (one.kind, &one.policy) != (amendment.kind, &amendment.policy));
            let is_new = amendment.is_new || done.iter().any(|one| one.is_new && one.policy == amendment.policy);
            let total = cost + amendment.cost;
            next.push(Amendment { is_new, ..amendment });
            open.push((total, changed, next));
        }
    }
    found
}

/// The policies with these changes.
pub fn amended(policies: &PolicySet, changes: &[Amendment]) -> PolicySet {
    let mut changed = policies.clone();
    for change in changes {
        change.apply(&mut changed);
    }
    changed
}

/// What an endpoint has whose policy is reset.
const FULL_ACCESS: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
const NO_STATEMENT: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

impl Amendment {
    /// Puts it in force in a copy. False: it is no policy.
    fn apply(&self, policies: &mut PolicySet) -> bool {
        let nothing = if self.kind == PolicyKind::Endpoint { FULL_ACCESS } else { NO_STATEMENT };
        let text = self.text.as_deref().unwrap_or(nothing);
        let Ok(document) = Document::parse(text) else { return false };
        let attached = Attached::new(self.kind, self.policy.clone(), Arc::new(document));
        if let Some(held) = policies.all_mut().find(|held| held.kind == self.kind && held.name == self.policy) {
            *held = attached;
            return true;
        }
        match self.kind {
            PolicyKind::Identity => policies.identity.push(attached),
            PolicyKind::Resource | PolicyKind::Trust => policies.resource = Some(attached),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{ask, attached, endpoint, identity, policy, session};

    const EVERYTHING: &str = r#""Effect":"Allow","Action":"*","Resource":"*""#;

    #[test]
    fn the_smallest_change_comes_first() {
        let (caller, via) = (session(), endpoint());
        let deny = r#""Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}"#;
        let mut set = identity(EVERYTHING);
        set.resource = Some(policy(PolicyKind::Resource, deny));
        let offered = amendments(&ask(&caller, &via, "s3:GetObject"), &set);
        assert!(offered[0][0].text.as_ref().unwrap().contains(r#"["vpc-1","vpc-"#), "{offered:?}");
        assert!(offered[1][0].text.as_ref().unwrap().contains("aws:PrincipalArn"), "{offered:?}");
        assert!(offered[2][0].text.is_none(), "{offered:?}");
    }

    #[test]
    fn what_aws_keeps_is_not_edited_and_an_endpoint_is_reset() {
        let (caller, via) = (session(), endpoint());
        let read = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::other"}}"#;
        let mut set = PolicySet {
            identity: vec![attached(PolicyKind::Identity, "arn:aws:iam::aws:policy/Read", read)],
            ..PolicySet::default()
        };
        let asked = ask(&caller, &via, "s3:GetObject");
        let offered = amendments(&asked, &set);
        assert!(offered.iter().flatten().all(|one| one.is_new && one.policy == "allow-GetObject"), "{offered:?}");
        set = identity(EVERYTHING);
        let nobody = r#""Effect":"Deny","Principal":"*","Action":"*","Resource":"*""#;
        set.endpoint = Some(policy(PolicyKind::Endpoint, nobody));
        let offered = amendments(&asked, &set);
        assert_eq!((offered[0].len(), &offered[0][0].text), (1, &None), "{offered:?}");
        assert!(amendments(&asked, &identity(EVERYTHING)).is_empty());
    }
}
