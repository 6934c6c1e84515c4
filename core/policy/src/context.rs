//! The condition keys of a request: which are there, which are not, and what they hold.
//!
//! Keys of the network come from [`Via`] and from nothing else; a service that sets one of them by mistake is overruled.

use crate::membership::{self, ORGANIZATION_KEYS};
use crate::{Ask, Keys, Memberships};
use postern_call::Principal;
use postern_names::{Arn, Via};
use std::net::IpAddr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// All keys of the request, names in lower case: the service's, the credentials', and those of network, principal,
/// resource and time. No account is in an organization.
pub fn keys_of(ask: &Ask<'_>) -> Keys {
    keys_within(ask, &Memberships::default())
}

/// The same with the keys that tell organizations.
pub fn keys_within(ask: &Ask<'_>, memberships: &Memberships) -> Keys {
    let mut keys: Keys = ask.keys.iter().map(|(key, values)| (key.to_lowercase(), values.clone())).collect();
    for (key, values) in &ask.caller.keys {
        keys.insert(key.to_lowercase(), values.clone());
    }
    // Temporary credentials say that there was no second factor; long-term ones say nothing.
    if keys.contains_key("aws:tokenissuetime") {
        keys.entry("aws:multifactorauthpresent".into()).or_insert_with(|| vec!["false".into()]);
    }
    if let Some(age) = second_factor_age(ask, &keys) {
        keys.insert("aws:multifactorauthage".into(), vec![age.to_string()]);
    }
    for key in NETWORK_KEYS.iter().chain(ORGANIZATION_KEYS) {
        keys.remove(*key);
    }
    let mut set = |key: &str, value: String| {
        keys.insert(key.to_owned(), vec![value]);
    };
    network(ask, &mut set);
    principal(ask, &mut set);
    resource(ask, &mut set);
    membership::set(ask, memberships, &mut set);
    set("aws:currenttime", rfc3339(ask.now));
    set("aws:epochtime", ask.now.unix_timestamp().to_string());
    set("aws:requestedregion", requested_region(ask).to_owned());
    if let Some(agent) = ask.user_agent {
        set("aws:useragent", agent.to_owned());
    }
    keys
}

/// Seconds since the second factor of the session was given; it is there only if one was.
fn second_factor_age(ask: &Ask<'_>, keys: &Keys) -> Option<i64> {
    let given = keys.get("aws:multifactorauthpresent").is_some_and(|values| values == &["true"]);
    let issued = keys.get("aws:tokenissuetime").filter(|_| given)?.first()?;
    let issued = OffsetDateTime::parse(issued, &Rfc3339).ok()?;
    Some((ask.now - issued).whole_seconds().max(0))
}

/// What only the way of the request may tell.
const NETWORK_KEYS: &[&str] = &[
    "aws:sourceip",
    "aws:vpcsourceip",
    "aws:sourcevpce",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:vpceaccount",
    "aws:securetransport",
    "aws:viaawsservice",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
];

/// Services that call others with the caller's credentials and are named by `aws:CalledVia`.
const CALLED_VIA: &[&str] =
    &["athena.amazonaws.com", "cloudformation.amazonaws.com", "dynamodb.amazonaws.com", "kms.amazonaws.com"];

/// Prefixes of the services that know `aws:SourceVpcArn` and the `aws:Vpce...` keys.
const VPC_ARN_SERVICES: &[&str] = &[
    "apprunner",
    "discovery",
    "applicationinsights",
    "athena",
    "servicediscovery",
    "cloudformation",
    "comprehendmedical",
    "compute-optimizer",
    "datasync",
    "ebs",
    "ecr",
    "ecs",
    "scheduler",
    "firehose",
    "medical-imaging",
    "healthlake",
    "omics",
    "iam",
    "iotfleetwise",
    "iotwireless",
    "kms",
    "lambda",
    "kinesisanalytics",
    "payment-cryptography",
    "polly",
    "acm-pca",
    "rbin",
    "rekognition",
    "route53",
    "s3",
    "servicequotas",
    "storagegateway",
    "ssm-contacts",
    "textract",
    "transcribe",
    "transfer",
];

/// Prefixes of the services that know the `aws:Vpce...` keys alone.
const VPCE_ONLY_SERVICES: &[&str] = &["dynamodb", "gamelift", "shield"];

/// Actions that touch resources of several owners: they have no `aws:ResourceAccount`.
const MANY_OWNERS: &[&str] = &[
    "ec2:AcceptTransitGatewayPeeringAttachment",
    "ec2:AcceptVpcEndpointConnections",
    "ec2:AcceptVpcPeeringConnection",
    "ec2:CopyImage",
    "ec2:CopySnapshot",
    "ec2:CreateTransitGatewayPeeringAttachment",
    "ec2:CreateVolume",
    "ec2:CreateVpcEndpoint",
    "ec2:CreateVpcPeeringConnection",
    "ec2:DeleteTransitGatewayPeeringAttachment",
    "ec2:DeleteVpcPeeringConnection",
    "ec2:RejectTransitGatewayPeeringAttachment",
    "ec2:RejectVpcEndpointConnections",
    "ec2:RejectVpcPeeringConnection",
    "events:PutEvents",
    "route53:AssociateVPCWithHostedZone",
    "route53:CreateVPCAssociationAuthorization",
    "route53:DeleteVPCAssociationAuthorization",
    "route53:DisassociateVPCFromHostedZone",
    "route53:ListHostedZonesByVPC",
];

