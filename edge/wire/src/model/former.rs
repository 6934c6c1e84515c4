//! What SQS's lists and maps are called in the query protocol, which it still speaks; its published model is of the JSON
//! protocol alone and no longer says it.

use super::shape::Metadata;

/// A list or map by its shape.
pub(crate) struct Named {
    pub shape: &'static str,
    /// The parameter in requests, the element in replies: `AttributeName.1=All`.
    pub name: &'static str,
    /// What key and value of a map's entries are called: `Attribute.1.Name=DelaySeconds`.
    pub entry: Option<(&'static str, &'static str)>,
}

const fn list(shape: &'static str, name: &'static str) -> Named {
    Named { shape, name, entry: None }
}

const fn map(shape: &'static str, name: &'static str, key: &'static str) -> Named {
    Named { shape, name, entry: Some((key, "Value")) }
}

pub(crate) const NAMES: &[Named] = &[
    list("AWSAccountIdList", "AWSAccountId"),
    list("ActionNameList", "ActionName"),
    list("AttributeNameList", "AttributeName"),
    list("BatchResultErrorEntryList", "BatchResultErrorEntry"),
    list("BinaryList", "BinaryListValue"),
    list("ChangeMessageVisibilityBatchRequestEntryList", "ChangeMessageVisibilityBatchRequestEntry"),
    list("ChangeMessageVisibilityBatchResultEntryList", "ChangeMessageVisibilityBatchResultEntry"),
    list("DeleteMessageBatchRequestEntryList", "DeleteMessageBatchRequestEntry"),
    list("DeleteMessageBatchResultEntryList", "DeleteMessageBatchResultEntry"),
    list("ListMessageMoveTasksResultEntryList", "ListMessageMoveTasksResultEntry"),
    list("MessageAttributeNameList", "MessageAttributeName"),
    list("MessageList", "Message"),
    list("MessageSystemAttributeList", "MessageSystemAttributeName"),
    list("QueueUrlList", "QueueUrl"),
    list("SendMessageBatchRequestEntryList", "SendMessageBatchRequestEntry"),
    list("SendMessageBatchResultEntryList", "SendMessageBatchResultEntry"),
    list("StringList", "StringListValue"),
    list("TagKeyList", "TagKey"),
    map("MessageBodyAttributeMap", "MessageAttribute", "Name"),
    map("MessageBodySystemAttributeMap", "MessageSystemAttribute", "Name"),
    map("MessageSystemAttributeMap", "Attribute", "Name"),
    map("QueueAttributeMap", "Attribute", "Name"),
    map("TagMap", "Tag", "Key"),
];

/// SQS speaks the query protocol too.
pub(crate) fn metadata(mut published: Metadata) -> Metadata {
    if !published.protocols.iter().any(|protocol| protocol == "query") {
        published.protocols.push("query".to_owned());
    }
    published.namespace = Some("http://queue.amazonaws.com/doc/2012-11-05/".to_owned());
    published
}
