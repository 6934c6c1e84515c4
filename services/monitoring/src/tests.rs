//! The service through its door: calls as the codec gives them, on a store on disk.

use crate::Monitoring;
use postern_call::Refusal;
use postern_kit::testing::{Heard, call};
use postern_names::AccountId;
use postern_serve::Service;
use postern_store::Store;
use serde_json::{Value, json};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

struct Rig {
    service: Monitoring,
    heard: Arc<Heard>,
    directory: tempfile::TempDir,
}

/// The time of the testing calls, which is the beginning of a minute.
fn now() -> OffsetDateTime {
    call("monitoring", AccountId::DEFAULT, "", json!({})).now
}

fn ago(seconds: i64) -> String {
    crate::read::told(now().unix_timestamp() - seconds).unwrap()
}

impl Rig {
    fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap())
    }
    fn on(directory: tempfile::TempDir) -> Self {
        let store = Arc::new(Store::open(&directory.path().join("state.db")).unwrap());
        let heard = Arc::new(Heard::default());
        let service = Monitoring::open(store, heard.clone(), now()).unwrap();
        Self { service, heard, directory }
    }
    fn again(self) -> Self {
        let Self { service, directory, .. } = self;
        drop(service);
        Self::on(directory)
    }
    async fn later(&self, seconds: i64, operation: &str, input: Value) -> Result<Value, Refusal> {
        let mut call = call("monitoring", AccountId::DEFAULT, operation, input);
        call.now += Duration::seconds(seconds);
        self.service.call(call).await
    }
    async fn ok(&self, operation: &str, input: Value) -> Value {
        self.later(0, operation, input).await.unwrap()
    }
    async fn refused(&self, operation: &str, input: Value) -> String {
        self.later(0, operation, input).await.unwrap_err().code
    }
    async fn put(&self, seconds_ago: i64, value: f64) {
        let datum = json!({ "MetricName": "Load", "Timestamp": ago(seconds_ago), "Value": value, "Unit": "Count" });
        self.ok("PutMetricData", json!({ "Namespace": "App", "MetricData": [datum] })).await;
    }
    async fn alarm(&self, more: Value) {
        let mut input = json!({
            "AlarmName": "high", "Namespace": "App", "MetricName": "Load", "Statistic": "Maximum", "Period": 60,
            "EvaluationPeriods": 2, "DatapointsToAlarm": 1, "Threshold": 10.0,
            "ComparisonOperator": "GreaterThanThreshold",
        });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ok("PutMetricAlarm", input).await;
    }
    async fn state(&self, later: i64) -> String {
        let reply = self.later(later, "DescribeAlarms", json!({ "AlarmNames": ["high"] })).await.unwrap();
        reply["MetricAlarms"][0]["StateValue"].as_str().unwrap().to_owned()
    }
}

fn statistics(begin: i64, period: i64) -> Value {
    json!({
        "Namespace": "App", "MetricName": "Load", "StartTime": ago(begin), "EndTime": ago(0), "Period": period,
        "Statistics": ["Sum", "Average", "SampleCount", "Minimum", "Maximum"], "ExtendedStatistics": ["p50"],
    })
}

#[tokio::test]
async fn what_is_put_is_told_by_spans_and_survives_a_restart() {
    let rig = Rig::new();
    for (seconds, value) in [(30, 1.0), (40, 3.0), (130, 8.0)] {
        rig.put(seconds, value).await;
    }
    let rig = rig.again();
    let reply = rig.ok("GetMetricStatistics", statistics(300, 60)).await;
    let points = reply["Datapoints"].as_array().unwrap();
    assert_eq!(points.len(), 2);
    assert_eq!(points[0]["Timestamp"], ago(180));
    let last = &points[1];
    assert_eq!((&last["Sum"], &last["Average"], &last["SampleCount"]), (&json!(4.0), &json!(2.0), &json!(2.0)));
    assert_eq!((&last["Minimum"], &last["Maximum"], &last["Unit"]), (&json!(1.0), &json!(3.0), &json!("Count")));
    assert_eq!(last["ExtendedStatistics"]["p50"], 2.0);
    let query = json!({
        "Id": "a", "MetricStat": { "Metric": { "Namespace": "App", "MetricName": "Load" }, "Period": 300, "Stat": "Sum" },
    });
    let input = json!({ "MetricDataQueries": [query], "StartTime": ago(600), "EndTime": ago(0) });
    let reply = rig.ok("GetMetricData", input).await;
    assert_eq!(reply["MetricDataResults"][0]["Values"], json!([12.0]));
    let listed = rig.ok("ListMetrics", json!({ "Namespace": "App" })).await;
    assert_eq!(listed["Metrics"], json!([{ "Namespace": "App", "MetricName": "Load", "Dimensions": [] }]));
}

