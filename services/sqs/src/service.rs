//! The API over the queues.

use crate::name::Name;
use crate::queues::{Queue, Queues, millis};
use crate::verb;
use crate::{gate, refuse};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_kit::{not_implemented, resource_tag_keys};
use postern_policy::{Judge, Keys};
use postern_serve::{Guarded, Service};
use postern_store::{Store, StoreError};
use serde_json::Value;
use std::sync::Arc;
use time::OffsetDateTime;

/// The `sqs` service.
pub struct Sqs {
    pub(crate) queues: Arc<Queues>,
    pub(crate) judge: Arc<dyn Judge>,
    /// The URL of the host's own endpoint: queue URLs of callers from there begin with it.
    pub(crate) host_endpoint: String,
}

/// The operations that are served, by model name.
const OPERATIONS: &[&str] = &[
    "AddPermission",
    "CancelMessageMoveTask",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "CreateQueue",
    "DeleteMessage",
    "DeleteMessageBatch",
    "DeleteQueue",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "RemovePermission",
    "SendMessage",
    "SendMessageBatch",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

impl Sqs {
    /// Reads the queues from the store. Blocks; meant for the start.
    pub fn open(store: Arc<Store>, judge: Arc<dyn Judge>, host_endpoint: String) -> Result<Self, StoreError> {
        let queues = Arc::new(Queues::open(store, millis(OffsetDateTime::now_utc()))?);
        Ok(Self { queues, judge, host_endpoint })
    }

    /// Goes on with the message moves that a stop interrupted. Needs a runtime.
    pub fn resume(&self) {
        self.queues.resume_moves();
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        OPERATIONS.to_vec()
    }

    /// The queue of a call's `QueueUrl`, once the gate has allowed the action.
    pub(crate) fn queue(&self, call: &Call, action: &str) -> Result<Arc<Queue>, Refusal> {
        self.queue_with(call, action, Keys::new())
    }

    pub(crate) fn queue_with(&self, call: &Call, action: &str, keys: Keys) -> Result<Arc<Queue>, Refusal> {
        let url = call.input.get("QueueUrl").and_then(Value::as_str).ok_or_else(|| refuse::missing("QueueUrl"))?;
        self.admit(call, action, &Name::from_url(url, call)?, keys)
    }

    /// The queue of this name, once the gate has allowed the action on it.
    pub(crate) fn admit(&self, call: &Call, action: &str, name: &Name, keys: Keys) -> Result<Arc<Queue>, Refusal> {
        let found = self.queues.find(name);
        if found.is_none() && call.caller.account() != Some(name.account) {
            return Err(refuse::no_queue_here());
        }
        gate::ask(self.judge.as_ref(), call, action, name, found.as_deref(), keys)?;
        found.ok_or_else(refuse::no_queue)
    }

    pub(crate) fn url(&self, call: &Call, name: &Name) -> String {
        name.url(&self.host_endpoint, &call.via)
    }
}

#[async_trait]
impl Service for Sqs {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        match call.operation.as_str() {
            "AddPermission" => verb::permission::add(self, &call).await,
            "CancelMessageMoveTask" => verb::task::cancel(self, &call).await,
            "ChangeMessageVisibility" => verb::visibility::change(self, &call).await,
            "ChangeMessageVisibilityBatch" => verb::visibility::change_batch(self, &call).await,
            "CreateQueue" => verb::queue::create(self, &call).await,
            "DeleteMessage" => verb::delete::delete(self, &call).await,
            "DeleteMessageBatch" => verb::delete::delete_batch(self, &call).await,
            "DeleteQueue" => verb::queue::delete(self, &call).await,
            "GetQueueAttributes" => verb::attributes::get(self, &call).await,
            "GetQueueUrl" => verb::queue::url(self, &call),
            "ListDeadLetterSourceQueues" => verb::list::dead_letter_sources(self, &call),
            "ListMessageMoveTasks" => verb::task::list(self, &call),
            "ListQueueTags" => verb::tags::list(self, &call),
            "ListQueues" => verb::list::queues(self, &call),
            "PurgeQueue" => verb::queue::purge(self, &call).await,
            "ReceiveMessage" => verb::receive::receive(self, &call).await,
            "RemovePermission" => verb::permission::remove(self, &call).await,
            "SendMessage" => verb::send::send(self, &call).await,
            "SendMessageBatch" => verb::send::send_batch(self, &call).await,
            "SetQueueAttributes" => verb::attributes::set(self, &call).await,
            "StartMessageMoveTask" => verb::task::start(self, &call).await,
            "TagQueue" => verb::tags::add(self, &call).await,
            "UntagQueue" => verb::tags::remove(self, &call).await,
            other => Err(not_implemented("Amazon SQS", other)),
        }
    }

    fn guarded(&self, arn: &str) -> Option<Guarded> {
        let name = Name::from_arn(arn)?;
        let queue = self.queues.find(&name)?;
        let state = queue.lock();
        let mut keys = Keys::new();
        resource_tag_keys(&state.row.tags, &mut keys);
        let policy = state.row.settings.policy.as_ref().map(|policy| Arc::clone(&policy.0));
        Some(Guarded { account: name.account, policy, keys, shut: None })
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}
