//! FilterLogEvents over several streams, and TestMetricFilter.

use super::{Rig, messages, now};
use serde_json::{Value, json};

async fn rig() -> Rig {
    let rig = Rig::with(&["web-1", "web-2", "db"]).await;
    rig.put("web-1", &[(-9, "GET a 200"), (-5, "GET b 500"), (-1, "GET c 200")]).await;
    rig.put("web-2", &[(-8, "GET d 404"), (-5, "GET e 200")]).await;
    rig.put("db", &[(-7, "slow query"), (0, "{\"a\":\"x\",\"b\":4}")]).await;
    rig
}

#[tokio::test]
async fn streams_are_one_in_the_order_of_time() {
    let rig = rig().await.again();
    let reply = rig.filter(json!({ "interleaved": true })).await;
    let all = ["GET a 200", "GET d 404", "slow query", "GET b 500", "GET e 200", "GET c 200", "{\"a\":\"x\",\"b\":4}"];
    assert_eq!(messages(&reply), all);
    assert_eq!(reply["searchedLogStreams"], json!([]));
    let event = &reply["events"][1];
    assert_eq!((&event["logStreamName"], &event["timestamp"]), (&json!("web-2"), &json!(now() - 8)));
    assert_eq!(event["eventId"].as_str().unwrap().len(), 56);
    let mut backward = all;
    backward.reverse();
    assert_eq!(messages(&rig.filter(json!({ "startFromHead": false, "startTime": now() - 100 })).await), backward);
}

#[tokio::test]
async fn pages_join_to_the_whole_in_both_directions() {
    let rig = rig().await;
    for from_head in [true, false] {
        let whole = rig.filter(json!({ "startFromHead": from_head })).await;
        let (mut seen, mut token) = (Vec::new(), Value::Null);
        loop {
            let page = rig.filter(json!({ "startFromHead": from_head, "limit": 2, "nextToken": token })).await;
            assert!(messages(&page).len() <= 2);
            seen.extend(messages(&page).into_iter().map(str::to_owned));
            match page.get("nextToken") {
                Some(next) => token = next.clone(),
                None => break,
            }
        }
        assert_eq!(seen, messages(&whole));
    }
}

#[tokio::test]
async fn streams_times_and_patterns_narrow_it() {
    let rig = rig().await;
    for (more, expected) in [
        (
            json!({ "logStreamNames": ["web-2", "db", "db"] }),
            &["GET d 404", "slow query", "GET e 200", "{\"a\":\"x\",\"b\":4}"][..],
        ),
        (
            json!({ "logStreamNamePrefix": "web-", "startTime": now() - 8, "endTime": now() - 5 }),
            &["GET d 404", "GET b 500", "GET e 200"],
        ),
        (json!({ "filterPattern": "GET -200" }), &["GET d 404", "GET b 500"]),
        (json!({ "filterPattern": "?slow ?500" }), &["slow query", "GET b 500"]),
        (json!({ "filterPattern": "[method, path, status = 4* || status >= 500]" }), &["GET d 404", "GET b 500"]),
        (json!({ "filterPattern": "{ $.a = \"x\" && $.b > 3 }" }), &["{\"a\":\"x\",\"b\":4}"]),
        (json!({ "startTime": now() + 1 }), &[]),
        (json!({ "startTime": 9, "endTime": 3 }), &[]),
    ] {
        assert_eq!(messages(&rig.filter(more.clone()).await), expected, "{more}");
    }
}

#[tokio::test]
async fn wrong_searches_are_refused() {
    let rig = rig().await;
    for (more, code, word) in [
        (json!({ "logStreamNames": ["none"] }), "ResourceNotFoundException", "log stream does not exist"),
        (
            json!({ "logStreamNames": ["db"], "logStreamNamePrefix": "d" }),
            "InvalidParameterException",
            "mutually exclusive",
        ),
        (json!({ "filterPattern": "{ $.a" }), "InvalidParameterException", "Invalid filter pattern"),
        (json!({ "nextToken": "x" }), "InvalidParameterException", "nextToken"),
        (json!({ "startFromHead": false, "startTime": 5 }), "InvalidParameterException", "startFromHead"),
        (json!({ "logGroupIdentifier": "g" }), "InvalidParameterException", "mutually exclusive"),
        (json!({ "logGroupName": null }), "InvalidParameterException", "must be specified"),
        (json!({ "logGroupName": "none" }), "ResourceNotFoundException", "log group does not exist"),
    ] {
        let input = super::merged(json!({ "logGroupName": "g" }), more);
        let refusal = rig.refused("FilterLogEvents", input).await;
        assert_eq!(refusal.code, code);
        assert!(refusal.message.contains(word), "{}", refusal.message);
    }
}

#[tokio::test]
async fn a_long_search_ends_and_goes_on_by_its_token() {
    let rig = Rig::with(&["s"]).await;
    let many: Vec<(i64, &str)> = (0..10_000).map(|_| (-9, "hay")).collect();
    for _ in 0..6 {
        rig.put("s", &many).await;
    }
    rig.put("s", &[(0, "needle")]).await;
    let first = rig.filter(json!({ "filterPattern": "needle" })).await;
    assert_eq!(messages(&first), Vec::<&str>::new());
    let second = rig.filter(json!({ "filterPattern": "needle", "nextToken": first["nextToken"] })).await;
    assert_eq!((messages(&second), second.get("nextToken")), (vec!["needle"], None));
}

#[tokio::test]
async fn patterns_are_tested_on_messages() {
    let rig = Rig::new();
    let messages = json!(["127.0.0.1 GET 404", "127.0.0.1 GET 200"]);
    let input = json!({ "filterPattern": "[ip, ..., status = 4*]", "logEventMessages": messages });
    let reply = rig.ok("TestMetricFilter", input).await;
    assert_eq!(
        reply["matches"],
        json!([{
            "eventNumber": 0, "eventMessage": "127.0.0.1 GET 404",
            "extractedValues": { "$ip": "127.0.0.1", "$2": "GET", "$status": "404" },
        }])
    );
}
