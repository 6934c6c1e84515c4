//! New accounts: in the registry, with their beginnings in the other services.

use crate::organizations::{Desk, Organizations};
use crate::state::{Account, Member, Tags};
use crate::{ids, refuse};
use async_trait::async_trait;
use postern_call::Refusal;
use postern_names::AccountId;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use time::OffsetDateTime;

/// The role by which the management account enters an account that it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRole {
    /// `OrganizationAccountAccessRole` unless the request says otherwise.
    pub name: String,
    /// The management account.
    pub trusted: AccountId,
}

/// Who gives a new account its beginnings in the other services.
#[async_trait]
pub trait Opener: Send + Sync {
    /// Makes the account's root, and the role if there is one. Doing it twice does no harm.
    async fn open(&self, account: AccountId, access: Option<AccessRole>, now: OffsetDateTime) -> Result<(), Refusal>;
}

/// What an account is to be.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    pub name: String,
    /// None: made up from the id.
    pub email: Option<String>,
    /// None: drawn.
    pub id: Option<AccountId>,
    /// None: `OrganizationAccountAccessRole`.
    pub role: Option<String>,
    pub tags: Vec<(String, String)>,
}

const ACCESS_ROLE: &str = "OrganizationAccountAccessRole";

/// Why there is no account: AWS's word for CreateAccountStatus.
pub(crate) enum NotMade {
    EmailTaken,
    IdTaken(AccountId),
    Refused(Refusal),
}

impl From<Refusal> for NotMade {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Organizations {
    /// Enters an account that exists by configuration. One that is known stays as it is.
    pub async fn register(&self, id: AccountId, name: &str, now: OffsetDateTime) -> Result<(), Refusal> {
        self.transact(|desk| {
            if let Entry::Vacant(free) = desk.state.accounts.entry(id) {
                free.insert(fresh(name, email_of(id), now, Tags::new()));
                desk.touch_account(id);
            }
            Ok(())
        })
        .await
    }

    /// Makes an account, in the organization that `by` belongs to if there is one: what `postern account create` does.
    pub async fn create_account(
        &self,
        opener: &dyn Opener,
        by: AccountId,
        new: NewAccount,
        now: OffsetDateTime,
    ) -> Result<AccountId, Refusal> {
        let organization = self.read().of_account(by).map(|(organization, _)| organization.id.clone());
        self.make(opener, organization.as_deref(), &new, now).await.map_err(|why| match why {
            NotMade::EmailTaken => {
                Refusal::new("EMAIL_ALREADY_EXISTS", "an account with this e-mail address exists already")
            }
            NotMade::IdTaken(id) => Refusal::new("ACCOUNT_EXISTS", format!("account {id} exists already")),
            NotMade::Refused(refusal) => refusal,
        })
    }

    /// Makes an account, in this organization if one is named.
    pub(crate) async fn make(
        &self,
        opener: &dyn Opener,
        organization: Option<&str>,
        new: &NewAccount,
        now: OffsetDateTime,
    ) -> Result<AccountId, NotMade> {
        let (id, access) = {
            let state = self.read();
            let id = match new.id {
                Some(id) => id,
                None => loop {
                    let drawn = ids::account()?;
                    if !state.accounts.contains_key(&drawn) {
                        break drawn;
                    }
                },
            };
            free(&state.accounts, id, new)?;
            let trusted = organization.and_then(|id| state.organizations.get(id)).map(|o| o.management);
            let name = new.role.clone().unwrap_or_else(|| ACCESS_ROLE.to_owned());
            (id, trusted.map(|trusted| AccessRole { name, trusted }))
        };
        opener.open(id, access, now).await?;
        let entered = self.transact(|desk| {
            // Somebody else may have been quicker while the other services worked.
            if let Err(why) = free(&desk.state.accounts, id, new) {
                return Ok(Err(why));
            }
            let email = new.email.clone().unwrap_or_else(|| email_of(id));
            desk.state.accounts.insert(id, fresh(&new.name, email, now, new.tags.clone()));
            desk.touch_account(id);
            if let Some(organization) = organization {
                join(desk, organization, id, now.unix_timestamp(), false)?;
            }
            Ok(Ok(()))
        });
        entered.await??;
        Ok(id)
    }
}

/// Puts an account below the organization's root.
pub(crate) fn join(
    desk: &mut Desk<'_>,
    organization: &str,
    id: AccountId,
    now: i64,
    invited: bool,
) -> Result<(), Refusal> {
    let joined = desk.organization(organization)?;
    let parent = joined.root.clone();
    joined.attach_full_access(&id.to_string());
    let account = desk.state.accounts.get_mut(&id).ok_or_else(refuse::no_account)?;
    account.member = Some(Member { organization: organization.to_owned(), parent, joined: now, invited });
    desk.touch_account(id);
    Ok(())
}

fn free(accounts: &BTreeMap<AccountId, Account>, id: AccountId, new: &NewAccount) -> Result<(), NotMade> {
    if accounts.contains_key(&id) {
        return Err(NotMade::IdTaken(id));
    }
    let taken = |email: &String| accounts.values().any(|account| account.email.eq_ignore_ascii_case(email));
    if new.email.as_ref().is_some_and(taken) {
        return Err(NotMade::EmailTaken);
    }
    Ok(())
}

fn fresh(name: &str, email: String, now: OffsetDateTime, tags: Tags) -> Account {
    Account { name: name.to_owned(), email, created: now.unix_timestamp(), closed: false, member: None, tags }
}

fn email_of(id: AccountId) -> String {
    format!("account-{id}@example.com")
}
