//! CreateNetworkAclEntry, ReplaceNetworkAclEntry, DeleteNetworkAclEntry.

use crate::verbs::compute::word::word;
use crate::{Context, Draft, Request, find, quota, refuse};
use postern_call::Refusal;
use postern_model::{AclAction, AclEntry, IcmpType, NetworkAcl};
use postern_names::{Cidr, PortRange, Protocol};
use serde_json::{Value, json};

/// The highest number of a user's entry.
const LAST_NUMBER: i64 = 32_766;

/// Errors: `NetworkAclEntryAlreadyExists`, `NetworkAclEntryLimitExceeded`.
pub(super) fn create(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut acl = find::<NetworkAcl>(draft, context, request.id("NetworkAclId")?)?.clone();
    let entry = read(request)?;
    let same_way = acl.entries.iter().filter(|e| e.egress == entry.egress);
    if same_way.clone().any(|e| e.number == entry.number) {
        let message = format!("The network acl entry identified by {} already exists.", entry.number);
        return Err(Refusal::new("NetworkAclEntryAlreadyExists", message).hint("replace it, or take another number"));
    }
    // The implied last one does not count.
    let refusal = || quota::reached("NetworkAclEntryLimitExceeded", "network acl entries");
    quota::check(context.quotas.entries_per_acl, same_way, refusal)?;
    acl.entries.push(entry);
    sort(&mut acl);
    draft.put(acl);
    Ok(json!({}))
}

/// Errors: `InvalidNetworkAclEntry.NotFound`.
pub(super) fn replace(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut acl = find::<NetworkAcl>(draft, context, request.id("NetworkAclId")?)?.clone();
    let entry = read(request)?;
    let place = place(&acl, entry.number, entry.egress)?;
    acl.entries.remove(place);
    acl.entries.push(entry);
    sort(&mut acl);
    draft.put(acl);
    Ok(json!({}))
}

pub(super) fn delete(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut acl = find::<NetworkAcl>(draft, context, request.id("NetworkAclId")?)?.clone();
    let (number, egress) = (number(request)?, egress(request)?);
    let place = place(&acl, number, egress)?;
    acl.entries.remove(place);
    draft.put(acl);
    Ok(json!({}))
}

/// Ingress before egress, each by number.
fn sort(acl: &mut NetworkAcl) {
    acl.entries.sort_by_key(|entry| (entry.egress, entry.number));
}

fn place(acl: &NetworkAcl, number: u16, egress: bool) -> Result<usize, Refusal> {
    acl.entries.iter().position(|e| e.number == number && e.egress == egress).ok_or_else(|| {
        let way = if egress { "egress" } else { "ingress" };
        let message = format!("The network acl entry identified by rule number {number} and {way} does not exist.");
        Refusal::new("InvalidNetworkAclEntry.NotFound", message)
    })
}

fn number(request: &Request<'_>) -> Result<u16, Refusal> {
    let given = request.number("RuleNumber").ok_or_else(|| refuse::missing_parameter("ruleNumber"))?;
    let in_range = u16::try_from(given).ok().filter(|_| (1..=LAST_NUMBER).contains(&given));
    in_range.ok_or_else(|| refuse::invalid_value("ruleNumber", given, "Must be between 1 and 32766"))
}

fn egress(request: &Request<'_>) -> Result<bool, Refusal> {
    request.flag("Egress").ok_or_else(|| refuse::missing_parameter("egress"))
}

fn read(request: &Request<'_>) -> Result<AclEntry, Refusal> {
    let (number, egress) = (number(request)?, egress(request)?);
    let action = word(request, "RuleAction", &["allow", "deny"])?;
    let action = match action.ok_or_else(|| refuse::missing_parameter("ruleAction"))? {
        "allow" => AclAction::Allow,
        _ => AclAction::Deny,
    };
    let protocol = protocol(request.required_text("Protocol")?)?;
    let ports = if protocol.has_ports() { Some(ports(request)?) } else { None };
    let icmp = if protocol.is_icmp() { icmp(request)? } else { None };
    Ok(AclEntry { number, egress, action, protocol, ports, icmp, cidr: cidr(request)? })
}

/// `-1`, a number, or the names that AWS takes.
fn protocol(given: &str) -> Result<Protocol, Refusal> {
    Ok(match given.to_ascii_lowercase().as_str() {
        "-1" | "all" => Protocol::All,
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "icmp" => Protocol::Icmp,
        "icmpv6" => Protocol::Icmpv6,
        number => Protocol::from_number(number.parse().map_err(|_| {
            refuse::invalid_value("protocol", given, "Unknown protocol").hint("-1 or a number from 0 to 255")
        })?),
    })
}

fn ports(request: &Request<'_>) -> Result<PortRange, Refusal> {
    let range = request.part("PortRange").ok_or_else(|| refuse::missing_parameter("portRange"))?;
    let end = |member: &str| range.number(member).ok_or_else(|| refuse::missing_parameter("portRange"));
    let (from, to) = (end("From")?, end("To")?);
    let ports = u16::try_from(from).ok().zip(u16::try_from(to).ok()).filter(|(from, to)| from <= to);
    let (first, last) = ports.ok_or_else(|| {
        Refusal::new("InvalidParameterValue", format!("Invalid value '{from}-{to}' for portRange. Must be 0 to 65535."))
    })?;
    Ok(PortRange { first, last })
}

/// -1 is any; both must be given.
fn icmp(request: &Request<'_>) -> Result<Option<IcmpType>, Refusal> {
    let part = request.part("IcmpTypeCode").ok_or_else(|| refuse::missing_parameter("icmpTypeCode"))?;
    let number = |member: &str| match part.number(member).unwrap_or(-1) {
        -1 => Ok(None),
        given => u8::try_from(given).map(Some).map_err(|_| {
            refuse::invalid_value(&format!("icmpTypeCode.{}", member.to_ascii_lowercase()), given, "Must be -1 to 255")
        }),
    };
    let icmp = IcmpType { kind: number("Type")?, code: number("Code")? };
    Ok(if icmp.kind.is_none() && icmp.code.is_none() { None } else { Some(icmp) })
}

fn cidr(request: &Request<'_>) -> Result<Cidr, Refusal> {
    match (request.text("CidrBlock"), request.text("Ipv6CidrBlock")) {
        (None, None) => Err(refuse::missing_parameter("cidrBlock")),
        (Some(_), Some(_)) => Err(refuse::invalid_combination(
            "The parameter 'cidrBlock' may not be used in combination with 'ipv6CidrBlock'",
        )),
        (None, Some(given)) if given.contains('/') => {
            given.parse().map(Cidr::V6).map_err(|_| refuse::invalid_cidr("ipv6CidrBlock", given))
        }
        (None, Some(given)) => Err(refuse::invalid_cidr("ipv6CidrBlock", given)),
        (Some(given), None) if given.contains('/') => {
            given.parse().map(Cidr::V4).map_err(|_| refuse::invalid_cidr("cidrBlock", given))
        }
        (Some(given), None) => Err(refuse::invalid_cidr("cidrBlock", given)),
    }
}
