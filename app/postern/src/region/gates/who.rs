//! Who asks: the one that is named, or the role of the instance that the question comes from.

use super::Calls;
use crate::region::instance_facts;
use crate::say::Trouble;
use postern_call::Caller;
use postern_explain::{Question, Source};
use postern_model::{Instance, World};
use postern_names::{AccountId, InstanceId};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Of a role that is named, and not taken by an instance.
const SESSION: &str = "explain";

/// The caller, or why there is none.
pub struct Who {
    pub caller: Result<Caller, NoCredentials>,
    /// Where the credentials come from.
    source: String,
    /// The account that the question comes from.
    pub account: Option<AccountId>,
}

/// Why an instance has no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCredentials {
    NoProfile,
    MetadataOff,
    /// The profile's role cannot be taken: why, and the role.
    NotTaken {
        why: String,
    },
}

impl Calls {
    pub fn who(
        &self,
        world: &World,
        question: &Question,
        named: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Who, Trouble> {
        let instance = instance_of(world, question.from).and_then(|id| world.instances.get(&id));
        let account = owner(world, question.from).unwrap_or(self.account);
        if let Some(named) = named {
            let session = instance.map_or_else(|| SESSION.to_owned(), |instance| instance.id.to_string());
            let caller = self.iam.caller_named(account, named, &session, now).map_err(|refusal| {
                Trouble::new(refusal.message).hint("--as role/NAME, user/NAME, an ARN, root or anonymous")
            })?;
            return Ok(Who { caller: Ok(caller), source: format!("--as {named}"), account: Some(account) });
        }
        let Some(instance) = instance else {
            return Err(Trouble::new("who asks?").hint("--as role/NAME, user/NAME, an ARN, root or anonymous"));
        };
        Ok(self.by_profile(world, instance, now))
    }

    /// As the SDK on the instance finds them: by the metadata service.
    fn by_profile(&self, world: &World, instance: &Instance, now: OffsetDateTime) -> Who {
        let account = Some(instance.owner);
        let Some(profile) = &instance.profile else {
            return Who { caller: Err(NoCredentials::NoProfile), source: String::new(), account };
        };
        let caller = if instance.metadata.enabled {
            let keys = instance_facts::keys_of(world, instance);
            let id = instance.id.to_string();
            let made = self.iam.caller_of_instance(instance.owner, &profile.arn, &id, keys, now);
            made.map_err(|refusal| NoCredentials::NotTaken { why: refusal.message })
        } else {
            Err(NoCredentials::MetadataOff)
        };
        Who { caller, source: format!("{} of {}", profile.arn, instance.id), account }
    }

    /// Commands by which the instance gets credentials, with whom it then is.
    pub fn credentials(
        &self,
        world: &World,
        question: &Question,
        who: &Who,
        now: OffsetDateTime,
    ) -> Vec<(String, Who)> {
        let Some(instance) = instance_of(world, question.from).and_then(|id| world.instances.get(&id)) else {
            return vec![];
        };
        let id = instance.id;
        match &who.caller {
            Ok(_) => vec![],
            Err(NoCredentials::MetadataOff) => {
                let mut on = instance.clone();
                on.metadata.enabled = true;
                let command =
                    format!("aws ec2 modify-instance-metadata-options --instance-id {id} --http-endpoint enabled");
                vec![(command, self.by_profile(world, &on, now))]
            }
            Err(NoCredentials::NoProfile) => {
                let keys = || instance_facts::keys_of(world, instance);
                let by = |(name, arn): (String, String)| {
                    let caller =
                        self.iam.caller_of_instance(instance.owner, &arn, &id.to_string(), keys(), now).ok()?;
                    let command = format!(
                        "aws ec2 associate-iam-instance-profile --instance-id {id} --iam-instance-profile Name={name}"
                    );
                    Some((command, Who { caller: Ok(caller), source: arn, account: who.account }))
                };
                self.iam.profiles(instance.owner).into_iter().filter_map(by).collect()
            }
            Err(NoCredentials::NotTaken { .. }) => {
                let Some(profile) = &instance.profile else { return vec![] };
                let keys = instance_facts::keys_of(world, instance);
                let trusted = self.iam.caller_if_trusted(instance.owner, &profile.arn, &id.to_string(), keys, now);
                trusted
                    .into_iter()
                    .map(|(role, caller)| {
                        let text = json!({ "Version": "2012-10-17", "Statement": [{
                        "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole",
                    }] });
                        let command =
                            format!("aws iam update-assume-role-policy --role-name {role} --policy-document '{text}'");
                        (command, Who { caller: Ok(caller), source: profile.arn.clone(), account: who.account })
                    })
                    .collect()
            }
        }
    }
}

impl Who {
    pub fn told(&self) -> Value {
        let why = match &self.caller {
            Ok(caller) => format!("{} by {}", caller.display(), self.source),
            Err(NoCredentials::NoProfile) => {
                "the instance has no profile: an SDK on it finds no credentials, unless it is given some".to_owned()
            }
            Err(NoCredentials::MetadataOff) => {
                "the instance's metadata service is off: an SDK on it cannot fetch its role's credentials".to_owned()
            }
            Err(NoCredentials::NotTaken { why }) => format!("the metadata service has no credentials: {why}"),
        };
        let caller = self.caller.as_ref().ok().map(Caller::display);
        json!({ "caller": caller, "passes": self.caller.is_ok(), "why": why })
    }
}

fn instance_of(world: &World, from: Source) -> Option<InstanceId> {
    match from {
        Source::Instance(id) => Some(id),
        Source::Interface(id) => world.network_interfaces.get(&id)?.attachment.as_ref()?.instance,
        Source::Subnet(_) | Source::Internet(_) | Source::Host => None,
    }
}

fn owner(world: &World, from: Source) -> Option<AccountId> {
    match from {
        Source::Instance(id) => world.instances.get(&id).map(|instance| instance.owner),
        Source::Interface(id) => world.network_interfaces.get(&id).map(|eni| eni.owner),
        Source::Subnet(id) => world.subnets.get(&id).map(|subnet| subnet.owner),
        Source::Internet(_) | Source::Host => None,
    }
}
