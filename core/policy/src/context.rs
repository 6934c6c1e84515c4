//! The condition keys of a request: which are there, which are not, and what they hold.
//!
//! Keys of the network come from [`Via`] and from nothing else; a service that sets one of them by mistake is overruled.

use crate::{Ask, Keys, Memberships, membership};
use postern_call::Principal;
use postern_names::{AccountId, Arn, Via, VpcEndpointId, VpcId};
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
    let facts = Facts { ask, memberships };
    let mut keys: Keys = ask.keys.iter().map(|(key, values)| (key.to_lowercase(), values.clone())).collect();
    for (key, values) in &ask.caller.keys {
        keys.insert(key.to_lowercase(), values.clone());
    }
    for (name, rank, work_out) in JUDGED {
        match (rank, work_out(&facts)) {
            (Rank::Alone, None) => {
                keys.remove(*name);
            }
            (Rank::Alone | Rank::First, Some(value)) => {
                keys.insert((*name).to_owned(), vec![value]);
            }
            (Rank::Last, Some(value)) => {
                keys.entry((*name).to_owned()).or_insert_with(|| vec![value]);
            }
            (Rank::First | Rank::Last, None) => {}
        }
    }
    keys
}

/// What the judge works keys out from.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub ask: &'a Ask<'a>,
    pub memberships: &'a Memberships,
}

/// Whose word counts when the credentials or the service bring the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    /// The judge's alone: what others bring does not count even where the judge has none.
    Alone,
    First,
    Last,
}

/// Name in lower case, rank, and how the value is worked out.
type Judged = (&'static str, Rank, fn(&Facts<'_>) -> Option<String>);

/// The keys that the judge fills in.
pub(crate) const JUDGED: &[Judged] = &[
    ("aws:sourceip", Rank::Alone, |f| match f.ask.via {
        Via::Host { peer: ip } | Via::Internet { public: ip } => Some(address(ip)),
        _ => None,
    }),
    ("aws:sourcevpce", Rank::Alone, |f| endpoint(f, |id, _, _, _| id.to_string())),
    ("aws:sourcevpc", Rank::Alone, |f| endpoint(f, |_, vpc, _, _| vpc.to_string())),
    ("aws:vpcsourceip", Rank::Alone, |f| endpoint(f, |_, _, source, _| address(source))),
    ("aws:sourcevpcarn", Rank::Alone, |f| {
        let region = f.ask.region;
        let arn = |vpc: &VpcId, account: &AccountId| Arn::new("ec2", region, account, format!("vpc/{vpc}")).to_string();
        endpoint(f, |_, vpc, _, account| arn(vpc, account)).filter(|_| knows_vpc_arn(f.ask))
    }),
    ("aws:vpceaccount", Rank::Alone, |f| {
        endpoint(f, |_, _, _, account| account.to_string()).filter(|_| knows_endpoint_owner(f.ask))
    }),
    ("aws:securetransport", Rank::Alone, |f| (!on_behalf(f)).then(|| f.ask.secure.to_string())),
    ("aws:viaawsservice", Rank::Alone, |f| Some(on_behalf(f).to_string())),
    ("aws:calledvia", Rank::Alone, called_via),
    ("aws:calledviafirst", Rank::Alone, called_via),
    ("aws:calledvialast", Rank::Alone, called_via),
    ("aws:principalorgid", Rank::Alone, |f| membership::principal(f).map(|m| m.organization.clone())),
    ("aws:principalorgpaths", Rank::Alone, |f| membership::principal(f).map(|m| m.path.clone())),
    ("aws:resourceorgid", Rank::Alone, |f| membership::resource(f).map(|m| m.organization.clone())),
    ("aws:resourceorgpaths", Rank::Alone, |f| membership::resource(f).map(|m| m.path.clone())),
    ("aws:vpceorgid", Rank::Alone, |f| membership::endpoint(f).map(|m| m.organization.clone())),
    ("aws:vpceorgpaths", Rank::Alone, |f| membership::endpoint(f).map(|m| m.path.clone())),
    ("aws:sourceorgid", Rank::Alone, |f| membership::source(f).map(|m| m.organization.clone())),
    ("aws:sourceorgpaths", Rank::Alone, |f| membership::source(f).map(|m| m.path.clone())),
    ("aws:principaltype", Rank::First, |f| principal_type(f.ask).map(str::to_owned)),
    ("aws:userid", Rank::First, |f| principal_type(f.ask).map(|_| f.ask.caller.user_id())),
    ("aws:principalaccount", Rank::First, |f| {
        let account = f.ask.caller.account();
        principal_type(f.ask).map(|_| account.map_or_else(|| "anonymous".to_owned(), |account| account.to_string()))
    }),
    ("aws:principalarn", Rank::First, |f| f.ask.caller.principal_arn().map(|arn| arn.to_string())),
    ("aws:principalisawsservice", Rank::First, |f| match f.ask.caller.principal {
        Principal::Anonymous | Principal::WebIdentity { .. } => None,
        Principal::Service { .. } => Some("true".to_owned()),
        _ => Some("false".to_owned()),
    }),
    ("aws:username", Rank::First, |f| match &f.ask.caller.principal {
        Principal::User { name, .. } => Some(name.clone()),
        _ => None,
    }),
    ("aws:principalservicename", Rank::First, service_name),
    ("aws:principalservicenameslist", Rank::First, service_name),
    ("aws:resourceaccount", Rank::First, |f| {
        let account = f.ask.resource_account.or_else(|| f.ask.caller.account());
        account.filter(|_| has_owner(f.ask)).map(|account| account.to_string())
    }),
    ("aws:currenttime", Rank::First, |f| Some(rfc3339(f.ask.now))),
    ("aws:epochtime", Rank::First, |f| Some(f.ask.now.unix_timestamp().to_string())),
    ("aws:requestedregion", Rank::First, |f| Some(requested_region(f.ask).to_owned())),
    ("aws:useragent", Rank::First, |f| f.ask.user_agent.map(str::to_owned)),
    ("aws:multifactorauthage", Rank::First, |f| second_factor_age(f.ask).map(|age| age.to_string())),
    // Temporary credentials say that there was no second factor; long-term ones say nothing.
    ("aws:multifactorauthpresent", Rank::Last, |f| brought(f.ask, "aws:tokenissuetime").map(|_| "false".to_owned())),
];

