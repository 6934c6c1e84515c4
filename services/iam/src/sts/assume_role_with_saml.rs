//! AssumeRoleWithSAML: a role for whoever brings a response that an identity provider of the account has signed.
//!
//! No signature comes with the call: the response is the credential.

use super::limits::{policies, tag_request_keys};
use super::role_session::{self, RoleSession, SECONDS, question, role_of};
use crate::entity::{Role, SamlProvider, Tags};
use crate::iam::Iam;
use crate::input::Input;
use crate::refuse;
use crate::saml::{Assertion, Metadata, verified};
use crate::session::PassedPolicy;
use crate::state::key;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::{Call, Caller, Principal, Refusal};
use postern_names::AccountId;
use postern_policy::{Decision, Judge, Keys};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How far a provider's clock may be ahead of ours, in seconds.
const AHEAD_MAX: i64 = 300;
/// How old a response may be, in seconds.
const AGE_MAX: i64 = 300;
/// AWS's own limit on responses.
const BYTES_MAX: usize = 128 * 1024;
const AUDIENCES: [&str; 2] = ["https://signin.aws.amazon.com/saml", "urn:amazon:webservices"];

/// A response that has been verified.
struct Bearer {
    account: AccountId,
    provider: SamlProvider,
    assertion: Assertion,
}

pub async fn run(iam: &Iam, judge: &dyn Judge, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let arn = input.required("RoleArn")?;
    let provider = input.required("PrincipalArn")?;
    let text = input.required("SAMLAssertion")?;
    let asked_seconds = input.bounded("DurationSeconds", SECONDS.0, SECONDS.1)?;
    let Some((account, name)) = role_of(arn) else {
        return Err(refuse::invalid("Request ARN is invalid"));
    };
    let now = call.now.unix_timestamp();
    let bearer = bearer(iam, account, provider, text)?;
    bearer.in_time(now)?;
    bearer.is_for_aws()?;
    let session_name = bearer.session_name()?.to_owned();
    let source_identity = bearer.source_identity()?.map(str::to_owned);
    let asked_seconds = asked_seconds.or(bearer.duration()?);
    let (tags, transitive) = bearer.assertion.tags().map_err(|why| invalid(NO_ASSERTION).hint(why))?;
    if !bearer.assertion.offers(arn, provider) {
        return Err(unauthorized().hint(format!("the response's Role attribute has no pair of {arn} and {provider}")));
    }

    let call = &Call { caller: bearer.caller(), ..call.clone() };
    let (role, policies) = role_and_policies(iam, input, &tags, account, arn, name)?;
    let mut request_keys = tag_request_keys(&tags, &transitive);
    request_keys.insert("sts:rolesessionname".into(), vec![session_name.clone()]);
    if let Some(identity) = &source_identity {
        request_keys.insert("sts:sourceidentity".into(), vec![identity.clone()]);
    }
    let ask = |operation| put(judge, call, arn, account, &role, operation, request_keys.clone());
    ask("AssumeRoleWithSAML")?;
    if !tags.is_empty() {
        ask("TagSession")?;
    }
    if source_identity.is_some() {
        ask("SetSourceIdentity")?;
    }

    let seconds = role_session::seconds(asked_seconds, &role)?;
    let seconds = bearer.assertion.session_ends.map_or(seconds, |end| seconds.min(end - now));
    let mut keys = bearer.lasting_keys();
    keys.insert("aws:FederatedProvider".into(), vec![provider.to_owned()]);
    let session =
        RoleSession { account, role, name: session_name, seconds, tags, transitive, source_identity, policies, keys };
    let mut reply = session.open(iam, input, now).await?;
    reply["Subject"] = json!(bearer.assertion.subject);
    reply["SubjectType"] = json!(bearer.assertion.subject_type);
    reply["Issuer"] = json!(bearer.assertion.issuer);
    reply["Audience"] = json!(bearer.assertion.recipient);
    reply["NameQualifier"] = json!(bearer.name_qualifier());
    Ok(reply)
}

/// Who brings the response, once the provider is known to have signed it.
fn bearer(iam: &Iam, account: AccountId, arn: &str, text: &str) -> Result<Bearer, Refusal> {
    let none = || invalid("Specified provider doesn't exist");
    let name = arn.strip_prefix(&format!("arn:aws:iam::{account}:saml-provider/")).ok_or_else(none)?;
    let provider = iam.read().account(account).and_then(|held| held.saml_providers.get(name)).cloned();
    let provider = provider.ok_or_else(none)?;
    if text.len() > BYTES_MAX {
        return Err(invalid(NO_ASSERTION).hint(format!("a response has at most {BYTES_MAX} characters")));
    }
    let bare: String = text.split_whitespace().collect();
    let decoded = STANDARD.decode(bare).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or_else(|| invalid("Invalid base64 SAMLResponse"))?;
    let metadata = Metadata::read(&provider.metadata)
        .ok_or_else(|| invalid(NO_ASSERTION).hint("the provider's metadata has no certificate that can be read"))?;
    let assertion = verified(&decoded, &metadata).map_err(|flaw| invalid(flaw.message).hint(flaw.hint))?;
    Ok(Bearer { account, provider, assertion })
}