#[tokio::test]
async fn dimensions_make_other_metrics_in_any_order() {
    let rig = Rig::new();
    let datum = |dimensions: Value| json!({ "MetricName": "M", "Value": 1.0, "Dimensions": dimensions });
    let (a, b) = (json!({ "Name": "a", "Value": "1" }), json!({ "Name": "b", "Value": "2" }));
    let data = json!([datum(json!([a, b])), datum(json!([b, a])), datum(json!([a]))]);
    rig.ok("PutMetricData", json!({ "Namespace": "App", "MetricData": data })).await;
    let listed = rig.ok("ListMetrics", json!({ "Dimensions": [{ "Name": "a" }] })).await;
    assert_eq!(listed["Metrics"].as_array().unwrap().len(), 2);
    let listed = rig.ok("ListMetrics", json!({ "Dimensions": [{ "Name": "b", "Value": "2" }] })).await;
    assert_eq!(listed["Metrics"][0]["Dimensions"], json!([a, b]));
}

#[tokio::test]
async fn wrong_data_are_refused_whole() {
    let rig = Rig::new();
    let put =
        |datum: Value| json!({ "Namespace": "App", "MetricData": [{ "MetricName": "Good", "Value": 1.0 }, datum] });
    for (datum, code) in [
        (json!({ "MetricName": "M" }), "MissingParameter"),
        (json!({ "Value": 1.0 }), "MissingParameter"),
        (json!({ "MetricName": "M", "Value": 1.0, "Values": [1.0] }), "InvalidParameterCombination"),
        (json!({ "MetricName": "M", "Values": [1.0], "Counts": [1.0, 2.0] }), "InvalidParameterValue"),
        (json!({ "MetricName": "M", "Value": 1.0, "Timestamp": ago(15 * 86_400) }), "InvalidParameterValue"),
        (json!({ "MetricName": "M", "Value": 1.0, "StorageResolution": 7 }), "InvalidParameterValue"),
    ] {
        assert_eq!(rig.refused("PutMetricData", put(datum.clone())).await, code, "{datum}");
    }
    let reserved = json!({ "Namespace": "AWS/EC2", "MetricData": [{ "MetricName": "M", "Value": 1.0 }] });
    assert_eq!(rig.refused("PutMetricData", reserved).await, "InvalidParameterValue");
    assert_eq!(rig.ok("ListMetrics", json!({})).await["Metrics"], json!([]));
    assert_eq!(rig.refused("GetMetricStatistics", statistics(300, 7)).await, "InvalidParameterValue");
    assert_eq!(rig.refused("PutDashboard", json!({})).await, "NotImplemented");
}

#[tokio::test]
async fn an_alarm_follows_what_is_measured() {
    let rig = Rig::new();
    rig.alarm(json!({})).await;
    assert_eq!(rig.state(0).await, "INSUFFICIENT_DATA");
    rig.put(30, 11.0).await;
    // The period of the datum has been judged already; the next one sees it.
    assert_eq!(rig.state(60).await, "ALARM");
    let rig = rig.again();
    assert_eq!(rig.state(61).await, "ALARM");
    assert_eq!(rig.state(180).await, "INSUFFICIENT_DATA");
    let history =
        rig.ok("DescribeAlarmHistory", json!({ "AlarmName": "high", "HistoryItemType": "StateUpdate" })).await;
    let items = history["AlarmHistoryItems"].as_array().unwrap();
    assert_eq!(items[0]["HistorySummary"], "Alarm updated from ALARM to INSUFFICIENT_DATA");
    assert_eq!(items.len(), 2);
}

#[tokio::test]
async fn periods_without_data_count_as_the_alarm_says() {
    for (word, state) in [
        ("missing", "INSUFFICIENT_DATA"),
        ("ignore", "INSUFFICIENT_DATA"),
        ("breaching", "ALARM"),
        ("notBreaching", "OK"),
    ] {
        let rig = Rig::new();
        rig.alarm(json!({ "TreatMissingData": word })).await;
        assert_eq!(rig.state(0).await, state, "{word}");
    }
}

#[tokio::test]
async fn a_state_that_was_set_holds_until_the_next_period() {
    let rig = Rig::new();
    rig.alarm(json!({ "TreatMissingData": "notBreaching" })).await;
    let set = json!({ "AlarmName": "high", "StateValue": "ALARM", "StateReason": "a rehearsal" });
    rig.ok("SetAlarmState", set.clone()).await;
    assert_eq!(rig.state(30).await, "ALARM");
    assert_eq!(rig.state(60).await, "OK");
    rig.ok("DeleteAlarms", json!({ "AlarmNames": ["high", "other"] })).await;
    assert_eq!(rig.refused("SetAlarmState", set).await, "ResourceNotFound");
}

