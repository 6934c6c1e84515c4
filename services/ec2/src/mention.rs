//! The things that a request names, by id or by name, and those that it means without naming them.

use postern_call::Call;
use postern_model::{SecurityGroup, Subnet, World};
use postern_names::*;
use serde_json::Value;

/// A thing by the word of its type in ARNs and by what its ARN calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub word: &'static str,
    pub id: String,
}

/// An id's word before the hyphen and the resource type in ARNs.
const TYPES: &[(&str, &str)] = &[
    ("acl", "network-acl"),
    ("ami", "image"),
    ("dopt", "dhcp-options"),
    ("eigw", "egress-only-internet-gateway"),
    ("eipalloc", "elastic-ip"),
    ("eni", "network-interface"),
    ("fl", "vpc-flow-log"),
    ("i", "instance"),
    ("igw", "internet-gateway"),
    ("lt", "launch-template"),
    ("nat", "natgateway"),
    ("nia", "network-insights-analysis"),
    ("nip", "network-insights-path"),
    ("nis", "network-insights-access-scope"),
    ("nisa", "network-insights-access-scope-analysis"),
    ("pcx", "vpc-peering-connection"),
    ("pl", "prefix-list"),
    ("rtb", "route-table"),
    ("sg", "security-group"),
    ("sgr", "security-group-rule"),
    ("snap", "snapshot"),
    ("subnet", "subnet"),
    ("tgw", "transit-gateway"),
    ("tgw-attach", "transit-gateway-attachment"),
    ("tgw-rtb", "transit-gateway-route-table"),
    ("vgw", "vpn-gateway"),
    ("vol", "volume"),
    ("vpc", "vpc"),
    ("vpce", "vpc-endpoint"),
    ("vpce-svc", "vpc-endpoint-service"),
];

/// Members whose lists hold the ids of things in objects.
const NESTED: &[&str] = &["NetworkInterfaces", "SecurityGroupRules"];

/// Members that may hold an id's form without meaning the thing.
const NOT_IDS: &[&str] = &["ClientToken", "Description", "GroupDescription", "UserData"];

/// Each thing once, in the order of the request.
pub fn mentions(world: &World, call: &Call, account: AccountId) -> Vec<Mention> {
    let mut ids = Vec::new();
    for (name, value) in call.input.as_object().into_iter().flatten() {
        if !NOT_IDS.contains(&name.as_str()) {
            collect(value, NESTED.contains(&name.as_str()), &mut ids);
        }
    }
    let mut found = Found(Vec::new());
    for id in ids {
        found.add_id(world, id);
        for id in behind_association(world, id) {
            found.add_id(world, &id);
        }
    }
    let scene = Scene { world, call, account };
    scene.names(&mut found);
    if call.operation == "RunInstances" {
        scene.launched(&mut found);
    }
    found.0
}

struct Found(Vec<Mention>);

impl Found {
    fn add(&mut self, word: &'static str, id: impl Into<String>) {
        let mention = Mention { word, id: id.into() };
        if !self.0.contains(&mention) {
            self.0.push(mention);
        }
    }
    fn add_id(&mut self, world: &World, id: &str) {
        if let Some(pair) = id.parse().ok().and_then(|id: KeyPairId| world.key_pairs.get(&id)) {
            return self.add("key-pair", pair.name.clone());
        }
        if let Some(word) = word_of(id) {
            self.add(word, id);
        }
    }
    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|mention| mention.word == word)
    }
    fn one<I: std::str::FromStr>(&self, word: &str) -> Option<I> {
        self.0.iter().find(|mention| mention.word == word)?.id.parse().ok()
    }
}

fn word_of(id: &str) -> Option<&'static str> {
    let (prefix, digits) = id.rsplit_once('-')?;
    let is_id = matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    TYPES.iter().find(|(known, _)| is_id && *known == prefix).map(|(_, word)| *word)
}

fn collect<'v>(value: &'v Value, nested: bool, ids: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => ids.push(text),
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::String(text) => ids.push(text),
                    Value::Object(members) if nested => members.values().for_each(|one| collect(one, false, ids)),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Where names are looked up.
struct Scene<'a> {
    world: &'a World,
    call: &'a Call,
    account: AccountId,
}

