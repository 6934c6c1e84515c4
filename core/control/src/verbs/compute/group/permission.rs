//! `IpPermissions` of a request as rules: one rule per peer, as AWS stores them.

use crate::{Context, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{GroupPeer, IcmpType, RuleDirection, SecurityGroup, SecurityGroupRule, Tags, World};
use postern_names::*;
use std::str::FromStr;

/// What a rule lets through: all of it but id, description and tags. Two rules of a group differ in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permission {
    pub direction: RuleDirection,
    pub protocol: Protocol,
    pub ports: Option<PortRange>,
    pub icmp: Option<IcmpType>,
    pub peer: GroupPeer,
}

impl Permission {
    pub(crate) fn of(rule: &SecurityGroupRule) -> Self {
        Self {
            direction: rule.direction,
            protocol: rule.protocol,
            ports: rule.ports,
            icmp: rule.icmp,
            peer: rule.peer.clone(),
        }
    }

    pub(crate) fn into_rule(
        self,
        id: SecurityGroupRuleId,
        description: Option<String>,
        tags: Tags,
    ) -> SecurityGroupRule {
        let Self { direction, protocol, ports, icmp, peer } = self;
        SecurityGroupRule { id, direction, protocol, ports, icmp, peer, description, tags }
    }

    /// As AWS's sentences name it: `peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW`.
    pub(crate) fn sentence(&self) -> String {
        let peer = match &self.peer {
            GroupPeer::Cidr(cidr) => cidr.to_string(),
            GroupPeer::Ipv6Cidr(cidr) => cidr.to_string(),
            GroupPeer::PrefixList(id) => id.to_string(),
            GroupPeer::Group { id, .. } => id.to_string(),
        };
        let any = |number: Option<u8>| number.map_or("ALL".to_owned(), |n| n.to_string());
        let traffic = match self.protocol {
            Protocol::All => "ALL".to_owned(),
            Protocol::Icmp | Protocol::Icmpv6 => {
                let word = if self.protocol == Protocol::Icmp { "ICMP" } else { "ICMPv6" };
                let icmp = self.icmp.unwrap_or(IcmpType { kind: None, code: None });
                format!("{word}, type: {}, code: {}", any(icmp.kind), any(icmp.code))
            }
            Protocol::Tcp | Protocol::Udp => {
                let word = if self.protocol == Protocol::Tcp { "TCP" } else { "UDP" };
                let ports = self.ports.unwrap_or(PortRange::ALL);
                format!("{word}, from port: {}, to port: {}", ports.first, ports.last)
            }
            Protocol::Number(number) => number.to_string(),
        };
        format!("peer: {peer}, {traffic}, ALLOW")
    }
}

/// The permissions of a request for a group, each with its description: `IpPermissions`, or the older single members
/// (`CidrIp`, `IpProtocol`, `FromPort`, `ToPort`, `SourceSecurityGroupName`).
pub(crate) fn read(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    group: &SecurityGroup,
    direction: RuleDirection,
) -> Result<Vec<(Permission, Option<String>)>, Refusal> {
    let scope = Scope { world, context, group, direction };
    let listed = request.parts("IpPermissions");
    let older = ["CidrIp", "IpProtocol", "FromPort", "ToPort", "SourceSecurityGroupName"];
    let has_older = older.iter().any(|member| request.get(member).is_some());
    if !listed.is_empty() && has_older {
        return Err(refuse::invalid_combination(
            "The parameter 'ipPermissions' may not be used in combination with 'ipProtocol'",
        ));
    }
    if has_older {
        return scope.older(request);
    }
    let mut found: Vec<(Permission, Option<String>)> = Vec::new();
    for permission in &listed {
        found.extend(scope.permission(permission)?);
    }
    for (place, (permission, _)) in found.iter().enumerate() {
        if found.iter().skip(place + 1).any(|(other, _)| other == permission) {
            let message = "The same permission must not appear multiple times";
            return Err(Refusal::new("InvalidParameterValue", message).hint(permission.sentence()));
        }
    }
    Ok(found)
}

struct Scope<'s> {
    world: &'s World,
    context: &'s Context<'s>,
    group: &'s SecurityGroup,
    direction: RuleDirection,
}

