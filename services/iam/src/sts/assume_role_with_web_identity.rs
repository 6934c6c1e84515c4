//! AssumeRoleWithWebIdentity: a role for whoever brings a token of a provider that the role's account and the role trust.
//!
//! No signature comes with the call: the token is the credential.

use super::limits::{policies, session_name, tag_request_keys};
use super::role_session::{self, RoleSession, SECONDS, question, role_of};
use crate::entity::{OidcProvider, Role, Tags};
use crate::iam::Iam;
use crate::input::Input;
use crate::refuse;
use crate::session::PassedPolicy;
use crate::state::key;
use crate::token::{Claims, Issuers, KeySet, Token, Verified};
use postern_call::{Call, Caller, Principal, Refusal};
use postern_names::AccountId;
use postern_policy::{Decision, Judge, Keys};
use serde_json::{Value, json};

/// How far a provider's clock may be ahead of ours, in seconds.
const AHEAD_MAX: i64 = 300;

/// A token that has been verified.
struct Bearer {
    provider: OidcProvider,
    subject: String,
    audience: String,
    claims: Claims,
}

pub async fn run(iam: &Iam, judge: &dyn Judge, issuers: &dyn Issuers, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let session_name = session_name(input, "RoleSessionName", 64)?.to_owned();
    let arn = input.required("RoleArn")?;
    let text = input.required("WebIdentityToken")?;
    let asked_seconds = input.bounded("DurationSeconds", SECONDS.0, SECONDS.1)?;
    let Some((account, name)) = role_of(arn) else {
        return Err(refuse::invalid("Request ARN is invalid"));
    };
    if let Some(provider) = input.text("ProviderId") {
        return Err(online_only(provider));
    }
    let bearer = verified(iam, issuers, account, text, call.now.unix_timestamp()).await?;
    let tags = bearer.claims.tags().map_err(|why| invalid_token(NOT_VALIDATED).hint(why))?;

    let caller = bearer.caller(account);
    let call = &Call { caller, ..call.clone() };
    let (role, policies) = role_and_policies(iam, input, &tags.tags, account, arn, name)?;
    let mut request_keys = tag_request_keys(&tags.tags, &tags.transitive);
    request_keys.insert("sts:rolesessionname".into(), vec![session_name.clone()]);
    if let Some(identity) = bearer.claims.source_identity() {
        request_keys.insert("sts:sourceidentity".into(), vec![identity.to_owned()]);
    }
    let ask = |operation| put(judge, call, arn, account, &role, operation, request_keys.clone());
    ask("AssumeRoleWithWebIdentity")?;
    if !tags.tags.is_empty() {
        ask("TagSession")?;
    }
    if bearer.claims.source_identity().is_some() {
        ask("SetSourceIdentity")?;
    }

    let mut keys = bearer.keys();
    keys.insert("aws:FederatedProvider".into(), vec![bearer.provider.arn(account)]);
    let session = RoleSession {
        account,
        seconds: role_session::seconds(asked_seconds, &role)?,
        role,
        name: session_name,
        tags: tags.tags,
        transitive: tags.transitive,
        source_identity: bearer.claims.source_identity().map(str::to_owned),
        policies,
        keys,
    };
    let mut reply = session.open(iam, input, call.now.unix_timestamp()).await?;
    reply["SubjectFromWebIdentityToken"] = json!(bearer.subject);
    reply["Audience"] = json!(bearer.audience);
    reply["Provider"] = json!(bearer.provider.arn(account));
    Ok(reply)
}

impl Bearer {
    /// Who asks: somebody of the provider, with the keys that the token brings.
    fn caller(&self, account: AccountId) -> Caller {
        let provider = self.provider.arn(account);
        let mut caller = Caller::of(Principal::WebIdentity { provider, subject: self.subject.clone() });
        caller.keys = self.keys();
        caller
    }

    /// `<issuer>:sub`, `:aud`, `:oaud` when another party is authorized than the audience, and `:amr`.
    fn keys(&self) -> std::collections::BTreeMap<String, Vec<String>> {
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let mut keys = vec![("sub", vec![self.subject.clone()]), ("aud", vec![self.audience.clone()])];
        if self.claims.text("azp").is_some() {
            keys.push(("oaud", owned(self.claims.texts("aud"))));
        }
        keys.push(("amr", owned(self.claims.texts("amr"))));
        let named = keys.into_iter().filter(|(_, values)| !values.is_empty());
        named.map(|(claim, values)| (format!("{}:{claim}", self.provider.url), values)).collect()
    }
}

