//! KMS and the services that encrypt by it: Secrets Manager and Parameter Store.

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

/// Reads their state and enters the services.
pub fn open(
    dir: &DataDir,
    store: &Arc<Store>,
    judge: &Arc<impl Judge + 'static>,
    now: OffsetDateTime,
    services: &mut Services,
) -> Result<(), Trouble> {
    let secret = private_key(&dir.kms_key()).map_err(Trouble::at("read kms-key"))?;
    let kms = Arc::new(Kms::open(Arc::clone(store), secret, now).map_err(Trouble::at("load KMS"))?);
    let forward = Arc::new(Forward::new(Arc::clone(&kms), judge.clone()));
    let secrets = Arc::new(Secrets::open(Arc::clone(store)).map_err(Trouble::at("load Secrets Manager"))?);
    let parameters = Arc::new(Parameters::open(Arc::clone(store)).map_err(Trouble::at("load Parameter Store"))?);
    services.insert("kms", Arc::new(KmsService::new(kms, judge.clone())));
    services.insert("secretsmanager", Arc::new(SecretsManagerService::new(secrets, forward.clone(), judge.clone())));
    services.insert("ssm", Arc::new(SsmService::new(parameters, forward, judge.clone())));
    Ok(())
}