impl Scope<'_> {
    fn permission(&self, request: &Request<'_>) -> Result<Vec<(Permission, Option<String>)>, Refusal> {
        let traffic = traffic(request)?;
        let mut peers = Vec::new();
        for range in request.parts("IpRanges") {
            peers.push((cidr(range.required_text("CidrIp")?)?, description(&range)?));
        }
        for range in request.parts("Ipv6Ranges") {
            peers.push((ipv6_cidr(range.required_text("CidrIpv6")?)?, description(&range)?));
        }
        for list in request.parts("PrefixListIds") {
            peers.push((self.prefix_list(list.required_text("PrefixListId")?)?, description(&list)?));
        }
        for pair in request.parts("UserIdGroupPairs") {
            peers.push((self.peer_group(&pair)?, description(&pair)?));
        }
        if peers.is_empty() {
            return Err(refuse::missing_parameter("ipRanges, ipv6Ranges, prefixListIds or groups")
                .hint("a rule needs at least one peer"));
        }
        Ok(peers.into_iter().map(|(peer, text)| (self.made(traffic, peer), text)).collect())
    }

    fn older(&self, request: &Request<'_>) -> Result<Vec<(Permission, Option<String>)>, Refusal> {
        if let Some(name) = request.text("SourceSecurityGroupName") {
            if request.text("CidrIp").is_some() {
                return Err(refuse::invalid_combination(
                    "The parameter 'sourceSecurityGroupName' may not be used in combination with 'cidrIp'",
                ));
            }
            let peer = self.peer_group_by_name(name)?;
            let all = request.text("IpProtocol").is_none();
            let traffic = if all { Traffic::ALL } else { traffic(request)? };
            return Ok(vec![(self.made(traffic, peer), None)]);
        }
        let peer = cidr(request.required_text("CidrIp")?)?;
        Ok(vec![(self.made(traffic(request)?, peer), None)])
    }

    fn made(&self, traffic: Traffic, peer: GroupPeer) -> Permission {
        let Traffic { protocol, ports, icmp } = traffic;
        Permission { direction: self.direction, protocol, ports, icmp, peer }
    }

    fn prefix_list(&self, text: &str) -> Result<GroupPeer, Refusal> {
        prefix_list(self.world, self.context, text)
    }

    fn peer_group(&self, pair: &Request<'_>) -> Result<GroupPeer, Refusal> {
        match (pair.text("GroupId"), pair.text("GroupName")) {
            (Some(_), _) => {
                let found = peer_group(self.world, self.context, self.group, pair.id("GroupId")?)?;
                self.check_owner(pair, &found)?;
                Ok(found)
            }
            (None, Some(name)) => self.peer_group_by_name(name),
            (None, None) => Err(Refusal::new("MissingParameter", "Source group ID missing.")),
        }
    }

    /// A group that the request gives to another account than its owner is none; one of another account must be given to it.
    fn check_owner(&self, pair: &Request<'_>, found: &GroupPeer) -> Result<(), Refusal> {
        let GroupPeer::Group { id, owner } = found else { return Ok(()) };
        let given = pair.text("UserId").map_or(self.context.account.to_string(), str::to_owned);
        if given == owner.to_string() { Ok(()) } else { Err(refuse::not_found(SecurityGroupId::PREFIX, id)) }
    }

    fn peer_group_by_name(&self, name: &str) -> Result<GroupPeer, Refusal> {
        let found = crate::verbs::compute::find::group_by_name(self.world, self.group.vpc, name).ok_or_else(|| {
            Refusal::new("InvalidGroup.NotFound", format!("The security group '{name}' does not exist"))
        })?;
        Ok(GroupPeer::Group { id: found.id, owner: found.owner })
    }
}

/// A group as peer: of the same VPC, or of one that is or was peered with it, whoever owns that.
pub(crate) fn peer_group(
    world: &World,
    context: &Context<'_>,
    group: &SecurityGroup,
    id: SecurityGroupId,
) -> Result<GroupPeer, Refusal> {
    if let Some(far) = world.security_groups.get(&id).filter(|far| far.vpc != group.vpc) {
        // A rule that has become stale can still be named, to revoke it.
        let names_it = |rule: &SecurityGroupRule| matches!(rule.peer, GroupPeer::Group { id, .. } if id == far.id);
        if world.group_is_in_reach(group.vpc, id) || group.rules.iter().any(names_it) {
            return Ok(GroupPeer::Group { id, owner: far.owner });
        }
    }
    let found = find::<SecurityGroup>(world, context, id)?;
    if found.vpc != group.vpc {
        let message = "You have specified two resources that belong to different networks.";
        return Err(Refusal::new("InvalidGroup.NotFound", message)
            .hint(format!("{} is in {}, {} in {}", group.id, group.vpc, found.id, found.vpc)));
    }
    Ok(GroupPeer::Group { id: found.id, owner: found.owner })
}

