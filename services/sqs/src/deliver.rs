//! Messages that another AWS service sends in its own name: the queue's policy must let that service in.

use crate::name::Name;
use crate::outgoing;
use crate::queues::millis;
use crate::service::Sqs;
use crate::{ids, refuse};
use postern_call::{Call, Caller, Principal, Refusal};
use postern_kit::Input;
use postern_names::{AccountId, Via};
use postern_policy::Keys;
use serde_json::Value;
use time::OffsetDateTime;

/// A message from a service.
#[derive(Debug)]
pub struct FromService<'a> {
    /// `sns.amazonaws.com`.
    pub service: &'a str,
    /// For whom the service sends it: `aws:SourceArn`, `aws:SourceAccount`.
    pub source: &'a str,
    pub source_account: AccountId,
    /// The queue's ARN.
    pub queue: &'a str,
    /// SendMessage's members, without `QueueUrl`.
    pub message: Value,
    pub now: OffsetDateTime,
    pub request_id: &'a str,
}

impl Sqs {
    /// Returns when the message is durable in its queue.
    pub async fn send_from(&self, from: FromService<'_>) -> Result<(), Refusal> {
        let name = Name::from_arn(from.queue).ok_or_else(refuse::no_queue)?;
        let principal = Principal::Service { name: from.service.to_owned() };
        let call = Call {
            service: "sqs",
            operation: "SendMessage".to_owned(),
            input: from.message,
            region: name.region.clone(),
            caller: Caller::of(principal),
            via: Via::Service { principal: from.service.to_owned() },
            request_id: from.request_id.to_owned(),
            now: from.now,
            secure: true,
            user_agent: Some(from.service.to_owned()),
        };
        let keys = Keys::from([
            ("aws:sourcearn".to_owned(), vec![from.source.to_owned()]),
            ("aws:sourceaccount".to_owned(), vec![from.source_account.to_string()]),
        ]);
        let queue = self.admit(&call, "SendMessage", &name, keys)?;
        let outgoing = {
            let state = queue.open()?;
            outgoing::read(Input(&call.input), &state.row.settings, from.service, ids::uuid()?)?
        };
        self.queues.send(&queue, vec![outgoing], millis(call.now)).await?;
        Ok(())
    }
}
