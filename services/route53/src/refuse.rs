//! Route 53's refusals: one function per thing that can be wrong, in AWS's words.

use postern_call::Refusal;
use postern_names::{HostedZoneId, VpcId};

pub fn no_zone(id: &str) -> Refusal {
    Refusal::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}")).status(404)
}
pub fn no_change(id: &str) -> Refusal {
    Refusal::new("NoSuchChange", format!("A change with the specified change ID: {id} does not exist.")).status(404)
}
pub fn bad_name(name: &str) -> Refusal {
    Refusal::new("InvalidDomainName", format!("{name} is not a valid domain name."))
}
pub fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidInput", message)
}
pub fn reference_used() -> Refusal {
    let message = "A hosted zone has already been created with the specified caller reference.";
    Refusal::new("HostedZoneAlreadyExists", message).status(409)
}
pub fn not_empty() -> Refusal {
    let message = "The specified hosted zone contains non-required resource record sets and so cannot be deleted.";
    Refusal::new("HostedZoneNotEmpty", message)
}
pub fn no_vpc(id: &str) -> Refusal {
    Refusal::new("InvalidVPCId", format!("The VPC ID {id} is not valid or does not belong to the region given."))
}
pub fn domain_taken(vpc: VpcId, region: &str, zone: &str) -> Refusal {
    let message = format!(
        "The VPC {vpc} in region {region} has already been associated with the hosted zone {zone} with the same domain name."
    );
    Refusal::new("ConflictingDomainExists", message)
}
pub fn not_authorized(vpc: VpcId) -> Refusal {
    let message = format!("The VPC: {vpc} has not authorized to associate with your hosted zone.");
    Refusal::new("NotAuthorizedException", message)
        .status(401)
        .hint("the zone's account calls CreateVPCAssociationAuthorization first, then the VPC's account associates it")
}
pub fn not_associated(vpc: VpcId, zone: HostedZoneId) -> Refusal {
    let message = format!("The VPC: {vpc} has not been associated with the hosted zone: {zone}.");
    Refusal::new("VPCAssociationNotFound", message).status(404)
}
pub fn last_vpc(vpc: VpcId, zone: HostedZoneId) -> Refusal {
    let message = format!(
        "The VPC: {vpc} is the last one associated with the private hosted zone: {zone}; it cannot be disassociated."
    );
    Refusal::new("LastVPCAssociation", message).hint("delete the hosted zone instead")
}
pub fn no_authorization(vpc: VpcId) -> Refusal {
    let message = format!("The VPC {vpc} is not authorized to be associated with the hosted zone.");
    Refusal::new("VPCAssociationAuthorizationNotFound", message).status(404)
}
/// All that is wrong in a batch, in AWS's brackets.
pub fn batch(reasons: &[String]) -> Refusal {
    Refusal::new("InvalidChangeBatch", format!("[{}]", reasons.join(", ")))
}
/// Something of Route 53 that is not served.
pub fn not_served(what: &str) -> Refusal {
    Refusal::new("NotImplemented", format!("{what} are not implemented."))
        .status(501)
        .hint("Postern serves private hosted zones with simple records; docs/coverage.md lists the operations")
}
