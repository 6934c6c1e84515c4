//! The call at the end of a way: TLS name, who asks, every policy, and what stops it, drawn below the way.

use super::explain::{list, text};
use super::request::{failed, joined, origin, place};
use super::way::{self, FAINT, GREEN, RED, YELLOW, paint};
use serde_json::{Value, json};

const WORD_WIDTH: usize = 19;

pub fn print(answer: &Value) {
    way::steps(answer);
    let call = answer.get("call").unwrap_or(&Value::Null);
    println!("call");
    for command in list(call, "if_opened_by") {
        println!("  {}", paint(&format!("as it would come after: {}", command.as_str().unwrap_or_default()), FAINT));
    }
    let mut is_stopped = answer.get("barred_by").is_some_and(|bar| !bar.is_null());
    for (word, part) in [("tls name", "name"), ("credentials", "credentials")] {
        if let Some(part) = call.get(part).filter(|part| !part.is_null()) {
            line(part, word, &text(part, "why"), &mut is_stopped);
        }
    }
    match call.get("policies").filter(|policies| !policies.is_null()) {
        Some(policies) => gates(call, policies, &mut is_stopped),
        None if call.get("action").is_none_or(Value::is_null) => {
            println!("  {}", paint("no policy is judged: --action and --resource say what is asked", FAINT));
        }
        None => println!("  {}", paint("no policy is judged: the call does not get there, or nobody makes it", FAINT)),
    }
    println!("{}", verdict(answer));
    way::changes(answer);
}

fn gates(call: &Value, policies: &Value, is_stopped: &mut bool) {
    println!("  {} {}", text(call, "action"), text(call, "resource"));
    println!("  {}", call.get("via").map(origin).unwrap_or_default());
    for gate in list(policies, "gates") {
        line(gate, &text(gate, "kind"), &says(gate), is_stopped);
        for statement in list(gate, "by") {
            println!("      {}", place(statement));
        }
        for miss in list(gate, "near_misses") {
            println!("      nearly {}", place(miss.get("statement").unwrap_or(&Value::Null)));
            println!("        {}", failed(miss.get("failed").unwrap_or(&Value::Null)));
        }
    }
    println!("  {}", text(policies, "verdict"));
    for (key, values) in policies.get("keys").and_then(Value::as_object).into_iter().flatten() {
        println!("    {}", paint(&format!("{key} = {}", joined(values)), FAINT));
    }
}

fn says(gate: &Value) -> String {
    let named: Vec<&str> = list(gate, "policies").iter().filter_map(Value::as_str).collect();
    match text(gate, "says").as_str() {
        "says nothing" => format!("no Allow in {}", named.join(", ")),
        says => says.to_owned(),
    }
}

fn line(part: &Value, word: &str, words: &str, is_stopped: &mut bool) {
    let passes = part.get("passes").and_then(Value::as_bool).unwrap_or_default();
    let (mark, colour) = match (passes, *is_stopped) {
        (false, false) => ("\u{2717}", RED),
        (false, true) => ("\u{2717}", YELLOW),
        (true, false) => ("\u{2502}", GREEN),
        (true, true) => ("\u{250a}", FAINT),
    };
    *is_stopped |= !passes;
    println!("  {} {:<WORD_WIDTH$} {words}", paint(mark, colour), word);
}

fn verdict(answer: &Value) -> String {
    let Some(first) = answer.get("stopped_by").filter(|first| !first.is_null()) else {
        let is_judged = answer.pointer("/call/policies").is_some_and(|policies| !policies.is_null());
        return paint(if is_judged { "allowed" } else { "answered" }, GREEN);
    };
    let rest = after(answer);
    let then = if rest.is_empty() { String::new() } else { format!("\nafter that: {}", rest.join("; ")) };
    format!("{}: {}: {}{then}", paint("stopped", RED), text(first, "stop"), text(first, "why"))
}

/// Everything that would stop it once the first is out of the way.
fn after(answer: &Value) -> Vec<String> {
    let bars = list(answer, "steps").iter().filter(|step| step.get("passes") == Some(&json!(false)));
    let mut all: Vec<String> = bars.map(|step| format!("{} ({})", text(step, "stop"), text(step, "why"))).collect();
    for (word, part) in [("tls", "/call/name"), ("credentials", "/call/credentials")] {
        let part = answer.pointer(part).filter(|part| part.get("passes") == Some(&json!(false)));
        all.extend(part.map(|part| format!("{word} ({})", text(part, "why"))));
    }
    let stops = answer.pointer("/call/policies").map(|policies| list(policies, "stops")).unwrap_or_default();
    all.extend(stops.iter().map(|stop| format!("{} ({})", text(stop, "stop"), text(stop, "why"))));
    all.into_iter().skip(1).collect()
}

/// The answer with the call's stops among the steps outward, for pictures.
pub fn whole(answer: &Value) -> Value {
    let mut whole = answer.clone();
    let call = answer.get("call").unwrap_or(&Value::Null);
    let step = |stop: &str, part: &Value, why: String| json!({ "way": "outward", "stop": stop, "passes": part.get("passes"), "why": why });
    let mut steps = list(answer, "steps").to_vec();
    for (word, part) in [("tls name", "name"), ("credentials", "credentials")] {
        let part = call.get(part).filter(|part| !part.is_null());
        steps.extend(part.map(|part| step(word, part, text(part, "why"))));
    }
    for gate in call.get("policies").map(|policies| list(policies, "gates")).unwrap_or_default() {
        let by: Vec<String> = list(gate, "by").iter().map(place).collect();
        let why = if by.is_empty() { says(gate) } else { format!("{}: {}", says(gate), by.join(", ")) };
        steps.push(step(&format!("{} policy", text(gate, "kind")), gate, why));
    }
    whole["steps"] = Value::Array(steps);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Value {
        json!({
            "barred_by": { "stop": "route_table" },
            "stopped_by": { "stop": "route_table", "why": "no route" },
            "steps": [
                { "way": "outward", "stop": "instance", "passes": true, "why": "runs" },
                { "way": "outward", "stop": "route_table", "passes": false, "why": "no route" },
            ],
            "call": {
                "name": { "passes": true, "why": "a name" },
                "credentials": { "passes": false, "why": "no profile" },
                "policies": {
                    "gates": [{ "kind": "endpoint", "policies": ["vpce-1"], "says": "denies", "passes": false,
                        "by": [{ "kind": "endpoint", "policy": "vpce-1", "index": 0, "sid": "No" }] }],
                    "stops": [{ "stop": "endpoint_policy", "why": "denied by statement `No` of vpce-1" }],
                },
            },
        })
    }

    #[test]
    fn what_comes_after_the_first_stop_is_told_in_order() {
        let told = verdict(&answer());
        let places: Vec<usize> =
            ["route_table", "credentials", "endpoint_policy"].iter().map(|word| told.find(word).unwrap()).collect();
        assert!(places.is_sorted() && told.contains("after that"), "{told}");
    }

    #[test]
    fn the_picture_has_a_box_for_every_gate() {
        let whole = whole(&answer());
        let stops: Vec<String> = list(&whole, "steps").iter().map(|step| text(step, "stop")).collect();
        assert_eq!(stops, ["instance", "route_table", "tls name", "credentials", "endpoint policy"]);
        assert!(text(&whole["steps"][4], "why").contains("`No`"));
    }
}
