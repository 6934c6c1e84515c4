//! The refusals that many verbs share: one constructor per thing that can be wrong. Texts as AWS writes them.

use postern_call::Refusal;

/// Codes by id prefix: (`Malformed` code, `NotFound` code, the words before the id).
const IDS: &[(&str, &str, &str, &str)] = &[
    ("vpc", "InvalidVpcID.Malformed", "InvalidVpcID.NotFound", "The vpc ID"),
    ("subnet", "InvalidSubnetID.Malformed", "InvalidSubnetID.NotFound", "The subnet ID"),
    ("igw", "InvalidInternetGatewayID.Malformed", "InvalidInternetGatewayID.NotFound", "The internetGateway ID"),
    ("rtb", "InvalidRouteTableID.Malformed", "InvalidRouteTableID.NotFound", "The routeTable ID"),
    ("rtbassoc", "InvalidAssociationID.Malformed", "InvalidAssociationID.NotFound", "The association ID"),
    ("pl", "InvalidPrefixListID.Malformed", "InvalidPrefixListID.NotFound", "The prefix list ID"),
    ("sg", "InvalidGroupId.Malformed", "InvalidGroup.NotFound", "The security group"),
    (
        "sgr",
        "InvalidSecurityGroupRuleId.Malformed",
        "InvalidSecurityGroupRuleId.NotFound",
        "The security group rule ID",
    ),
    ("acl", "InvalidNetworkAclID.Malformed", "InvalidNetworkAclID.NotFound", "The networkAcl ID"),
    ("aclassoc", "InvalidAssociationID.Malformed", "InvalidAssociationID.NotFound", "The association ID"),
    ("eni", "InvalidNetworkInterfaceID.Malformed", "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID"),
    ("eni-attach", "InvalidAttachmentID.Malformed", "InvalidAttachmentID.NotFound", "The attachment ID"),
    (
        "pcx",
        "InvalidVpcPeeringConnectionId.Malformed",
        "InvalidVpcPeeringConnectionID.NotFound",
        "The vpcPeeringConnection ID",
    ),
    ("eipalloc", "InvalidAllocationID.Malformed", "InvalidAllocationID.NotFound", "The allocation ID"),
    ("eipassoc", "InvalidAssociationID.Malformed", "InvalidAssociationID.NotFound", "The association ID"),
    ("nat", "NatGatewayMalformed", "NatGatewayNotFound", "NatGateway"),
    ("vpce", "InvalidVpcEndpointId.Malformed", "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id"),
    ("key", "InvalidKeyPair.Malformed", "InvalidKeyPair.NotFound", "The key pair ID"),
    ("dopt", "InvalidDhcpOptionsID.Malformed", "InvalidDhcpOptionID.NotFound", "The dhcpOption ID"),
    (
        "nip",
        "InvalidNetworkInsightsPathId.Malformed",
        "InvalidNetworkInsightsPathId.NotFound",
        "The network insights path ID",
    ),
    (
        "nia",
        "InvalidNetworkInsightsAnalysisId.Malformed",
        "InvalidNetworkInsightsAnalysisId.NotFound",
        "The network insights analysis ID",
    ),
    (
        "nis",
        "InvalidNetworkInsightsAccessScopeId.Malformed",
        "InvalidNetworkInsightsAccessScopeId.NotFound",
        "The network insights access scope ID",
    ),
    (
        "nisa",
        "InvalidNetworkInsightsAccessScopeAnalysisId.Malformed",
        "InvalidNetworkInsightsAccessScopeAnalysisId.NotFound",
        "The network insights access scope analysis ID",
    ),
    ("ami", "InvalidAMIID.Malformed", "InvalidAMIID.NotFound", "The image id"),
    ("i", "InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound", "The instance ID"),
];

/// An id whose text is not of its kind.
pub fn malformed_id(prefix: &str, given: &str) -> Refusal {
    let code = IDS.iter().find(|row| row.0 == prefix).map_or("InvalidParameterValue", |row| row.1);
    // The right word with wrong digits is called invalid; another word is answered with the one expected.
    let message = match given.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('-')) {
        true if prefix == "vpce" => format!("The Vpc Endpoint Id '{given}' is malformed"),
        true => format!("Invalid id: \"{given}\""),
        false => format!("Invalid id: \"{given}\" (expecting \"{prefix}-...\")"),
    };
    Refusal::new(code, message)
}

/// An id that names nothing the caller can see.
pub fn not_found(prefix: &str, id: impl std::fmt::Display) -> Refusal {
    let row = IDS.iter().find(|row| row.0 == prefix);
    let (code, words) = row.map_or(("InvalidParameterValue", "The ID"), |row| (row.2, row.3));
    match prefix {
        "nat" => Refusal::new(code, format!("{words} {id} was not found")),
        "ami" => Refusal::new(code, format!("{words} '[{id}]' does not exist")),
        _ => Refusal::new(code, format!("{words} '{id}' does not exist")),
    }
}

pub fn missing_parameter(name: &str) -> Refusal {
    Refusal::new("MissingParameter", format!("The request must contain the parameter {name}"))
}

pub fn invalid_value(name: &str, value: impl std::fmt::Display, why: &str) -> Refusal {
    Refusal::new("InvalidParameterValue", format!("Value ({value}) for parameter {name} is invalid. {why}"))
}

pub fn invalid_combination(why: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterCombination", why)
}

pub fn invalid_filter(name: &str) -> Refusal {
    Refusal::new("InvalidParameterValue", format!("The filter '{name}' is invalid"))
}

/// A thing is still in use.
pub fn dependency_violation(message: impl Into<String>) -> Refusal {
    Refusal::new("DependencyViolation", message)
}

/// Something that AWS does and Postern does not yet: named, not imitated.
pub fn not_served(what: &str) -> Refusal {
    Refusal::new("UnsupportedOperation", format!("{what} is not served by Postern yet."))
        .hint("docs/coverage.md lists what Postern serves.")
}

/// An address text or range that is not one.
pub fn invalid_cidr(parameter: &str, given: &str) -> Refusal {
    Refusal::new(
        "InvalidParameterValue",
        format!("Value ({given}) for parameter {parameter} is invalid. This is not a valid CIDR block."),
    )
}