impl Scene<'_> {
    fn text(&self, member: &str) -> Option<&str> {
        self.call.input.get(member).and_then(Value::as_str)
    }

    fn is_here(&self, owner: AccountId, region: &Region) -> bool {
        owner == self.account && *region == self.call.region
    }

    /// Things called by their names or addresses.
    fn names(&self, found: &mut Found) {
        if let Some(name) = self.text("KeyName") {
            found.add("key-pair", name);
        }
        if let Some(address) = self.text("PublicIp").and_then(|text| text.parse::<std::net::Ipv4Addr>().ok()) {
            let mut own = self.world.addresses.values().filter(|a| self.is_here(a.owner, &a.region));
            if let Some(known) = own.find(|a| a.public_ip == address) {
                found.add("elastic-ip", known.allocation.to_string());
            }
        }
        let makes = self.call.operation == "CreateSecurityGroup";
        if makes && !found.has("vpc") {
            found.0.extend(self.default_vpc().map(|id| Mention { word: "vpc", id: id.to_string() }));
        }
        let listed = self.call.input.get("SecurityGroups").and_then(Value::as_array).into_iter().flatten();
        let names = listed.filter_map(Value::as_str).chain(self.text("GroupName").filter(|_| !makes));
        let vpc = self.subnet(found).map(|subnet| subnet.vpc).or_else(|| self.default_vpc());
        for name in names {
            if let Some(group) = vpc.and_then(|vpc| self.group(vpc, name)) {
                found.add("security-group", group.id.to_string());
            }
        }
    }

    /// What a launch takes when the request does not say: the default subnet, the default group.
    fn launched(&self, found: &mut Found) {
        let interface = found.one::<NetworkInterfaceId>("network-interface");
        if let Some(interface) = interface.and_then(|id| self.world.network_interfaces.get(&id)) {
            found.add("subnet", interface.subnet.to_string());
            interface.groups.iter().for_each(|group| found.add("security-group", group.to_string()));
        }
        if let Some(subnet) = self.subnet(found) {
            found.add("subnet", subnet.id.to_string());
            if !found.has("security-group")
                && let Some(group) = self.world.security_groups.values().find(|g| g.vpc == subnet.vpc && g.is_default())
            {
                found.add("security-group", group.id.to_string());
            }
        }
    }

    /// The subnet named, or the default one of the zone wanted.
    fn subnet(&self, found: &Found) -> Option<&Subnet> {
        if found.has("subnet") {
            return self.world.subnets.get(&found.one("subnet")?);
        }
        let vpc = self.default_vpc()?;
        let zone = self.call.input.get("Placement").and_then(|p| p.get("AvailabilityZone")).and_then(Value::as_str);
        let mut subnets = self.world.subnets.values().filter(|s| s.vpc == vpc && s.is_default);
        match zone {
            Some(zone) => subnets.find(|s| s.zone.to_string() == zone),
            // The one with most free addresses: they are all of one size.
            None => subnets.min_by_key(|s| (self.used(s.id), s.zone.clone())),
        }
    }

    fn used(&self, subnet: SubnetId) -> usize {
        let inside = self.world.network_interfaces.values().filter(|eni| eni.subnet == subnet);
        inside.map(|eni| eni.addresses.len()).sum()
    }

    fn default_vpc(&self) -> Option<VpcId> {
        let mut own = self.world.vpcs.values().filter(|vpc| self.is_here(vpc.owner, &vpc.region));
        own.find(|vpc| vpc.is_default).map(|vpc| vpc.id)
    }

    fn group(&self, vpc: VpcId, name: &str) -> Option<&SecurityGroup> {
        self.world.security_groups.values().find(|group| group.vpc == vpc && group.name == name)
    }
}

/// An association's id stands for what it joins.
fn behind_association(world: &World, id: &str) -> Vec<String> {
    if let Ok(id) = id.parse::<RouteTableAssociationId>() {
        let found = world.route_tables.values().flat_map(|t| t.associations.iter().map(move |a| (t, a)));
        return found
            .filter(|(_, a)| a.id == id)
            .flat_map(|(t, a)| [Some(t.id.to_string()), a.subnet.map(|s| s.to_string())])
            .flatten()
            .collect();
    }
    if let Ok(id) = id.parse::<NetworkAclAssociationId>() {
        let found = world.network_acls.values().flat_map(|acl| acl.associations.iter().map(move |a| (acl, a)));
        return found.filter(|(_, a)| a.0 == id).flat_map(|(acl, a)| [acl.id.to_string(), a.1.to_string()]).collect();
    }
    if let Ok(id) = id.parse::<AddressAssociationId>() {
        let found = world.addresses.values().filter_map(|a| Some((a.allocation, a.association?)));
        return found
            .filter(|(_, association)| association.0 == id)
            .flat_map(|(allocation, association)| [allocation.to_string(), association.1.to_string()])
            .collect();
    }
    if let Ok(id) = id.parse::<NetworkInterfaceAttachmentId>() {
        let found = world.network_interfaces.values().filter_map(|eni| Some((eni.id, eni.attachment.as_ref()?)));
        return found
            .filter(|(_, a)| a.id == id)
            .flat_map(|(eni, a)| [Some(eni.to_string()), a.instance.map(|i| i.to_string())])
            .flatten()
            .collect();
    }
    if let Ok(id) = id.parse::<IamInstanceProfileAssociationId>() {
        let holds = |i: &&postern_model::Instance| i.profile.as_ref().is_some_and(|p| p.id == id);
        return world.instances.values().filter(holds).map(|i| i.id.to_string()).collect();
    }
    if let Ok(id) = id.parse::<VpcCidrAssociationId>() {
        let holds = |v: &&postern_model::Vpc| v.cidrs.iter().any(|c| c.association == id);
        return world.vpcs.values().filter(holds).map(|v| v.id.to_string()).collect();
    }
    Vec::new()
}