/// Seconds since the second factor of the session was given; it is there only if one was.
fn second_factor_age(ask: &Ask<'_>) -> Option<i64> {
    brought(ask, "aws:multifactorauthpresent").filter(|values| *values == ["true"])?;
    let issued = OffsetDateTime::parse(brought(ask, "aws:tokenissuetime")?.first()?, &Rfc3339).ok()?;
    Some((ask.now - issued).whole_seconds().max(0))
}

/// What the credentials, or else the service, bring for the key (name in lower case).
pub(crate) fn brought<'a>(ask: &'a Ask<'_>, lower: &str) -> Option<&'a [String]> {
    // Credentials bring names as AWS spells them; of two spellings the last counts, as in `keys_within`.
    let is = |(key, _): &(&String, &Vec<String>)| {
        if key.is_ascii() { key.eq_ignore_ascii_case(lower) } else { key.to_lowercase() == lower }
    };
    let own = ask.caller.keys.iter().rev().find(is);
    own.or_else(|| ask.keys.get_key_value(lower))
        .or_else(|| ask.keys.iter().rev().find(is))
        .map(|(_, values)| values.as_slice())
}

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

fn address(ip: &IpAddr) -> String {
    ip.to_canonical().to_string()
}

fn endpoint<T>(facts: &Facts<'_>, tell: impl FnOnce(&VpcEndpointId, &VpcId, &IpAddr, &AccountId) -> T) -> Option<T> {
    match facts.ask.via {
        Via::Endpoint { id, vpc, source, account } => Some(tell(id, vpc, source, account)),
        _ => None,
    }
}

/// Whether a service calls with the rights of its caller.
fn on_behalf(facts: &Facts<'_>) -> bool {
    let itself = matches!(facts.ask.caller.principal, Principal::Service { .. });
    matches!(facts.ask.via, Via::Service { .. }) && !itself
}

fn called_via(facts: &Facts<'_>) -> Option<String> {
    match facts.ask.via {
        Via::Service { principal } if on_behalf(facts) && CALLED_VIA.contains(&principal.as_str()) => {
            Some(principal.clone())
        }
        _ => None,
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

/// A service for itself and whom a provider vouches for have none, and neither a user id nor an account.
fn principal_type(ask: &Ask<'_>) -> Option<&'static str> {
    match &ask.caller.principal {
        Principal::Anonymous => Some("Anonymous"),
        Principal::Root { .. } => Some("Account"),
        Principal::User { .. } => Some("User"),
        Principal::Role { .. } => Some("AssumedRole"),
        Principal::Federated { .. } => Some("FederatedUser"),
        Principal::Service { .. } | Principal::WebIdentity { .. } => None,
    }
}

fn service_name(facts: &Facts<'_>) -> Option<String> {
    match &facts.ask.caller.principal {
        Principal::Service { name } => Some(name.clone()),
        _ => None,
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
