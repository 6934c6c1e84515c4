//! A World with a caller, a clock and ids in order.

use postern_call::Refusal;
use postern_control::*;
use postern_model::{Change, World};
use postern_names::{AccountId, InstanceId, Region};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeSet;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// Bits that differ in every part an id or address is drawn from, in an order that each test sees again.
pub struct Chance(pub Cell<u64>);

impl Outside for Chance {
    fn bits(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get().wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
    fn instance_profile(&self, _: AccountId, _: &str) -> Option<InstanceProfile> {
        None
    }
    fn make_key(&self, _: &str, _: &str) -> Result<KeyMaterial, String> {
        Err("no keys here".into())
    }
    fn read_public_key(&self, _: &str) -> Option<KeyMaterial> {
        None
    }
    fn console(&self, _: InstanceId) -> Option<Vec<u8>> {
        None
    }
    fn readable_accounts(&self, _: AccountId) -> BTreeSet<AccountId> {
        BTreeSet::new()
    }
    fn trust_analyzer(&self, _: AccountId, _: bool) -> Result<(), Refusal> {
        Err(Refusal::new("OperationNotPermitted", "Your account is not a member of an organization."))
    }
}

pub struct Rig {
    pub world: World,
    pub chance: Chance,
    pub quotas: Quotas,
    pub account: AccountId,
    pub region: Region,
    pub now: OffsetDateTime,
    /// Every change that was committed.
    pub log: Vec<Change>,
}

impl Rig {
    pub fn new() -> Self {
        Self {
            world: World::default(),
            chance: Chance(Cell::new(0)),
            quotas: Quotas::default(),
            account: AccountId::DEFAULT,
            region: Region::new("us-east-1"),
            now: datetime!(2026-11-21 10:15:30.123456 UTC),
            log: Vec::new(),
        }
    }

    /// With the account's default VPC.
    pub fn seeded() -> Self {
        let mut rig = Self::new();
        let context = Context {
            account: rig.account,
            region: &rig.region,
            now: rig.now,
            quotas: &rig.quotas,
            outside: &rig.chance,
        };
        let mut draft = Draft::new(&mut rig.world);
        seed_account(&mut draft, &context).unwrap();
        rig.log = draft.commit();
        assert_eq!(rig.world.flaws(), Vec::<String>::new());
        rig
    }

    /// Runs a verb as the service does: all of it or nothing. A refused call must leave no trace.
    pub fn try_call(&mut self, operation: &str, input: Value) -> Result<Value, Refusal> {
        let verb = verb(operation).unwrap_or_else(|| panic!("{operation} has a verb"));
        let before = self.world.entities();
        let context = Context {
            account: self.account,
            region: &self.region,
            now: self.now,
            quotas: &self.quotas,
            outside: &self.chance,
        };
        let mut draft = Draft::new(&mut self.world);
        let answer = verb.serve(&mut draft, &context, &Request(&input)).map(Value::from);
        match &answer {
            Ok(_) => self.log.extend(draft.commit()),
            Err(_) => {
                draft.roll_back();
                assert_eq!(self.world.entities(), before, "{operation} was refused and left a trace");
            }
        }
        assert_eq!(self.world.flaws(), Vec::<String>::new(), "after {operation} {input}");
        answer
    }

    #[track_caller]
    pub fn call(&mut self, operation: &str, input: Value) -> Value {
        match self.try_call(operation, input.clone()) {
            Ok(reply) => reply,
            Err(refusal) => panic!("{operation} {input}: {refusal}"),
        }
    }

    /// `Code: message` of a call that must be refused.
    #[track_caller]
    pub fn refused(&mut self, operation: &str, input: Value) -> String {
        match self.try_call(operation, input.clone()) {
            Ok(reply) => panic!("{operation} {input} was not refused: {reply}"),
            Err(refusal) => refusal.to_string(),
        }
    }

    pub fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    pub fn vpc(&mut self, cidr: &str) -> String {
        id(&self.call("CreateVpc", serde_json::json!({ "CidrBlock": cidr }))["Vpc"]["VpcId"])
    }
    pub fn subnet(&mut self, vpc: &str, cidr: &str) -> String {
        let input = serde_json::json!({ "VpcId": vpc, "CidrBlock": cidr });
        id(&self.call("CreateSubnet", input)["Subnet"]["SubnetId"])
    }
    pub fn table(&mut self, vpc: &str) -> String {
        id(&self.call("CreateRouteTable", serde_json::json!({ "VpcId": vpc }))["RouteTable"]["RouteTableId"])
    }
    /// An internet gateway attached to the VPC.
    pub fn gateway(&mut self, vpc: &str) -> String {
        let made = self.call("CreateInternetGateway", serde_json::json!({}));
        let gateway = id(&made["InternetGateway"]["InternetGatewayId"]);
        let attach = serde_json::json!({ "InternetGatewayId": gateway, "VpcId": vpc });
        self.call("AttachInternetGateway", attach);
        gateway
    }
    pub fn address(&mut self) -> String {
        id(&self.call("AllocateAddress", serde_json::json!({ "Domain": "vpc" }))["AllocationId"])
    }
    pub fn main_table(&mut self, vpc: &str) -> String {
        let filters = serde_json::json!([
            { "Name": "association.main", "Values": ["true"] }, { "Name": "vpc-id", "Values": [vpc] }
        ]);
        let tables = self.call("DescribeRouteTables", serde_json::json!({ "Filters": filters }));
        id(&tables["RouteTables"][0]["RouteTableId"])
    }
    /// The routes of a table in short: `destination target state`.
    pub fn routes(&mut self, table: &str) -> Vec<String> {
        let reply = self.call("DescribeRouteTables", serde_json::json!({ "RouteTableIds": [table] }));
        let text = |route: &Value, members: &[&str]| {
            members.iter().find_map(|m| route[m].as_str()).unwrap_or_default().to_owned()
        };
        let short = |route: &Value| {
            let destination = text(route, &["DestinationCidrBlock", "DestinationPrefixListId"]);
            let target = text(route, &["GatewayId", "NatGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId"]);
            format!("{destination} {target} {}", text(route, &["State"]))
        };
        reply["RouteTables"][0]["Routes"].as_array().unwrap().iter().map(short).collect()
    }
}

pub fn id(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("an id, not {value}")).to_owned()
}

pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}
