//! PostObject: the form that a browser sends.

use super::conditions::Writing;
use super::encryption::{set_seal, wanted_of};
use super::heads::{claims_of, etag, head_of};
use super::{Verbs, ok, put, visit};
use crate::body::Incoming;
use crate::error::{Answer, refuse};
use crate::front::BodyHead;
use crate::gate::keys;
use s3s::dto::*;
use s3s::{S3Request, S3Response};

/// In a key, the name of the file that was chosen.
const FILENAME: &str = "${filename}";

/// The form names the key, so that the gate is asked here. `s3s` has checked the form against its policy.
pub(crate) async fn post_object(
    verbs: &Verbs,
    request: S3Request<PostObjectInput>,
) -> Answer<S3Response<PostObjectOutput>> {
    let visit = visit(&request)?;
    let S3Request { mut input, headers, extensions, .. } = request;
    let form = extensions.get::<BodyHead>();
    if let Some(wanted) = &visit.form_token {
        let given = form.and_then(|form| form.field("x-amz-security-token"));
        if given.as_ref() != Some(wanted) {
            return Err(refuse("InvalidToken").member("Token-0", given.unwrap_or_default()));
        }
    }
    let bucket = verbs.bucket(&input.bucket)?;
    if input.key.contains(FILENAME) {
        let name = form.and_then(BodyHead::filename).unwrap_or_default();
        input.key = input.key.replace(FILENAME, &name);
    }
    if input.key.is_empty() {
        return Err(refuse("UserKeyMustBeSpecified"));
    }
    if input.key.len() > 1024 {
        return Err(refuse("KeyTooLongError"));
    }
    let mut head = head_of!(input)?;
    let mut asked = keys::basic(&visit);
    if let Some(acl) = &input.acl {
        asked.insert("s3:x-amz-acl".into(), vec![acl.as_str().to_owned()]);
    }
    keys::with_request_tags(&mut asked, &head.tags);
    visit.ask_object("s3:PutObject", &bucket, &input.key, asked)?;
    super::acl::check_object_acl(input.acl.as_ref().map(|a| a.as_str()), bucket.settings.ownership.as_deref())?;
    let key = verbs.seal(&visit, &bucket, &input.key, wanted_of!(input), &mut head).await?;
    let stream = input.body.take();
    let length = put::length_of(stream.as_ref(), None);
    let claims = claims_of!(input, headers)?;
    let incoming = Incoming { stream, length, claims, trailers: None, inline: true, key };
    let received = incoming.receive(&verbs.store.blobs).await?;
    let record = put::store(verbs, &bucket, input.key, head, received, Writing::default()).await?;
    let mut output = PostObjectOutput {
        e_tag: Some(etag(&record.etag)),
        version_id: put::answered_version(&bucket, &record),
        ..PostObjectOutput::default()
    };
    set_seal!(output, record.head.seal);
    ok(output)
}
