//! Events put and got page by page.

use super::{Rig, messages, now};
use serde_json::{Value, json};

fn input(events: Value) -> Value {
    json!({ "logGroupName": "g", "logStreamName": "s", "logEvents": events })
}

#[tokio::test]
async fn events_come_back_in_the_order_of_time_after_a_restart() {
    let rig = Rig::with(&["s"]).await;
    rig.put("s", &[(-10, "a"), (-10, "b"), (0, "e")]).await;
    rig.put("s", &[(-10, "c"), (-5, "d")]).await;
    let rig = rig.again();
    let reply = rig.get("s", json!({})).await;
    assert_eq!(messages(&reply), ["a", "b", "c", "d", "e"]);
    assert_eq!(reply["events"][0], json!({ "timestamp": now() - 10, "message": "a", "ingestionTime": now() }));
    // What comes later has a place behind what was there.
    rig.put("s", &[(-10, "late")]).await;
    assert_eq!(messages(&rig.get("s", json!({})).await), ["a", "b", "c", "late", "d", "e"]);
}

#[tokio::test]
async fn the_bounds_of_time_are_from_and_up_to() {
    let rig = Rig::with(&["s"]).await;
    rig.put("s", &[(-3, "a"), (-2, "b"), (-1, "c")]).await;
    let between = |begin: i64, end: i64| json!({ "startTime": now() + begin, "endTime": now() + end });
    assert_eq!(messages(&rig.get("s", between(-3, -1)).await), ["a", "b"]);
    assert_eq!(messages(&rig.get("s", between(-2, 9)).await), ["b", "c"]);
    assert_eq!(messages(&rig.get("s", between(9, -9)).await), Vec::<&str>::new());
}

#[tokio::test]
async fn pages_lead_forward_and_back_and_end_in_their_own_token() {
    let rig = Rig::with(&["s"]).await;
    rig.put("s", &[(-5, "1"), (-4, "2"), (-4, "3"), (-3, "4"), (-2, "5")]).await;
    let head = rig.get("s", json!({ "startFromHead": true, "limit": 2 })).await;
    assert_eq!(messages(&head), ["1", "2"]);
    let go = |token: &Value| {
        let input = json!({ "nextToken": token, "limit": 2, "startFromHead": true });
        rig.get("s", input)
    };
    let second = go(&head["nextForwardToken"]).await;
    assert_eq!(messages(&second), ["3", "4"]);
    let third = go(&second["nextForwardToken"]).await;
    assert_eq!(messages(&third), ["5"]);
    let end = go(&third["nextForwardToken"]).await;
    assert_eq!(messages(&end), Vec::<&str>::new());
    assert_eq!(end["nextForwardToken"], third["nextForwardToken"], "at the end the same token comes back");
    // New events are behind the same token, and the way back has the event at it.
    let back = go(&end["nextBackwardToken"]).await;
    assert_eq!(messages(&back), ["4", "5"]);
    assert_eq!(messages(&go(&back["nextBackwardToken"]).await), ["2", "3"]);
    rig.put("s", &[(0, "6")]).await;
    assert_eq!(messages(&go(&end["nextForwardToken"]).await), ["6"]);

    let tail = rig.get("s", json!({ "limit": 2 })).await;
    assert_eq!(messages(&tail), ["5", "6"], "without a word the latest");
    let before = go(&head["nextBackwardToken"]).await;
    assert_eq!(messages(&before), Vec::<&str>::new());
    assert_eq!(before["nextBackwardToken"], head["nextBackwardToken"]);
    assert_eq!(messages(&go(&before["nextForwardToken"]).await), ["1", "2"]);
}

#[tokio::test]
async fn a_stream_without_events_has_tokens_that_see_them_come() {
    let rig = Rig::with(&["s"]).await;
    let empty = rig.get("s", json!({ "startFromHead": true })).await;
    rig.put("s", &[(0, "first")]).await;
    let next = rig.get("s", json!({ "nextToken": empty["nextForwardToken"] })).await;
    assert_eq!(messages(&next), ["first"]);
    let wrong = json!({ "logGroupName": "g", "logStreamName": "s", "nextToken": "f/1/s" });
    assert_eq!(rig.refused("GetLogEvents", wrong).await.message, "The specified nextToken is invalid.");
}

