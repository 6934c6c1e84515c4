//! GetSecretValue, BatchGetSecretValue, PutSecretValue; and how values are read, encrypted and decrypted.

use super::{base64, durable, list};
use crate::desk::{Desk, version_keys};
use crate::random;
use crate::refuse;
use crate::secret::{CURRENT, Content, Plain, STAGES_MAX, Secret, Version, text_of};
use postern_call::Refusal;
use postern_policy::Keys;
use postern_serve::Envelope;
use serde_json::{Value, json};

/// Bytes of a value.
const VALUE_MAX: usize = 65_536;

/// What the request brings: `SecretString` or `SecretBinary`.
pub fn read(desk: &Desk<'_>) -> Result<Option<Plain>, Refusal> {
    let plain = match (desk.input.text("SecretString"), desk.input.bytes("SecretBinary")?) {
        (Some(_), Some(_)) => {
            return Err(refuse::invalid_parameter(
                "You can't specify both a binary secret value and a string secret value in the same secret.",
            ));
        }
        (Some(text), None) => Plain { binary: false, bytes: text.as_bytes().to_vec() },
        (None, Some(bytes)) => Plain { binary: true, bytes },
        (None, None) => return Ok(None),
    };
    if plain.bytes.len() > VALUE_MAX {
        return Err(Refusal::new("ValidationException", format!("The secret value is longer than {VALUE_MAX} bytes.")));
    }
    Ok(Some(plain))
}

/// The id of the version to make: the client's token, or a fresh one.
pub fn token(desk: &Desk<'_>) -> Result<String, Refusal> {
    match desk.input.text("ClientRequestToken") {
        Some(token) if (32..=64).contains(&token.len()) && token.is_ascii() && !token.contains(' ') => {
            Ok(token.to_owned())
        }
        Some(_) => Err(refuse::invalid_parameter("ClientRequestToken must be 32-64 characters long.")),
        None => random::uuid(),
    }
}

/// Encrypts a value. With a customer's key its use for decrypting is tried too, as AWS does.
pub async fn enclose(
    desk: &Desk<'_>,
    arn: &str,
    version: &str,
    key: Option<&str>,
    bytes: &[u8],
) -> Result<Envelope, Refusal> {
    let of = desk.on_behalf(arn, version, key);
    let envelope = desk.ciphers.enclose(&of, bytes).await.map_err(refuse::not_encrypted)?;
    if key.is_some() {
        desk.ciphers.disclose(&of, &envelope).await.map_err(refuse::not_encrypted)?;
    }
    Ok(envelope)
}

async fn disclose(desk: &Desk<'_>, secret: &Secret, version: &str) -> Result<Plain, Refusal> {
    let content = secret.contents.get(version).ok_or_else(|| refuse::no_value(&format!("VersionId: {version}")))?;
    let of = desk.on_behalf(&secret.record.arn(), version, None);
    let bytes = desk.ciphers.disclose(&of, &content.envelope()?).await.map_err(refuse::not_decrypted)?;
    Ok(Plain { binary: content.binary, bytes })
}

/// Refuses a token that is taken by other content.
pub async fn same_content(desk: &Desk<'_>, secret: &Secret, token: &str, plain: &Plain) -> Result<(), Refusal> {
    if disclose(desk, secret, token).await? == *plain {
        return Ok(());
    }
    let arn = secret.record.arn();
    let message = format!(
        "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."
    );
    Err(refuse::exists(message))
}

pub async fn get(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (id, stage) = (desk.input.text("VersionId"), desk.input.text("VersionStage"));
    let secret = desk.living("GetSecretValue", version_keys(id, stage))?;
    shown(desk, &secret, id, stage).await
}

/// The version's members as GetSecretValue gives them.
async fn shown(desk: &Desk<'_>, secret: &Secret, id: Option<&str>, stage: Option<&str>) -> Result<Value, Refusal> {
    let (id, version) = chosen(secret, id, stage)?;
    let plain = disclose(desk, secret, id).await?;
    let record = &secret.record;
    let mut reply =
        json!({ "ARN": record.arn(), "Name": record.name, "VersionId": id, "CreatedDate": text_of(version.created) });
    if plain.binary {
        reply["SecretBinary"] = json!(base64(&plain.bytes));
    } else {
        reply["SecretString"] = json!(String::from_utf8(plain.bytes).map_err(Refusal::internal)?);
    }
    if !version.stages.is_empty() {
        reply["VersionStages"] = json!(version.stages);
    }
    note_access(desk, secret, id)?;
    Ok(reply)
}

