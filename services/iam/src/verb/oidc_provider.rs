//! OpenID Connect providers: the issuers whose tokens an account takes for roles.

use super::{Request, compact, nothing, tag_list, time_text};
use crate::entity::OidcProvider;
use crate::iam::Desk;
use crate::input::constraint;
use crate::refuse;
use crate::save::Touched;
use postern_call::Refusal;
use serde_json::{Value, json};

const MEMBER: &str = "OpenIDConnectProviderArn";
const PROVIDERS_MAX: usize = 100;
const CLIENT_IDS_MAX: usize = 100;
const THUMBPRINTS_MAX: usize = 5;

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let given = input.required("Url")?;
    input.limited("Url", 255)?;
    let url = bare(given).ok_or_else(|| refuse::invalid("Invalid Open ID Connect Provider URL"))?;
    let mut client_ids = Vec::new();
    for id in input.list("ClientIDList").iter().filter_map(Value::as_str) {
        check_client_id(id)?;
        if !client_ids.iter().any(|known| known == id) {
            client_ids.push(id.to_owned());
        }
    }
    if client_ids.len() > CLIENT_IDS_MAX {
        return Err(refuse::quota("ClientIdsPerOpenIdConnectProvider", CLIENT_IDS_MAX));
    }
    let thumbprints = thumbprints(request)?;
    let tags = input.tags()?;
    let id = desk.account_id;
    let account = desk.account();
    if account.oidc_providers.contains_key(url) {
        return Err(refuse::already(format!("Provider with url {given} already exists.")));
    }
    if account.oidc_providers.len() >= PROVIDERS_MAX {
        return Err(refuse::quota("OpenIdConnectProvidersPerAccount", PROVIDERS_MAX));
    }
    let provider = OidcProvider { url: url.to_owned(), created: request.now, client_ids, thumbprints, tags };
    let reply = json!({ MEMBER: provider.arn(id), "Tags": tag_list(&provider.tags) });
    account.oidc_providers.insert(url.to_owned(), provider);
    desk.touch(Touched::OidcProvider(url.to_owned()));
    Ok(compact(reply))
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let provider = find(desk, request)?;
    Ok(compact(json!({
        "Url": provider.url,
        "ClientIDList": provider.client_ids,
        "ThumbprintList": provider.thumbprints,
        "CreateDate": time_text(provider.created),
        "Tags": tag_list(&provider.tags),
    })))
}

pub fn list(desk: &mut Desk<'_>, _: &Request<'_>) -> Result<Value, Refusal> {
    let id = desk.account_id;
    let arns: Vec<Value> = desk.account().oidc_providers.values().map(|p| json!({ "Arn": p.arn(id) })).collect();
    Ok(json!({ "OpenIDConnectProviderList": arns }))
}

/// Deleting what is not there succeeds, as in AWS.
pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let url = url(desk, request)?;
    if desk.account().oidc_providers.remove(&url).is_some() {
        desk.touch(Touched::OidcProvider(url));
    }
    nothing()
}

pub fn update_thumbprints(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let thumbprints = thumbprints(request)?;
    find(desk, request)?.thumbprints = thumbprints;
    touch(desk, request)
}

/// Adding one that is there already changes nothing.
pub fn add_client_id(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id = request.input.required("ClientID")?;
    check_client_id(id)?;
    let ids = &mut find(desk, request)?.client_ids;
    if ids.iter().any(|known| known == id) {
        return nothing();
    }
    if ids.len() >= CLIENT_IDS_MAX {
        return Err(refuse::quota("ClientIdsPerOpenIdConnectProvider", CLIENT_IDS_MAX));
    }
    ids.push(id.to_owned());
    touch(desk, request)
}

/// Removing one that is not there changes nothing.
pub fn remove_client_id(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id = request.input.required("ClientID")?;
    find(desk, request)?.client_ids.retain(|known| known != id);
    touch(desk, request)
}

/// The issuer without its scheme; `None`: it is no URL that a provider may have.
pub fn bare(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://")?;
    let good = |c: char| c.is_ascii_graphic() && !"?#@\\\"<>".contains(c);
    let host = rest.split('/').next()?;
    (!host.is_empty() && !host.contains(':') && rest.chars().all(good)).then_some(rest)
}

/// The key of the provider that the request names by ARN.
pub fn url(desk: &Desk<'_>, request: &Request<'_>) -> Result<String, Refusal> {
    let arn = request.input.required(MEMBER)?;
    let head = format!("arn:aws:iam::{}:oidc-provider/", desk.account_id);
    match arn.strip_prefix(&head) {
        Some(url) if !url.is_empty() => Ok(url.to_owned()),
        _ if arn.starts_with("arn:") && arn.contains(":oidc-provider/") => Err(none(request)),
        _ => Err(refuse::invalid_input(format!("Invalid ARN: {arn}"))),
    }
}

/// The refusal for a provider that is not there.
pub fn none(request: &Request<'_>) -> Refusal {
    let arn = request.input.text(MEMBER).unwrap_or_default();
    refuse::no_entity(format!("OpenIDConnect Provider not found for arn {arn}"))
}

fn find<'d>(desk: &'d mut Desk<'_>, request: &Request<'_>) -> Result<&'d mut OidcProvider, Refusal> {
    let url = url(desk, request)?;
    desk.account().oidc_providers.get_mut(&url).ok_or_else(|| none(request))
}

fn touch(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let url = url(desk, request)?;
    desk.touch(Touched::OidcProvider(url));
    nothing()
}

fn check_client_id(id: &str) -> Result<(), Refusal> {
    match id.chars().count() {
        0 => Err(constraint(id, "ClientID", "Member must have length greater than or equal to 1")),
        256.. => Err(constraint(id, "ClientID", "Member must have length less than or equal to 255")),
        _ => Ok(()),
    }
}

/// AWS would fetch a certificate's when none is given; here none stays none.
fn thumbprints(request: &Request<'_>) -> Result<Vec<String>, Refusal> {
    let given: Vec<&str> = request.input.list("ThumbprintList").iter().filter_map(Value::as_str).collect();
    if given.len() > THUMBPRINTS_MAX {
        return Err(refuse::invalid_input(format!(
            "Thumbprint list must contain fewer than {THUMBPRINTS_MAX} entries."
        )));
    }
    for text in &given {
        if text.len() != 40 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            let rule = "Member must have length equal to 40 and hold hexadecimal digits";
            return Err(constraint(text, "ThumbprintList", rule));
        }
    }
    Ok(given.into_iter().map(str::to_lowercase).collect())
}