#[tokio::test]
async fn a_page_ends_at_a_megabyte() {
    let rig = Rig::with(&["s"]).await;
    let large = "x".repeat(400_000);
    for at in 0..4 {
        rig.put("s", &[(at - 10, &large)]).await;
    }
    let first = rig.get("s", json!({ "startFromHead": true })).await;
    assert_eq!(messages(&first).len(), 2);
    let second = rig.get("s", json!({ "nextToken": first["nextForwardToken"] })).await;
    assert_eq!(messages(&second).len(), 2);
    let first = rig.filter(json!({})).await;
    assert_eq!(messages(&first).len(), 2);
    let second = rig.filter(json!({ "nextToken": first["nextToken"] })).await;
    assert_eq!((messages(&second).len(), second.get("nextToken")), (2, None));
}

#[tokio::test]
async fn wrong_batches_are_refused_whole() {
    let rig = Rig::with(&["s"]).await;
    let event = |at: i64, message: &str| json!({ "timestamp": now() + at, "message": message });
    let huge = "x".repeat(1_048_576 - 25);
    let half = "x".repeat(600_000);
    for (events, word) in [
        (
            json!([event(0, "b"), event(-1, "a")]),
            "Log events in a single PutLogEvents request must be in chronological order.",
        ),
        (
            json!([event(-86_400_001, "a"), event(0, "b")]),
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ),
        (json!([event(0, &huge)]), "Log event too large: 1048577 bytes exceeds limit of 1048576"),
        (json!([event(0, &half), event(0, &half)]), "Upload too large: 1200052 bytes exceeds limit of 1048576"),
    ] {
        let refusal = rig.refused("PutLogEvents", input(events)).await;
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("InvalidParameterException", word));
    }
    assert_eq!(messages(&rig.get("s", json!({})).await), Vec::<&str>::new());
    rig.put("s", &[(0, &huge[1..])]).await;
    assert_eq!(messages(&rig.get("s", json!({})).await).len(), 1);
    let mut nowhere = input(json!([event(0, "a")]));
    nowhere["logStreamName"] = json!("none");
    assert_eq!(rig.refused("PutLogEvents", nowhere.clone()).await.message, "The specified log stream does not exist.");
    nowhere["logGroupName"] = json!("none");
    assert_eq!(rig.refused("PutLogEvents", nowhere).await.message, "The specified log group does not exist.");
}

#[tokio::test]
async fn events_too_old_and_too_new_are_told_and_the_rest_is_kept() {
    let rig = Rig::with(&["s"]).await;
    let reply = rig.put("s", &[(-15 * 86_400_000, "old"), (0, "good"), (3 * 3_600_000, "new")]).await;
    assert_eq!(reply["rejectedLogEventsInfo"], json!({ "tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2 }));
    assert_eq!(messages(&rig.get("s", json!({})).await), ["good"]);
    let nothing = rig.put("s", &[(-15 * 86_400_000, "old")]).await;
    assert_eq!(nothing["rejectedLogEventsInfo"], json!({ "tooOldLogEventEndIndex": 1 }));
    assert_eq!(rig.rows("logs.batch"), 1);
}

#[tokio::test]
async fn sequence_tokens_are_given_and_ignored() {
    let rig = Rig::with(&["s"]).await;
    let event = json!([{ "timestamp": now(), "message": "m" }]);
    let mut with_token = input(event);
    with_token["sequenceToken"] = json!("of another time");
    let reply = rig.ok("PutLogEvents", with_token).await;
    assert_eq!(reply["nextSequenceToken"].as_str().unwrap().len(), 56);
    assert!(reply.get("rejectedLogEventsInfo").is_none());
}

#[tokio::test]
async fn writers_at_once_lose_nothing() {
    let rig = std::sync::Arc::new(Rig::with(&["s"]).await);
    let writers: Vec<_> = (0..40)
        .map(|n| {
            let rig = rig.clone();
            tokio::spawn(async move { rig.put("s", &[(n - 50, "a"), (n - 50, "b")]).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let rig = std::sync::Arc::into_inner(rig).unwrap().again();
    assert_eq!(messages(&rig.get("s", json!({})).await).len(), 80);
}
