//! What EC2's verbs need from elsewhere: chance, IAM's instance profiles, keys, consoles.

use crate::paths::DataDir;
use postern_control::{InstanceProfile, KeyMaterial, Outside};
use postern_iam::Iam;
use postern_names::{AccountId, InstanceId};
use std::sync::Arc;

pub struct Elsewhere {
    pub iam: Arc<Iam>,
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

    fn console(&self, instance: InstanceId) -> Option<Vec<u8>> {
        std::fs::read(super::lifecycle::console_path(&self.dir, instance)).ok()
    }
}
