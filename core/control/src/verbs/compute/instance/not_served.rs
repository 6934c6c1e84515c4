//! Members of RunInstances that ask for what Postern does not have: refused by name rather than ignored.

use crate::{Request, refuse};
use postern_call::Refusal;
use postern_model::{InstanceType, Subnet};

/// Members that are refused whenever they say something.
const NEVER: &[&str] = &[
    "LaunchTemplate",
    "KernelId",
    "RamdiskId",
    "ElasticGpuSpecification",
    "ElasticInferenceAccelerators",
    "LicenseSpecifications",
    "SecondaryInterfaces",
    "Operator",
];

/// `UnsupportedOperation` for the first such member; a member that asks for what is so anyway passes.
pub(super) fn check(request: &Request<'_>, kind: &InstanceType) -> Result<(), Refusal> {
    let says_something = |name: &str| match request.get(name) {
        None => false,
        Some(value) => value.as_array().is_none_or(|a| !a.is_empty()),
    };
    if let Some(name) = NEVER.iter().find(|name| says_something(name)) {
        return Err(refuse::not_served(&format!("RunInstances with {name}")));
    }
    let asks = [
        ("InstanceMarketOptions (Spot)", differs(request, "InstanceMarketOptions", "MarketType", "on-demand")),
        ("HibernationOptions", is_on(request, "HibernationOptions", "Configured")),
        ("EnclaveOptions", is_on(request, "EnclaveOptions", "Enabled")),
        ("MaintenanceOptions", differs(request, "MaintenanceOptions", "AutoRecovery", "default")),
        ("NetworkPerformanceOptions", differs(request, "NetworkPerformanceOptions", "BandwidthWeighting", "default")),
        ("CreditSpecification", differs(request, "CreditSpecification", "CpuCredits", credits(kind))),
        ("CpuOptions", other_cpu(request, kind)),
        ("CapacityReservationSpecification", other_capacity(request)),
        ("EnablePrimaryIpv6", request.flag("EnablePrimaryIpv6").unwrap_or(false)),
    ];
    match asks.iter().find(|(_, asked)| *asked) {
        Some((name, _)) => Err(refuse::not_served(&format!("RunInstances with {name} other than the default"))),
        None => check_placement(request),
    }
}

/// Instance-level DNS name options other than the subnet's.
pub(super) fn check_names(request: &Request<'_>, subnet: &Subnet) -> Result<(), Refusal> {
    let Some(options) = request.part("PrivateDnsNameOptions") else { return Ok(()) };
    let is_same = options.text("HostnameType").is_none_or(|given| given == subnet.hostname_type)
        && options.flag("EnableResourceNameDnsARecord").is_none_or(|given| given == subnet.resource_name_a_record)
        && options
            .flag("EnableResourceNameDnsAAAARecord")
            .is_none_or(|given| given == subnet.resource_name_aaaa_record);
    if is_same {
        return Ok(());
    }
    Err(refuse::not_served("RunInstances with PrivateDnsNameOptions other than the subnet's"))
}

/// The credit option that burstable types launch with: `standard` for T2, `unlimited` since.
pub(crate) fn credits(kind: &InstanceType) -> &'static str {
    if kind.name.starts_with("t2.") { "standard" } else { "unlimited" }
}

fn differs(request: &Request<'_>, part: &str, member: &str, usual: &str) -> bool {
    request.part(part).and_then(|p| p.text(member)).is_some_and(|given| given != usual)
}

fn is_on(request: &Request<'_>, part: &str, member: &str) -> bool {
    request.part(part).and_then(|p| p.flag(member)).unwrap_or(false)
}

fn other_cpu(request: &Request<'_>, kind: &InstanceType) -> bool {
    let Some(options) = request.part("CpuOptions") else { return false };
    let (cores, threads) = crate::view::instance::cores(kind);
    options.number("CoreCount").is_some_and(|given| given != i64::from(cores))
        || options.number("ThreadsPerCore").is_some_and(|given| given != i64::from(threads))
        || ["AmdSevSnp", "NestedVirtualization"].iter().any(|member| options.text(member) == Some("enabled"))
}

fn other_capacity(request: &Request<'_>) -> bool {
    request.part("CapacityReservationSpecification").is_some_and(|specification| {
        specification.get("CapacityReservationTarget").is_some()
            || specification
                .text("CapacityReservationPreference")
                .is_some_and(|given| given == "capacity-reservations-only")
    })
}

fn check_placement(request: &Request<'_>) -> Result<(), Refusal> {
    let Some(placement) = request.part("Placement") else { return Ok(()) };
    let members = ["Affinity", "GroupName", "GroupId", "HostId", "HostResourceGroupArn", "SpreadDomain"];
    let named = members.into_iter().find(|member| placement.text(member).is_some_and(|given| !given.is_empty()));
    let tenancy = placement.text("Tenancy").filter(|given| *given != "default").map(|_| "Tenancy");
    match named.or(tenancy) {
        Some(member) => Err(refuse::not_served(&format!("RunInstances with Placement.{member}"))),
        None => Ok(()),
    }
}
