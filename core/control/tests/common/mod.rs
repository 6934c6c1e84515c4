//! A World under test: calls by operation name with JSON members, as the service makes them, with chance that repeats.
#![allow(dead_code)]

use postern_call::Refusal;
use postern_control::{
    Context, Draft, InstanceProfile, KeyMaterial, Outside, Quotas, Request, lifecycle, seed_account, verb,
};
use postern_model::World;
use postern_names::{AccountId, InstanceId, Region};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeSet;
use time::OffsetDateTime;
use time::macros::datetime;

/// When everything in these tests happens.
pub const NOW: OffsetDateTime = datetime!(2026-11-21 10:00:00 UTC);

/// Counts instead of rolling dice: the nth id of a run is the same in every run.
pub struct Counting {
    next: Cell<u64>,
}

impl Outside for Counting {
    fn bits(&self) -> u64 {
        self.next.set(self.next.get() + 1);
        self.next.get()
    }
    fn instance_profile(&self, account: AccountId, name_or_arn: &str) -> Option<InstanceProfile> {
        let arn = format!("arn:aws:iam::{account}:instance-profile/app");
        (name_or_arn == "app" || name_or_arn == arn).then(|| InstanceProfile {
            arn,
            id: "AIPAEXAMPLE".into(),
            role: None,
        })
    }
    fn make_key(&self, key_type: &str, comment: &str) -> Result<KeyMaterial, String> {
        Ok(KeyMaterial {
            key_type: key_type.into(),
            private_pem: Some("-----BEGIN KEY-----".into()),
            public_line: format!("ssh-{key_type} AAAA {comment}"),
            fingerprint: "1f:51".into(),
        })
    }
    fn read_public_key(&self, line: &str) -> Option<KeyMaterial> {
        let key_type = line.strip_prefix("ssh-")?.split(' ').next()?;
        Some(KeyMaterial {
            key_type: key_type.into(),
            private_pem: None,
            public_line: line.trim().into(),
            fingerprint: "2a:62".into(),
        })
    }
    fn console(&self, _instance: InstanceId) -> Option<Vec<u8>> {
        Some(b"booted\n".to_vec())
    }
    fn readable_accounts(&self, _: AccountId) -> BTreeSet<AccountId> {
        BTreeSet::new()
    }
    fn trust_analyzer(&self, _: AccountId, _: bool) -> Result<(), Refusal> {
        Err(Refusal::new("OperationNotPermitted", "Your account is not a member of an organization."))
    }
}

/// One account in us-east-1 with its default VPC.
pub struct Lab {
    pub world: World,
    pub outside: Counting,
    pub quotas: Quotas,
    pub account: AccountId,
    pub region: Region,
}

impl Lab {
    pub fn new() -> Self {
        let mut lab = Self {
            world: World::default(),
            outside: Counting { next: Cell::new(0x1000) },
            quotas: Quotas::default(),
            account: AccountId::DEFAULT,
            region: Region::new("us-east-1"),
        };
        lab.change(|draft, context| seed_account(draft, context).map(|()| Value::Null)).expect("a seed");
        lab
    }

    /// One call: all of it or nothing.
    pub fn call(&mut self, operation: &str, input: Value) -> Result<Value, Refusal> {
        let verb = verb(operation).unwrap_or_else(|| panic!("no verb {operation}"));
        self.change(|draft, context| verb.serve(draft, context, &Request(&input)).map(Value::from))
    }

    /// A call that must succeed.
    pub fn ok(&mut self, operation: &str, input: Value) -> Value {
        self.call(operation, input).unwrap_or_else(|refusal| panic!("{operation}: {refusal}"))
    }

    /// The refusal of a call that must fail, as `Code: message`; the World must be as before.
    pub fn refused(&mut self, operation: &str, input: Value) -> String {
        let before = self.world.entities();
        let refusal = match self.call(operation, input) {
            Err(refusal) => refusal.to_string(),
            Ok(reply) => panic!("{operation} was not refused: {reply}"),
        };
        assert!(before == self.world.entities(), "a refused {operation} changed the World");
        refusal
    }

    pub fn change(
        &mut self,
        work: impl FnOnce(&mut Draft<'_>, &Context<'_>) -> Result<Value, Refusal>,
    ) -> Result<Value, Refusal> {
        let context = Context {
            account: self.account,
            region: &self.region,
            now: NOW,
            quotas: &self.quotas,
            outside: &self.outside,
        };
        let mut draft = Draft::new(&mut self.world);
        let result = work(&mut draft, &context);
        match result {
            Ok(reply) => {
                draft.commit();
                Ok(reply)
            }
            Err(refusal) => {
                draft.roll_back();
                Err(refusal)
            }
        }
    }

    /// A VPC 10.0.0.0/16 with a subnet 10.0.1.0/24: their ids.
    pub fn network(&mut self) -> (String, String) {
        let vpc = text(&self.ok("CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" })), "/Vpc/VpcId");
        let input = json!({ "VpcId": vpc, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1a" });
        let subnet = text(&self.ok("CreateSubnet", input), "/Subnet/SubnetId");
        (vpc, subnet)
    }

    /// Instances in a subnet, running: their ids.
    pub fn instances(&mut self, subnet: &str, count: u64) -> Vec<String> {
        let input = json!({
            "ImageId": "ami-00000001", "InstanceType": host_type(), "MinCount": count, "MaxCount": count,
            "SubnetId": subnet,
        });
        let reply = self.ok("RunInstances", input);
        let ids = texts(&reply, "/Instances", "InstanceId");
        ids.iter().for_each(|id| self.complete(id, lifecycle::running));
        ids
    }

    /// The second half of a state change.
    pub fn complete(&mut self, id: &str, step: fn(&mut Draft<'_>, InstanceId, OffsetDateTime) -> bool) {
        let id: InstanceId = id.parse().expect("an instance id");
        self.change(|draft, _| Ok(json!(step(draft, id, NOW)))).expect("a step");
    }
}

/// A type of the host's architecture, four interfaces with fifteen addresses each.
pub fn host_type() -> &'static str {
    if cfg!(target_arch = "aarch64") { "m7g.large" } else { "t3.xlarge" }
}

/// A text with what depends on the host's processor masked.
pub fn masked(text: &str) -> String {
    text.replace(host_type(), "HOST-TYPE").replace("x86_64", "ARCH").replace("arm64", "ARCH")
}

/// The text at a JSON pointer.
pub fn text(reply: &Value, pointer: &str) -> String {
    let found = reply.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer} of {reply}")).to_owned()
}

/// A member of every element of the list at a JSON pointer.
pub fn texts(reply: &Value, pointer: &str, member: &str) -> Vec<String> {
    let list = reply.pointer(pointer).and_then(Value::as_array);
    let list = list.unwrap_or_else(|| panic!("no list at {pointer} of {reply}"));
    list.iter().filter_map(|item| item.get(member)).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// JSON text with one member per line.
pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("JSON")
}
