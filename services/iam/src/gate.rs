//! Who may call an IAM operation: its resource, its condition keys, and the question to the gate.

use crate::entity::{Tags, User, arn};
use crate::iam::Iam;
use crate::input::Input;
use crate::refuse;
use crate::state::{Account, key};
use crate::verb::Subject;
use postern_call::{Call, Caller, Principal, Refusal};
use postern_names::{AccountId, Via};
use postern_policy::{Ask, Decision, Document, Judge, Keys, PolicyKind, code_for, hint, sentence, table};
use serde_json::Value;

/// Asks whether the call's operation is allowed on its subject.
pub fn authorize(iam: &Iam, judge: &dyn Judge, call: &Call, subject: Subject) -> Result<(), Refusal> {
    let account = account_of(&call.caller)?;
    let input = Input(&call.input);
    let mut keys = request_keys(input);
    let resource = {
        let state = iam.read();
        let held = state.account(account);
        let (resource, tags, boundary) = resource_of(subject, account, held, input, &call.caller);
        for (name, value) in tags {
            keys.insert(format!("aws:resourcetag/{}", name.to_lowercase()), vec![value.clone()]);
            keys.insert(format!("iam:resourcetag/{}", name.to_lowercase()), vec![value]);
        }
        if let Some(boundary) = boundary {
            keys.entry("iam:permissionsboundary".into()).or_insert_with(|| vec![boundary]);
        }
        resource
    };
    let question =
        Question { service: "iam", operation: &call.operation, resource: &resource, account, policy: None, keys };
    if call.operation == "ChangePassword" && changes_own_password(iam, call, account) {
        question.put_unless_denied(judge, call)?;
    } else {
        question.put(judge, call)?;
    }
    if call.operation == "AddRoleToInstanceProfile" {
        pass_role(iam, judge, call, account)?;
    }
    Ok(())
}

/// A question about one action of a call.
pub struct Question<'a> {
    pub service: &'a str,
    pub operation: &'a str,
    pub resource: &'a str,
    /// The resource's account.
    pub account: AccountId,
    /// The role's trust policy, for STS.
    pub policy: Option<&'a Document>,
    pub keys: Keys,
}

impl Question<'_> {
    /// The refusal carries AWS's sentence, and as a hint what nearly allowed it.
    pub fn put(self, judge: &dyn Judge, call: &Call) -> Result<(), Refusal> {
        let (code, status) = code_for(self.service);
        let action = format!("{}:{}", self.service, self.operation);
        let ask = self.ask(call, &action);
        let decision = judge.judge(&ask);
        if matches!(decision, Decision::Allow { .. }) {
            return Ok(());
        }
        let refusal = Refusal::new(code, sentence(&ask, &decision)).status(status);
        Err(Refusal { hint: hint(&decision), ..refusal })
    }

    /// For what is allowed without a policy: only one that denies it can refuse it.
    pub fn put_unless_denied(self, judge: &dyn Judge, call: &Call) -> Result<(), Refusal> {
        let action = format!("{}:{}", self.service, self.operation);
        let aside = Self { keys: self.keys.clone(), ..self };
        match judge.judge(&Ask { request_id: None, ..aside.ask(call, &action) }) {
            Decision::ImplicitDeny { missing: PolicyKind::Identity, .. } => Ok(()),
            _ => self.put(judge, call),
        }
    }

    /// The bare decision, for an operation whose refusal has words of its own.
    pub fn decide(self, judge: &dyn Judge, call: &Call) -> Decision {
        let action = format!("{}:{}", self.service, self.operation);
        judge.judge(&self.ask(call, &action))
    }

    /// For what needs no permission: only the policy of the endpoint that the call came through can refuse it. No other
    /// refusal is put down as the request's.
    pub fn put_to_endpoint(self, judge: &dyn Judge, call: &Call) -> Result<(), Refusal> {
        if !matches!(call.via, Via::Endpoint { .. }) {
            return Ok(());
        }
        let action = format!("{}:{}", self.service, self.operation);
        let aside = Self { keys: self.keys.clone(), ..self };
        let counts = match judge.judge(&Ask { request_id: None, ..aside.ask(call, &action) }) {
            Decision::Allow { .. } => false,
            Decision::ExplicitDeny { by } => by.kind == PolicyKind::Endpoint,
            Decision::ImplicitDeny { missing, .. } => missing == PolicyKind::Endpoint,
        };
        if counts { self.put(judge, call) } else { Ok(()) }
    }

    fn ask<'a>(self, call: &'a Call, action: &'a str) -> Ask<'a>
    where
        Self: 'a,
    {
        let mut keys = self.keys;
        if let Some(action) = table::service(self.service).and_then(|table| table.action(self.operation)) {
            action.keep_known(self.resource, &mut keys);
        }
        Ask {
            caller: &call.caller,
            via: &call.via,
            action,
            resource: self.resource,
            resource_account: Some(self.account),
            resource_policy: self.policy,
            keys,
            region: call.region.as_str(),
            secure: call.secure,
            user_agent: call.user_agent.as_deref(),
            now: call.now,
            request_id: Some(&call.request_id),
        }
    }
}

