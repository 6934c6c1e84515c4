//! What a scope's paths may say, before anything is looked up: AWS's rules of resource and packet header statements.

use crate::component::id_of;
use postern_names::*;
use serde_json::Value;

/// Where a resource can stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    AtAnEnd,
    AtTheDestination,
    Between,
    Anywhere,
}
use Stands::*;

/// Resource types, where each can stand, and the word of their ids; without one Postern has none of the kind, so that the type
/// names nothing.
const TYPES: &[(&str, Stands, Option<&str>)] = &[
    ("AWS::EC2::InternetGateway", AtAnEnd, Some("igw")),
    ("AWS::EC2::NatGateway", Between, Some("nat")),
    ("AWS::EC2::NetworkInterface", AtAnEnd, Some("eni")),
    ("AWS::EC2::TransitGatewayAttachment", Anywhere, None),
    ("AWS::EC2::VPCEndpoint", AtTheDestination, Some("vpce")),
    ("AWS::EC2::VPCEndpointService", Anywhere, None),
    ("AWS::EC2::VPCPeeringConnection", Anywhere, Some("pcx")),
    ("AWS::EC2::VPNGateway", AtAnEnd, None),
    ("AWS::ElasticLoadBalancing::LoadBalancer", Between, None),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", Between, None),
    ("AWS::NetworkFirewall::Firewall", Between, None),
];

/// The words of ids, and where each can stand.
const IDS: &[(&str, Stands)] = &[
    ("eni", AtAnEnd),
    ("i", AtAnEnd),
    ("igw", AtAnEnd),
    ("nat", Between),
    ("pcx", Anywhere),
    ("sg", AtAnEnd),
    ("subnet", AtAnEnd),
    ("vpc", AtAnEnd),
    ("vpce", Anywhere),
];

/// Kinds that AWS knows here and Postern does not have.
const NOT_SERVED: &[(&str, &str)] =
    &[("tgw-attach", "A transit gateway attachment"), ("vgw", "A VPN gateway"), ("vpce-svc", "A VPC endpoint service")];

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misstated {
    /// A member's value, and why it is not one.
    Value(&'static str, String, &'static str),
    /// Members that exclude each other, or none where one must be.
    Members(String),
    /// AWS serves it, Postern does not.
    NotServed(String),
}

/// The word of the ids of a resource type; `None`: there is nothing of it.
pub(crate) fn word_of(name: &str) -> Option<&'static str> {
    TYPES.iter().find(|(known, ..)| *known == name).and_then(|(_, _, word)| *word)
}

/// One path of `MatchPaths` or `ExcludePaths`, by the request's model names.
pub fn check(path: &Value) -> Result<(), Misstated> {
    let parts = ["Source", "Destination"];
    if parts.iter().chain(&["ThroughResources"]).all(|part| path.get(part).is_none_or(Value::is_null)) {
        return Err(Misstated::Members("A path must specify a Source, a Destination, or ThroughResources.".to_owned()));
    }
    for part in parts {
        let Some(end) = path.get(part).filter(|end| !end.is_null()) else { continue };
        let places: &[Stands] =
            if part == "Source" { &[AtAnEnd, Anywhere] } else { &[AtAnEnd, AtTheDestination, Anywhere] };
        if let Some(statement) = end.get("ResourceStatement") {
            resources(statement, places)?;
            let names_peering = texts(statement, "Resources").any(|text| id_of(text).starts_with("pcx-"))
                || texts(statement, "ResourceTypes").any(|text| text == "AWS::EC2::VPCPeeringConnection");
            if part == "Source" && names_peering {
                let what = "A VPC peering connection as the source of a Network Access Scope's path";
                return Err(Misstated::NotServed(what.to_owned()));
            }
        }
        if let Some(statement) = end.get("PacketHeaderStatement") {
            header(statement)?;
        }
    }
    for through in path.get("ThroughResources").and_then(Value::as_array).into_iter().flatten() {
        if let Some(statement) = through.get("ResourceStatement") {
            resources(statement, &[AtTheDestination, Between, Anywhere])?;
        }
    }
    Ok(())
}

