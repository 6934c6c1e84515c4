//! Groups and streams, their tags, and who is asked for them.

use super::{Rig, arn, now};
use serde_json::{Value, json};

fn names<'a>(reply: &'a Value, list: &str, name: &str) -> Vec<&'a str> {
    reply[list].as_array().unwrap().iter().map(|one| one[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_group_is_made_told_and_deleted() {
    let rig = Rig::with(&["s"]).await;
    rig.put("s", &[(0, "four")]).await;
    let rig = rig.again();
    let reply = rig.ok("DescribeLogGroups", json!({})).await;
    assert_eq!(
        reply["logGroups"],
        json!([{
            "logGroupName": "g", "creationTime": now(), "metricFilterCount": 0, "arn": arn("log-group:g:*"),
            "logGroupArn": arn("log-group:g"), "logGroupClass": "STANDARD", "storedBytes": 30,
        }])
    );
    let twice = rig.refused("CreateLogGroup", json!({ "logGroupName": "g" })).await;
    assert_eq!(
        (twice.code.as_str(), twice.message.as_str()),
        ("ResourceAlreadyExistsException", "The specified log group already exists")
    );
    rig.ok("DeleteLogGroup", json!({ "logGroupName": "g" })).await;
    let gone = rig.refused("DeleteLogGroup", json!({ "logGroupName": "g" })).await;
    assert_eq!(gone.message, "The specified log group does not exist.");
    for kind in ["logs.group", "logs.stream", "logs.batch"] {
        assert_eq!(rig.rows(kind), 0, "{kind}");
    }
    // A new group of the name has nothing of the old one.
    let rig = rig.again();
    rig.ok("CreateLogGroup", json!({ "logGroupName": "g" })).await;
    assert_eq!(rig.ok("DescribeLogStreams", json!({ "logGroupName": "g" })).await["logStreams"], json!([]));
}

#[tokio::test]
async fn what_is_not_served_is_refused_by_name() {
    let rig = Rig::new();
    for (member, value) in [
        ("kmsKeyId", json!("arn:aws:kms:us-east-1:1:key/x")),
        ("logGroupClass", json!("INFREQUENT_ACCESS")),
        ("deletionProtectionEnabled", json!(true)),
    ] {
        let mut input = json!({ "logGroupName": "g" });
        input[member] = value;
        let refusal = rig.refused("CreateLogGroup", input).await;
        assert_eq!(refusal.code, "InvalidParameterException");
        assert!(refusal.message.starts_with(member), "{}", refusal.message);
    }
    assert_eq!(rig.ok("DescribeLogGroups", json!({})).await["logGroups"], json!([]));
    for operation in ["PutMetricFilter", "PutSubscriptionFilter", "StartQuery", "CreateExportTask", "StartLiveTail"] {
        let refusal = rig.refused(operation, json!({})).await;
        assert_eq!((refusal.code.as_str(), refusal.status), ("NotImplemented", 501));
        assert!(refusal.message.contains(operation));
    }
}

#[tokio::test]
async fn groups_are_listed_in_pages_by_prefix_and_by_part() {
    let rig = Rig::new();
    for name in ["/a/web", "/a/db", "/b/web", "/a/api"] {
        rig.ok("CreateLogGroup", json!({ "logGroupName": name })).await;
    }
    let list = |input: Value| rig.ok("DescribeLogGroups", input);
    let first = list(json!({ "logGroupNamePrefix": "/a/", "limit": 2 })).await;
    assert_eq!(names(&first, "logGroups", "logGroupName"), ["/a/api", "/a/db"]);
    let second = list(json!({ "logGroupNamePrefix": "/a/", "limit": 2, "nextToken": first["nextToken"] })).await;
    assert_eq!(names(&second, "logGroups", "logGroupName"), ["/a/web"]);
    assert!(second.get("nextToken").is_none());
    let part = list(json!({ "logGroupNamePattern": "web" })).await;
    assert_eq!(names(&part, "logGroups", "logGroupName"), ["/a/web", "/b/web"]);
    assert!(part["logGroups"][0].get("storedBytes").is_none());
    let listed = list(json!({ "logGroupIdentifiers": ["/b/web", "none"] })).await;
    assert_eq!(names(&listed, "logGroups", "logGroupName"), ["/b/web"]);
    for (wrong, word) in [
        (json!({ "logGroupNamePrefix": "a", "logGroupNamePattern": "b" }), "mutually exclusive"),
        (json!({ "nextToken": "%" }), "nextToken is invalid"),
        (json!({ "includeLinkedAccounts": true }), "includeLinkedAccounts"),
    ] {
        let refusal = rig.refused("DescribeLogGroups", wrong).await;
        assert!(refusal.message.contains(word), "{}", refusal.message);
    }
}

#[tokio::test]
async fn streams_are_listed_by_name_or_by_their_last_event() {
    let rig = Rig::with(&["b1", "a", "b2", "empty"]).await;
    rig.put("a", &[(-5, "x"), (-1, "y")]).await;
    rig.put("b1", &[(-9, "x")]).await;
    rig.put("b2", &[(0, "x")]).await;
    let rig = rig.again();
    let list = |more: Value| rig.ok("DescribeLogStreams", super::merged(json!({ "logGroupName": "g" }), more));
    let by_name = list(json!({ "logStreamNamePrefix": "b", "descending": true })).await;
    assert_eq!(names(&by_name, "logStreams", "logStreamName"), ["b2", "b1"]);
    let mut token = Value::Null;
    let mut seen = Vec::new();
    loop {
        let page =
            list(json!({ "orderBy": "LastEventTime", "descending": true, "limit": 1, "nextToken": token })).await;
        seen.extend(names(&page, "logStreams", "logStreamName").into_iter().map(str::to_owned));
        match page.get("nextToken") {
            Some(next) => token = next.clone(),
            None => break,
        }
    }
    assert_eq!(seen, ["b2", "a", "b1", "empty"]);
    let a = &list(json!({ "logStreamNamePrefix": "a" })).await["logStreams"][0];
    assert_eq!(a["arn"], arn("log-group:g:log-stream:a"));
    assert_eq!(
        (&a["firstEventTimestamp"], &a["lastEventTimestamp"], &a["lastIngestionTime"], &a["storedBytes"]),
        (&json!(now() - 5), &json!(now() - 1), &json!(now()), &json!(0))
    );
    let mixed = json!({ "logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "b" });
    let refusal = rig.refused("DescribeLogStreams", mixed).await;
    assert_eq!(refusal.message, "Cannot order by LastEventTime with a logStreamNamePrefix.");
    let twice = rig.refused("CreateLogStream", json!({ "logGroupName": "g", "logStreamName": "a" })).await;
    assert_eq!(twice.message, "The specified log stream already exists");
    rig.ok("DeleteLogStream", json!({ "logGroupName": "g", "logStreamName": "a" })).await;
    assert_eq!((rig.rows("logs.stream"), rig.rows("logs.batch")), (3, 2));
    let gone = rig.refused("GetLogEvents", json!({ "logGroupName": "g", "logStreamName": "a" })).await;
    assert_eq!(gone.message, "The specified log stream does not exist.");
}

#[tokio::test]
async fn tags_are_the_same_by_both_doors() {
    let rig = Rig::new();
    rig.ok("CreateLogGroup", json!({ "logGroupName": "g", "tags": { "a": "1" } })).await;
    let arn = arn("log-group:g");
    rig.ok("TagResource", json!({ "resourceArn": arn, "tags": { "b": "2", "a": "3" } })).await;
    rig.ok("TagLogGroup", json!({ "logGroupName": "g", "tags": { "c": "4" } })).await;
    let rig = rig.again();
    let by_name = rig.ok("ListTagsLogGroup", json!({ "logGroupName": "g" })).await;
    assert_eq!(by_name["tags"], json!({ "a": "3", "b": "2", "c": "4" }));
    rig.ok("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["a"] })).await;
    rig.ok("UntagLogGroup", json!({ "logGroupName": "g", "tags": ["b"] })).await;
    assert_eq!(rig.ok("ListTagsForResource", json!({ "resourceArn": arn })).await["tags"], json!({ "c": "4" }));
    let many: serde_json::Map<String, Value> = (0..50).map(|n| (format!("k{n}"), json!("v"))).collect();
    let refusal = rig.refused("TagResource", json!({ "resourceArn": arn, "tags": many })).await;
    assert_eq!(refusal.code, "TooManyTagsException");
    let reserved = rig.refused("TagLogGroup", json!({ "logGroupName": "g", "tags": { "aws:x": "v" } })).await;
    assert_eq!(reserved.code, "InvalidParameterException");
    let starred = json!({ "resourceArn": format!("{arn}:*") });
    assert_eq!(rig.refused("ListTagsForResource", starred).await.code, "InvalidParameterException");
    let none = json!({ "resourceArn": format!("{arn}x") });
    assert_eq!(rig.refused("ListTagsForResource", none).await.code, "ResourceNotFoundException");
}

#[tokio::test]
async fn each_operation_asks_for_what_it_touches() {
    let rig = Rig::new();
    let (group, stream) = (arn("log-group:g:log-stream:"), arn("log-group:g:log-stream:s"));
    let (plain, any) = (arn("log-group:g"), arn("log-group::log-stream:"));
    let of_stream = json!({ "logGroupName": "g", "logStreamName": "s" });
    let events =
        json!({ "logGroupName": "g", "logStreamName": "s", "logEvents": [{ "timestamp": now(), "message": "m" }] });
    let of_group = json!({ "logGroupName": "g" });
    let calls = [
        ("CreateLogGroup", json!({ "logGroupName": "g", "tags": { "a": "1" } }), &group),
        ("CreateLogStream", of_stream.clone(), &stream),
        ("PutLogEvents", events, &stream),
        ("GetLogEvents", of_stream.clone(), &stream),
        ("FilterLogEvents", json!({ "logGroupIdentifier": plain }), &group),
        ("DescribeLogStreams", of_group.clone(), &group),
        ("DescribeLogGroups", json!({ "logGroupNamePrefix": "g" }), &any),
        ("TestMetricFilter", json!({ "filterPattern": "x", "logEventMessages": ["x"] }), &any),
        ("PutRetentionPolicy", json!({ "logGroupName": "g", "retentionInDays": 1 }), &group),
        ("DeleteRetentionPolicy", of_group.clone(), &group),
        ("TagLogGroup", json!({ "logGroupName": "g", "tags": { "a": "1" } }), &group),
        ("UntagLogGroup", json!({ "logGroupName": "g", "tags": ["a"] }), &group),
        ("ListTagsLogGroup", of_group.clone(), &group),
        ("TagResource", json!({ "resourceArn": plain, "tags": { "a": "1" } }), &plain),
        ("UntagResource", json!({ "resourceArn": plain, "tagKeys": ["a"] }), &plain),
        ("ListTagsForResource", json!({ "resourceArn": plain }), &plain),
        ("DeleteLogStream", of_stream, &stream),
        ("DeleteLogGroup", of_group, &group),
    ];
    assert_eq!(calls.len(), crate::Logs::implemented().len(), "every operation is here");
    for (operation, input, resource) in calls {
        rig.ok(operation, input.clone()).await;
        let mut expected = vec![format!("logs:{operation} {resource}")];
        if operation == "CreateLogGroup" {
            expected.push(format!("logs:TagResource {plain}"));
        }
        assert_eq!(rig.heard.take(), expected);
    }
}

#[tokio::test]
async fn what_is_refused_does_nothing() {
    let rig = Rig::with(&["s"]).await;
    rig.heard.refuse("logs:PutLogEvents");
    rig.heard.refuse("logs:Unmask");
    let events =
        json!({ "logGroupName": "g", "logStreamName": "s", "logEvents": [{ "timestamp": now(), "message": "m" }] });
    let refusal = rig.refused("PutLogEvents", events).await;
    assert_eq!((refusal.code.as_str(), refusal.status), ("AccessDeniedException", 400));
    assert_eq!(super::messages(&rig.get("s", json!({})).await), Vec::<&str>::new());
    let unmasked = json!({ "logGroupName": "g", "logStreamName": "s", "unmask": true });
    assert_eq!(rig.refused("GetLogEvents", unmasked).await.code, "AccessDeniedException");
    // Either permission lets a group be made with tags.
    rig.heard.refuse("logs:TagResource");
    rig.ok("CreateLogGroup", json!({ "logGroupName": "h", "tags": { "a": "1" } })).await;
    rig.heard.refuse("logs:TagLogGroup");
    let refusal = rig.refused("CreateLogGroup", json!({ "logGroupName": "i", "tags": { "a": "1" } })).await;
    assert!(refusal.message.contains("logs:TagResource"), "{}", refusal.message);
    rig.ok("CreateLogGroup", json!({ "logGroupName": "i" })).await;
}
