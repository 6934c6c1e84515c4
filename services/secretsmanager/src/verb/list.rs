//! ListSecrets, DescribeSecret, ListSecretVersionIds.

use super::named;
use crate::desk::Desk;
use crate::refuse;
use crate::secret::{Record, text_of};
use postern_call::Refusal;
use postern_kit::{Input, page};
use postern_policy::Keys;
use serde_json::{Value, json};

pub fn describe(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let secret = desk.secret("DescribeSecret", Keys::new())?;
    Ok(secret.record.shape("VersionIdsToStages"))
}

fn invalid_token() -> Refusal {
    Refusal::new("InvalidNextTokenException", "Invalid token provided.")
}

fn most(desk: &Desk<'_>) -> Result<usize, Refusal> {
    let most = desk.input.bounded("MaxResults", 1, 100)?.unwrap_or(100);
    usize::try_from(most).map_err(Refusal::internal)
}

pub fn versions(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let secret = desk.secret("ListSecretVersionIds", Keys::new())?;
    let all = desk.input.truth("IncludeDeprecated").unwrap_or(false);
    let shown = secret.record.versions.iter().filter(|(_, version)| all || !version.stages.is_empty());
    let entries = shown.map(|(id, version)| {
        let mut entry = json!({
            "VersionId": id,
            "CreatedDate": text_of(version.created),
            "KmsKeyIds": [if secret.record.kms_key.is_some() { version.key.as_str() } else { "DefaultEncryptionKey" }],
        });
        if !version.stages.is_empty() {
            entry["VersionStages"] = json!(version.stages);
        }
        if let Some(day) = version.accessed {
            entry["LastAccessedDate"] = json!(text_of(day.midnight().assume_utc()));
        }
        (id.clone(), entry)
    });
    let page = page(entries, desk.input.text("NextToken"), most(desk)?).map_err(|_| invalid_token())?;
    let mut reply = named(&secret.record);
    reply["Versions"] = json!(page.entries);
    if let Some(next) = page.next {
        reply["NextToken"] = json!(next);
    }
    Ok(reply)
}

/// One filter: all of them must hold, any of its values is enough, `!` before a value turns it round.
struct Filter<'a> {
    key: &'a str,
    values: Vec<&'a str>,
}

fn filters<'a>(desk: &Desk<'a>) -> Result<Vec<Filter<'a>>, Refusal> {
    let mut filters = Vec::new();
    for filter in desk.input.list("Filters").iter().map(Input) {
        let (key, values) = (filter.required("Key")?, filter.texts("Values"));
        if values.is_empty() {
            return Err(refuse::invalid_parameter("A filter needs at least one value."));
        }
        filters.push(Filter { key, values });
    }
    Ok(filters)
}

impl Filter<'_> {
    fn takes(&self, record: &Record) -> bool {
        self.values.iter().any(|value| match value.strip_prefix('!') {
            Some(value) => !self.matches(record, value),
            None => self.matches(record, value),
        })
    }

    /// Names and tags match by how they begin, minding case; descriptions by words, not minding it.
    fn matches(&self, record: &Record, value: &str) -> bool {
        let words = |text: &str| {
            let words = text.to_lowercase();
            let value = value.to_lowercase();
            words.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(value.as_str()))
                || words.starts_with(value.as_str())
        };
        let tag_key = || record.tags.iter().any(|(key, _)| key.starts_with(value));
        let tag_value = || record.tags.iter().any(|(_, own)| own.starts_with(value));
        match self.key {
            "name" => record.name.starts_with(value),
            "description" => record.description.as_deref().is_some_and(words),
            "tag-key" => tag_key(),
            "tag-value" => tag_value(),
            "primary-region" => record.region == value,
            "all" => {
                words(&record.name) || record.description.as_deref().is_some_and(words) || tag_key() || tag_value()
            }
            _ => false,
        }
    }
}

/// The names of the caller's living secrets that the filters take, a page of them, and the token behind it.
pub fn matching_names(desk: &Desk<'_>, most: usize) -> Result<(Vec<String>, Option<String>), Refusal> {
    let (place, filters) = (desk.place()?, filters(desk)?);
    let state = desk.secrets.read();
    let own = state.get(&place).into_iter().flatten();
    let taken = own.filter(|(_, secret)| {
        secret.record.deleted.is_none() && filters.iter().all(|filter| filter.takes(&secret.record))
    });
    let entries = taken.map(|(name, _)| (name.clone(), name.clone()));
    let most = desk.input.bounded("MaxResults", 1, 20)?.and_then(|most| usize::try_from(most).ok()).unwrap_or(most);
    let page = page(entries, desk.input.text("NextToken"), most).map_err(|_| invalid_token())?;
    Ok((page.entries, page.next))
}

pub fn list(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let place = desk.place()?;
    desk.ask("ListSecrets", "*", place.0, None, Keys::new())?;
    let filters = filters(desk)?;
    let planned = desk.input.truth("IncludePlannedDeletion").unwrap_or(false);
    let sort = desk.input.text("SortBy").unwrap_or("created-date");
    let descending = desk.input.text("SortOrder").unwrap_or("desc") == "desc";
    let state = desk.secrets.read();
    let own = state.get(&place).into_iter().flatten().map(|(_, secret)| &secret.record);
    let mut taken: Vec<(String, &Record)> = own
        .filter(|record| !record.is_gone(desk.call.now) && (planned || record.deleted.is_none()))
        .filter(|record| filters.iter().all(|filter| filter.takes(record)))
        .map(|record| (sort_key(record, sort, descending), record))
        .collect();
    taken.sort_by(|(one, _), (other, _)| one.cmp(other));
    let entries = taken.into_iter().map(|(key, record)| (key, record.shape("SecretVersionsToStages")));
    let page = page(entries, desk.input.text("NextToken"), most(desk)?).map_err(|_| invalid_token())?;
    let mut reply = json!({ "SecretList": page.entries });
    if let Some(next) = page.next {
        reply["NextToken"] = json!(next);
    }
    Ok(reply)
}

/// What orders the list: it ends with the name, so that no two are the same. Descending order turns each byte round.
fn sort_key(record: &Record, by: &str, descending: bool) -> String {
    let day = |day: Option<time::Date>| day.map_or(0, |day| day.midnight().assume_utc().unix_timestamp_nanos());
    let nanos = match by {
        "name" => None,
        "last-accessed-date" => Some(day(record.accessed)),
        "last-changed-date" => Some(record.changed.unix_timestamp_nanos()),
        _ => Some(record.created.unix_timestamp_nanos()),
    };
    match (nanos, descending) {
        (Some(nanos), false) => format!("{nanos:032} {}", record.name),
        (Some(nanos), true) => format!("{:032} {}", i128::from(i64::MAX) * 4 - nanos, record.name),
        (None, false) => record.name.clone(),
        (None, true) => record.name.bytes().map(|byte| format!("{:02x}", 255 - byte)).chain(["~".to_owned()]).collect(),
    }
}