fn chosen<'s>(secret: &'s Secret, id: Option<&str>, stage: Option<&str>) -> Result<(&'s String, &'s Version), Refusal> {
    let Some(id) = id else {
        let stage = stage.unwrap_or(CURRENT);
        return secret.record.staged(stage).ok_or_else(|| refuse::no_value(&format!("staging label: {stage}")));
    };
    let found = secret.record.versions.get_key_value(id);
    let found = found.ok_or_else(|| refuse::no_value(&format!("VersionId: {id}")))?;
    match stage {
        Some(stage) if !found.1.stages.iter().any(|own| own == stage) => {
            let message = "You provided a VersionStage that is not associated to the provided VersionId.";
            Err(refuse::invalid_request(message))
        }
        _ => Ok(found),
    }
}

/// AWS tells the day of the last access. Nobody waits for it to be on disk.
fn note_access(desk: &Desk<'_>, secret: &Secret, id: &str) -> Result<(), Refusal> {
    let today = Some(desk.call.now.date());
    if secret.record.accessed == today && secret.record.versions.get(id).is_some_and(|v| v.accessed == today) {
        return Ok(());
    }
    let noted = desk.secrets.change(secret, |change| {
        change.record.accessed = today;
        if let Some(version) = change.record.versions.get_mut(id) {
            version.accessed = today;
        }
        Ok(())
    });
    match noted {
        // Deleted meanwhile: there is nothing to note.
        Err(refusal) if refusal.code == "ResourceNotFoundException" => Ok(()),
        other => other.map(|_| ()),
    }
}

/// Several secrets in one answer; what may not be read is told beside the others.
pub async fn batch(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let account = desk.account()?;
    desk.ask("BatchGetSecretValue", "*", account, None, Keys::new())?;
    let ids = desk.input.texts("SecretIdList");
    let filtered = !desk.input.list("Filters").is_empty();
    let (names, next) = match (ids.is_empty(), filtered) {
        (false, false) => (ids.into_iter().map(str::to_owned).collect(), None),
        (true, true) => list::matching_names(desk, 20)?,
        _ => {
            let message = "Either SecretIdList or Filters must be provided, but not both.";
            return Err(refuse::invalid_parameter(message));
        }
    };
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for name in names {
        let one = match desk.secret_of(&name, "GetSecretValue", version_keys(None, None)) {
            Ok(secret) => match secret.record.alive() {
                Ok(()) => shown(desk, &secret, None, None).await,
                Err(refusal) => Err(refusal),
            },
            Err(refusal) => Err(refusal),
        };
        match one {
            Ok(value) => values.push(value),
            Err(refusal) if refusal.status >= 500 => return Err(refusal),
            Err(refusal) => {
                errors.push(json!({ "SecretId": name, "ErrorCode": refusal.code, "Message": refusal.message }));
            }
        }
    }
    let mut reply = json!({ "SecretValues": values, "Errors": errors });
    if let Some(next) = next {
        reply["NextToken"] = json!(next);
    }
    Ok(reply)
}

pub async fn put(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let secret = desk.living("PutSecretValue", Keys::new())?;
    let plain =
        read(desk)?.ok_or_else(|| refuse::invalid_request("You must provide either SecretString or SecretBinary."))?;
    let stages: Vec<String> = match desk.input.texts("VersionStages") {
        given if given.is_empty() => vec![CURRENT.to_owned()],
        given => given.into_iter().map(str::to_owned).collect(),
    };
    if stages.len() > STAGES_MAX {
        return Err(refuse::limit(format!("A version has at most {STAGES_MAX} staging labels.")));
    }
    let version = add_version(desk, &secret, &plain, &stages).await?;
    let record = &secret.record;
    Ok(json!({ "ARN": record.arn(), "Name": record.name, "VersionId": version, "VersionStages": stages }))
}

/// Makes a version and moves the stages to it; gives its id. A request that was done before changes nothing.
pub async fn add_version(
    desk: &Desk<'_>,
    secret: &Secret,
    plain: &Plain,
    stages: &[String],
) -> Result<String, Refusal> {
    let token = token(desk)?;
    if secret.record.versions.contains_key(&token) {
        same_content(desk, secret, &token, plain).await?;
        return Ok(token);
    }
    let envelope = enclose(desk, &secret.record.arn(), &token, secret.record.kms_key.as_deref(), &plain.bytes).await?;
    let content = Content::of(plain.binary, &envelope);
    let ((), pending) = desk.secrets.change(secret, |change| {
        change.record.alive()?;
        let version =
            Version { created: desk.call.now, accessed: None, stages: Vec::new(), key: envelope.data_key.key.clone() };
        if change.record.versions.contains_key(&token) {
            return Err(refuse::exists(format!("The version {token} was made by another request meanwhile.")));
        }
        change.record.versions.insert(token.clone(), version);
        // The first value of a secret is the current one, whatever stages it is given.
        if change.record.staged(CURRENT).is_none() {
            change.record.move_stage(CURRENT, &token);
        }
        for stage in stages {
            change.record.move_stage(stage, &token);
        }
        change.record.changed = desk.call.now;
        let gone = change.record.prune();
        change.drop_content(gone);
        change.put_content(&token, content);
        Ok(())
    })?;
    durable(pending).await?;
    Ok(token)
}
