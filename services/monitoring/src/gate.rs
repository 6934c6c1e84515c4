//! Who may call an operation: its alarms, its condition keys, and the questions to the gate.

use postern_call::{Call, Refusal};
use postern_kit::{Input, Question, Tags, request_tag_keys, resource_tag_keys};
use postern_names::AccountId;
use postern_policy::{Judge, Keys};

/// The ARN of an alarm.
pub fn alarm_arn(region: &str, account: AccountId, name: &str) -> String {
    format!("arn:aws:cloudwatch:{region}:{account}:alarm:{name}")
}

/// Asks for every alarm that the request names, or once for none. `tags` gives those of an alarm that there is.
pub fn authorize(
    judge: &dyn Judge,
    call: &Call,
    account: AccountId,
    tags: impl Fn(&str) -> Option<Tags>,
) -> Result<(), Refusal> {
    let input = Input(&call.input);
    let mut asked = Keys::new();
    if let Some(namespace) = input.text("Namespace") {
        asked.insert("cloudwatch:namespace".into(), vec![namespace.to_owned()]);
    }
    let given = input.list("Tags").iter().map(Input);
    let given: Vec<_> =
        given.filter_map(|tag| Some((tag.text("Key")?, tag.text("Value").unwrap_or_default()))).collect();
    request_tag_keys(given, &mut asked);
    let removed = input.texts("TagKeys");
    if !removed.is_empty() {
        asked.insert("aws:tagkeys".into(), removed.into_iter().map(str::to_owned).collect());
    }
    for name in names(call, input) {
        let mut keys = asked.clone();
        let resource = match &name {
            Some(name) => {
                if let Some(tags) = tags(name) {
                    resource_tag_keys(&tags, &mut keys);
                }
                alarm_arn(call.region.as_str(), account, name)
            }
            None => "*".to_owned(),
        };
        let question = Question {
            service: "cloudwatch",
            action: &call.operation,
            resource: &resource,
            account: Some(account),
            policy: None,
            keys,
        };
        question.put(judge, call)?;
    }
    Ok(())
}

/// The alarms that a request names. An operation on alarms that names none is asked for all of them.
fn names(call: &Call, input: Input<'_>) -> Vec<Option<String>> {
    let one = |name: &str| vec![Some(name.to_owned())];
    match call.operation.as_str() {
        "PutMetricData" | "GetMetricData" | "GetMetricStatistics" | "ListMetrics" | "DescribeAlarmsForMetric" => {
            vec![None]
        }
        "TagResource" | "UntagResource" | "ListTagsForResource" => {
            let arn = input.text("ResourceARN").unwrap_or_default();
            one(arn.split(":alarm:").nth(1).unwrap_or("*"))
        }
        _ => {
            let named = input.texts("AlarmNames");
            match input.text("AlarmName") {
                Some(name) => one(name),
                None if named.is_empty() => one("*"),
                None => named.into_iter().map(|name| Some(name.to_owned())).collect(),
            }
        }
    }
}