/// Whether requests to the service of this prefix have the `aws:Vpce...` keys.
pub(crate) fn knows_vpce_keys(service: &str) -> bool {
    VPC_ARN_SERVICES.contains(&service) || VPCE_ONLY_SERVICES.contains(&service)
}

fn network(ask: &Ask<'_>, set: &mut impl FnMut(&str, String)) {
    let address = |ip: &IpAddr| ip.to_canonical().to_string();
    let on_behalf =
        matches!(ask.via, Via::Service { .. }) && !matches!(ask.caller.principal, Principal::Service { .. });
    set("aws:viaawsservice", on_behalf.to_string());
    match ask.via {
        Via::Host { peer: ip } | Via::Internet { public: ip } => set("aws:sourceip", address(ip)),
        Via::Endpoint { id, vpc, source, account } => {
            set("aws:sourcevpce", id.to_string());
            set("aws:sourcevpc", vpc.to_string());
            set("aws:vpcsourceip", address(source));
            if knows_vpc_arn(ask) {
                set("aws:sourcevpcarn", Arn::new("ec2", ask.region, account, format!("vpc/{vpc}")).to_string());
            }
            if knows_endpoint_owner(ask) {
                set("aws:vpceaccount", account.to_string());
            }
        }
        Via::Service { principal } => {
            if on_behalf && CALLED_VIA.contains(&principal.as_str()) {
                for key in ["aws:calledvia", "aws:calledviafirst", "aws:calledvialast"] {
                    set(key, principal.clone());
                }
            }
        }
    }
    if !on_behalf {
        set("aws:securetransport", ask.secure.to_string());
    }
}

fn service_of<'a>(ask: &'a Ask<'_>) -> &'a str {
    ask.action.split(':').next().unwrap_or_default()
}

fn knows_vpc_arn(ask: &Ask<'_>) -> bool {
    VPC_ARN_SERVICES.contains(&service_of(ask)) && ask.action != "iam:PassRole"
}

/// Whether the action's service has the `aws:Vpce...` keys.
pub(crate) fn knows_endpoint_owner(ask: &Ask<'_>) -> bool {
    knows_vpc_arn(ask) || VPCE_ONLY_SERVICES.contains(&service_of(ask))
}

/// Whether the action has one owner of what it touches, and so the `aws:Resource...` keys.
pub(crate) fn has_owner(ask: &Ask<'_>) -> bool {
    !MANY_OWNERS.contains(&ask.action) && !ask.action.starts_with("ebs:")
}

fn principal(ask: &Ask<'_>, set: &mut impl FnMut(&str, String)) {
    let caller = ask.caller;
    let (kind, signed) = match &caller.principal {
        Principal::Anonymous => (Some("Anonymous"), false),
        Principal::Root { .. } => (Some("Account"), true),
        Principal::User { .. } => (Some("User"), true),
        Principal::Role { .. } => (Some("AssumedRole"), true),
        Principal::Federated { .. } => (Some("FederatedUser"), true),
        Principal::Service { .. } => (None, true),
        Principal::WebIdentity { .. } => (None, false),
    };
    if let Some(kind) = kind {
        set("aws:principaltype", kind.to_owned());
        set("aws:userid", caller.user_id());
        set("aws:principalaccount", caller.account().map_or_else(|| "anonymous".to_owned(), |a| a.to_string()));
    }
    if let Some(arn) = caller.principal_arn() {
        set("aws:principalarn", arn.to_string());
    }
    if signed {
        set("aws:principalisawsservice", matches!(caller.principal, Principal::Service { .. }).to_string());
    }
    match &caller.principal {
        Principal::User { name, .. } => set("aws:username", name.clone()),
        Principal::Service { name } => {
            set("aws:principalservicename", name.clone());
            set("aws:principalservicenameslist", name.clone());
        }
        _ => {}
    }
}

fn resource(ask: &Ask<'_>, set: &mut impl FnMut(&str, String)) {
    if !has_owner(ask) {
        return;
    }
    if let Some(account) = ask.resource_account.or_else(|| ask.caller.account()) {
        set("aws:resourceaccount", account.to_string());
    }
}

/// Global services report the region of their only endpoint.
fn requested_region<'a>(ask: &'a Ask<'_>) -> &'a str {
    match service_of(ask) {
        "iam" | "organizations" | "route53" | "cloudfront" | "shield" => "us-east-1",
        _ => ask.region,
    }
}

fn rfc3339(now: OffsetDateTime) -> String {
    // Whole seconds, as AWS has them; a year that RFC 3339 cannot write is no time at all.
    now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339).unwrap_or_default()
}
