//! The services that may act in the organization's accounts.

use super::{Request, nothing, time_text};
use crate::organizations::Desk;
use crate::page::page;
use crate::refuse;
use crate::state::{Organization, State};
use postern_call::Refusal;
use serde_json::{Value, json};

pub fn enable(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let service = service(request)?;
    check_features(request.of(desk.state)?)?;
    let trusted = &mut desk.organization(request.organization)?.trusted_services;
    trusted.entry(service.to_owned()).or_insert(request.now);
    nothing()
}

/// Only an organization with all features trusts services.
pub fn check_features(organization: &Organization) -> Result<(), Refusal> {
    if organization.all_features {
        return Ok(());
    }
    let message = "You must enable all features in the organization to perform this operation.";
    Err(refuse::constraint("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE", message))
}

pub fn disable(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let service = service(request)?;
    desk.organization(request.organization)?.trusted_services.remove(service);
    nothing()
}

pub fn list(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let trusted = request.of(state)?.trusted_services.iter();
    let shown = trusted.map(|(service, since)| {
        (service.clone(), json!({ "ServicePrincipal": service, "DateEnabled": time_text(*since) }))
    });
    page(request.input, "EnabledServicePrincipals", shown.collect())
}

fn service<'a>(request: &Request<'a>) -> Result<&'a str, Refusal> {
    let service = request.input.required("ServicePrincipal")?;
    let name = service.strip_suffix(".amazonaws.com").unwrap_or_default();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c)) {
        let message = "You specified an unrecognized service principal.";
        return Err(refuse::invalid("UNRECOGNIZED_SERVICE_PRINCIPAL", message));
    }
    Ok(service)
}
