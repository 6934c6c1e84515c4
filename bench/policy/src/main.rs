//! Decisions per second: the policy engine, and Cedar on the nearest equivalent policies, turn by turn in one process.
//!
//! `postern-bench-policy RUNS MILLISECONDS`: prints one JSON object a line, `{"way", "statements", "runs": [nanoseconds of CPU a decision]}`.

mod cedar;
mod postern;

use std::time::{Duration, Instant};

fn main() {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>().expect("a number"));
    let (runs, milliseconds) = (numbers.next().unwrap_or(5), numbers.next().unwrap_or(200));
    for statements in [1, 10, 20, 100] {
        let (own, other) = (postern::Scene::new(statements), cedar::Scene::new(statements));
        own.check();
        other.check();
        let ways: [(&str, &dyn Fn()); 4] = [
            ("postern", &|| own.decide()),
            ("postern, denied", &|| own.deny()),
            ("cedar", &|| other.decide()),
            ("cedar, with its request made", &|| other.decide_anew()),
        ];
        let mut found: Vec<Vec<f64>> = vec![Vec::new(); ways.len()];
        for _ in 0..runs {
            for (way, found) in ways.iter().zip(&mut found) {
                found.push(nanoseconds(way.1, Duration::from_millis(milliseconds)));
            }
        }
        for ((name, _), runs) in ways.iter().zip(found) {
            println!("{}", serde_json::json!({"way": name, "statements": statements, "runs": runs}));
        }
    }
}

/// CPU time of one call, over at least this time: another process on the same core does not count.
fn nanoseconds(work: &dyn Fn(), least: Duration) -> f64 {
    let (began, used, mut calls) = (Instant::now(), cpu(), 0u32);
    while began.elapsed() < least {
        for _ in 0..64 {
            work();
        }
        calls += 64;
    }
    (cpu() - used) as f64 / f64::from(calls)
}

/// Nanoseconds that this thread has been on a core.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    text.split_whitespace().next().and_then(|first| first.parse().ok()).expect("a number")
}