/// A prefix list as peer: the account's own or AWS's.
pub(crate) fn prefix_list(world: &World, context: &Context<'_>, text: &str) -> Result<GroupPeer, Refusal> {
    let id: PrefixListId = crate::request::parse_id(text)?;
    let list = world.prefix_list(context.region, id).filter(|list| list.owner.is_none_or(|o| o == context.account));
    list.map(|list| GroupPeer::PrefixList(list.id)).ok_or_else(|| refuse::not_found(PrefixListId::PREFIX, id))
}

/// An IPv4 range as peer; host bits are cleared as AWS clears them.
pub(crate) fn cidr(text: &str) -> Result<GroupPeer, Refusal> {
    // `10.0.0.1` without a length is no range, though some parsers take it for one.
    match Ipv4Cidr::from_str(text) {
        Ok(cidr) if text.contains('/') => Ok(GroupPeer::Cidr(cidr)),
        _ => Err(malformed_cidr(text)),
    }
}

pub(crate) fn ipv6_cidr(text: &str) -> Result<GroupPeer, Refusal> {
    text.parse().map(GroupPeer::Ipv6Cidr).map_err(|_| malformed_cidr(text))
}

fn malformed_cidr(text: &str) -> Refusal {
    Refusal::new("InvalidParameterValue", format!("CIDR block {text} is malformed"))
}

/// At most 255 characters of AWS's set; empty is none.
pub(crate) fn description(request: &Request<'_>) -> Result<Option<String>, Refusal> {
    let Some(text) = request.text("Description").filter(|text| !text.is_empty()) else { return Ok(None) };
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.chars().count() > 255 || !text.chars().all(is_allowed) {
        return Err(Refusal::new(
            "InvalidParameterValue",
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: \
             a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        ));
    }
    Ok(Some(text.to_owned()))
}

/// Protocol with ports or ICMP type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub protocol: Protocol,
    pub ports: Option<PortRange>,
    pub icmp: Option<IcmpType>,
}

impl Traffic {
    pub(crate) const ALL: Traffic = Traffic { protocol: Protocol::All, ports: None, icmp: None };
}

/// `IpProtocol`, `FromPort` and `ToPort` of a request.
pub(crate) fn traffic(request: &Request<'_>) -> Result<Traffic, Refusal> {
    let protocol = protocol(request.required_text("IpProtocol")?)?;
    let (from, to) = (request.number("FromPort"), request.number("ToPort"));
    match protocol {
        Protocol::Tcp | Protocol::Udp => {
            let (Some(from), Some(to)) = (from, to) else {
                return Err(Refusal::new(
                    "InvalidParameterValue",
                    "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
                ));
            };
            let ports = u16::try_from(from).ok().zip(u16::try_from(to).ok()).filter(|(from, to)| from <= to);
            let (first, last) = ports.ok_or_else(|| {
                Refusal::new("InvalidParameterValue", format!("Invalid TCP/UDP port range ({from}:{to})"))
            })?;
            Ok(Traffic { protocol, ports: Some(PortRange { first, last }), icmp: None })
        }
        Protocol::Icmp | Protocol::Icmpv6 => {
            let icmp = IcmpType { kind: icmp_number("type", from)?, code: icmp_number("code", to)? };
            if icmp.kind.is_none() && icmp.code.is_some() {
                let message = "ICMP code may not be given without an ICMP type";
                return Err(Refusal::new("InvalidParameterValue", message));
            }
            Ok(Traffic { protocol, ports: None, icmp: Some(icmp) })
        }
        Protocol::All | Protocol::Number(_) => Ok(Traffic { protocol, ports: None, icmp: None }),
    }
}

/// A protocol by name or number.
pub(crate) fn protocol(text: &str) -> Result<Protocol, Refusal> {
    let unknown = || {
        let message = format!("Invalid value '{text}' for IP protocol. Unknown protocol.");
        Refusal::new("InvalidParameterValue", message).hint("tcp, udp, icmp, icmpv6, -1 or a number from 0 to 255")
    };
    Ok(match text.to_ascii_lowercase().as_str() {
        "-1" | "all" => Protocol::All,
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "icmp" => Protocol::Icmp,
        "icmpv6" => Protocol::Icmpv6,
        number => Protocol::from_number(number.parse().map_err(|_| unknown())?),
    })
}

/// -1 and nothing are any.
fn icmp_number(what: &str, given: Option<i64>) -> Result<Option<u8>, Refusal> {
    match given {
        None | Some(-1) => Ok(None),
        Some(number) => u8::try_from(number)
            .map(Some)
            .map_err(|_| Refusal::new("InvalidParameterValue", format!("Invalid value '{number}' for ICMP {what}."))),
    }
}
