//! SNS's way to the queues.

use async_trait::async_trait;
use postern_call::Refusal;
use postern_sns::{Deliver, Parcel};
use postern_sqs::{FromService, Sqs};
use serde_json::json;
use std::sync::Arc;

/// Who SNS is to queues' policies.
const SERVICE: &str = "sns.amazonaws.com";

/// Delivers to the queues of this region.
pub struct ToQueues(pub Arc<Sqs>);

#[async_trait]
impl Deliver for ToQueues {
    async fn to_queue(&self, parcel: &Parcel) -> Result<(), Refusal> {
        let mut message = json!({ "MessageBody": parcel.body, "MessageAttributes": parcel.attributes });
        if let Some(group) = &parcel.group {
            message["MessageGroupId"] = json!(group);
        }
        if let Some(dedup) = &parcel.dedup {
            message["MessageDeduplicationId"] = json!(dedup);
        }
        let from = FromService {
            service: SERVICE,
            source: &parcel.topic,
            source_account: parcel.account,
            queue: &parcel.queue,
            message,
            now: parcel.now,
            request_id: &parcel.request_id,
        };
        self.0.send_from(from).await
    }
}
