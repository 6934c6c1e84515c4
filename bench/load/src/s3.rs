//! GET and PUT of one size over some keep-alive connections, one thread each, every request signed.

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
    method: &'static str,
    bucket: String,
    size: usize,
    body: Arc<Vec<u8>>,
    payload_hash: String,
    object_keys: u64,
    until: Until,
    access: (String, String),
    region: String,
}

#[derive(Clone, Copy)]
enum Until {
    Time(Duration),
    /// So many by each connection.
    Requests(u64),
}

/// `--op put` writes to `--keys` keys per connection in turn; `--op get` reads those that a put of the same size wrote.
pub fn run(arguments: &Arguments) -> Result<Value, Trouble> {
    let plan = plan(arguments)?;
    let connections: usize = arguments.number("connections")?;
    let barrier = Arc::new(Barrier::new(connections + 1));
    let workers: Vec<_> = (0..connections)
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
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.join().map_err(|_| "a connection's thread panicked")??);
    }
    let seconds = began.elapsed().as_secs_f64();
    let count = latencies.len();
    let rate = count as f64 / seconds;
    Ok(json!({
        "requests": count, "seconds": seconds, "per_second": rate, "mib_per_second": rate * plan.size as f64 / 1048576.0,
        "client_cpu_us": (cpu_seconds() - cpu_before) * 1e6 / count.max(1) as f64, "latency": summary(latencies),
    }))
}

fn plan(arguments: &Arguments) -> Result<Plan, Trouble> {
    let size: usize = arguments.number("size")?;
    let method = match arguments.text("op")? {
        "get" => "GET",
        "put" => "PUT",
        other => return Err(format!("--op {other}: get or put").into()),
    };
    // Bytes that neither a disk nor a file system can make smaller.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let body: Vec<u8> = (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect();
    let payload_hash = hash(if method == "PUT" { &body } else { b"" });
    let until = match arguments.maybe("requests") {
        Some(_) => Until::Requests(arguments.number("requests")?),
        None => Until::Time(arguments.seconds()?),
    };
    Ok(Plan {
        target: Target::new(arguments)?,
        method,
        bucket: arguments.text("bucket")?.to_owned(),
        size,
        body: Arc::new(body),
        payload_hash,
        object_keys: arguments.number_or("keys", 16)?,
        until,
        access: arguments.keys()?,
        region: arguments.maybe("region").unwrap_or("us-east-1").to_owned(),
    })
}

fn work(plan: &Plan, number: usize, mut connection: Connection) -> Result<Vec<u64>, Trouble> {
    let mut signer = Signer::new(plan.access.clone(), &plan.region, "s3");
    let mut latencies = Vec::with_capacity(1 << 16);
    let mut head = String::with_capacity(1024);
    let began = Instant::now();
    for round in 0u64.. {
        let enough = match plan.until {
            Until::Time(limit) => began.elapsed() >= limit,
            Until::Requests(limit) => round >= limit,
        };
        if enough {
            break;
        }
        let path = format!("/{}/{}/{number}/{}", plan.bucket, plan.size, round % plan.object_keys.max(1));
        let sent = Instant::now();
        let answer = request(plan, &mut signer, &path, &mut head, &mut connection)?;
        let nanos = u64::try_from(sent.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let right_length = plan.method == "PUT" || answer.body_length == plan.size;
        if answer.status != 200 || !right_length {
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            let (status, length) = (answer.status, answer.body_length);
            return Err(format!("{} {path}: {status}, {length} bytes {said}", plan.method).into());
        }
        latencies.push(nanos);
    }
    Ok(latencies)
}

fn request(
    plan: &Plan,
    signer: &mut Signer,
    path: &str,
    head: &mut String,
    connection: &mut Connection,
) -> Result<crate::http::Answer, Trouble> {
    let Plan { target, method, payload_hash, .. } = plan;
    head.clear();
    head.push_str(&format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", target.host));
    signer.sign(&Asked { method, path, host: &target.host, payload_hash }, head);
    let body: &[u8] = if *method == "PUT" { &plan.body } else { b"" };
    if *method == "PUT" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    connection.ask(head, body, false)
}
