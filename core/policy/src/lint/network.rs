//! What people get wrong around VPC endpoints: ids of the other kind, private ranges for `aws:SourceIp`, keys that are never
//! there or always the same.

use super::LintKind;
use super::view::{Condition, Policy, Spot, Statement};
use crate::context::knows_vpce_keys;
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

pub fn check(policy: &mut Policy<'_>) {
    for statement in policy.each() {
        for condition in &statement.conditions {
            ids(policy, condition);
            match condition.lower_key.as_str() {
                "aws:sourceip" => source_ip(policy, &statement, condition),
                "aws:sourcevpce" | "aws:sourcevpc" | "aws:sourcevpcarn" => way(policy, &statement, condition),
                "aws:vpceaccount" | "aws:vpceorgid" | "aws:vpceorgpaths" => {
                    known(policy, &statement, condition);
                    way(policy, &statement, condition);
                }
                _ => {}
            }
        }
    }
}

fn ids(policy: &mut Policy<'_>, condition: &Condition<'_>) {
    let compares = condition.reading.is_some_and(|operator| operator.holds.is_some());
    if !compares {
        return;
    }
    for (value, spot) in &condition.values {
        if value.contains("${") {
            continue;
        }
        let is_pattern = value.contains(['*', '?']);
        match condition.lower_key.as_str() {
            "aws:sourcevpce" if value.starts_with("vpc-") => policy.error(
                "SOURCE_VPCE_IS_NO_ENDPOINT",
                spot,
                format!(
                    "{value} is the id of a VPC and aws:SourceVpce holds an endpoint's (vpce-...). Use aws:SourceVpc."
                ),
            ),
            "aws:sourcevpce" if !is_pattern && !is_id(value, "vpce-") => {
                let details = format!("{value} is no id of an endpoint: vpce- and 17 hexadecimal digits (older: 8).");
                policy.error("SOURCE_VPCE_IS_NO_ENDPOINT", spot, details);
            }
            "aws:sourcevpc" if value.starts_with("vpce-") => policy.error(
                "SOURCE_VPC_IS_NO_VPC",
                spot,
                format!(
                    "{value} is the id of an endpoint and aws:SourceVpc holds a VPC's (vpc-...). Use aws:SourceVpce."
                ),
            ),
            "aws:sourcevpc" | "aws:ec2instancesourcevpc" if !is_pattern && !is_id(value, "vpc-") => {
                let details = format!("{value} is no id of a VPC: vpc- and 17 hexadecimal digits (older: 8).");
                policy.error("SOURCE_VPC_IS_NO_VPC", spot, details);
            }
            _ => {}
        }
    }
}

fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        matches!(rest.len(), 8 | 17) && rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

const PRIVATE: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
];

fn is_private(value: &str) -> bool {
    let range = value.parse::<Ipv4Net>().ok().or_else(|| value.parse::<Ipv4Addr>().ok().map(Ipv4Net::from));
    range.is_some_and(|range| {
        let within = |(address, length): &(Ipv4Addr, u8)| {
            Ipv4Net::new(*address, *length).is_ok_and(|private| private.contains(&range))
        };
        PRIVATE.iter().any(within)
    })
}

fn source_ip(policy: &mut Policy<'_>, statement: &Statement<'_>, condition: &Condition<'_>) {
    let private: Vec<&(String, Spot)> = condition.values.iter().filter(|(value, _)| is_private(value)).collect();
    let all = private.len() == condition.values.len();
    for (value, spot) in private {
        let negated = condition.negated();
        let details = format!(
            "{value} is private and aws:SourceIp holds public addresses only; a request through an endpoint has none. \
             Use aws:VpcSourceIp for the address within the VPC."
        );
        match (all, negated) {
            (true, false) => policy.error("PRIVATE_IP_ADDRESS", spot, details),
            (true, true) => policy.error("PRIVATE_NOT_IP_ADDRESS", spot, details),
            (false, false) => policy.suggestion("PRIVATE_IP_ADDRESS_SUBSET", spot, details),
            (false, true) => policy.suggestion("PRIVATE_NOT_IP_ADDRESS_SUBSET", spot, details),
        }
    }
    if policy.kind == LintKind::Endpoint {
        return policy.error(
            "ENDPOINT_SOURCE_IP_ABSENT",
            &condition.key_spot,
            "A request through an endpoint never has aws:SourceIp. Use aws:VpcSourceIp.",
        );
    }
    let exempts = ["aws:sourcevpce", "aws:sourcevpc", "aws:viaawsservice", "aws:vpcsourceip"];
    let has_exemption = statement.conditions.iter().any(|c| exempts.contains(&c.lower_key.as_str()))
        || statement.on_key("aws:sourceip").any(|c| c.reading.is_some_and(|operator| operator.holds.is_none()));
    if statement.denies() && condition.negated() && !has_exemption {
        policy.warning(
            "NOT_SOURCE_IP_DENIES_ENDPOINTS",
            &condition.operator_spot,
            "A request through an endpoint or by a service has no aws:SourceIp, so this denies it whatever its origin. \
             Add a condition on aws:SourceVpce or aws:ViaAWSService that exempts what you want.",
        );
    }
}

/// Keys of the endpoint: in its own policy they hold always the same; negated in a Deny they hit the services too.
fn way(policy: &mut Policy<'_>, statement: &Statement<'_>, condition: &Condition<'_>) {
    if policy.kind == LintKind::Endpoint {
        let details = format!("In an endpoint's own policy {} holds the same for every request.", condition.key);
        return policy.warning("ENDPOINT_KEY_ALWAYS_THE_SAME", &condition.key_spot, details);
    }
    let exempts = ["aws:viaawsservice", "aws:principalisawsservice", "aws:calledvia", "aws:principalservicename"];
    let exempt = statement.conditions.iter().any(|c| {
        exempts.contains(&c.lower_key.as_str())
            || (c.lower_key == condition.lower_key && c.reading.is_some_and(|operator| operator.holds.is_none()))
            || c.lower_key == "aws:sourceip"
    });
    // A Deny of the negated key is the perimeter; what it takes along is what people forget.
    if statement.denies() && condition.negated() && !exempt {
        let details = format!(
            "A call by an AWS service on somebody's behalf has no {}, so this denies it. If services must get through, add \
             {{\"Bool\": {{\"aws:ViaAWSService\": \"false\"}}}} and {{\"Bool\": {{\"aws:PrincipalIsAWSService\": \"false\"}}}}.",
            condition.key
        );
        policy.suggestion("NEGATED_KEY_DENIES_SERVICES", &condition.operator_spot, details);
    }
}

fn known(policy: &mut Policy<'_>, statement: &Statement<'_>, condition: &Condition<'_>) {
    let unknown: Vec<String> = statement.services().unwrap_or_default();
    let mut unknown: Vec<String> = unknown.into_iter().filter(|service| !knows_vpce_keys(service)).collect();
    unknown.dedup();
    if !unknown.is_empty() {
        let details = format!(
            "Requests to {} do not have {}. Use aws:SourceVpce or aws:SourceVpc.",
            unknown.join(", "),
            condition.key
        );
        policy.warning("VPCE_KEY_UNKNOWN_TO_SERVICE", &condition.key_spot, details);
    }
}