/// Whether the account's password policy lets its users change their own passwords.
fn changes_own_password(iam: &Iam, call: &Call, account: AccountId) -> bool {
    let is_user = matches!(call.caller.principal, Principal::User { .. });
    let state = iam.read();
    let policy = state.account(account).and_then(|held| held.root.password_policy.as_ref());
    is_user && policy.is_some_and(|policy| policy.may_change())
}

/// The account that a call is about: the caller's own.
pub fn account_of(caller: &Caller) -> Result<AccountId, Refusal> {
    caller.account().ok_or_else(|| match &caller.principal {
        Principal::Service { name } => {
            Refusal::new("AccessDenied", format!("{name} has no account to administer.")).status(403)
        }
        _ => Refusal::new("MissingAuthenticationToken", "Request is missing Authentication Token").status(403),
    })
}

/// The name of the user that a request without `UserName` is about: its sender.
pub fn own_name(caller: &Caller) -> Result<&str, Refusal> {
    match &caller.principal {
        Principal::User { name, .. } => Ok(name),
        _ => Err(refuse::invalid("Must specify userName when calling with non-User credentials")),
    }
}

/// Putting a role into a profile hands it on, which needs iam:PassRole on the role.
fn pass_role(iam: &Iam, judge: &dyn Judge, call: &Call, account: AccountId) -> Result<(), Refusal> {
    let name = Input(&call.input).required("RoleName")?;
    let path = iam.read().account(account).and_then(|a| a.roles.get(&key(name)).map(|role| role.path.clone()));
    let resource = arn(account, "role", path.as_deref().unwrap_or("/"), name);
    let keys = Keys::from([("iam:passedtoservice".to_owned(), vec!["ec2.amazonaws.com".to_owned()])]);
    Question { service: "iam", operation: "PassRole", resource: &resource, account, policy: None, keys }
        .put(judge, call)
}

fn request_keys(input: Input<'_>) -> Keys {
    let mut keys = Keys::new();
    let mut names = Vec::new();
    for tag in input.list("Tags") {
        let tag = Input(tag);
        if let Some(name) = tag.text("Key") {
            let value = tag.text("Value").unwrap_or_default().to_owned();
            keys.insert(format!("aws:requesttag/{}", name.to_lowercase()), vec![value]);
            names.push(name.to_owned());
        }
    }
    names.extend(input.list("TagKeys").iter().filter_map(Value::as_str).map(str::to_owned));
    if !names.is_empty() {
        keys.insert("aws:tagkeys".into(), names);
    }
    for (member, name) in [
        ("AWSServiceName", "iam:awsservicename"),
        ("PolicyArn", "iam:policyarn"),
        ("PermissionsBoundary", "iam:permissionsboundary"),
    ] {
        if let Some(value) = input.text(member) {
            keys.insert(name.into(), vec![value.to_owned()]);
        }
    }
    keys
}