#[tokio::test]
async fn actions_are_refused_by_name_and_questions_name_the_alarm() {
    let rig = Rig::new();
    let input = json!({
        "AlarmName": "high", "Namespace": "App", "MetricName": "Load", "Statistic": "Maximum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold",
    });
    for (action, said) in [
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "Alarm actions of lambda"),
        ("arn:aws:sns:eu-west-1:123456789012:t", "Invalid region eu-west-1"),
        ("topic", "Invalid arn syntax: topic"),
    ] {
        let mut input = input.clone();
        input["AlarmActions"] = json!([action]);
        let refusal = rig.later(0, "PutMetricAlarm", input).await.unwrap_err();
        assert!(refusal.message.contains(said), "{}", refusal.message);
    }
    rig.heard.take();
    rig.alarm(json!({ "Tags": [{ "Key": "team", "Value": "a" }] })).await;
    let arn = format!("arn:aws:cloudwatch:us-east-1:{}:alarm:high", AccountId::DEFAULT);
    assert_eq!(rig.heard.take(), [format!("cloudwatch:PutMetricAlarm {arn}")]);
    rig.ok("TagResource", json!({ "ResourceARN": arn, "Tags": [{ "Key": "b", "Value": "c" }] })).await;
    let tags = rig.ok("ListTagsForResource", json!({ "ResourceARN": arn })).await;
    assert_eq!(tags["Tags"].as_array().unwrap().len(), 2);
    rig.heard.refuse("cloudwatch:DeleteAlarms");
    assert_eq!(rig.refused("DeleteAlarms", json!({ "AlarmNames": ["high"] })).await, "AccessDenied");
}

#[tokio::test]
async fn a_change_of_state_is_told_to_the_topics_of_the_new_state() {
    let rig = Rig::new();
    let mut notices = rig.service.notices().unwrap();
    assert!(rig.service.notices().is_none(), "there is one who carries them out");
    let topic = |name: &str| format!("arn:aws:sns:us-east-1:{}:{name}", AccountId::DEFAULT);
    rig.alarm(json!({
        "AlarmActions": [topic("a"), topic("b")], "OKActions": [topic("ok")], "TreatMissingData": "notBreaching",
        "AlarmDescription": "too much", "Dimensions": [],
    }))
    .await;
    rig.put(30, 11.0).await;
    rig.service.judge_due(now()).await.unwrap();
    rig.service.judge_due(now()).await.unwrap();
    let told = [notices.try_recv().unwrap(), notices.try_recv().unwrap()];
    assert_eq!((&told[0].topic, &told[1].topic), (&topic("a"), &topic("b")));
    assert!(notices.try_recv().is_err(), "told once");
    assert_eq!(told[0].subject, "ALARM: \"high\" in US East (N. Virginia)");
    let message: Value = serde_json::from_str(&told[0].message).unwrap();
    for (member, value) in [
        ("AlarmName", json!("high")),
        ("AlarmDescription", json!("too much")),
        ("NewStateValue", json!("ALARM")),
        ("OldStateValue", json!("INSUFFICIENT_DATA")),
        ("AWSAccountId", json!(AccountId::DEFAULT)),
        ("OKActions", json!([topic("ok")])),
    ] {
        assert_eq!(message[member], value, "{member}");
    }
    assert_eq!(message["Trigger"]["Statistic"], "MAXIMUM");
    rig.service.carried_out(&told[0], None, now()).await.unwrap();
    let failed = Refusal::new("NotFound", "Topic does not exist");
    rig.service.carried_out(&told[1], Some(&failed), now()).await.unwrap();
    let rig = rig.again();
    let history = rig.ok("DescribeAlarmHistory", json!({ "AlarmName": "high", "HistoryItemType": "Action" })).await;
    let said: Vec<&str> =
        history["AlarmHistoryItems"].as_array().unwrap().iter().filter_map(|i| i["HistorySummary"].as_str()).collect();
    assert!(said.contains(&format!("Successfully executed action {}", topic("a")).as_str()), "{said:?}");
    assert!(said.iter().any(|said| said.starts_with("Failed to execute action") && said.contains("does not exist")));
    let mut notices = rig.service.notices().unwrap();
    rig.ok("DisableAlarmActions", json!({ "AlarmNames": ["high"] })).await;
    let set = |state: &str| json!({ "AlarmName": "high", "StateValue": state, "StateReason": "a rehearsal" });
    rig.ok("SetAlarmState", set("OK")).await;
    assert!(notices.try_recv().is_err(), "actions are switched off");
    rig.ok("EnableAlarmActions", json!({ "AlarmNames": ["high"] })).await;
    rig.ok("SetAlarmState", set("OK")).await;
    assert!(notices.try_recv().is_err(), "the state is the same");
    rig.ok("SetAlarmState", set("ALARM")).await;
    rig.ok("SetAlarmState", set("OK")).await;
    let topics: Vec<String> = std::iter::from_fn(|| notices.try_recv().ok()).map(|notice| notice.topic).collect();
    assert_eq!(topics, [topic("a"), topic("b"), topic("ok")]);
}
