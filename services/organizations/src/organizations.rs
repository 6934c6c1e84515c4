//! The shared state behind the API, and what the rest of the region asks it.

use crate::content::{RESOURCE_CONTROLLED, Type};
use crate::keep;
use crate::state::{Organization, State};
use crate::verb::trusted;
use postern_call::Refusal;
use postern_names::AccountId;
use postern_policy::{Attached, Membership, PolicyKind};
use postern_store::{Store, StoreError, Write};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use time::OffsetDateTime;

/// Every account and organization of the region. Changes are durable before their call returns.
pub struct Organizations {
    state: RwLock<State>,
    store: Arc<Store>,
}

/// An account as `postern account list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    pub closed: bool,
    /// Id of its organization.
    pub organization: Option<String>,
    pub management: bool,
    /// `o-.../r-.../ou-.../`.
    pub path: Option<String>,
}

/// A change under way: the state and a list of what was touched.
pub struct Desk<'a> {
    pub state: &'a mut State,
    accounts: BTreeSet<AccountId>,
    organizations: BTreeSet<String>,
}

impl Organizations {
    /// Reads the state from the store. Blocks; meant for the start.
    pub fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        Ok(Self { state: RwLock::new(keep::load(&store)?), store })
    }

    /// Where the account stands; `None` outside organizations.
    pub fn membership(&self, account: AccountId) -> Option<Membership> {
        let state = self.read();
        let (organization, member) = state.of_account(account)?;
        Some(Membership { organization: organization.id.clone(), path: organization.path(&member.parent) })
    }

    /// The service control policies over the account, level by level from the root; none over a management account.
    pub fn service_control(&self, account: AccountId) -> Vec<Vec<Attached>> {
        self.control(account, Type::ServiceControl, PolicyKind::ServiceControl)
    }

    /// The resource control policies over what the account owns, for an action such as `s3:GetObject`.
    pub fn resource_control(&self, account: AccountId, action: &str) -> Vec<Vec<Attached>> {
        let service = action.split(':').next().unwrap_or_default();
        if !RESOURCE_CONTROLLED.contains(&service) {
            return Vec::new();
        }
        self.control(account, Type::ResourceControl, PolicyKind::ResourceControl)
    }

    fn control(&self, account: AccountId, kind: Type, word: PolicyKind) -> Vec<Vec<Attached>> {
        let state = self.read();
        let Some((organization, member)) = state.of_account(account) else { return Vec::new() };
        if organization.management == account || !organization.enabled.contains(&kind) {
            return Vec::new();
        }
        let attached = |level: &String| {
            let policies = organization.attached_to(level, kind);
            policies.map(|p| Attached::new(word, organization.arn(p.id), Arc::clone(&p.content.0))).collect()
        };
        state.levels(organization, account, member).iter().map(attached).collect()
    }

    /// The accounts of the organization that this account manages, itself included, if the organization trusts the service.
    pub fn trusting(&self, management: AccountId, service: &str) -> BTreeSet<AccountId> {
        let state = self.read();
        match state.of_account(management) {
            Some((organization, _)) if organization.management == management && organization.does_trust(service) => {
                state.members(&organization.id).map(|(id, _, _)| id).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// Has the organization that this account manages trust a service, as EnableAWSServiceAccess does for who asks another
    /// service for it; a dry run only finds out whether it would. Errors: `AWSOrganizationsNotInUseException`,
    /// `AccessDeniedException` for all but the management account, `ConstraintViolationException` without all features.
    pub async fn trust(
        &self,
        management: AccountId,
        service: &str,
        now: OffsetDateTime,
        is_dry: bool,
    ) -> Result<(), Refusal> {
        self.transact(|desk| {
            let (organization, _) = desk.state.of_account(management).ok_or_else(crate::refuse::not_in_use)?;
            if organization.management != management {
                return Err(crate::refuse::not_management());
            }
            let id = organization.id.clone();
            trusted::check_features(organization)?;
            if !is_dry && !organization.does_trust(service) {
                desk.organization(&id)?.trusted_services.insert(service.to_owned(), now.unix_timestamp());
            }
            Ok(())
        })
        .await
    }

    /// Whether the account was closed: its credentials are no longer good.
    pub fn is_closed(&self, account: AccountId) -> bool {
        self.read().accounts.get(&account).is_some_and(|account| account.closed)
    }

    /// Every account of the region.
    pub fn accounts(&self) -> Vec<Standing> {
        let state = self.read();
        let standing = |(id, account): (&AccountId, &crate::state::Account)| {
            let place = state.of_account(*id);
            Standing {
                id: *id,
                name: account.name.clone(),
                email: account.email.clone(),
                closed: account.closed,
                organization: place.map(|(organization, _)| organization.id.clone()),
                management: place.is_some_and(|(organization, _)| organization.management == *id),
                path: place.map(|(organization, member)| organization.path(&member.parent)),
            }
        };
        state.accounts.iter().map(standing).collect()
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one change and returns when it is durable. `change` checks everything before it alters anything.
    pub(crate) async fn transact<T>(
        &self,
        change: impl FnOnce(&mut Desk<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let (value, pending) = {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let mut desk = Desk { state: &mut state, accounts: BTreeSet::new(), organizations: BTreeSet::new() };
            let value = change(&mut desk)?;
            let writes = desk.writes()?;
            (value, (!writes.is_empty()).then(|| self.store.submit(writes)))
        };
        if let Some(pending) = pending {
            pending.durable().await.map_err(Refusal::internal)?;
        }
        Ok(value)
    }
}

impl Desk<'_> {
    /// The account's entry is to go to disk.
    pub fn touch_account(&mut self, id: AccountId) {
        self.accounts.insert(id);
    }

    /// The organization to change; it goes to disk.
    pub fn organization(&mut self, id: &str) -> Result<&mut Organization, Refusal> {
        self.touch_organization(id);
        self.state.organizations.get_mut(id).ok_or_else(crate::refuse::not_in_use)
    }

    pub fn touch_organization(&mut self, id: &str) {
        self.organizations.insert(id.to_owned());
    }

    fn writes(&self) -> Result<Vec<Write>, Refusal> {
        let accounts = self.accounts.iter().map(|id| keep::account(*id, self.state.accounts.get(id)));
        let organizations =
            self.organizations.iter().map(|id| keep::organization(id, self.state.organizations.get(id)));
        accounts.chain(organizations).collect()
    }
}