fn resources(statement: &Value, places: &[Stands]) -> Result<(), Misstated> {
    let (ids, types): (Vec<_>, Vec<_>) =
        (texts(statement, "Resources").collect(), texts(statement, "ResourceTypes").collect());
    if ids.is_empty() == types.is_empty() {
        let what = "A resource statement must specify either Resources or ResourceTypes, but not both.";
        return Err(Misstated::Members(what.to_owned()));
    }
    for text in ids {
        if text.starts_with("arn:") && text.split(':').nth(2) == Some("resource-groups") {
            return Err(Misstated::NotServed("A resource group in a Network Access Scope".to_owned()));
        }
        let is_of_ec2 = !text.starts_with("arn:") || text.split(':').nth(2) == Some("ec2");
        let word = id_of(text).rsplit_once('-').map(|(word, _)| word).filter(|_| is_of_ec2).unwrap_or_default();
        if let Some((_, what)) = NOT_SERVED.iter().find(|(known, _)| *known == word) {
            return Err(Misstated::NotServed(format!("{what} in a Network Access Scope")));
        }
        match IDS.iter().find(|(known, _)| *known == word) {
            Some((_, stands)) if places.contains(stands) => {}
            Some(_) => return Err(Misstated::Value("Resources", text.to_owned(), "The resource cannot be used here.")),
            None => {
                let why = "It is not the ID or ARN of a resource that a Network Access Scope can name.";
                return Err(Misstated::Value("Resources", text.to_owned(), why));
            }
        }
    }
    for text in types {
        match TYPES.iter().find(|(known, ..)| *known == text) {
            Some((_, stands, _)) if places.contains(stands) => {}
            Some(_) => {
                return Err(Misstated::Value(
                    "ResourceTypes",
                    text.to_owned(),
                    "The resource type cannot be used here.",
                ));
            }
            None => {
                let why = "It is not a resource type that a Network Access Scope can name.";
                return Err(Misstated::Value("ResourceTypes", text.to_owned(), why));
            }
        }
    }
    Ok(())
}

fn header(statement: &Value) -> Result<(), Misstated> {
    let has = |name: &str| texts(statement, name).next().is_some();
    for (addresses, lists) in
        [("SourceAddresses", "SourcePrefixLists"), ("DestinationAddresses", "DestinationPrefixLists")]
    {
        if has(addresses) && has(lists) {
            return Err(Misstated::Members(format!("You cannot specify both {addresses} and {lists}.")));
        }
    }
    let mut members = 0;
    let mut all = |name: &'static str, why: &'static str, is_good: fn(&str) -> bool| {
        let bad = texts(statement, name).inspect(|_| members += 1).find(|text| !is_good(text));
        bad.map_or(Ok(()), |text| Err(Misstated::Value(name, text.to_owned(), why)))
    };
    for name in ["SourceAddresses", "DestinationAddresses"] {
        all(name, "It is not an IPv4 address or CIDR block.", |text| range(text).is_some())?;
    }
    for name in ["SourcePorts", "DestinationPorts"] {
        all(name, "It is not a port or a range of ports.", |text| ports(text).is_some())?;
    }
    for name in ["SourcePrefixLists", "DestinationPrefixLists"] {
        all(name, "It is not the ID or ARN of a prefix list.", |text| id_of(text).parse::<PrefixListId>().is_ok())?;
    }
    all("Protocols", "Valid values are tcp and udp.", |text| protocol(text).is_some())?;
    if members == 0 {
        return Err(Misstated::Members("A packet header statement must specify at least one field.".to_owned()));
    }
    Ok(())
}

/// The texts of a list.
pub(crate) fn texts<'v>(of: &'v Value, name: &str) -> impl Iterator<Item = &'v str> {
    of.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// An address stands for itself.
