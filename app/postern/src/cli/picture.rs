//! A way as a picture: one box a stop, from left to right outward and below it back.

use super::explain::{list, text};
use serde_json::Value;
use std::fmt::Write;

const BOX_WIDTH: usize = 190;
const BOX_HEIGHT: usize = 96;
const GAP: usize = 26;
const LINE_CHARACTERS: usize = 27;
const LINES_MAX: usize = 4;

/// SVG of a trace.
pub fn svg(trace: &Value) -> String {
    let of = |way: &str| list(trace, "steps").iter().filter(|s| text(s, "way") == way).collect::<Vec<_>>();
    let rows = [of("outward"), of("back")];
    let longest = rows.iter().map(Vec::len).max().unwrap_or_default().max(1);
    let (width, height) = (longest * (BOX_WIDTH + GAP) + GAP, 2 * (BOX_HEIGHT + 50) + 60);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    let title = format!("{} > {} {}", text(trace, "from"), text(trace, "to"), text(trace, "what"));
    label(&mut out, GAP, 30, 16, "#222", &title);
    for (number, (row, name)) in rows.iter().zip(["out", "back"]).enumerate() {
        let top = 62 + number * (BOX_HEIGHT + 50);
        if !row.is_empty() {
            label(&mut out, GAP, top - 8, 12, "#666", name);
        }
        for (place, step) in row.iter().enumerate() {
            one(&mut out, GAP + place * (BOX_WIDTH + GAP), top, step, place > 0);
        }
    }
    out + "</svg>\n"
}

fn one(out: &mut String, left: usize, top: usize, step: &Value, has_arrow: bool) {
    let passes = step.get("passes").and_then(Value::as_bool).unwrap_or_default();
    let (fill, line) = if passes { ("#eef7ee", "#3a7d44") } else { ("#fbe9e7", "#c62828") };
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"6\" fill=\"{fill}\" \
         stroke=\"{line}\"/>"
    );
    if has_arrow {
        let (middle, from) = (top + BOX_HEIGHT / 2, left - GAP);
        let _ = writeln!(
            out,
            "<path d=\"M{from} {middle}H{} l-6 -4 m6 4 l-6 4\" fill=\"none\" stroke=\"#666\"/>",
            left - 2
        );
    }
    label(out, left + 10, top + 20, 13, line, &text(step, "stop"));
    for (number, words) in wrapped(&text(step, "why")).iter().enumerate() {
        label(out, left + 10, top + 38 + number * 15, 11, "#222", words);
    }
}

fn label(out: &mut String, x: usize, y: usize, size: usize, fill: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\">{words}</text>");
}

/// Lines of at most a box's width; an id is not cut.
fn wrapped(words: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in words.split(' ') {
        let Some(last) = lines.last_mut() else { break };
        if !last.is_empty() && last.len() + word.len() >= LINE_CHARACTERS {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    if lines.len() > LINES_MAX {
        lines.truncate(LINES_MAX);
        if let Some(last) = lines.last_mut() {
            last.push('\u{2026}');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_stop_has_a_box_and_no_word_breaks_the_picture() {
        let step =
            |way: &str, passes: bool| json!({ "way": way, "passes": passes, "stop": "service", "why": "a <b> & c" });
        let svg = svg(
            &json!({ "from": "a", "to": "b", "what": "tcp:1", "steps": [step("outward", true), step("back", false)] }),
        );
        assert_eq!(svg.matches("rx=\"6\"").count(), 2);
        assert!(svg.contains("a &lt;b&gt; &amp; c") && svg.contains("#c62828") && svg.ends_with("</svg>\n"));
    }
}
