//! Both ways between two places, side by side: a line a stop, a column a way.

use super::explain::{list, text};
use super::way::{GREEN, RED, paint};
use serde_json::Value;

const STOP_WIDTH: usize = 19;

/// What a step is called in the table: outward or back, its stop, and the how manieth of its kind it is.
type Key = (String, String, usize);

pub fn print(answer: &Value) {
    let ways = list(answer, "ways");
    let columns: Vec<Vec<(Key, &Value)>> = ways.iter().map(keyed).collect();
    let heads: Vec<String> =
        list(answer, "between").iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect();
    let [a, b] = heads.as_slice() else { return };
    let heads = [format!("{a} > {b}"), format!("{b} > {a}")];
    let cells: Vec<(Key, [Option<&Value>; 2])> = joined(&columns);
    let width = cells.iter().filter_map(|(_, pair)| pair[0]).map(|step| cell(step).chars().count());
    let width = width.chain([heads[0].chars().count()]).max().unwrap_or_default();
    println!("{:STOP_WIDTH$}    {:width$}  {}", "", heads[0], heads[1]);
    let mut last = String::new();
    for ((way, stop, _), pair) in &cells {
        if *way != last {
            println!("{}", if way == "outward" { "out" } else { "back" });
            last.clone_from(way);
        }
        let [left, right] = pair.map(|step| step.map(cell).unwrap_or_default());
        let colour = |step: Option<&Value>| if step.is_some_and(bars) { RED } else { GREEN };
        let left = paint(&format!("{left:width$}"), colour(pair[0]));
        println!("  {stop:<STOP_WIDTH$}  {left}  {}", paint(&right, colour(pair[1])));
    }
    for (head, way) in heads.iter().zip(ways) {
        println!("{head}: {}", verdict(way));
        for step in list(way, "steps").iter().filter(|step| bars(step)).take(1) {
            println!("  {}", text(step, "why"));
        }
        for command in list(way, "change").first().and_then(Value::as_array).into_iter().flatten() {
            println!("  {}", command.as_str().unwrap_or_default());
        }
    }
}

fn verdict(way: &Value) -> String {
    if let Some(why) = way.get("not_asked").and_then(Value::as_str) {
        return format!("not asked: {why}");
    }
    match way.get("answered").and_then(Value::as_bool) {
        Some(true) => paint("answered", GREEN),
        _ => format!("{}: {}", paint("not answered", RED), text(way.get("barred_by").unwrap_or(&Value::Null), "stop")),
    }
}

fn bars(step: &Value) -> bool {
    step.get("passes").and_then(Value::as_bool) == Some(false)
}

/// A mark, and the id of what decides.
fn cell(step: &Value) -> String {
    let mark = if bars(step) { "\u{2717}" } else { "\u{2713}" };
    let component = step.get("component").unwrap_or(&Value::Null);
    let names = ["security_group", "network_acl", "route_table", "instance", "internet_gateway", "nat_gateway"];
    let names = names.iter().chain(&["vpc_peering_connection", "vpc_endpoint", "network_interface", "vpc", "address"]);
    let id = names.filter_map(|name| component.get(*name)?.as_str()).next().unwrap_or_default();
    let code = text(step, "code");
    format!("{mark} {id}{}{code}", if code.is_empty() { "" } else { " " }).trim_end().to_owned()
}

fn keyed(way: &Value) -> Vec<(Key, &Value)> {
    let mut keyed: Vec<(Key, &Value)> = Vec::new();
    for step in list(way, "steps") {
        let (direction, stop) = (text(step, "way"), text(step, "stop"));
        let before = keyed.iter().filter(|((d, s, _), _)| *d == direction && *s == stop).count();
        keyed.push(((direction, stop, before), step));
    }
    keyed
}

/// The lines of the table: the first way's stops in its order, those that only the other has behind the ones they follow.
fn joined<'a>(columns: &[Vec<(Key, &'a Value)>]) -> Vec<(Key, [Option<&'a Value>; 2])> {
    let mut lines: Vec<(Key, [Option<&Value>; 2])> = Vec::new();
    for (column, steps) in columns.iter().enumerate().take(2) {
        let mut place = 0;
        for (key, step) in steps {
            let found = lines.iter().position(|(known, _)| known == key);
            let at = found.unwrap_or_else(|| {
                let same_way = |(known, _): &(Key, [Option<&Value>; 2])| known.0 == key.0;
                let first = lines.iter().position(same_way).unwrap_or(lines.len());
                let end = lines.iter().rposition(same_way).map_or(lines.len(), |last| last + 1);
                let at = place.clamp(first, end);
                lines.insert(at, (key.clone(), [None, None]));
                at
            });
            if let Some(cell) = lines.get_mut(at).and_then(|(_, pair)| pair.get_mut(column)) {
                *cell = Some(step);
            }
            place = at + 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn stops_of_both_ways_stand_beside_each_other() {
        let way = |stops: &[(&str, &str)]| {
            let steps: Vec<Value> = stops.iter().map(|(way, stop)| json!({ "way": way, "stop": stop })).collect();
            json!({ "steps": steps })
        };
        let (one, other) = (
            way(&[("outward", "instance"), ("outward", "instance"), ("back", "instance")]),
            way(&[
                ("outward", "instance"),
                ("outward", "network_acl_in"),
                ("back", "network_acl_in"),
                ("back", "instance"),
            ]),
        );
        let lines = joined(&[keyed(&one), keyed(&other)]);
        let told: Vec<(&str, &str, bool, bool)> = lines
            .iter()
            .map(|((way, stop, _), [a, b])| (way.as_str(), stop.as_str(), a.is_some(), b.is_some()))
            .collect();
        assert_eq!(
            told,
            [
                ("outward", "instance", true, true),
                ("outward", "network_acl_in", false, true),
                ("outward", "instance", true, false),
                ("back", "network_acl_in", false, true),
                ("back", "instance", true, true),
            ]
        );
    }
}
