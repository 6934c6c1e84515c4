//! Accounts: create, describe, list, close.

use super::{Request, compact, nothing, time_text};
use crate::open::{NewAccount, NotMade, Opener};
use crate::organizations::{Desk, Organizations};
use crate::page::page;
use crate::state::{Account, CreateRequest, Member, Organization, State};
use crate::{ids, refuse};
use postern_call::Refusal;
use postern_names::AccountId;
use serde_json::{Value, json};

const ACCOUNTS_MAX: usize = 10_000;

/// As AWS: the reply says that it is under way; what became of it is asked by DescribeCreateAccountStatus, which knows
/// it at once.
pub async fn create(
    organizations: &Organizations,
    opener: &dyn Opener,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let input = request.input;
    let role = input.text("RoleName").map(str::to_owned);
    if role.as_deref().is_some_and(|name| !good_role(name)) {
        return Err(refuse::invalid("INVALID_ROLE_NAME", "You provided a role name that isn't valid."));
    }
    let email = input.required("Email")?;
    let new = NewAccount {
        name: input.required("AccountName")?.to_owned(),
        email: Some(email.to_owned()),
        id: None,
        role,
        tags: input.tags()?,
    };
    if organizations.read().members(request.organization).count() >= ACCOUNTS_MAX {
        let message = "You have exceeded the allowed number of AWS accounts in the organization.";
        return Err(refuse::constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", message));
    }
    let outcome = if !good_email(email) {
        Err("INVALID_EMAIL".to_owned())
    } else {
        match organizations.make(opener, Some(request.organization), &new, request.time).await {
            Ok(id) => Ok(id),
            Err(NotMade::EmailTaken) => Err("EMAIL_ALREADY_EXISTS".to_owned()),
            Err(NotMade::IdTaken(_)) => Err("CONCURRENT_ACCOUNT_MODIFICATION".to_owned()),
            Err(NotMade::Refused(refusal)) => return Err(refusal),
        }
    };
    let made = CreateRequest { id: ids::request()?, name: new.name, at: request.now, outcome };
    let reply = json!({ "CreateAccountStatus": {
        "Id": made.id,
        "AccountName": made.name,
        "State": "IN_PROGRESS",
        "RequestedTimestamp": time_text(made.at),
    } });
    organizations
        .transact(|desk| {
            desk.organization(request.organization)?.requests.push(made);
            Ok(reply)
        })
        .await
}

pub fn describe_status(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let id = request.input.required("CreateAccountRequestId")?;
    let found = request.of(state)?.requests.iter().find(|made| made.id == id).ok_or_else(|| {
        let message = "You specified an account creation request that doesn't exist.";
        refuse::other("CreateAccountStatusNotFoundException", message)
    })?;
    Ok(json!({ "CreateAccountStatus": status(found) }))
}

pub fn list_status(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let wanted: Vec<&str> = request.input.list("States").iter().filter_map(Value::as_str).collect();
    let fits = |made: &&CreateRequest| {
        wanted.is_empty() || wanted.contains(&if made.outcome.is_ok() { "SUCCEEDED" } else { "FAILED" })
    };
    let found = request.of(state)?.requests.iter().filter(fits);
    page(request.input, "CreateAccountStatuses", found.map(|made| (made.id.clone(), status(made))).collect())
}

pub fn describe(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(state)?;
    let (id, account, member) = state.member(&organization.id, request.input.required("AccountId")?)?;
    Ok(json!({ "Account": shape(organization, id, account, member) }))
}

pub fn list(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(state)?;
    let members = state.members(&organization.id);
    let shown = members.map(|(id, account, member)| (id.to_string(), shape(organization, id, account, member)));
    page(request.input, "Accounts", shown.collect())
}

pub fn list_for_parent(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(state)?;
    let parent = request.input.required("ParentId")?;
    if !organization.is_parent(parent) {
        return Err(refuse::no_parent());
    }
    let members = state.members(&organization.id).filter(|(_, _, member)| member.parent == parent);
    let shown = members.map(|(id, account, member)| (id.to_string(), shape(organization, id, account, member)));
    page(request.input, "Accounts", shown.collect())
}

/// A closed account stays in the organization, suspended; its credentials are good for nothing.
pub fn close(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(desk.state)?;
    let (id, account, _) = desk.state.member(&organization.id, request.input.required("AccountId")?)?;
    if id == organization.management {
        let message = "You can't close the management account.";
        return Err(refuse::constraint("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", message));
    }
    if account.closed {
        let message = "You attempted to close an account that is already closed.";
        return Err(refuse::other("AccountAlreadyClosedException", message));
    }
    if let Some(account) = desk.state.accounts.get_mut(&id) {
        account.closed = true;
    }
    desk.touch_account(id);
    nothing()
}

fn shape(organization: &Organization, id: AccountId, account: &Account, member: &Member) -> Value {
    let status = if account.closed { "SUSPENDED" } else { "ACTIVE" };
    json!({
        "Id": id.to_string(),
        "Arn": organization.arn(&id.to_string()),
        "Email": account.email,
        "Name": account.name,
        "Status": status,
        "State": status,
        "Paths": [format!("{}{id}/", organization.path(&member.parent))],
        "JoinedMethod": if member.invited { "INVITED" } else { "CREATED" },
        "JoinedTimestamp": time_text(member.joined),
    })
}

fn status(made: &CreateRequest) -> Value {
    compact(json!({
        "Id": made.id,
        "AccountName": made.name,
        "State": if made.outcome.is_ok() { "SUCCEEDED" } else { "FAILED" },
        "RequestedTimestamp": time_text(made.at),
        "CompletedTimestamp": time_text(made.at),
        "AccountId": made.outcome.as_ref().ok().map(AccountId::to_string),
        "FailureReason": made.outcome.as_ref().err(),
    }))
}

fn good_role(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
}

/// `[^\s@]+@[^\s@]+\.[^\s@]+`.
fn good_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    let whole = !text.contains(char::is_whitespace) && !domain.contains('@');
    whole
        && !name.is_empty()
        && domain.rsplit_once('.').is_some_and(|(front, last)| !front.is_empty() && !last.is_empty())
}
