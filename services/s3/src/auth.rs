//! Secrets for `s3s`, which verifies the signatures.

use crate::error::{refuse, wire};
use postern_serve::Keys;
use s3s::S3Result;
use s3s::auth::{S3Auth, SecretKey};
use std::sync::Arc;

/// The keeper of keys in `s3s`'s form.
pub(crate) struct Auth {
    pub keys: Arc<dyn Keys>,
}

#[async_trait::async_trait]
impl S3Auth for Auth {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match self.keys.credential(access_key) {
            Some(credential) => Ok(SecretKey::from(credential.secret)),
            None => Err(wire(refuse("InvalidAccessKeyId").member("AWSAccessKeyId", access_key))),
        }
    }
}
