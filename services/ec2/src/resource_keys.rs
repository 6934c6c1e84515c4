//! The condition keys that a thing of the World, or one that a call is about to make, brings to a question about it.

use crate::mention::Mention;
use crate::resources::arn;
use postern_call::Call;
use postern_model::{World, images};
use postern_names::*;
use postern_policy::Keys;
use serde_json::Value;

/// Names in lower case. What the table does not know for the action is dropped by the asker. `all`: what the request
/// names, from which a thing to be made takes its VPC, subnet and zone.
pub fn keys_of(world: &World, call: &Call, account: AccountId, mention: &Mention, all: &[Mention]) -> Keys {
    let mut keys = Collected { keys: Keys::new(), call, account };
    let id = mention.id.as_str();
    if id == "*" {
        keys.made(world, mention.word, all);
        return keys.keys;
    }
    for (key, value) in tags(world, mention).into_iter().flatten() {
        keys.set(&format!("aws:resourcetag/{}", key.to_lowercase()), value);
        keys.set(&format!("ec2:resourcetag/{}", key.to_lowercase()), value);
    }
    if let Some(name) = own_key(mention.word) {
        keys.set(name, id);
    }
    keys.network(world, mention);
    keys.compute(world, mention);
    keys.keys
}

/// The key that holds the thing's own id or name.
fn own_key(word: &str) -> Option<&'static str> {
    Some(match word {
        "dhcp-options" => "ec2:dhcpoptionsid",
        "elastic-ip" => "ec2:allocationid",
        "image" => "ec2:imageid",
        "instance" => "ec2:instanceid",
        "internet-gateway" => "ec2:internetgatewayid",
        "key-pair" => "ec2:keypairname",
        "network-acl" => "ec2:networkaclid",
        "network-interface" => "ec2:networkinterfaceid",
        "route-table" => "ec2:routetableid",
        "security-group" => "ec2:securitygroupid",
        "snapshot" => "ec2:snapshotid",
        "subnet" => "ec2:subnetid",
        "volume" => "ec2:volumeid",
        "vpc" => "ec2:vpcid",
        "vpc-peering-connection" => "ec2:vpcpeeringconnectionid",
        _ => return None,
    })
}

fn tags<'w>(world: &'w World, mention: &Mention) -> Option<&'w postern_model::Tags> {
    if mention.word == "key-pair" {
        return world.key_pairs.values().find(|pair| pair.name == mention.id).map(|pair| &pair.tags);
    }
    postern_control::tags_of(world, &mention.id)
}

struct Collected<'a> {
    keys: Keys,
    call: &'a Call,
    account: AccountId,
}