/// The token's bearer, once everything about the token holds.
async fn verified(
    iam: &Iam,
    issuers: &dyn Issuers,
    account: AccountId,
    text: &str,
    now: i64,
) -> Result<Bearer, Refusal> {
    let token = Token::read(text).ok_or_else(|| invalid_token(NO_TOKEN))?;
    let issuer = token.claims.text("iss").ok_or_else(|| missing("iss"))?;
    let none = || invalid_token(format!("No OpenIDConnect provider found in your account for {issuer}"));
    let provider = {
        let state = iam.read();
        let url = issuer.strip_prefix("https://").ok_or_else(none)?;
        state.account(account).and_then(|held| held.oidc_providers.get(url)).cloned().ok_or_else(none)?
    };
    in_time(&token.claims, now)?;
    let subject = token.claims.text("sub").ok_or_else(|| missing("sub"))?.to_owned();
    if token.claims.texts("aud").is_empty() {
        return Err(missing("aud"));
    }
    let parties = token.claims.parties();
    let audience = parties.into_iter().find(|party| provider.client_ids.iter().any(|id| id == party));
    let audience = audience.ok_or_else(|| invalid_token("Incorrect token audience"))?.to_owned();
    signature(issuers, issuer, &token).await?;
    Ok(Bearer { provider, subject, audience, claims: token.claims })
}

fn in_time(claims: &Claims, now: i64) -> Result<(), Refusal> {
    let expires = claims.seconds("exp").ok_or_else(|| missing("exp"))?;
    let issued = claims.seconds("iat").ok_or_else(|| missing("iat"))?;
    if expires <= now {
        let message =
            format!("Token expired: current date/time {now} must be before the expiration date/time {expires}");
        return Err(Refusal::new("ExpiredTokenException", message));
    }
    for (claim, from) in [("iat", Some(issued)), ("nbf", claims.seconds("nbf"))] {
        if from.is_some_and(|from| from > now + AHEAD_MAX) {
            return Err(invalid_token(NOT_VALIDATED).hint(format!("the token's {claim} is in the future")));
        }
    }
    Ok(())
}

async fn signature(issuers: &dyn Issuers, issuer: &str, token: &Token<'_>) -> Result<(), Refusal> {
    let unread = |hint: String| invalid_token(NO_KEY).hint(hint);
    let text = match issuers.key_set(issuer).await {
        Ok(Some(text)) => text,
        Ok(None) => {
            return Err(unread(format!(
                "name the issuer's key set in the file of --config: [[oidc]] issuer = \"{issuer}\", jwks = \"FILE\""
            )));
        }
        Err(why) => {
            let refusal = unread(format!("the key set of {issuer} cannot be read"));
            return Err(Refusal { inside: Some(format!("read the key set of {issuer}: {why}")), ..refusal });
        }
    };
    let keys = KeySet::read(&text).map_err(|why| unread(format!("the key set of {issuer} is none: {why}")))?;
    match keys.verify(token) {
        Verified::Yes => Ok(()),
        Verified::NoKey => Err(unread(match &token.key_id {
            Some(id) => format!("the key set of {issuer} has no key with the id {id}"),
            None => "the token's header has no kid".into(),
        })),
        Verified::No => {
            let hint = format!("the signature ({}) is not one by the key that the token names", token.algorithm);
            Err(invalid_token(NOT_VALIDATED).hint(hint))
        }
    }
}

/// The role and the session policies. A role that is not there is refused as one that does not trust the provider.
fn role_and_policies(
    iam: &Iam,
    input: Input<'_>,
    tags: &Tags,
    account: AccountId,
    arn: &str,
    name: &str,
) -> Result<(Role, Vec<PassedPolicy>), Refusal> {
    let state = iam.read();
    let held = state.account(account);
    let role = held.and_then(|held| held.roles.get(&key(name))).filter(|role| role.arn(account) == arn);
    let role = role.ok_or_else(|| unauthorized("AssumeRoleWithWebIdentity"))?.clone();
    Ok((role, policies(input, tags, held)?))
}

/// AWS's sentence for this operation names neither caller nor resource.
fn put(
    judge: &dyn Judge,
    call: &Call,
    arn: &str,
    account: AccountId,
    role: &Role,
    operation: &'static str,
    keys: Keys,
) -> Result<(), Refusal> {
    let decision = question(operation, arn, account, role, keys).decide(judge, call);
    if matches!(decision, Decision::Allow { .. }) {
        return Ok(());
    }
    Err(Refusal { hint: postern_policy::hint(&decision), ..unauthorized(operation) })
}

const NO_TOKEN: &str = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider,  please reference \
                      AssumeRoleWithWebIdentity documentation for requirements";
const NOT_VALIDATED: &str = "The web identity token that was passed could not be validated by AWS. Get a new identity \
                             token from the identity provider and then retry the request.";

fn invalid_token(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidIdentityToken", message)
}

fn missing(claim: &str) -> Refusal {
    invalid_token(format!("Missing a required claim: {claim}"))
}

fn unauthorized(operation: &str) -> Refusal {
    Refusal::new("AccessDenied", format!("Not authorized to perform sts:{operation}")).status(403)
}

/// Login with Amazon and Facebook are asked about every access token, over the internet.
fn online_only(provider: &str) -> Refusal {
    let message = "The request could not be fulfilled because the identity provider (IDP) that was asked to verify the \
                   incoming identity token could not be reached.";
    Refusal::new("IDPCommunicationError", message).hint(format!(
        "access tokens of {provider} are verified on the internet, which is not reached; bring an OpenID Connect token, \
         without ProviderId"
    ))
}
