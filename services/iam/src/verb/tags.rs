//! Tags of users, roles, policies, instance profiles and identity providers.

use super::attachment::policy_arn;
use super::policy::own;
use super::{Request, Subject, mfa, nothing, oidc_provider, saml_provider};
use crate::entity::Tags;
use crate::iam::Desk;
use crate::input::merge_tags;
use crate::page::page;
use crate::save::Touched;
use crate::state::key;
use postern_call::Refusal;
use serde_json::{Value, json};

pub fn add(desk: &mut Desk<'_>, request: &Request<'_>, subject: Subject) -> Result<Value, Refusal> {
    let new = request.input.tags()?;
    let (tags, touched) = tagged(desk, request, subject)?;
    merge_tags(tags, new)?;
    desk.touch(touched);
    nothing()
}

pub fn remove(desk: &mut Desk<'_>, request: &Request<'_>, subject: Subject) -> Result<Value, Refusal> {
    let keys = request.input.tag_keys()?;
    let (tags, touched) = tagged(desk, request, subject)?;
    tags.retain(|(key, _)| !keys.contains(&key.as_str()));
    desk.touch(touched);
    nothing()
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>, subject: Subject) -> Result<Value, Refusal> {
    let (tags, _) = tagged(desk, request, subject)?;
    let items = tags.iter().map(|(key, value)| (key.clone(), json!({ "Key": key, "Value": value }))).collect();
    page(request.input, "Tags", items)
}

fn tagged<'d>(
    desk: &'d mut Desk<'_>,
    request: &Request<'_>,
    subject: Subject,
) -> Result<(&'d mut Tags, Touched), Refusal> {
    let input = request.input;
    Ok(match subject {
        Subject::Role => {
            let name = input.name("RoleName", 64)?;
            (&mut desk.account().role_mut(name)?.tags, Touched::Role(key(name)))
        }
        Subject::Profile => {
            let name = input.name("InstanceProfileName", 128)?;
            (&mut desk.account().profile_mut(name)?.tags, Touched::Profile(key(name)))
        }
        Subject::Policy => {
            let arn = policy_arn(request)?;
            own(arn)?;
            (&mut desk.account().policy_mut(arn)?.tags, Touched::Policy(arn.to_owned()))
        }
        Subject::SamlProvider => {
            let name = saml_provider::name(desk, request)?;
            let account = desk.account();
            let provider = account.saml_providers.get_mut(&name).ok_or_else(|| saml_provider::none(request))?;
            (&mut provider.tags, Touched::SamlProvider(name))
        }
        Subject::MfaDevice => {
            let serial = mfa::serial(request)?;
            (&mut mfa::find(desk, serial)?.tags, Touched::MfaDevice(serial.to_owned()))
        }
        Subject::OidcProvider => {
            let url = oidc_provider::url(desk, request)?;
            let account = desk.account();
            let provider = account.oidc_providers.get_mut(&url).ok_or_else(|| oidc_provider::none(request))?;
            (&mut provider.tags, Touched::OidcProvider(url))
        }
        Subject::User
        | Subject::Group
        | Subject::List(_)
        | Subject::Source
        | Subject::KeyOwner
        | Subject::LinkedRole
        | Subject::None => {
            let name = input.name("UserName", 128)?;
            (&mut desk.account().user_mut(name)?.tags, Touched::User(key(name)))
        }
    })
}