impl Collected<'_> {
    fn set(&mut self, key: &str, value: impl ToString) {
        self.keys.insert(key.to_owned(), vec![value.to_string()]);
    }

    fn set_arn(&mut self, key: &str, word: &'static str, id: impl ToString) {
        let text = arn(self.call, self.account, &Mention { word, id: id.to_string() });
        self.set(key, text);
    }

    fn placed(&mut self, vpc: VpcId, subnet: Option<SubnetId>, zone: Option<&AvailabilityZone>) {
        self.set_arn("ec2:vpc", "vpc", vpc);
        if let Some(subnet) = subnet {
            self.set_arn("ec2:subnet", "subnet", subnet);
        }
        if let Some(zone) = zone {
            self.set("ec2:availabilityzone", zone);
        }
    }

    /// A thing that the call is to make.
    fn made(&mut self, world: &World, word: &str, all: &[Mention]) {
        let named = |word: &str| all.iter().find(|mention| mention.word == word).map(|mention| mention.id.as_str());
        let subnet = named("subnet").and_then(|id| world.subnets.get(&id.parse().ok()?));
        match (subnet, named("vpc").and_then(|id| id.parse().ok())) {
            (Some(subnet), _) => self.placed(subnet.vpc, Some(subnet.id), Some(&subnet.zone)),
            (None, Some(vpc)) => self.placed(vpc, None, None),
            (None, None) => {}
        }
        match word {
            "instance" => self.launched(),
            "volume" => self.disk(),
            "network-interface" => {
                let first = self.call.input.get("NetworkInterfaces").and_then(|list| list.get(0));
                if let Some(wish) = first.and_then(|one| one.get("AssociatePublicIpAddress")).and_then(Value::as_bool) {
                    self.set("ec2:associatepublicipaddress", wish);
                }
            }
            "vpc" => self.set("ec2:tenancy", self.text("InstanceTenancy").unwrap_or("default").to_owned()),
            "vpc-peering-connection" => {
                for (member, key) in [("VpcId", "ec2:requestervpc"), ("PeerVpcId", "ec2:acceptervpc")] {
                    if let Some(id) = self.text(member).map(str::to_owned) {
                        self.set_arn(key, "vpc", id);
                    }
                }
            }
            "vpc-endpoint" => {
                if let Some(service) = self.text("ServiceName").map(str::to_owned) {
                    self.endpoint_service(&service);
                }
            }
            _ => {}
        }
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.call.input.get(member).and_then(Value::as_str)
    }

    fn launched(&mut self) {
        let input = &self.call.input;
        self.set("ec2:rootdevicetype", "ebs");
        self.set("ec2:ebsoptimized", input.get("EbsOptimized").and_then(Value::as_bool).unwrap_or(false));
        if let Some(kind) = input.get("InstanceType").and_then(Value::as_str) {
            self.set("ec2:instancetype", kind);
        }
        let tenancy = input.get("Placement").and_then(|p| p.get("Tenancy")).and_then(Value::as_str);
        self.set("ec2:tenancy", tenancy.unwrap_or("default"));
        let options = input.get("MetadataOptions");
        for (member, key) in [
            ("HttpTokens", "ec2:metadatahttptokens"),
            ("HttpEndpoint", "ec2:metadatahttpendpoint"),
            ("HttpPutResponseHopLimit", "ec2:metadatahttpputresponsehoplimit"),
            ("InstanceMetadataTags", "ec2:instancemetadatatags"),
        ] {
            match options.and_then(|options| options.get(member)) {
                Some(Value::String(text)) => self.set(key, text),
                Some(Value::Number(number)) => self.set(key, number),
                _ => {}
            }
        }
    }

    fn disk(&mut self) {
        let mappings = self.call.input.get("BlockDeviceMappings").and_then(Value::as_array).into_iter().flatten();
        for disk in mappings.filter_map(|mapping| mapping.get("Ebs")) {
            for (member, key) in
                [("VolumeSize", "ec2:volumesize"), ("VolumeType", "ec2:volumetype"), ("Encrypted", "ec2:encrypted")]
            {
                match disk.get(member) {
                    Some(Value::String(text)) => self.set(key, text),
                    Some(other @ (Value::Number(_) | Value::Bool(_))) => self.set(key, other),
                    _ => {}
                }
            }
        }
    }

    fn endpoint_service(&mut self, name: &str) {
        self.set("ec2:vpceservicename", name);
        if name.starts_with("com.amazonaws.") {
            self.set("ec2:vpceserviceowner", "amazon");
        }
        self.set("ec2:vpceserviceregion", &self.call.region);
    }

    fn network(&mut self, world: &World, mention: &Mention) {
        let id = mention.id.as_str();
        match mention.word {
            "vpc" => {
                if let Some(vpc) = id.parse().ok().and_then(|id: VpcId| world.vpcs.get(&id)) {
                    self.set("ec2:tenancy", &vpc.tenancy);
                }
            }
            "subnet" => {
                if let Some(subnet) = id.parse().ok().and_then(|id: SubnetId| world.subnets.get(&id)) {
                    self.placed(subnet.vpc, None, Some(&subnet.zone));
                }
            }
            "network-interface" => {
                if let Some(eni) = id.parse().ok().and_then(|id: NetworkInterfaceId| world.network_interfaces.get(&id))
                {
                    self.placed(eni.vpc, Some(eni.subnet), Some(&eni.zone));
                }
            }
            "elastic-ip" => {
                if let Some(address) = id.parse().ok().and_then(|id: AllocationId| world.addresses.get(&id)) {
                    self.set("ec2:publicipaddress", address.public_ip);
                    self.set("ec2:domain", "vpc");
                }
            }
            "vpc-peering-connection" => {
                let found = id.parse().ok().and_then(|id: VpcPeeringConnectionId| world.peerings.get(&id));
                let Some(peering) = found else { return };
                for (side, key) in [(&peering.requester, "ec2:requestervpc"), (&peering.accepter, "ec2:acceptervpc")] {
                    self.set(key, Arn::new("ec2", side.region.as_str(), side.owner, format!("vpc/{}", side.vpc)));
                }
            }
            "vpc-endpoint" => {
                if let Some(endpoint) = id.parse().ok().and_then(|id: VpcEndpointId| world.endpoints.get(&id)) {
                    self.endpoint_service(&endpoint.service_name);
                }
            }
            _ => {
                if let Some(vpc) = vpc_of(world, id) {
                    self.placed(vpc, None, None);
                }
            }
        }
    }

    fn compute(&mut self, world: &World, mention: &Mention) {
        let id = mention.id.as_str();
        match mention.word {
            "instance" => {
                let Some(instance) = id.parse().ok().and_then(|id: InstanceId| world.instances.get(&id)) else {
                    return;
                };
                self.set("ec2:instancetype", &instance.instance_type);
                self.set("ec2:availabilityzone", &instance.zone);
                self.set("ec2:ebsoptimized", instance.ebs_optimized);
                self.set("ec2:rootdevicetype", "ebs");
                self.set("ec2:tenancy", "default");
                self.set(
                    "ec2:metadatahttptokens",
                    if instance.metadata.tokens_required { "required" } else { "optional" },
                );
                self.set("ec2:metadatahttpendpoint", if instance.metadata.enabled { "enabled" } else { "disabled" });
                self.set("ec2:metadatahttpputresponsehoplimit", instance.metadata.hop_limit);
                self.set("ec2:instancemetadatatags", if instance.metadata.tags { "enabled" } else { "disabled" });
                if let Some(profile) = &instance.profile {
                    self.set("ec2:instanceprofile", &profile.arn);
                }
            }
            "volume" => {
                let holds = |i: &&postern_model::Instance| i.root_volume.id.to_string() == id;
                let Some(instance) = world.instances.values().find(holds) else { return };
                self.set("ec2:volumesize", instance.root_volume.size_gib);
                self.set("ec2:volumetype", &instance.root_volume.kind);
                self.set("ec2:encrypted", instance.root_volume.encrypted);
                self.set("ec2:availabilityzone", &instance.zone);
            }
            "image" => {
                self.set("ec2:imagetype", "machine");
                self.set("ec2:rootdevicetype", "ebs");
                self.set("ec2:public", true);
                if let Some(image) = images().into_iter().find(|image| image.id.to_string() == id) {
                    self.set("ec2:owner", image.owner_alias.unwrap_or(image.owner));
                }
            }
            "key-pair" => {
                let kind = world.key_pairs.values().find(|pair| pair.name == id).map(|pair| pair.key_type.clone());
                if let Some(kind) = kind.or_else(|| self.text("KeyType").map(str::to_owned)) {
                    self.set("ec2:keypairtype", kind);
                }
            }
            _ => {}
        }
    }
}

fn vpc_of(world: &World, id: &str) -> Option<VpcId> {
    let table = |id: RouteTableId| world.route_tables.get(&id).map(|e| e.vpc);
    let group = |id: SecurityGroupId| world.security_groups.get(&id).map(|e| e.vpc);
    let acl = |id: NetworkAclId| world.network_acls.get(&id).map(|e| e.vpc);
    let any_table = id.parse().ok().and_then(table);
    any_table.or_else(|| id.parse().ok().and_then(group)).or_else(|| id.parse().ok().and_then(acl))
}
