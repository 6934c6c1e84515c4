//! A way as a Mermaid flowchart, for a page that draws one: a subgraph outward and one back, a box a stop.

use super::explain::{list, text};
use serde_json::Value;
use std::fmt::Write;

/// The flowchart of a trace.
pub fn flowchart(trace: &Value) -> String {
    let title = format!("{} > {} {}", text(trace, "from"), text(trace, "to"), text(trace, "what"));
    let mut out = format!("---\ntitle: {}\n---\nflowchart LR\n", quoted(&title));
    let mut barred: Vec<String> = Vec::new();
    let mut last: Option<String> = None;
    let mut is_barred = false;
    let mut links = String::new();
    for (way, name) in [("outward", "out"), ("back", "back")] {
        let steps: Vec<&Value> = list(trace, "steps").iter().filter(|step| text(step, "way") == way).collect();
        if steps.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  subgraph {name}");
        for (number, step) in steps.iter().enumerate() {
            let id = format!("{name}{}", number + 1);
            let label = format!("{}\n{}", text(step, "stop"), text(step, "why"));
            let _ = writeln!(out, "    {id}[{}]", quoted(&label));
            if let Some(last) = &last {
                // Behind the first bar nothing has come yet.
                let _ = writeln!(links, "  {last} {} {id}", if is_barred { "-.->" } else { "-->" });
            }
            if step.get("passes").and_then(Value::as_bool) == Some(false) {
                is_barred = true;
                barred.push(id.clone());
            }
            last = Some(id);
        }
        out.push_str("  end\n");
    }
    out.push_str(&links);
    if !barred.is_empty() {
        out.push_str("  classDef barred fill:#fbe9e7,stroke:#c62828\n");
        let _ = writeln!(out, "  class {} barred", barred.join(","));
    }
    out
}

/// A label in which no character means anything to Mermaid.
fn quoted(words: &str) -> String {
    let mut out = String::from("\"");
    for c in words.chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '`' => out.push_str("#96;"),
            '\n' => out.push_str("<br/>"),
            other => out.push(other),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_stop_has_a_box_and_what_bars_is_marked() {
        let step =
            |way: &str, passes: bool, why: &str| json!({ "way": way, "passes": passes, "stop": "service", "why": why });
        let steps = [step("outward", true, "a"), step("outward", false, "say \"no\" <b>"), step("back", true, "c")];
        let chart = flowchart(&json!({ "from": "i-1", "to": "i-2", "what": "tcp:443", "steps": steps }));
        assert_eq!(
            chart,
            "---\ntitle: \"i-1 #gt; i-2 tcp:443\"\n---\nflowchart LR\n  subgraph out\n    out1[\"service<br/>a\"]\n    \
             out2[\"service<br/>say #quot;no#quot; #lt;b#gt;\"]\n  end\n  subgraph back\n    back1[\"service<br/>c\"]\n  end\n  \
             out1 --> out2\n  out2 -.-> back1\n  classDef barred fill:#fbe9e7,stroke:#c62828\n  class out2 barred\n"
        );
    }
}
