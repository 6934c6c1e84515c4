//! CreateGrant, ListGrants, ListRetirableGrants, RetireGrant, RevokeGrant.

use super::{nothing, page};
use crate::desk::{By, Desk, Named};
use crate::grant::{Constraint, Grant, OPERATIONS};
use crate::material::random;
use crate::refuse;
use postern_call::Refusal;
use postern_kit::Input;
use postern_names::Arn;
use postern_policy::Keys;
use serde_json::{Value, json};

/// How many grants a page has where nobody says.
const PAGE: usize = 50;

/// AWS's most for one key.
const MOST: usize = 50_000;

/// An ARN of somebody who can be given something.
fn principal<'a>(desk: &Desk<'a>, member: &str) -> Result<Option<&'a str>, Refusal> {
    let Some(given) = desk.input.text(member) else { return Ok(None) };
    let arn: Arn = given.parse().map_err(|_| refuse::invalid_arn(given))?;
    let known = matches!(arn.service.as_str(), "iam" | "sts") && arn.account.len() == 12;
    if known { Ok(Some(given)) } else { Err(refuse::invalid_arn(given)) }
}

fn constraint(input: Input<'_>) -> Result<Option<Constraint>, Refusal> {
    let Some(given) = input.within("Constraints") else { return Ok(None) };
    let context = |member: &str| {
        let pairs = given.map(member);
        given.get(member).map(|_| pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    };
    match (context("EncryptionContextSubset"), context("EncryptionContextEquals")) {
        (Some(_), Some(_)) => Err(refuse::validation(
            "Only one of EncryptionContextEquals and EncryptionContextSubset can be specified in a grant constraint.",
        )),
        (Some(subset), None) => Ok(Some(Constraint::Subset(subset))),
        (None, Some(equals)) => Ok(Some(Constraint::Equals(equals))),
        (None, None) => Ok(None),
    }
}

/// The operations, sorted; each must be one that the key can do.
fn operations(desk: &Desk<'_>) -> Result<Vec<String>, Refusal> {
    let mut operations: Vec<String> = desk.input.texts("Operations").into_iter().map(str::to_owned).collect();
    operations.sort_unstable();
    operations.dedup();
    if operations.is_empty() {
        return Err(refuse::validation("Operations must not be empty."));
    }
    if let Some(absent) = operations.iter().find(|operation| !OPERATIONS.contains(&operation.as_str())) {
        return Err(refuse::unsupported(format!("Grants of {absent} are not supported.")));
    }
    Ok(operations)
}

fn fits(named: &Named, operations: &[String]) -> Result<(), Refusal> {
    use crate::spec::Usage;
    let record = &named.key.record;
    let usage = |operation: &str| match operation {
        "Sign" | "Verify" => Some(Usage::Sign),
        "GenerateMac" | "VerifyMac" => Some(Usage::Mac),
        "DescribeKey" | "GetPublicKey" | "CreateGrant" | "RetireGrant" => None,
        _ => Some(Usage::Encrypt),
    };
    let wrong = operations.iter().find(|operation| usage(operation).is_some_and(|usage| usage != record.usage));
    match wrong {
        Some(operation) => {
            let message =
                format!("{} key usage is {} which is not valid for {operation}.", record.arn(), record.usage.word());
            Err(refuse::validation(message))
        }
        None => Ok(()),
    }
}

pub fn create(desk: &Desk<'_>) -> Result<Value, Refusal> {
    desk.plain_use()?;
    let grantee = principal(desk, "GranteePrincipal")?;
    let grantee = grantee.ok_or_else(|| refuse::validation("GranteePrincipal must not be null."))?;
    let retiring = principal(desk, "RetiringPrincipal")?;
    let operations = operations(desk)?;
    let constraint = constraint(desk.input)?;
    let mut asked = Keys::from_iter([
        ("kms:grantoperations".to_owned(), operations.clone()),
        ("kms:granteeprincipal".to_owned(), vec![grantee.to_owned()]),
    ]);
    if let Some(retiring) = retiring {
        asked.insert("kms:retiringprincipal".to_owned(), vec![retiring.to_owned()]);
    }
    if let Some(constraint) = &constraint {
        asked.insert("kms:grantconstrainttype".to_owned(), vec![constraint.member().to_owned()]);
    }
    let named = desk.key("CreateGrant", By::Id, asked.clone())?;
    fits(&named, &operations)?;
    named.key.record.usable()?;
    within_own(desk, &named, &asked, &operations, constraint.as_ref())?;
    desk.dry_run()?;
    let grant = Grant {
        id: hex::encode(random::<32>()?),
        key: named.key.record.id.clone(),
        token: super::base64(&random::<64>()?),
        name: desk.input.text("Name").filter(|name| !name.is_empty()).map(str::to_owned),
        created: desk.call.now,
        grantee: grantee.to_owned(),
        retiring: retiring.map(str::to_owned),
        issuer: desk.account()?,
        operations,
        constraint,
    };
    let (grant, pending) = desk.kms.add_grant(grant, MOST)?;
    desk.wait_for(pending);
    Ok(json!({ "GrantToken": grant.token, "GrantId": grant.id }))
}

/// Who may only create grants because a grant lets him gives on no more than he has.
fn within_own(
    desk: &Desk<'_>,
    named: &Named,
    asked: &Keys,
    operations: &[String],
    constraint: Option<&Constraint>,
) -> Result<(), Refusal> {
    if desk.allows_without_grants("CreateGrant", &named.key, asked.clone()) {
        return Ok(());
    }
    let own = desk.kms.read().grants_to(&named.key.record.id, &desk.callers());
    let covers = |grant: &&std::sync::Arc<Grant>| {
        grant.operations.iter().any(|operation| operation == "CreateGrant")
            && operations.iter().all(|operation| grant.operations.contains(operation))
            && match (&grant.constraint, constraint) {
                (None, _) => true,
                (Some(wide), Some(narrow)) => narrow.is_within(wide),
                (Some(_), None) => false,
            }
    };
    if own.iter().any(|grant| covers(&grant)) {
        return Ok(());
    }
    let message = "The grant gives more than the grant that permits its creation.";
    Err(Refusal::new("AccessDeniedException", message))
}

pub fn list(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.key("ListGrants", By::Id, Keys::new())?;
    let (id, grantee) = (desk.input.text("GrantId"), desk.input.text("GranteePrincipal"));
    let arn = named.key.record.arn();
    let grants = desk.kms.read().grants_of(&named.key.record.id);
    let wanted = grants
        .iter()
        .filter(|grant| id.is_none_or(|id| grant.id == id) && grantee.is_none_or(|grantee| grant.grantee == grantee));
    page(desk, "Grants", wanted.map(|grant| (grant.id.clone(), grant.shown(&arn))), PAGE)
}

pub fn list_retirable(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let retiring = principal(desk, "RetiringPrincipal")?;
    let retiring = retiring.ok_or_else(|| refuse::validation("RetiringPrincipal must not be null."))?;
    let account = desk.account()?;
    desk.ask_for("ListRetirableGrants", "*", account, None, Keys::new())?;
    let whose = retiring.parse::<Arn>().map(|arn| arn.account).unwrap_or_default();
    if whose != account.to_string() {
        let message = "The operation is not allowed for a principal of a different account.";
        return Err(Refusal::new("AccessDeniedException", message));
    }
    let state = desk.kms.read();
    let found = state.retirable(retiring, desk.call.region.as_str());
    let entries: Vec<(String, Value)> =
        found.into_iter().map(|(grant, key)| (grant.id.clone(), grant.shown(&key.record.arn()))).collect();
    drop(state);
    page(desk, "Grants", entries, PAGE)
}

fn no_grant(id: &str) -> Refusal {
    Refusal::new("NotFoundException", format!("Grant ID {id} not found"))
}

pub fn revoke(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.key("RevokeGrant", By::Id, Keys::new())?;
    let id = desk.input.required("GrantId")?;
    let known = desk.kms.read().grant(&named.key.record.id, id).is_some();
    if !known {
        return Err(no_grant(id));
    }
    desk.dry_run()?;
    desk.wait_for(desk.kms.end_grant(&named.key.record.id, id));
    nothing()
}

/// Its retiring principal may end a grant, and its grantee where the grant says so; the account that created it may, and
/// whom that account lets; else the policies decide.
pub fn retire(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let found = match (desk.input.text("GrantToken"), desk.input.text("GrantId")) {
        (Some(token), None) => desk.kms.read().by_token(token).ok_or_else(refuse::invalid_token)?,
        (None, Some(id)) => {
            let named = desk.find(desk.input.required("KeyId")?, By::Id)?.map_err(|missing| missing.refusal)?;
            desk.kms.read().grant(&named.key.record.id, id).ok_or_else(|| no_grant(id))?
        }
        _ => return Err(refuse::validation("Please specify either a grant token, or a key ID and a grant ID.")),
    };
    let key = desk.kms.read().keys.get(&found.key).cloned().ok_or_else(|| no_grant(&found.id))?;
    let callers = desk.callers();
    let is_retiring = found.retiring.as_ref().is_some_and(|retiring| callers.contains(retiring));
    let may = is_retiring || (callers.contains(&found.grantee) && found.gives("RetireGrant", &Keys::new()));
    let issuer =
        || (desk.call.caller.account() == Some(found.issuer)).then(|| format!("arn:aws:iam::{}:root", found.issuer));
    let principal = if may { callers.into_iter().next() } else { issuer() };
    desk.ask_with("RetireGrant", &key, Keys::new(), principal)?;
    desk.dry_run()?;
    desk.wait_for(desk.kms.end_grant(&found.key, &found.id));
    nothing()
}
