//! Rules, routes and entries as Terraform's attributes write them, as EC2's requests have them.

use serde_json::{Map, Value, json};

type Attributes = Map<String, Value>;

fn there<'a>(of: &'a Attributes, name: &str) -> Option<&'a Value> {
    of.get(name).filter(|value| !value.is_null() && *value != "")
}

fn list<'a>(of: &'a Attributes, name: &str) -> impl Iterator<Item = &'a Value> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// The blocks of this name that only the first has, and those that only the second has.
pub fn difference_of(before: &Attributes, after: &Attributes, name: &str) -> (Vec<Attributes>, Vec<Attributes>) {
    let blocks =
        |of: &Attributes| -> Vec<Attributes> { list(of, name).filter_map(|one| one.as_object().cloned()).collect() };
    let (before, after) = (blocks(before), blocks(after));
    let only =
        |one: &[Attributes], other: &[Attributes]| one.iter().filter(|block| !other.contains(block)).cloned().collect();
    (only(&before, &after), only(&after, &before))
}

/// `IpPermissions` of a rule: a block of a group, or a resource of its own in either form.
pub fn permissions(rule: &Attributes, own_group: &str) -> Value {
    let protocol = there(rule, "protocol").or(there(rule, "ip_protocol")).and_then(Value::as_str).unwrap_or("-1");
    let protocol = if protocol == "all" { "-1" } else { protocol };
    let mut told = json!({ "IpProtocol": protocol });
    if protocol != "-1" {
        for (name, member) in [("from_port", "FromPort"), ("to_port", "ToPort")] {
            if let Some(port) = there(rule, name) {
                told[member] = port.clone();
            }
        }
    }
    let ranges: Vec<Value> =
        list(rule, "cidr_blocks").chain(there(rule, "cidr_ipv4")).map(|cidr| json!({ "CidrIp": cidr })).collect();
    let lists: Vec<Value> = list(rule, "prefix_list_ids")
        .chain(there(rule, "prefix_list_id"))
        .map(|id| json!({ "PrefixListId": id }))
        .collect();
    let own = json!(own_group);
    let is_own = rule.get("self") == Some(&json!(true));
    let groups = list(rule, "security_groups").chain(there(rule, "source_security_group_id"));
    let groups = groups.chain(there(rule, "referenced_security_group_id")).chain(Some(&own).filter(|_| is_own));
    let groups: Vec<Value> = groups.map(|id| json!({ "GroupId": id })).collect();
    for (member, items) in [("IpRanges", ranges), ("PrefixListIds", lists), ("UserIdGroupPairs", groups)] {
        if !items.is_empty() {
            told[member] = json!(items);
        }
    }
    json!([told])
}

/// The input of CreateRoute.
pub fn route(of: &Attributes, table: &Value) -> Value {
    let mut told = json!({ "RouteTableId": table });
    let names = [
        ("destination_cidr_block", "DestinationCidrBlock"),
        ("cidr_block", "DestinationCidrBlock"),
        ("destination_prefix_list_id", "DestinationPrefixListId"),
        ("gateway_id", "GatewayId"),
        ("nat_gateway_id", "NatGatewayId"),
        ("network_interface_id", "NetworkInterfaceId"),
        ("vpc_peering_connection_id", "VpcPeeringConnectionId"),
        ("vpc_endpoint_id", "VpcEndpointId"),
        ("transit_gateway_id", "TransitGatewayId"),
    ];
    for (name, member) in names {
        if let Some(value) = there(of, name) {
            told[member] = value.clone();
        }
    }
    told
}

/// The input of CreateNetworkAclEntry: a rule of its own, or a block of an ACL, whose words differ.
pub fn acl_entry(of: &Attributes, acl: &Value, egress: bool) -> Value {
    let number = there(of, "rule_number").or(there(of, "rule_no")).cloned().unwrap_or_default();
    let action = there(of, "rule_action").or(there(of, "action")).and_then(Value::as_str).unwrap_or_default();
    let protocol = match there(of, "protocol").and_then(Value::as_str).unwrap_or("-1") {
        "all" => "-1",
        "tcp" => "6",
        "udp" => "17",
        "icmp" => "1",
        number => number,
    };
    let mut told = json!({
        "NetworkAclId": acl, "RuleNumber": number, "Egress": egress, "Protocol": protocol,
        "RuleAction": action.to_lowercase(), "CidrBlock": there(of, "cidr_block"),
    });
    if ["6", "17"].contains(&protocol) {
        told["PortRange"] = json!({ "From": there(of, "from_port"), "To": there(of, "to_port") });
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_rule_mean_the_same() {
        let old = json!({ "type": "ingress", "protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["10.0.0.0/8"] });
        let new = json!({ "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "10.0.0.0/8" });
        let of = |value: &Value| permissions(value.as_object().unwrap(), "sg-1");
        assert_eq!(of(&old), of(&new));
        let own = json!({ "protocol": "-1", "from_port": 0, "to_port": 0, "self": true });
        assert_eq!(of(&own), json!([{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": "sg-1" }] }]));
    }
}
