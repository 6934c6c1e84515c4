//! The services that may act in the organization's accounts.

use super::{Request, nothing, time_text};
use crate::organizations::Desk;
use crate::page::page;
use crate::refuse;
use crate::state::State;
use postern_call::Refusal;
use serde_json::{Value, json};

pub fn enable(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let service = service(request)?;
    if !request.of(desk.state)?.all_features {
        let message = "You must enable all features in the organization to perform this operation.";
        return Err(refuse::constraint("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE", message));
    }
    let trusted = &mut desk.organization(request.organization)?.trusted_services;
    trusted.entry(service.to_owned()).or_insert(request.now);
    nothing()
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
