//! Before the first call: the account's administrator, and the users and keys of a configuration file.

use crate::document::Doc;
use crate::entity::{AccessKey, Policies, Role, User};
use crate::iam::{ADMINISTRATOR_ACCESS, Desk, Iam};
use crate::input::check_name;
use crate::save::Touched;
use crate::state::{Holder, key};
use crate::{ids, refuse};
use postern_call::Refusal;
use postern_names::AccountId;
use postern_policy::Document;
use time::OffsetDateTime;

/// The administrator's user name.
const ADMINISTRATOR: &str = "administrator";

/// A user, or the account's root, with a key of the configuration's choice.
#[derive(Clone)]
pub struct Preload {
    pub account: AccountId,
    /// `None`: the account's root user.
    pub user: Option<String>,
    /// Access key ids with their secrets: any texts, so that test suites can bring their own.
    pub access_keys: Vec<(String, String)>,
    /// ARNs of managed policies to attach; ignored for root.
    pub policy_arns: Vec<String>,
}

impl Iam {
    /// The key of the account's administrator: a user with AdministratorAccess, made if it is not there or has no
    /// active key. Returns key id and secret.
    pub async fn ensure_admin(&self, account: AccountId, now: OffsetDateTime) -> Result<(String, String), Refusal> {
        let now = now.unix_timestamp();
        self.transact(account, |desk| {
            open_account(desk, now);
            let known = desk.account().users.get(ADMINISTRATOR);
            if let Some(active) = known.and_then(|user| user.keys.iter().find(|access_key| access_key.active)) {
                return Ok((active.id.clone(), active.secret.clone()));
            }
            let made = (ids::access_key("AKIA")?, ids::secret()?);
            let user = user(desk, ADMINISTRATOR, now)?;
            if !user.policies.attached.iter().any(|arn| arn == ADMINISTRATOR_ACCESS) {
                user.policies.attached.push(ADMINISTRATOR_ACCESS.to_owned());
            }
            give_key(desk, Some(ADMINISTRATOR), &made, now)?;
            Ok(made)
        })
        .await
    }

    /// Gives a new account its root and, if `access` names one, the role by which another account's administrators
    /// enter: name, and the account trusted. What is there already stays.
    pub async fn open_account(
        &self,
        account: AccountId,
        access: Option<(String, AccountId)>,
        now: OffsetDateTime,
    ) -> Result<(), Refusal> {
        let now = now.unix_timestamp();
        self.transact(account, |desk| {
            if let Some((name, trusted)) = access {
                check_name(&name, "RoleName", 64)?;
                let role = access_role(&name, trusted, now)?;
                desk.account().roles.entry(key(&name)).or_insert(role);
                desk.touch(Touched::Role(key(&name)));
            }
            open_account(desk, now);
            Ok(())
        })
        .await
    }

    /// Every account that has had something made in it.
    pub fn accounts(&self) -> Vec<AccountId> {
        self.read().accounts.keys().copied().collect()
    }

    /// Makes the users and keys of a configuration. What is there already stays; a key id that is known gets the
    /// given secret and becomes active; one that belongs to somebody else is refused.
    pub async fn preload(&self, entries: Vec<Preload>, now: OffsetDateTime) -> Result<(), Refusal> {
        let now = now.unix_timestamp();
        for entry in entries {
            self.transact(entry.account, |desk| preload(desk, &entry, now)).await?;
        }
        Ok(())
    }
}

fn access_role(name: &str, trusted: AccountId, now: i64) -> Result<Role, Refusal> {
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{trusted}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    Ok(Role {
        name: name.to_owned(),
        path: "/".into(),
        id: ids::unique("AROA")?,
        created: now,
        description: None,
        session_max: 3600,
        trust: Doc::new(Document::parse_trust(&trust).map_err(Refusal::internal)?),
        tags: Vec::new(),
        boundary: None,
        policies: Policies { attached: vec![ADMINISTRATOR_ACCESS.to_owned()], ..Policies::default() },
    })
}

fn preload(desk: &mut Desk<'_>, entry: &Preload, now: i64) -> Result<(), Refusal> {
    open_account(desk, now);
    let owner = entry.user.as_deref();
    if let Some(name) = owner {
        check_name(name, "UserName", 64)?;
        for arn in &entry.policy_arns {
            desk.account().managed_document(arn).ok_or_else(|| refuse::not_attachable(arn))?;
        }
    }
    let holder = Holder { account: entry.account, user: owner.map(key) };
    for (id, _) in &entry.access_keys {
        if desk.state.keys.get(id).is_some_and(|known| *known != holder) || desk.state.sessions.contains_key(id) {
            return Err(refuse::already(format!("The Access Key with id {id} belongs to somebody else.")));
        }
    }
    if let Some(name) = owner {
        let attached = &mut user(desk, name, now)?.policies.attached;
        for arn in &entry.policy_arns {
            if !attached.contains(arn) {
                attached.push(arn.clone());
            }
        }
    }
    entry.access_keys.iter().try_for_each(|pair| give_key(desk, owner, pair, now))
}

fn open_account(desk: &mut Desk<'_>, now: i64) {
    let root = &mut desk.account().root;
    if root.created == 0 {
        root.created = now;
        desk.touch(Touched::Root);
    }
}

/// The user of this name, made if need be.
fn user<'d>(desk: &'d mut Desk<'_>, name: &str, now: i64) -> Result<&'d mut User, Refusal> {
    let fresh = User {
        name: name.to_owned(),
        path: "/".into(),
        id: ids::unique("AIDA")?,
        created: now,
        tags: Vec::new(),
        boundary: None,
        policies: Policies::default(),
        keys: Vec::new(),
        password: None,
        ssh_keys: Vec::new(),
        certificates: Vec::new(),
    };
    desk.touch(Touched::User(key(name)));
    Ok(desk.account().users.entry(key(name)).or_insert(fresh))
}

fn give_key(desk: &mut Desk<'_>, owner: Option<&str>, pair: &(String, String), now: i64) -> Result<(), Refusal> {
    let account = desk.account_id;
    let keys = match owner {
        Some(name) => &mut desk.account().user_mut(name)?.keys,
        None => &mut desk.account().root.keys,
    };
    keys.retain(|access_key| access_key.id != pair.0);
    keys.push(AccessKey { id: pair.0.clone(), secret: pair.1.clone(), active: true, created: now });
    desk.touch(owner.map_or(Touched::Root, |name| Touched::User(key(name))));
    desk.state.keys.insert(pair.0.clone(), Holder { account, user: owner.map(key) });
    Ok(())
}
