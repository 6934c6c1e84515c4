//! SAML providers: their metadata documents are checked, kept and told. `saml/` reads them when a response comes.

use super::{Request, compact, nothing, tag_list, time_text};
use crate::entity::SamlProvider;
use crate::iam::Desk;
use crate::input::constraint;
use crate::refuse;
use crate::saml::Metadata;
use crate::save::Touched;
use postern_call::Refusal;
use serde_json::{Value, json};

const MEMBER: &str = "SAMLProviderArn";
const PROVIDERS_MAX: usize = 100;
/// What AWS gives a document that does not say how long it is valid.
const HUNDRED_YEARS: i64 = 100 * 365 * 86_400;

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let name = input.required("Name")?;
    let good = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if name.is_empty() || name.len() > 128 || !good {
        return Err(constraint(name, "Name", "Member must satisfy regular expression pattern: [\\w._-]+"));
    }
    no_encryption(request)?;
    let (metadata, valid_until) = metadata(input.required("SAMLMetadataDocument")?, request.now)?;
    let tags = input.tags()?;
    let id = desk.account_id;
    let account = desk.account();
    if account.saml_providers.contains_key(name) {
        return Err(refuse::already(format!("SAMLProvider with name {name} already exists.")));
    }
    if account.saml_providers.len() >= PROVIDERS_MAX {
        return Err(refuse::quota("SAMLProvidersPerAccount", PROVIDERS_MAX));
    }
    let provider = SamlProvider { name: name.to_owned(), created: request.now, metadata, valid_until, tags };
    let reply = json!({ MEMBER: provider.arn(id), "Tags": tag_list(&provider.tags) });
    account.saml_providers.insert(name.to_owned(), provider);
    desk.touch(Touched::SamlProvider(name.to_owned()));
    Ok(compact(reply))
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let provider = find(desk, request)?;
    Ok(compact(json!({
        "SAMLMetadataDocument": provider.metadata,
        "CreateDate": time_text(provider.created),
        "ValidUntil": time_text(provider.valid_until),
        "Tags": tag_list(&provider.tags),
    })))
}

pub fn update(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    no_encryption(request)?;
    let new = request.input.text("SAMLMetadataDocument").map(|text| metadata(text, request.now)).transpose()?;
    let id = desk.account_id;
    let provider = find(desk, request)?;
    if let Some((metadata, valid_until)) = new {
        (provider.metadata, provider.valid_until) = (metadata, valid_until);
    }
    let (arn, name) = (provider.arn(id), provider.name.clone());
    desk.touch(Touched::SamlProvider(name));
    Ok(json!({ MEMBER: arn }))
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = name(desk, request)?;
    desk.account().saml_providers.remove(&name).ok_or_else(|| none(request))?;
    desk.touch(Touched::SamlProvider(name));
    nothing()
}

pub fn list(desk: &mut Desk<'_>, _: &Request<'_>) -> Result<Value, Refusal> {
    let id = desk.account_id;
    let shape = |provider: &SamlProvider| {
        json!({
            "Arn": provider.arn(id),
            "ValidUntil": time_text(provider.valid_until),
            "CreateDate": time_text(provider.created),
        })
    };
    let list: Vec<Value> = desk.account().saml_providers.values().map(shape).collect();
    Ok(json!({ "SAMLProviderList": list }))
}

/// The name of the provider that the request names by ARN.
pub fn name(desk: &Desk<'_>, request: &Request<'_>) -> Result<String, Refusal> {
    let arn = request.input.required(MEMBER)?;
    let head = format!("arn:aws:iam::{}:saml-provider/", desk.account_id);
    match arn.strip_prefix(&head) {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        _ if arn.starts_with("arn:") && arn.contains(":saml-provider/") => Err(none(request)),
        _ => Err(refuse::invalid_input(format!("Invalid ARN: {arn}"))),
    }
}

/// The refusal for a provider that is not there.
pub fn none(request: &Request<'_>) -> Refusal {
    let arn = request.input.text(MEMBER).unwrap_or_default();
    refuse::no_entity(format!("Manifest not found for arn {arn}"))
}

fn find<'d>(desk: &'d mut Desk<'_>, request: &Request<'_>) -> Result<&'d mut SamlProvider, Refusal> {
    let name = name(desk, request)?;
    desk.account().saml_providers.get_mut(&name).ok_or_else(|| none(request))
}

/// Private keys are for encrypted assertions, which are not taken.
fn no_encryption(request: &Request<'_>) -> Result<(), Refusal> {
    let asked = ["AssertionEncryptionMode", "AddPrivateKey", "RemovePrivateKey"];
    match asked.into_iter().find(|member| request.input.text(member).is_some()) {
        Some(member) => Err(Refusal::new("NotImplemented", format!("{member} is not served by Postern")).status(501)),
        None => Ok(()),
    }
}

/// The document and until when it is valid.
fn metadata(text: &str, now: i64) -> Result<(String, i64), Refusal> {
    let read = Metadata::read(text).ok_or_else(|| refuse::invalid_input("Could not parse metadata"))?;
    Ok((text.to_owned(), read.valid_until.unwrap_or(now.saturating_add(HUNDRED_YEARS))))
}