impl Bearer {
    fn in_time(&self, now: i64) -> Result<(), Refusal> {
        let Assertion { issued, not_before, not_after, session_ends, .. } = self.assertion;
        if issued.max(not_before.unwrap_or(issued)) > now + AHEAD_MAX {
            return Err(invalid(NO_ASSERTION).hint("the response is not good yet: its clock is ahead"));
        }
        let expired = |message: &str| Refusal::new("ExpiredTokenException", message);
        if now - issued > AGE_MAX {
            return Err(expired("Token must be redeemed within 5 minutes of issuance"));
        }
        if not_after <= now || session_ends.is_some_and(|end| end <= now) {
            return Err(expired("Token is expired").hint("NotOnOrAfter of the response has passed"));
        }
        if self.provider.valid_until <= now {
            return Err(expired("Token is expired").hint("the provider's metadata is no longer valid"));
        }
        Ok(())
    }

    /// The response is for AWS's sign-in page, of any region, and was sent to it.
    fn is_for_aws(&self) -> Result<(), Refusal> {
        let Assertion { audiences, recipient, .. } = &self.assertion;
        if !audiences.iter().any(|audience| AUDIENCES.contains(&audience.as_str()) || is_sign_in(audience)) {
            let hint = format!("the response is for {}; AWS is {}", audiences.join(", "), AUDIENCES.join(" or "));
            return Err(invalid("Response does not contain the required audience.").hint(hint));
        }
        if !is_sign_in(recipient) {
            return Err(invalid(NO_ASSERTION).hint(format!("the Recipient is {recipient}, not {}", AUDIENCES[0])));
        }
        Ok(())
    }

    fn session_name(&self) -> Result<&str, Refusal> {
        let name = self.assertion.session_name();
        let name = name.ok_or_else(|| invalid("RoleSessionName is required in AuthnResponse"))?;
        if is_name(name) {
            return Ok(name);
        }
        Err(invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"))
    }

    fn source_identity(&self) -> Result<Option<&str>, Refusal> {
        let identity = self.assertion.source_identity();
        if identity.is_some_and(|identity| !is_name(identity) || identity.starts_with("aws:")) {
            let message = "Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with \"aws:\"";
            return Err(invalid(message));
        }
        Ok(identity)
    }

    fn duration(&self) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.assertion.session_duration() else { return Ok(None) };
        let seconds = text.parse().ok().filter(|seconds| (SECONDS.0..=SECONDS.1).contains(seconds));
        let hint = format!("SessionDuration is {text}, not a number from {} to {}", SECONDS.0, SECONDS.1);
        seconds.map(Some).ok_or_else(|| invalid(NO_ASSERTION).hint(hint))
    }

    /// Who asks: somebody of the provider, with the keys that the response brings.
    fn caller(&self) -> Caller {
        let (provider, subject) = (self.provider.arn(self.account), self.assertion.subject.clone());
        let mut caller = Caller::of(Principal::WebIdentity { provider, subject });
        caller.keys = self.assertion.keys();
        caller.keys.extend(self.lasting_keys());
        caller.keys.insert("saml:aud".into(), vec![self.assertion.recipient.clone()]);
        caller.keys.insert("saml:doc".into(), vec![format!("{}/{}", self.account, self.provider.name)]);
        caller.keys.insert("saml:iss".into(), vec![self.assertion.issuer.clone()]);
        caller
    }

    /// The keys that the session's own requests have too.
    fn lasting_keys(&self) -> BTreeMap<String, Vec<String>> {
        BTreeMap::from([
            ("saml:namequalifier".into(), vec![self.name_qualifier()]),
            ("saml:sub".into(), vec![self.assertion.subject.clone()]),
            ("saml:sub_type".into(), vec![self.assertion.subject_type.clone()]),
        ])
    }

    /// BASE64 (SHA1 (issuer + account + "/" + provider's name)), as AWS describes it.
    fn name_qualifier(&self) -> String {
        let text = format!("{}{}/{}", self.assertion.issuer, self.account, self.provider.name);
        STANDARD.encode(ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
    }
}

/// `https://signin.aws.amazon.com/saml`, or a region's.
fn is_sign_in(url: &str) -> bool {
    let Some(host) = url.strip_prefix("https://").and_then(|rest| rest.strip_suffix("/saml")) else { return false };
    let region = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    host == "signin.aws.amazon.com" || host.strip_suffix(".signin.aws.amazon.com").is_some_and(region)
}

fn is_name(text: &str) -> bool {
    (2..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
}

/// A role that is not there is refused as one that does not trust the provider.
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
    let role = role.ok_or_else(unauthorized)?.clone();
    Ok((role, policies(input, tags, held)?))
}

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
    let message = format!("Not authorized to perform sts:{operation}");
    Err(Refusal { hint: postern_policy::hint(&decision), ..Refusal::new("AccessDenied", message).status(403) })
}

const NO_ASSERTION: &str = "Response did not contain a valid SAML assertion";

fn invalid(message: &str) -> Refusal {
    Refusal::new("InvalidIdentityToken", message)
}

fn unauthorized() -> Refusal {
    Refusal::new("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML").status(403)
}
