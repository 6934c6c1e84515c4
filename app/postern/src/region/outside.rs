//! What EC2's verbs need from elsewhere: chance, IAM's instance profiles, keys, consoles.

use crate::paths::DataDir;
use postern_call::Refusal;
use postern_control::{ANALYZER, InstanceProfile, KeyMaterial, Outside};
use postern_iam::Iam;
use postern_names::{AccountId, InstanceId};
use postern_organizations::Organizations;
use std::collections::BTreeSet;
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::runtime::Handle;

pub struct Elsewhere {
    pub iam: Arc<Iam>,
    pub organizations: Arc<Organizations>,
    pub runtime: Handle,
    pub dir: DataDir,
}

impl Outside for Elsewhere {
    fn bits(&self) -> u64 {
        let mut bytes = [0u8; 8];
        if let Err(error) = getrandom::fill(&mut bytes) {
            // Without random bytes ids would collide and overwrite each other.
            tracing::error!(%error, "the kernel gives no random bytes");
            std::process::abort();
        }
        u64::from_le_bytes(bytes)
    }

    fn instance_profile(&self, account: AccountId, name_or_arn: &str) -> Option<InstanceProfile> {
        let found = self.iam.instance_profile(account, name_or_arn).ok()?;
        Some(InstanceProfile { arn: found.arn, id: found.id, role: found.role_arn })
    }

    fn make_key(&self, key_type: &str, comment: &str) -> Result<KeyMaterial, String> {
        super::ssh_key::make(&self.dir, key_type, comment)
    }

    fn read_public_key(&self, line: &str) -> Option<KeyMaterial> {
        super::ssh_key::read(line)
    }

    fn readable_accounts(&self, account: AccountId) -> BTreeSet<AccountId> {
        self.organizations.trusting(account, ANALYZER)
    }

    fn trust_analyzer(&self, account: AccountId, is_dry: bool) -> Result<(), Refusal> {
        let trust = self.organizations.trust(account, ANALYZER, OffsetDateTime::now_utc(), is_dry);
        // EC2 has one code for what an organization does not allow.
        let permitted = |why: Refusal| match why.status {
            500.. => why,
            _ => Refusal { code: "OperationNotPermitted".to_owned(), members: Vec::new(), ..why }.status(400),
        };
        self.runtime.block_on(trust).map_err(permitted)
    }

    fn console(&self, instance: InstanceId) -> Option<Vec<u8>> {
        std::fs::read(super::lifecycle::console_path(&self.dir, instance)).ok()
    }
}
