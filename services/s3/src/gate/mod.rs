//! The gate: who asks, by which way, and whether the policies let it.
//!
//! `s3s` calls [`Gate::check`] once it has verified the signature and knows the operation, before it reads the body.
//! What can be judged from the request line and the headers is judged there; what needs the body (the keys of a
//! DeleteObjects, the tags of a PutObjectTagging, the key of a form) is asked by the verb through the same [`Visit`].

pub(crate) mod actions;
pub(crate) mod document;
pub(crate) mod keys;
pub(crate) mod public;
pub(crate) mod redirect;
pub(crate) mod visit;

pub(crate) use visit::Visit;

use crate::arrival::{Arrival, Noted, Signed, Signing, header};
use crate::error::{Answer, no_such_bucket, refuse, refuse_with, wire};
use crate::store::Store;
use crate::store::buckets::Bucket;
use actions::{Need, Target};
use postern_call::{Caller, Refusal};
use postern_names::Region;
use postern_serve::{Judge, Keys, Used};
use s3s::S3Result;
use s3s::access::{S3Access, S3AccessContext};
use std::sync::Arc;
use time::OffsetDateTime;

/// What the gate needs to know.
pub(crate) struct Gate {
    pub store: Arc<Store>,
    pub keys: Arc<dyn Keys>,
    pub judge: Arc<dyn Judge>,
    pub default_region: Region,
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let visit = self.admit(cx).map_err(wire)?;
        cx.extensions_mut().insert(Arc::new(visit));
        Ok(())
    }
}

impl Gate {
    fn admit(&self, cx: &mut S3AccessContext<'_>) -> Answer<Visit> {
        let arrival = take::<Arrival>(cx)?;
        let signing = take::<Signing>(cx)?;
        let access_key = cx.credentials().map(|c| c.access_key.clone());
        let now = OffsetDateTime::now_utc();
        // A form carries its token in a field, which only the verb sees.
        let form = access_key.is_some() && signing.signed == Signed::No;
        let (caller, token) = self.caller(access_key.as_deref(), signing.token.as_deref(), form, now)?;
        let is_session = token.is_some();
        let host = header(cx.headers(), "host").unwrap_or_default();
        let addressed = arrival.region_host.clone().or_else(|| crate::host::read(host).region.map(str::to_owned));
        let region = signing.region.clone().or_else(|| addressed.clone());
        let mut visit = Visit {
            caller,
            region: region.unwrap_or_else(|| self.default_region.to_string()),
            user_agent: header(cx.headers(), "user-agent").map(str::to_owned),
            now,
            signed: signing.signed,
            form,
            form_token: token.filter(|_| form),
            judge: self.judge.clone(),
            addressed,
            arrival,
            asked: postern_policy::Keys::new(),
        };
        visit.asked = keys::of_request(cx, &visit);
        if let Some(noted) = cx.extensions_mut().get::<Noted>().cloned() {
            // The first note stands: there is but one gate on the way.
            let _ = noted.0.set((cx.s3_op().name().to_owned(), visit.caller.display()));
        }
        self.note_use(cx.s3_op().name(), &visit, is_session);
        self.judge_request(cx, &visit)?;
        Ok(visit)
    }

    /// Who signed, and the token of the session. An expired session and a wrong token have their own errors.
    fn caller(
        &self,
        key: Option<&str>,
        token: Option<&str>,
        form: bool,
        now: OffsetDateTime,
    ) -> Answer<(Caller, Option<String>)> {
        let Some(key) = key else { return Ok((Caller::anonymous(), None)) };
        let Some(credential) = self.keys.credential(key) else {
            return Err(refuse("InvalidAccessKeyId").member("AWSAccessKeyId", key));
        };
        if credential.expires.is_some_and(|at| now.unix_timestamp() >= at) {
            return Err(refuse("ExpiredToken").member("Token-0", token.unwrap_or_default()));
        }
        match (credential.session_token.as_deref(), token) {
            (Some(wanted), Some(given)) if wanted == given => {}
            (None, None) => {}
            (Some(_), None) if form => {}
            (Some(_), None) => return Err(refuse("InvalidAccessKeyId").member("AWSAccessKeyId", key)),
            (_, Some(given)) => return Err(refuse("InvalidToken").member("Token-0", given)),
        }
        let mut caller = credential.caller;
        caller.access_key.get_or_insert_with(|| key.to_owned());
        Ok((caller, credential.session_token))
    }

    /// The keeper of keys hears what they are used for.
    fn note_use(&self, operation: &str, visit: &Visit, is_session: bool) {
        let Some(access_key) = &visit.caller.access_key else { return };
        self.keys.used(&Used {
            access_key,
            is_session,
            caller: &visit.caller,
            service: "s3",
            operation,
            region: &visit.region,
            now: visit.now,
        });
    }

