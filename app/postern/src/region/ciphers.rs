//! KMS and the services that encrypt by it: Secrets Manager, Parameter Store, S3.

use super::services::Services;
use crate::paths::{DataDir, private_key};
use crate::say::Trouble;
use postern_kms::{Forward, Kms, KmsService};
use postern_policy::Judge;
use postern_secretsmanager::{Secrets, SecretsManagerService};
use postern_ssm::{Parameters, SsmService};
use postern_store::Store;
use std::sync::Arc;
use time::OffsetDateTime;

/// KMS, as its callers and as the other services see it.
pub struct Ciphers {
    pub kms: Arc<Kms>,
    pub forward: Arc<Forward>,
}

impl Ciphers {
    /// Reads the keys.
    pub fn open(
        dir: &DataDir,
        store: &Arc<Store>,
        judge: &Arc<impl Judge + 'static>,
        now: OffsetDateTime,
    ) -> Result<Self, Trouble> {
        let secret = private_key(&dir.kms_key()).map_err(Trouble::at("read kms-key"))?;
        let kms = Arc::new(Kms::open(Arc::clone(store), secret, now).map_err(Trouble::at("load KMS"))?);
        let forward = Arc::new(Forward::new(Arc::clone(&kms), judge.clone()));
        Ok(Self { kms, forward })
    }

    /// Enters the services that encrypt, but S3, which is behind the door by itself.
    pub fn enter(
        &self,
        store: &Arc<Store>,
        judge: &Arc<impl Judge + 'static>,
        services: &mut Services,
    ) -> Result<(), Trouble> {
        let (kms, forward) = (Arc::clone(&self.kms), Arc::clone(&self.forward));
        let secrets = Arc::new(Secrets::open(Arc::clone(store)).map_err(Trouble::at("load Secrets Manager"))?);
        let parameters = Arc::new(Parameters::open(Arc::clone(store)).map_err(Trouble::at("load Parameter Store"))?);
        services.insert("kms", Arc::new(KmsService::new(kms, judge.clone())));
        services
            .insert("secretsmanager", Arc::new(SecretsManagerService::new(secrets, forward.clone(), judge.clone())));
        services.insert("ssm", Arc::new(SsmService::new(parameters, forward, judge.clone())));
        Ok(())
    }
}
