//! Invitations: sent by the management account, answered by the account invited.

use super::{Request, compact, time_text};
use crate::open::join;
use crate::organizations::Desk;
use crate::page::page;
use crate::state::{Handshake, Organization, State};
use crate::{ids, refuse};
use postern_call::Refusal;
use postern_names::AccountId;
use serde_json::{Value, json};

/// An invitation is good for fifteen days.
const SECONDS: i64 = 15 * 86_400;

pub fn invite(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(desk.state)?;
    let target = request.input.0.get("Target").map(crate::input::Input);
    let target = target.ok_or_else(|| refuse::invalid("INPUT_REQUIRED", "You must include a Target."))?;
    let (id, email) = invited(desk.state, target.required("Type")?, target.required("Id")?)?;
    let tags = request.input.tags()?;
    if desk.state.of_account(id).is_some() {
        let message = "The specified account is already a member of an organization.";
        return Err(refuse::other("HandshakeConstraintViolationException", message)
            .member("Reason", "ALREADY_IN_AN_ORGANIZATION"));
    }
    if organization.handshakes.values().any(|h| h.account == id && h.state(request.now) == "OPEN") {
        let message = "A handshake with the same action and target already exists.";
        return Err(refuse::other("DuplicateHandshakeException", message));
    }
    let handshake = Handshake {
        account: id,
        email,
        notes: request.input.text("Notes").map(str::to_owned),
        state: "OPEN".into(),
        requested: request.now,
        expires: request.now + SECONDS,
        tags,
    };
    let name = ids::handshake()?;
    let organization = desk.organization(request.organization)?;
    organization.handshakes.insert(name.clone(), handshake);
    shown(desk.state, request, &name)
}

pub fn accept(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (organization, id) = answered(desk.state, request)?;
    if !request.organization.is_empty() {
        let message = "The account is already a member of an organization.";
        return Err(refuse::other("HandshakeConstraintViolationException", message)
            .member("Reason", "ALREADY_IN_AN_ORGANIZATION"));
    }
    let tags = end(desk, &organization, &id, "ACCEPTED")?;
    join(desk, &organization, request.account, request.now, true)?;
    if let Some(account) = desk.state.accounts.get_mut(&request.account) {
        account.tags = tags;
    }
    shown(desk.state, request, &id)
}

pub fn decline(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (organization, id) = answered(desk.state, request)?;
    end(desk, &organization, &id, "DECLINED")?;
    shown(desk.state, request, &id)
}

pub fn cancel(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id = request.input.required("HandshakeId")?;
    let handshake = request.of(desk.state)?.handshakes.get(id).ok_or_else(refuse::no_handshake)?;
    open(handshake, request.now)?;
    end(desk, request.organization, id, "CANCELED")?;
    shown(desk.state, request, id)
}

pub fn describe(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    shown(state, request, request.input.required("HandshakeId")?)
}

pub fn list_for_account(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    list(state, request, |_, handshake| handshake.account == request.account)
}

pub fn list_for_organization(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    list(state, request, |organization, _| organization.id == request.organization)
}

fn list(
    state: &State,
    request: &Request<'_>,
    wanted: impl Fn(&Organization, &Handshake) -> bool,
) -> Result<Value, Refusal> {
    let action = request.input.0.get("Filter").and_then(|f| f.get("ActionType")).and_then(Value::as_str);
    let mut found = Vec::new();
    for organization in state.organizations.values() {
        for (id, handshake) in &organization.handshakes {
            if wanted(organization, handshake) && action.is_none_or(|action| action == "INVITE") {
                found.push((id.clone(), shape(state, organization, id, handshake, request.now)));
            }
        }
    }
    page(request.input, "Handshakes", found)
}

