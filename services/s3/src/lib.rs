//! S3, protocol by `s3s`, over a durable store of our own.
//!
//! Layers, each unaware of those before it: [`front`] receives a request from the door and finishes the reply; `s3s`
//! reads the protocol and verifies the signature; [`gate`] finds out who asks by which way and puts the question to
//! the judge; [`verbs`] do it; [`store`] keeps it. Everything acknowledged is on the disk before the 200.
#![forbid(unsafe_code)]

mod arrival;
mod auth;
mod body;
mod combine;
mod digest;
mod error;
mod front;
mod gate;
mod host;
mod seal;
mod sentence;
mod store;
mod verbs;

pub use arrival::{Arrival, Outcome};
pub use s3s::Body;
pub use store::S3Error;

use postern_names::Region;
use postern_policy::Document;
use postern_serve::{Ciphers, Guarded, Judge, Keys};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use std::path::Path;
use std::sync::Arc;
use store::Store;

/// The largest file that a POST form may carry. The protocol layer reads a form whole, so this bounds the memory that
/// one takes; AWS's own bound is 5 GiB.
const FORM_FILE: u64 = 64 * 1024 * 1024;

/// The service with its store.
pub struct S3 {
    store: Arc<Store>,
    service: S3Service,
}

/// What serves requests; cheap to clone, one for every connection.
#[derive(Clone)]
pub struct Service(S3Service);

impl Service {
    /// Serves one request. The door has put an [`Arrival`] into its extensions; without one it is refused with 500.
    pub async fn call<B: Into<Body>>(&self, request: http::Request<B>) -> http::Response<Body> {
        front::call(&self.0, request.map(Into::into)).await
    }
}

impl S3 {
    /// Opens or makes the store in `dir`. `default_region` is that of anonymous requests to no region's name; `ciphers`
    /// is KMS.
    pub fn open(
        dir: &Path,
        keys: Arc<dyn Keys>,
        judge: Arc<dyn Judge>,
        default_region: Region,
        ciphers: Arc<dyn Ciphers>,
    ) -> Result<Arc<S3>, S3Error> {
        let store = Arc::new(Store::open(dir)?);
        let mut builder = S3ServiceBuilder::new(verbs::Verbs { store: store.clone(), ciphers });
        builder.set_auth(auth::Auth { keys: keys.clone() });
        builder.set_access(gate::Gate { store: store.clone(), keys, judge, default_region });
        builder.set_host(host::Hosts);
        let mut config = S3Config::default();
        config.post_object_max_file_size = FORM_FILE;
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        Ok(Arc::new(S3 { store, service: builder.build() }))
    }

    /// The service, for use per connection or per request.
    pub fn service(&self) -> Service {
        Service(self.service.clone())
    }

    /// The policy of a bucket, for explanations.
    pub fn bucket_policy(&self, bucket: &str) -> Option<Arc<Document>> {
        self.store.bucket(bucket)?.policy.clone()
    }

    /// The bucket of an ARN, its own or one of an object in it, as the gate sees it.
    pub fn guarded(&self, arn: &str) -> Option<Guarded> {
        let name = arn.strip_prefix("arn:aws:s3:::")?.split('/').next()?;
        let bucket = self.store.bucket(name)?;
        let restricts = bucket.settings.public_block.is_some_and(|block| block.restrict_buckets);
        Some(Guarded {
            account: bucket.owner,
            policy: bucket.policy.clone(),
            keys: postern_policy::Keys::new(),
            shut: (bucket.public && restricts)
                .then_some("the bucket's policy is public, and RestrictPublicBuckets keeps others out"),
        })
    }

    /// How many buckets there are, of all accounts.
    pub fn bucket_count(&self) -> usize {
        self.store.bucket_count()
    }

    /// The operations served, by model name.
    pub fn operations() -> Vec<&'static str> {
        gate::actions::served()
    }
}
