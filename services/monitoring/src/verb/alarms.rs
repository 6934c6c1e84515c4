//! Alarms looked at, set, switched and deleted.

use super::{Changed, Request};
use crate::alarm::{Alarm, State};
use crate::state::{Home, Place};
use crate::{notice, read, refuse};
use postern_kit::page;
use serde_json::json;

const MOST: i64 = 100;
const NAMES_MAX: usize = 100;

/// Judges every alarm by what was measured; gives the names of those that have changed.
pub fn judge(home: &mut Home, place: &Place, now: i64) -> Vec<String> {
    let (series, notices) = (&home.series, &mut home.notices);
    let judged = home.alarms.values_mut().filter_map(|alarm| {
        let before = alarm.state;
        let is_other = alarm.judge(series.get(&alarm.metric), now);
        is_other.then(|| {
            notices.extend(notice::of(place, alarm, before));
            alarm.name.clone()
        })
    });
    judged.collect()
}

pub fn describe(home: &mut Home, request: &Request<'_>) -> Changed {
    let changed = judge(home, request.place, request.now);
    let input = request.input;
    for member in ["ChildrenOfAlarmName", "ParentsOfAlarmName", "ActionPrefix"] {
        if input.get(member).is_some() {
            return Err(refuse::not_served(&format!("DescribeAlarms with {member}")));
        }
    }
    let (names, prefix, state) = (input.texts("AlarmNames"), input.text("AlarmNamePrefix"), input.text("StateValue"));
    if !names.is_empty() && prefix.is_some() {
        return Err(refuse::combination("AlarmNamePrefix and AlarmNames cannot both be specified."));
    }
    let types = input.texts("AlarmTypes");
    let is_wanted = |alarm: &&Alarm| {
        (names.is_empty() || names.contains(&alarm.name.as_str()))
            && prefix.is_none_or(|prefix| alarm.name.starts_with(prefix))
            && state.is_none_or(|state| state == alarm.state.word())
            && (types.is_empty() || types.contains(&"MetricAlarm"))
    };
    let most = usize::try_from(input.number("MaxRecords").unwrap_or(50).clamp(1, MOST)).unwrap_or(1);
    let found = home.alarms.values().filter(is_wanted).map(|alarm| (alarm.name.clone(), alarm.view()));
    let page = page(found, input.text("NextToken"), most).map_err(|_| refuse::bad_token())?;
    let shown = page.entries.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut reply = json!({ "MetricAlarms": shown, "CompositeAlarms": [] });
    if let Some(next) = page.next {
        reply["NextToken"] = json!(next);
    }
    Ok((reply, changed))
}

pub fn for_metric(home: &mut Home, request: &Request<'_>) -> Changed {
    let changed = judge(home, request.place, request.now);
    let input = request.input;
    let metric = read::metric(input)?;
    let statistic = input.text("Statistic").or_else(|| input.text("ExtendedStatistic"));
    let is_wanted = |alarm: &&Alarm| {
        alarm.metric == metric
            && statistic.is_none_or(|statistic| statistic == alarm.statistic)
            && input.number("Period").is_none_or(|period| period == alarm.period)
            && input.text("Unit").is_none_or(|unit| Some(unit) == alarm.unit.as_deref())
    };
    let shown = home.alarms.values().filter(is_wanted).map(Alarm::view).collect::<Result<Vec<_>, _>>()?;
    Ok((json!({ "MetricAlarms": shown }), changed))
}

/// The state holds until the next period is judged, as in AWS.
pub fn set_state(home: &mut Home, request: &Request<'_>) -> Changed {
    let input = request.input;
    let name = read::required(input, "AlarmName")?;
    let word = read::required(input, "StateValue")?;
    let state = State::read(word)
        .ok_or_else(|| refuse::invalid(format!("The value {word} for parameter StateValue is not supported.")))?;
    let reason = read::required(input, "StateReason")?;
    let alarm = home.alarms.get_mut(name).ok_or_else(|| refuse::no_alarm(name))?;
    alarm.judged = request.now - request.now.rem_euclid(alarm.period);
    let before = alarm.state;
    let is_other = alarm.enter(state, reason.to_owned(), request.now);
    (alarm.reason, alarm.updated) = (reason.to_owned(), request.now);
    if is_other {
        home.notices.extend(notice::of(request.place, alarm, before));
    }
    Ok((json!({}), vec![name.to_owned()]))
}

pub fn delete(home: &mut Home, request: &Request<'_>) -> Changed {
    let names = request.input.texts("AlarmNames");
    if names.len() > NAMES_MAX {
        return Err(refuse::invalid(format!(
            "The collection AlarmNames must not have a size greater than {NAMES_MAX}."
        )));
    }
    // Names of no alarm are passed over, as in AWS.
    let gone: Vec<String> =
        names.into_iter().filter(|name| home.alarms.remove(*name).is_some()).map(str::to_owned).collect();
    Ok((json!({}), gone))
}

pub fn enable(home: &mut Home, request: &Request<'_>) -> Changed {
    switch(home, request, true)
}

pub fn disable(home: &mut Home, request: &Request<'_>) -> Changed {
    switch(home, request, false)
}

fn switch(home: &mut Home, request: &Request<'_>, is_on: bool) -> Changed {
    let mut changed = Vec::new();
    for name in request.input.texts("AlarmNames") {
        if let Some(alarm) = home.alarms.get_mut(name) {
            alarm.actions_enabled = is_on;
            changed.push(name.to_owned());
        }
    }
    Ok((json!({}), changed))
}