/// The account that an invitation names, by id or e-mail address.
fn invited(state: &State, kind: &str, id: &str) -> Result<(AccountId, String), Refusal> {
    let found = match kind {
        "ACCOUNT" => id.parse().ok().and_then(|id| state.accounts.get_key_value(&id)),
        "EMAIL" => state.accounts.iter().find(|(_, account)| account.email.eq_ignore_ascii_case(id)),
        _ => None,
    };
    let found = found.filter(|(_, account)| !account.closed);
    found.map(|(id, account)| (*id, account.email.clone())).ok_or_else(|| {
        let message = "You specified the wrong type of entity (account, organization, or email) as a party.";
        refuse::invalid("INVALID_PARTY_TYPE_TARGET", message)
            .hint(format!("this region knows no account `{id}`; postern account list names them"))
    })
}

/// The invitation that the caller's account answers: its organization and id.
fn answered(state: &State, request: &Request<'_>) -> Result<(String, String), Refusal> {
    let id = request.input.required("HandshakeId")?;
    let (organization, handshake) = find(state, id).ok_or_else(refuse::no_handshake)?;
    if handshake.account != request.account {
        return Err(refuse::no_handshake());
    }
    open(handshake, request.now)?;
    Ok((organization.id.clone(), id.to_owned()))
}

fn open(handshake: &Handshake, now: i64) -> Result<(), Refusal> {
    match handshake.state(now) {
        "OPEN" => Ok(()),
        _ => Err(refuse::other(
            "InvalidHandshakeTransitionException",
            "You can't perform the operation on the handshake in its current state.",
        )),
    }
}

/// Gives the tags that the account is to have.
fn end(desk: &mut Desk<'_>, organization: &str, id: &str, state: &str) -> Result<crate::state::Tags, Refusal> {
    let handshakes = &mut desk.organization(organization)?.handshakes;
    let handshake = handshakes.get_mut(id).ok_or_else(refuse::no_handshake)?;
    handshake.state = state.to_owned();
    Ok(handshake.tags.clone())
}

fn find<'s>(state: &'s State, id: &str) -> Option<(&'s Organization, &'s Handshake)> {
    state.organizations.values().find_map(|organization| Some((organization, organization.handshakes.get(id)?)))
}

/// A handshake is seen by its two parties.
fn shown(state: &State, request: &Request<'_>, id: &str) -> Result<Value, Refusal> {
    let (organization, handshake) = find(state, id).ok_or_else(refuse::no_handshake)?;
    if handshake.account != request.account && organization.management != request.account {
        return Err(refuse::no_handshake());
    }
    Ok(json!({ "Handshake": shape(state, organization, id, handshake, request.now) }))
}

fn shape(state: &State, organization: &Organization, id: &str, handshake: &Handshake, now: i64) -> Value {
    let management = state.accounts.get(&organization.management);
    let features = if organization.all_features { "ALL" } else { "CONSOLIDATED_BILLING" };
    let within = json!([
        { "Type": "MASTER_EMAIL", "Value": management.map(|account| &account.email) },
        { "Type": "MASTER_NAME", "Value": management.map(|account| &account.name) },
        { "Type": "ORGANIZATION_FEATURE_SET", "Value": features },
    ]);
    let account = handshake.account.to_string();
    let mut resources = vec![
        json!({ "Type": "ORGANIZATION", "Value": organization.id, "Resources": within }),
        json!({ "Type": "ACCOUNT", "Value": account }),
    ];
    resources.extend(handshake.notes.as_ref().map(|notes| json!({ "Type": "NOTES", "Value": notes })));
    compact(json!({
        "Id": id,
        "Arn": organization.arn(id),
        "Parties": [
            // As AWS: what follows the o-.
            { "Id": organization.id.strip_prefix("o-").unwrap_or(&organization.id), "Type": "ORGANIZATION" },
            { "Id": account, "Type": "ACCOUNT" },
        ],
        "State": handshake.state(now),
        "RequestedTimestamp": time_text(handshake.requested),
        "ExpirationTimestamp": time_text(handshake.expires),
        "Action": "INVITE",
        "Resources": resources,
    }))
}
