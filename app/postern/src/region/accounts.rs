//! The accounts of the region: how a new one begins, who gets in, and what the command line asks.

use crate::control::AccountWord;
use crate::say::Trouble;
use async_trait::async_trait;
use postern_call::Refusal;
use postern_iam::{Controls, Iam};
use postern_names::AccountId;
use postern_organizations::{AccessRole, NewAccount, Opener, Organizations, Standing};
use postern_policy::Attached;
use postern_serve::{Credential, Keys, Used};
use serde_json::{Value, json};
use std::sync::Arc;
use time::OffsetDateTime;

/// A new account's beginnings: its root and the management account's way in. The default VPC comes with the account's
/// first call to EC2 in a region.
pub struct Opening(pub Arc<Iam>);

#[async_trait]
impl Opener for Opening {
    async fn open(&self, account: AccountId, access: Option<AccessRole>, now: OffsetDateTime) -> Result<(), Refusal> {
        let access = access.map(|role| (role.name, role.trusted));
        self.0.open_account(account, access, now).await
    }
}

/// The organizations as simulations ask for them.
pub struct Controlled(pub Arc<Organizations>);

impl Controls for Controlled {
    fn service_control(&self, account: AccountId) -> Vec<Vec<Attached>> {
        self.0.service_control(account)
    }
}

/// The keys of all accounts but the closed ones.
pub struct OnlyOpen {
    pub iam: Arc<Iam>,
    pub organizations: Arc<Organizations>,
}

impl Keys for OnlyOpen {
    fn credential(&self, access_key: &str) -> Option<Credential> {
        let closed = |account| self.organizations.is_closed(account);
        self.iam.credential(access_key).filter(|found| !found.caller.account().is_some_and(closed))
    }

    fn used(&self, used: &Used<'_>) {
        self.iam.used(used);
    }
}

/// Answers the command line.
pub struct Registry {
    pub iam: Arc<Iam>,
    pub organizations: Arc<Organizations>,
    /// The region's own account: a new one joins its organization.
    pub account: AccountId,
    pub runtime: tokio::runtime::Handle,
}

impl Registry {
    /// Called on the control socket's threads.
    pub fn answer(&self, word: AccountWord) -> Result<Value, Trouble> {
        match word {
            AccountWord::Create { name, id } => self.create(name, id),
            AccountWord::List => Ok(json!({ "accounts": self.organizations.accounts() })),
            AccountWord::Key { account } => self.key(&account),
        }
    }

    fn create(&self, name: String, id: Option<AccountId>) -> Result<Value, Trouble> {
        if name.is_empty() || name.len() > 50 || !name.chars().all(|c| (' '..='~').contains(&c)) {
            return Err(Trouble::new("an account's name has 1 to 50 printable ASCII characters"));
        }
        if let Some(known) = self.organizations.accounts().iter().find(|known| known.name == name) {
            return Err(Trouble::new(format!("account {} has the name `{name}` already", known.id)));
        }
        let opening = Opening(Arc::clone(&self.iam));
        let new = NewAccount { name, id, ..NewAccount::default() };
        let made = self.organizations.create_account(&opening, self.account, new, OffsetDateTime::now_utc());
        let id = self.runtime.block_on(made).map_err(|refusal| Trouble::new(refusal.message))?;
        Ok(json!(self.find(&id.to_string())?))
    }

    /// The administrator is an ordinary user of the account, made when first asked for.
    fn key(&self, account: &str) -> Result<Value, Trouble> {
        let found = self.find(account)?;
        if found.closed {
            return Err(Trouble::new(format!("account {} is closed", found.id)));
        }
        let made = self.iam.ensure_admin(found.id, OffsetDateTime::now_utc());
        let (id, secret) = self.runtime.block_on(made).map_err(|refusal| Trouble::new(refusal.message))?;
        Ok(json!({ "access_key_id": id, "secret_access_key": secret }))
    }

    fn find(&self, account: &str) -> Result<Standing, Trouble> {
        let accounts = self.organizations.accounts();
        let by_id = accounts.iter().find(|known| known.id.to_string() == account);
        let mut by_name = accounts.iter().filter(|known| known.name == account);
        match (by_id, by_name.next(), by_name.next()) {
            (Some(found), ..) | (None, Some(found), None) => Ok(found.clone()),
            (None, Some(_), Some(_)) => {
                Err(Trouble::new(format!("several accounts have the name `{account}`")).hint("give the id"))
            }
            (None, None, _) => Err(Trouble::new(format!("there is no account `{account}`"))
                .hint("postern account list names them; postern account create makes one")),
        }
    }
}
