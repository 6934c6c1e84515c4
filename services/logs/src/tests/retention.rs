//! What the retention no longer keeps is gone, from the disk too.

use super::{Rig, messages};
use serde_json::json;

const DAY: i64 = 86_400_000;

#[tokio::test]
async fn a_shorter_retention_deletes_at_once() {
    let rig = Rig::with(&["s"]).await;
    rig.put("s", &[(-2 * DAY, "old")]).await;
    rig.put("s", &[(-DAY - 9, "edge"), (-DAY, "kept")]).await;
    rig.ok("PutRetentionPolicy", json!({ "logGroupName": "g", "retentionInDays": 1 })).await;
    assert_eq!(messages(&rig.get("s", json!({})).await), ["kept"]);
    assert_eq!(rig.rows("logs.batch"), 1, "the batch that has something to keep is left");
    let groups = rig.ok("DescribeLogGroups", json!({})).await;
    assert_eq!(
        (&groups["logGroups"][0]["retentionInDays"], &groups["logGroups"][0]["storedBytes"]),
        (&json!(1), &json!(30))
    );
    let reply = rig.put("s", &[(-DAY - 1, "expired"), (0, "new")]).await;
    assert_eq!(reply["rejectedLogEventsInfo"], json!({ "expiredLogEventEndIndex": 1 }));
    let rig = rig.again();
    assert_eq!(messages(&rig.get("s", json!({})).await), ["kept", "new"]);
    assert_eq!(messages(&rig.filter(json!({})).await), ["kept", "new"]);
    rig.ok("DeleteRetentionPolicy", json!({ "logGroupName": "g" })).await;
    assert!(rig.ok("DescribeLogGroups", json!({})).await["logGroups"][0].get("retentionInDays").is_none());
}

#[tokio::test]
async fn time_deletes_in_groups_that_nobody_looks_at() {
    let rig = Rig::with(&["s"]).await;
    rig.ok("PutRetentionPolicy", json!({ "logGroupName": "g", "retentionInDays": 3 })).await;
    rig.put("s", &[(0, "m")]).await;
    let get = json!({ "logGroupName": "g", "logStreamName": "s" });
    let there = rig.later(3 * DAY, "GetLogEvents", get.clone()).await.unwrap();
    assert_eq!(messages(&there), ["m"]);
    // Not shown from the moment on, whatever round comes when.
    let gone = rig.later(3 * DAY + 1, "GetLogEvents", get).await.unwrap();
    assert_eq!(messages(&gone), Vec::<&str>::new());
    let filtered = rig.later(3 * DAY + 1, "FilterLogEvents", json!({ "logGroupName": "g" })).await.unwrap();
    assert_eq!(messages(&filtered), Vec::<&str>::new());
    // A call for another group a minute later takes the row from the disk; batches are durable in their order.
    rig.later(3 * DAY + 60_001, "CreateLogGroup", json!({ "logGroupName": "h" })).await.unwrap();
    assert_eq!(rig.rows("logs.batch"), 0);
    let stream = rig.again().ok("DescribeLogStreams", json!({ "logGroupName": "g" })).await;
    assert!(stream["logStreams"][0].get("lastEventTimestamp").is_some(), "the stream remembers its last event");
}

#[tokio::test]
async fn only_aws_days_are_taken() {
    let rig = Rig::with(&[]).await;
    let refusal = rig.refused("PutRetentionPolicy", json!({ "logGroupName": "g", "retentionInDays": 2 })).await;
    assert_eq!(refusal.code, "InvalidParameterException");
    assert!(refusal.message.starts_with("1 validation error detected: Value '2' at 'retentionInDays'"));
    let nowhere = rig.refused("PutRetentionPolicy", json!({ "logGroupName": "x", "retentionInDays": 1 })).await;
    assert_eq!(nowhere.message, "The specified log group does not exist.");
}
