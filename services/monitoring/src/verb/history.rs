//! DescribeAlarmHistory: what happened to alarms, the newest first.

use super::{Changed, Request};
use crate::alarm::{Alarm, Item};
use crate::state::Home;
use crate::{read, refuse};
use postern_call::Refusal;
use serde_json::json;

const MOST: i64 = 100;

pub fn describe(home: &mut Home, request: &Request<'_>) -> Changed {
    let input = request.input;
    if input.text("NextToken").is_some() {
        return Err(refuse::bad_token());
    }
    let (begin, end) = (read::time(input, "StartDate")?, read::time(input, "EndDate")?);
    let is_wanted = |item: &Item| {
        input.text("HistoryItemType").is_none_or(|kind| kind == item.kind)
            && begin.is_none_or(|begin| item.at >= begin)
            && end.is_none_or(|end| item.at <= end)
    };
    let alarms = home.alarms.values().filter(|alarm| input.text("AlarmName").is_none_or(|name| name == alarm.name));
    let mut items: Vec<(&Alarm, &Item)> = alarms
        .flat_map(|alarm| alarm.history.iter().filter(|item| is_wanted(item)).map(move |item| (alarm, item)))
        .collect();
    items.sort_by_key(|(_, item)| item.at);
    if input.text("ScanBy") != Some("TimestampAscending") {
        items.reverse();
    }
    let most = usize::try_from(input.number("MaxRecords").unwrap_or(MOST).clamp(1, MOST)).unwrap_or(1);
    let shown = items.into_iter().take(most).map(|(alarm, item)| {
        Ok(json!({
            "AlarmName": alarm.name,
            "AlarmType": "MetricAlarm",
            "Timestamp": read::told(item.at)?,
            "HistoryItemType": item.kind,
            "HistorySummary": item.summary,
        }))
    });
    Ok((json!({ "AlarmHistoryItems": shown.collect::<Result<Vec<_>, Refusal>>()? }), Vec::new()))
}
