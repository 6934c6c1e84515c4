//! S3 behind the door.

use async_trait::async_trait;
use http_body_util::BodyExt;
use postern_door::{Arrival, RawService, Reply, RequestBody, Told};
use postern_s3::{Body, S3};
use std::sync::Arc;

/// S3 reads HTTP itself; the door hands it the request with how it came.
pub struct Behind(pub Arc<S3>);

#[async_trait]
impl RawService for Behind {
    async fn call(&self, mut request: http::Request<RequestBody>, arrival: Arrival) -> Reply {
        request.extensions_mut().insert(postern_s3::Arrival {
            via: arrival.via,
            tls: arrival.tls,
            region_host: arrival.region.map(|region| region.to_string()),
            request_id: arrival.request_id,
        });
        let mut reply = self.0.service().call(request.map(Body::http_body)).await;
        if let Some(postern_s3::Outcome { operation, caller, refusal }) = reply.extensions_mut().remove() {
            reply.extensions_mut().insert(Told { operation, caller, refusal });
        }
        reply.map(|body| body.map_err(Into::into).boxed_unsync())
    }
}