pub(crate) fn range(text: &str) -> Option<Ipv4Cidr> {
    text.parse().ok().or_else(|| text.parse().ok().map(Ipv4Cidr::host))
}

/// `443` or `1024-2048`.
pub(crate) fn ports(text: &str) -> Option<PortRange> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = PortRange { first: first.trim().parse().ok()?, last: last.trim().parse().ok()? };
    (range.first <= range.last).then_some(range)
}

pub(crate) fn protocol(text: &str) -> Option<Protocol> {
    match text {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn end(statement: Value) -> Value {
        json!({ "Source": { "ResourceStatement": statement } })
    }

    #[test]
    fn either_ids_or_types() {
        let members = |path: Value| matches!(check(&path), Err(Misstated::Members(_)));
        assert!(members(json!({})) && members(end(json!({}))));
        assert!(members(end(
            json!({ "Resources": ["vpc-00000000000000001"], "ResourceTypes": ["AWS::EC2::InternetGateway"] })
        )));
        assert!(
            check(&end(json!({ "Resources": ["arn:aws:ec2:us-east-1:111122223333:subnet/subnet-00000000000000001"] })))
                .is_ok()
        );
        assert!(check(&end(json!({ "ResourceTypes": ["AWS::EC2::VPNGateway"] }))).is_ok());
    }

    #[test]
    fn each_kind_has_its_places() {
        let endpoint = json!({ "ResourceStatement": { "ResourceTypes": ["AWS::EC2::VPCEndpoint"] } });
        assert!(check(&json!({ "Destination": endpoint })).is_ok());
        assert!(check(&json!({ "ThroughResources": [endpoint] })).is_ok());
        assert!(matches!(check(&json!({ "Source": endpoint })), Err(Misstated::Value("ResourceTypes", ..))));
        let subnet = json!({ "ResourceStatement": { "Resources": ["subnet-00000000000000001"] } });
        assert!(matches!(check(&json!({ "ThroughResources": [subnet] })), Err(Misstated::Value("Resources", ..))));
        for id in ["acl-00000000000000001", "ami-1", "arn:aws:s3:::bucket", ""] {
            assert!(
                matches!(check(&end(json!({ "Resources": [id] }))), Err(Misstated::Value("Resources", ..))),
                "{id}"
            );
        }
    }

    #[test]
    fn what_aws_alone_has_is_named() {
        for id in [
            "arn:aws:resource-groups:us-east-1:111122223333:group/data",
            "tgw-attach-00000000000000001",
            "pcx-00000000000000001",
        ] {
            assert!(matches!(check(&end(json!({ "Resources": [id] }))), Err(Misstated::NotServed(_))), "{id}");
        }
    }

    #[test]
    fn headers() {
        let header = |statement: Value| check(&json!({ "Destination": { "PacketHeaderStatement": statement } }));
        assert!(
            header(
                json!({ "DestinationPorts": ["443", "1024-2048"], "DestinationAddresses": ["10.0.0.0/8", "10.0.0.1"] })
            )
            .is_ok()
        );
        assert!(header(json!({ "DestinationPrefixLists": ["pl-63a5400a"], "Protocols": ["tcp", "udp"] })).is_ok());
        for (name, value) in [
            ("DestinationPorts", "5-4"),
            ("SourcePorts", "x"),
            ("SourceAddresses", "::1"),
            ("Protocols", "icmp"),
            ("SourcePrefixLists", "s3"),
        ] {
            assert!(matches!(header(json!({ name: [value] })), Err(Misstated::Value(named, ..)) if named == name));
        }
        assert!(matches!(header(json!({})), Err(Misstated::Members(_))));
        let both = json!({ "SourceAddresses": ["10.0.0.0/8"], "SourcePrefixLists": ["pl-63a5400a"] });
        assert!(matches!(header(both), Err(Misstated::Members(_))));
    }
}
