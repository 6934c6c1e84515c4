//! What an instance's last call and the connections that it is trying came to, beside what the model says.

use super::explain::{list, text};
use super::request::print_request;
use super::way;
use serde_json::{Value, json};

pub fn print(answer: &Value) {
    let trying = list(answer, "trying");
    println!("{}", text(answer, "instance"));
    if trying.is_empty() {
        println!("it is trying no connection now; {} came to nothing since it began", text(answer, "failed_attempts"));
    }
    given_up(answer);
    for one in trying {
        println!("it is trying {}, which has not answered ({} retries)", text(one, "to"), text(one, "retries"));
        if let Some(counter) = one.get("counter").filter(|counter| !counter.is_null()) {
            let moved = if counter.get("moved") == Some(&json!(true)) { "moved just now" } else { "did not move" };
            println!("  the kernel dropped {} at `{}`: it {moved}", text(counter, "packets"), text(counter, "of"));
        }
        println!("the model says:");
        way::print(one.get("model").unwrap_or(&Value::Null));
    }
    let Some(refused) = answer.get("refused").filter(|refused| !refused.is_null()) else {
        println!("none of its requests among the latest was refused");
        return;
    };
    println!("its last refused request:");
    print_request(refused.get("happened").unwrap_or(&Value::Null));
    let Some(model) = refused.get("model").filter(|model| !model.is_null()) else { return };
    let now = match (model.get("allowed"), refused.get("is_same")) {
        (Some(Value::Bool(true)), _) => "it would be allowed".to_owned(),
        (_, Some(Value::Bool(true))) => "the same statement decides".to_owned(),
        _ => model
            .get("stopped_by")
            .map(|stop| format!("{}: {}", text(stop, "stop"), text(stop, "why")))
            .unwrap_or_default(),
    };
    println!("the model says of the same call now: {now}");
    way::changes(model);
}

/// What is known of the connections that it no longer tries.
fn given_up(answer: &Value) {
    let count = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    let lines = [
        (count("refused_attempts"), "refused: there was an answer that there is no way, or that nobody listens"),
        (count("unanswered_attempts"), "unanswered until the kernel gave up"),
        (count("sent_again"), "first packets sent again, since nobody had answered"),
    ];
    for (number, what) in lines.iter().filter(|(number, _)| *number > 0) {
        println!("  {number} {what}");
    }
    for one in list(answer, "dropped") {
        println!("  {} dropped at `{}`, which its groups or its subnet share", text(one, "packets"), text(one, "of"));
    }
}