/// The resource's ARN, its tags and its boundary. Things that do not exist are asked about as they would be called.
fn resource_of(
    subject: Subject,
    account: AccountId,
    held: Option<&Account>,
    input: Input<'_>,
    caller: &Caller,
) -> (String, Tags, Option<String>) {
    // A path that is none is refused later.
    let new_path = input.text("Path").filter(|path| path.starts_with('/') && path.ends_with('/')).unwrap_or("/");
    let named = |kind: &str, member: &str| arn(account, kind, new_path, input.text(member).unwrap_or_default());
    let plain = |arn: String| (arn, Tags::new(), None);
    match subject {
        Subject::None => plain("*".into()),
        Subject::Source => {
            // What is no ARN is refused later, as a bad parameter.
            let source =
                input.text("PolicySourceArn").or_else(|| input.text("Arn")).filter(|source| source.starts_with("arn:"));
            plain(source.unwrap_or("*").to_owned())
        }
        // AWS names no ARN here.
        Subject::List("policy") => plain(format!("policy path {}", input.text("PathPrefix").unwrap_or("/"))),
        Subject::List(kind) => plain(arn(account, kind, input.text("PathPrefix").unwrap_or("/"), "")),
        Subject::User => {
            let name = input.text("UserName").or_else(|| own_name(caller).ok()).unwrap_or_default();
            match held.and_then(|a| a.users.get(&key(name))) {
                Some(user) => (user.arn(account), user.tags.clone(), user.boundary.clone()),
                None => plain(arn(account, "user", new_path, name)),
            }
        }
        Subject::Group => {
            let group = held.and_then(|a| a.groups.get(&key(input.text("GroupName")?)));
            plain(group.map_or_else(|| named("group", "GroupName"), |group| group.arn(account)))
        }
        Subject::Role => match held.and_then(|a| a.roles.get(&key(input.text("RoleName")?))) {
            Some(role) => (role.arn(account), role.tags.clone(), role.boundary.clone()),
            None => plain(named("role", "RoleName")),
        },
        Subject::Profile => match held.and_then(|a| a.profiles.get(&key(input.text("InstanceProfileName")?))) {
            Some(profile) => (profile.arn(account), profile.tags.clone(), None),
            None => plain(named("instance-profile", "InstanceProfileName")),
        },
        Subject::SamlProvider => {
            let name = input.text("SAMLProviderArn");
            // What is no ARN is refused later, as a bad parameter.
            if name.is_some_and(|arn| !arn.starts_with("arn:")) {
                return plain("*".into());
            }
            let provider = name.and_then(|arn| held?.saml_providers.get(arn.rsplit('/').next()?));
            let tags = provider.map(|provider| provider.tags.clone()).unwrap_or_default();
            let given = || arn(account, "saml-provider", "/", input.text("Name").unwrap_or_default());
            (name.map_or_else(given, str::to_owned), tags, None)
        }
        Subject::MfaDevice => match input.text("SerialNumber") {
            Some(serial) if !serial.starts_with("arn:") => plain("*".into()),
            Some(serial) => {
                let tags = held.and_then(|a| a.mfa_devices.get(serial)).map(|device| device.tags.clone());
                (serial.to_owned(), tags.unwrap_or_default(), None)
            }
            None => plain(named("mfa", "VirtualMFADeviceName")),
        },
        Subject::KeyOwner => {
            let id = input.text("AccessKeyId").unwrap_or_default();
            let has = |user: &&User| user.keys.iter().any(|access_key| access_key.id == id);
            match held.and_then(|a| a.users.values().find(has)) {
                Some(user) => (user.arn(account), user.tags.clone(), user.boundary.clone()),
                None => plain("*".into()),
            }
        }
        Subject::LinkedRole => plain(crate::verb::linked_role::resource(account, input)),
        Subject::OidcProvider => {
            let arn = match (input.text("OpenIDConnectProviderArn"), input.text("Url")) {
                (Some(arn), _) => arn.to_owned(),
                (None, url) => {
                    let url = url.and_then(crate::verb::oidc_provider::bare).unwrap_or_default();
                    arn(account, "oidc-provider", "/", url)
                }
            };
            // What is no ARN is refused later, as a bad parameter.
            if !arn.starts_with("arn:") {
                return plain("*".into());
            }
            let url = arn.split_once(":oidc-provider/").map(|(_, url)| url);
            let tags = url.and_then(|url| held?.oidc_providers.get(url)).map(|provider| provider.tags.clone());
            (arn, tags.unwrap_or_default(), None)
        }
        Subject::Policy => match input.text("PolicyArn") {
            Some(arn) if !arn.starts_with("arn:") => plain("*".into()),
            Some(arn) => {
                let tags = held.and_then(|a| a.policies.get(arn)).map(|policy| policy.tags.clone());
                (arn.to_owned(), tags.unwrap_or_default(), None)
            }
            None => plain(named("policy", "PolicyName")),
        },
    }
}