    fn judge_request(&self, cx: &S3AccessContext<'_>, visit: &Visit) -> Answer<()> {
        let operation = cx.s3_op().name();
        let path = cx.s3_path();
        let bucket = match path.get_bucket_name() {
            None => None,
            // It is not there yet, or another's; that its verb finds out.
            Some(_) if operation == "CreateBucket" => None,
            Some(name) => {
                let bucket = self.store.bucket(name).ok_or_else(|| no_such_bucket(name))?;
                // Where a bucket is may be asked anywhere.
                if operation != "GetBucketLocation" {
                    redirect::check(visit, &bucket, header(cx.headers(), "host").unwrap_or_default())?;
                }
                check_owner(cx, "x-amz-expected-bucket-owner", &bucket)?;
                Some(bucket)
            }
        };
        for Need { action, target } in actions::needed(operation, cx) {
            let bucket = match (target, &bucket) {
                (Target::Nothing, _) => {
                    visit.ask(&action, "*", None, visit.asked.clone())?;
                    continue;
                }
                (_, Some(bucket)) => bucket,
                (_, None) => return Err(refuse("AccessDenied")),
            };
            let key = path.get_object_key().unwrap_or_default();
            if target == Target::Bucket {
                // Whoever is refused a HEAD hears the region all the same: by it clients find the way.
                let judged = visit.ask(&action, &bucket.arn(), Some(bucket), visit.asked.clone());
                judged.map_err(|refusal| match operation {
                    "HeadBucket" => refusal.member("Region", bucket.region.as_str()),
                    _ => refusal,
                })?;
            } else {
                let tags = self.existing_tags(cx, bucket, key)?;
                visit.ask_object(&action, bucket, key, keys::with_existing_tags(visit.asked.clone(), &tags))?;
            }
        }
        self.judge_source(cx, visit, operation)
    }

    /// A copy also reads: the source is asked for with its own bucket's policy.
    fn judge_source(&self, cx: &S3AccessContext<'_>, visit: &Visit, operation: &str) -> Answer<()> {
        if !matches!(operation, "CopyObject" | "UploadPartCopy") {
            return Ok(());
        }
        let text = header(cx.headers(), "x-amz-copy-source").unwrap_or_default();
        let source = crate::verbs::copy::Source::read(text)?;
        let bucket = self.store.bucket(&source.bucket).ok_or_else(|| no_such_bucket(&source.bucket))?;
        check_owner(cx, "x-amz-source-expected-bucket-owner", &bucket)?;
        let action = if source.version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
        let mut asked = keys::basic(visit);
        if let Some(version) = &source.version {
            asked.insert("s3:versionid".into(), vec![version.clone()]);
        }
        let tags = self.tags_of(&bucket, &source.key, source.version.as_deref())?;
        visit.ask_object(action, &bucket, &source.key, keys::with_existing_tags(asked, &tags))
    }

    /// The tags of the object at hand, which only conditions on them need.
    fn existing_tags(&self, cx: &S3AccessContext<'_>, bucket: &Bucket, key: &str) -> Answer<Vec<(String, String)>> {
        let version = cx.uri().query().and_then(|q| crate::arrival::parameter(q, "versionId"));
        self.tags_of(bucket, key, version.as_deref())
    }

    fn tags_of(&self, bucket: &Bucket, key: &str, version: Option<&str>) -> Answer<Vec<(String, String)>> {
        if !self.store.buckets.tagged.load(std::sync::atomic::Ordering::Acquire) {
            return Ok(Vec::new());
        }
        if version.is_none()
            && let Ok(hot) = self.store.hot.get(bucket.id, key)
        {
            return Ok(hot.record.head.tags.clone());
        }
        self.store.read(|db| {
            let found = match version {
                Some(id) => crate::store::objects::version(db, bucket.id, key, id)?.map(|(record, _)| record),
                None => crate::store::objects::current(db, bucket.id, key)?,
            };
            Ok(found.map(|record| record.head.tags).unwrap_or_default())
        })
    }
}

/// The owner that a client expects, where it says so, must be the one.
fn check_owner(cx: &S3AccessContext<'_>, name: &str, bucket: &Bucket) -> Answer<()> {
    match header(cx.headers(), name) {
        Some(given) if given != bucket.owner.to_string() => Err(refuse("AccessDenied")),
        _ => Ok(()),
    }
}

fn take<T: Send + Sync + 'static>(cx: &mut S3AccessContext<'_>) -> Answer<T> {
    cx.extensions_mut().remove::<T>().ok_or_else(|| {
        Refusal::internal(format!("the door did not say how the request came: no {}", std::any::type_name::<T>()))
    })
}

/// The visit that the gate let in.
pub(crate) fn visit(extensions: &http::Extensions) -> Answer<Arc<Visit>> {
    extensions.get::<Arc<Visit>>().cloned().ok_or_else(|| refuse_with("AccessDenied", "Access Denied"))
}
