//! The credential report: one line for the root and each user, as CSV with AWS's columns.

use super::last_used::key_use;
use super::{Request, time_text};
use crate::entity::{AccessKey, SigningCertificate, User};
use crate::iam::Desk;
use crate::save::Touched;
use crate::state::Account;
use crate::usage::Usage;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::Refusal;
use postern_names::AccountId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A report this old is made anew, and cannot be fetched any more.
const FRESH_SECONDS: i64 = 4 * 3600;
const NONE: &str = "N/A";
const COLUMNS: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
                       password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,\
                       access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,\
                       access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,\
                       access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
                       cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

/// The latest report of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CredentialReport {
    /// Unix seconds.
    at: i64,
    content: String,
}

/// The first answer of a new report is `STARTED`, as in AWS, although it is there at once.
pub fn generate(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (id, usage, now) = (desk.account_id, desk.usage, request.now);
    let account = desk.account();
    let known = account.credential_report.as_ref();
    if known.is_some_and(|report| now - report.at < FRESH_SECONDS) {
        return Ok(json!({ "State": "COMPLETE" }));
    }
    let description = if known.is_some() { "Credential report is too old" } else { "No report exists" };
    let content = report(id, account, usage);
    account.credential_report = Some(CredentialReport { at: now, content });
    desk.touch(Touched::CredentialReport);
    Ok(json!({ "State": "STARTED", "Description": format!("{description}. Starting a new report generation task") }))
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let gone = |code: &str, message: &str| Refusal::new(code, message).status(410);
    let report = desk.account().credential_report.as_ref();
    let report = report.ok_or_else(|| gone("ReportNotPresent", "The credential report does not exist."))?;
    if request.now - report.at >= FRESH_SECONDS {
        return Err(gone("ReportExpired", "The credential report has expired. Generate a new one."));
    }
    Ok(json!({
        "Content": STANDARD.encode(&report.content),
        "ReportFormat": "text/csv",
        "GeneratedTime": time_text(report.at),
    }))
}

fn report(id: AccountId, account: &Account, usage: &Usage) -> String {
    let mut lines = vec![COLUMNS.to_owned(), root(id, account, usage)];
    lines.extend(account.users.values().map(|user| line(id, account, user, usage)));
    lines.join("\n")
}

fn root(id: AccountId, account: &Account, usage: &Usage) -> String {
    let not = "not_supported".to_owned();
    let head = [
        "<root_account>".to_owned(),
        format!("arn:aws:iam::{id}:root"),
        stamp(account.root.created),
        not.clone(),
        "no_information".to_owned(),
        not.clone(),
        not,
        "false".to_owned(),
    ];
    row(head, &account.root.keys, &[], &id.to_string(), usage)
}

fn line(id: AccountId, account: &Account, user: &User, usage: &Usage) -> String {
    let password = user.password.as_ref();
    let rotation = password.and_then(|password| {
        let days = account.root.password_policy.as_ref()?.max_age()?;
        Some(stamp(password.changed.saturating_add(days * 86_400)))
    });
    let head = [
        user.name.clone(),
        user.arn(id),
        stamp(user.created),
        password.is_some().to_string(),
        // Nothing here takes a password: there is no console.
        if password.is_some() { "no_information".into() } else { NONE.into() },
        password.map_or_else(|| NONE.to_owned(), |password| stamp(password.changed)),
        rotation.unwrap_or_else(|| NONE.to_owned()),
        account.has_mfa(user).to_string(),
    ];
    row(head, &user.keys, &user.certificates, &user.id, usage)
}

fn row(
    head: [String; 8],
    keys: &[AccessKey],
    certificates: &[SigningCertificate],
    owner: &str,
    usage: &Usage,
) -> String {
    let mut fields: Vec<String> = head.into_iter().map(quoted).collect();
    for place in 0..2 {
        let Some(access_key) = keys.get(place) else {
            fields.extend(["false", NONE, NONE, NONE, NONE].map(str::to_owned));
            continue;
        };
        fields.extend([access_key.active.to_string(), stamp(access_key.created)]);
        match key_use(usage, owner, &access_key.id) {
            Some(used) => fields.extend([stamp(used.at), used.region, used.service]),
            None => fields.extend([NONE, NONE, NONE].map(str::to_owned)),
        }
    }
    for place in 0..2 {
        match certificates.get(place) {
            Some(one) => fields.extend([one.active.to_string(), stamp(one.uploaded)]),
            None => fields.extend(["false", NONE].map(str::to_owned)),
        }
    }
    fields.join(",")
}

/// Names of users may hold commas.
fn quoted(field: String) -> String {
    if field.contains([',', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

/// `2026-11-21T10:00:00+00:00`.
fn stamp(seconds: i64) -> String {
    time_text(seconds).replace('Z', "+00:00")
}
