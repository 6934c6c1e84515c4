//! How long explanations take: one question in a region of 10,000 interfaces, alone and among others,
//! what would open a barred way there, and every pair of 1,000.
//!
//! `cargo run --release -p postern-explain --example many`; `bench/run.py` reads the lines.

use postern_explain::*;
use postern_names::InstanceId;
use postern_worlds::world;
use std::time::Instant;

const PER_SUBNET: u64 = 200;

fn main() {
    let large = world(&text(10_000));
    let question = Question {
        from: Source::Instance(InstanceId::from_bits(1)),
        to: Target::Instance(InstanceId::from_bits(9_999)),
        what: What::Tcp(443),
    };
    let nothing = Listening::new();
    let lone = median(|| {
        assert!(!Ground::new(&large).explain(&question, &nothing).steps.is_empty());
    });
    println!("explain_lone_10000_us {lone:.3}");
    let ground = Ground::new(&large);
    let further = median(|| {
        assert!(!ground.explain(&question, &nothing).steps.is_empty());
    });
    println!("explain_question_10000_us {further:.3}");
    // A port that no group admits, and what would open it.
    let barred = Question { what: What::Tcp(81), ..question };
    let begin = Instant::now();
    assert!(!remedies(&large, &barred, &nothing).is_empty());
    println!("explain_remedies_10000_ms {:.3}", begin.elapsed().as_secs_f64() * 1e3);
    let small = world(&text(1_000));
    let (begin, worked) = (Instant::now(), on_cpu());
    let ground = Ground::new(&small);
    let ids: Vec<InstanceId> = (1..=1_000).map(InstanceId::from_bits).collect();
    let mut answered = 0;
    for from in &ids {
        for to in &ids {
            let question = Question { from: Source::Instance(*from), to: Target::Instance(*to), what: What::Tcp(443) };
            answered += usize::from(ground.explain(&question, &nothing).is_answered);
        }
    }
    println!("explain_matrix_1000_s {:.3}", begin.elapsed().as_secs_f64());
    println!("explain_matrix_1000_cpu_s {:.3}", on_cpu() - worked);
    println!("explain_matrix_answered {answered}");
}

/// Seconds that this thread has had a processor, which a busy machine does not stretch.
fn on_cpu() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).map_or(f64::NAN, |nanos| nanos / 1e9)
}

/// The median of a thousand runs in microseconds.
fn median(one: impl Fn()) -> f64 {
    let timed = || {
        let begin = Instant::now();
        one();
        begin.elapsed()
    };
    let mut times: Vec<_> = (0..1000).map(|_| timed()).collect();
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// So many instances in subnets of 200, twenty groups that name each other, an ACL of their own for every fifth subnet.
fn text(count: u64) -> String {
    let mut text = String::from("vpc 1 10.0.0.0/16\nigw 1 vpc 1\n");
    let subnets = count.div_ceil(PER_SUBNET);
    for n in 1..=subnets {
        text += &format!("subnet {n} vpc 1 10.0.{n}.0/24\n");
    }
    let own: Vec<String> = (1..=subnets).step_by(5).map(|n| n.to_string()).collect();
    text += &format!("table 1 vpc 1 main\nroute 1 0.0.0.0/0 igw:1\nacl 1 vpc 1 subnets {}\n", own.join(" "));
    for number in 1..20 {
        text += &format!("entry 1 {number} in deny tcp:{} 0.0.0.0/0\n", 2000 + number);
    }
    text += "entry 1 100 in allow all 0.0.0.0/0\nentry 1 100 out allow all 0.0.0.0/0\n";
    for n in 1..=20 {
        text += &format!("group {n} vpc 1\nrule {n} out all 0.0.0.0/0\n");
    }
    for n in 1..=20u64 {
        for peer in 1..=n % 7 + 1 {
            text += &format!("rule {n} in tcp:443 group:{peer}\n");
        }
    }
    for n in 1..=count {
        let (subnet, host) = ((n - 1) / PER_SUBNET + 1, (n - 1) % PER_SUBNET + 10);
        text += &format!("instance {n} subnet {subnet} 10.0.{subnet}.{host} groups {} {}\n", n % 20 + 1, n % 13 + 1);
    }
    text
}
