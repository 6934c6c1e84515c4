//! One operation of a service with a JSON protocol, again and again over some keep-alive connections, one thread each,
//! every request signed. `{n}` in the body becomes a number that no other request of the run has; `--numbers N` lets
//! it begin anew after N, so that a get asks for what a put wrote.

use crate::Trouble;
use crate::arguments::Arguments;
use crate::clock::{cpu_seconds, summary};
use crate::http::{Connection, Target};
use crate::sign::{Asked, Signer, hash};
use serde_json::{Value, json};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

#[derive(Clone)]
struct Plan {
    target: Target,
    service: String,
    /// `AmazonSQS.SendMessage`
    operation: String,
    /// `1.0` or `1.1`
    version: String,
    body: String,
    /// What an answer must say, or the run fails.
    holds: String,
    connections: u64,
    numbers: u64,
    limit: Duration,
    /// So many by each connection, if the time allows.
    requests: u64,
    access: (String, String),
}

pub fn run(arguments: &Arguments) -> Result<Value, Trouble> {
    let plan = Plan {
        target: Target::new(arguments)?,
        service: arguments.text("service")?.to_owned(),
        operation: arguments.text("operation")?.to_owned(),
        version: arguments.maybe("version").unwrap_or("1.0").to_owned(),
        body: arguments.text("body")?.to_owned(),
        holds: arguments.maybe("holds").unwrap_or_default().to_owned(),
        connections: arguments.number("connections")?,
        numbers: arguments.number_or("numbers", u64::MAX)?,
        limit: arguments.seconds()?,
        requests: arguments.number_or("requests", u64::MAX)?,
        access: arguments.keys()?,
    };
    let barrier = Arc::new(Barrier::new(usize::try_from(plan.connections)? + 1));
    let workers: Vec<_> = (0..plan.connections)
        .map(|number| {
            let (plan, barrier) = (plan.clone(), Arc::clone(&barrier));
            std::thread::spawn(move || {
                let opened = plan.target.connect();
                barrier.wait();
                work(&plan, number, opened?)
            })
        })
        .collect();
    barrier.wait();
    let (began, cpu_before) = (Instant::now(), cpu_seconds());
    let (mut latencies, mut last) = (Vec::new(), String::new());
    for worker in workers {
        let (nanos, said) = worker.join().map_err(|_| "a connection's thread panicked")??;
        latencies.extend(nanos);
        last = said;
    }
    let seconds = began.elapsed().as_secs_f64();
    let count = latencies.len();
    Ok(json!({
        "requests": count, "seconds": seconds, "per_second": count as f64 / seconds,
        "client_cpu_us": (cpu_seconds() - cpu_before) * 1e6 / count.max(1) as f64, "latency": summary(latencies),
        "last": last,
    }))
}

/// The latencies of a connection's requests, and its last answer.
fn work(plan: &Plan, connection_number: u64, mut connection: Connection) -> Result<(Vec<u64>, String), Trouble> {
    let mut signer = Signer::new(plan.access.clone(), "us-east-1", &plan.service);
    let mut latencies = Vec::with_capacity(1 << 16);
    let mut last = Vec::new();
    let began = Instant::now();
    for round in 0..plan.requests {
        if began.elapsed() >= plan.limit {
            break;
        }
        let number = (round * plan.connections + connection_number) % plan.numbers;
        let body = plan.body.replace("{n}", &number.to_string());
        let sent = Instant::now();
        // A server that closes after each answer is asked over a new connection each time, as its clients must.
        if connection.is_closing() {
            connection = plan.target.connect()?;
        }
        let answer = ask(plan, &mut signer, &body, &mut connection)?;
        let nanos = u64::try_from(sent.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let said = String::from_utf8_lossy(&answer.body);
        if answer.status != 200 || !said.contains(&plan.holds) {
            let asked: String = body.chars().take(200).collect();
            return Err(format!("{} {asked}: {} {said}", plan.operation, answer.status).into());
        }
        latencies.push(nanos);
        last = answer.body;
    }
    Ok((latencies, String::from_utf8_lossy(&last).into_owned()))
}

fn ask(
    plan: &Plan,
    signer: &mut Signer,
    body: &str,
    connection: &mut Connection,
) -> Result<crate::http::Answer, Trouble> {
    let Plan { target, operation, version, .. } = plan;
    let payload_hash = hash(body.as_bytes());
    let mut head = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-amz-json-{version}\r\nX-Amz-Target: {operation}\r\n",
        target.host
    );
    signer.sign(&Asked { method: "POST", path: "/", host: &target.host, payload_hash: &payload_hash }, &mut head);
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    connection.ask(&head, body.as_bytes(), true)
}
