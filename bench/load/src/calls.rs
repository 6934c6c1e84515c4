//! API calls read from standard input, one JSON object a line, sent over one keep-alive connection; one line of JSON
//! with the stamps comes back for each.
//!
//! A form call: `{"form": "Action=..."}`. A REST call: `{"method": "PUT", "path": "/bucket", "body": ""}`.

use crate::Trouble;
use crate::arguments::Arguments;
use crate::clock::stamp;
use crate::http::{Connection, Target};
use crate::sign::{Asked, Signer, hash};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::ops::Range;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

/// A connection that has rested longer may be closed by the server at any moment; a new one is made instead.
const IDLE: Duration = Duration::from_secs(20);

pub fn run(arguments: &Arguments) -> Result<Value, Trouble> {
    let target = Target::new(arguments)?;
    let region = arguments.maybe("region").unwrap_or("us-east-1");
    let mut signer = Signer::new(arguments.keys()?, region, arguments.maybe("service").unwrap_or("ec2"));
    let mut connection = target.connect()?;
    let mut out = std::io::stdout().lock();
    let mut used = Instant::now();
    for line in std::io::stdin().lock().lines() {
        let told: Value = serde_json::from_str(&line?)?;
        if used.elapsed() > IDLE {
            connection = target.connect()?;
        }
        let answer = call(&told, &target, &mut signer, &mut connection)?;
        used = Instant::now();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(Value::Null)
}

/// One call; `repeat` sends the same one several times and gives every latency. With `clients`, so many connections of
/// their own share the repetitions, and `seconds` says how long they took together.
fn call(told: &Value, target: &Target, signer: &mut Signer, connection: &mut Connection) -> Result<Value, Trouble> {
    let number = |name: &str, default| told.get(name).and_then(Value::as_u64).unwrap_or(default);
    let (repeat, clients) = (number("repeat", 1), number("clients", 1));
    if clients == 1 {
        return several(told, 0..repeat, target, signer, connection);
    }
    let share = repeat.div_ceil(clients);
    let barrier = Arc::new(Barrier::new(usize::try_from(clients)? + 1));
    let workers: Vec<_> = (0..clients)
        .map(|client| {
            let (told, target, mut signer) = (told.clone(), target.clone(), signer.clone());
            let barrier = Arc::clone(&barrier);
            std::thread::spawn(move || {
                let opened = target.connect();
                barrier.wait();
                several(&told, client * share..(client + 1) * share, &target, &mut signer, &mut opened?)
            })
        })
        .collect();
    barrier.wait();
    let began = Instant::now();
    let mut whole = Value::Null;
    let mut nanos = Vec::new();
    for worker in workers {
        let mut answer = worker.join().map_err(|_| "a client's thread panicked")??;
        if let Some(Value::Array(mine)) = answer.get_mut("nanos").map(Value::take) {
            nanos.extend(mine);
        }
        if whole.is_null() || answer["status"] != json!(200) {
            whole = answer;
        }
    }
    whole["seconds"] = json!(began.elapsed().as_secs_f64());
    whole["nanos"] = Value::Array(nanos);
    Ok(whole)
}

fn several(
    told: &Value,
    numbers: Range<u64>,
    target: &Target,
    signer: &mut Signer,
    connection: &mut Connection,
) -> Result<Value, Trouble> {
    let text = |name: &str| told.get(name).and_then(Value::as_str);
    let form = text("form");
    let method = text("method").unwrap_or("POST");
    let path = text("path").unwrap_or("/");
    let body = form.or(text("body")).unwrap_or_default();
    let mut last = Value::Null;
    let mut nanos = Vec::new();
    for number in numbers {
        let body = body.replace("{n}", &number.to_string());
        let payload_hash = hash(body.as_bytes());
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", target.host);
        if form.is_some() {
            head.push_str("Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n");
        }
        signer.sign(&Asked { method, path, host: &target.host, payload_hash: &payload_hash }, &mut head);
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let sent = stamp();
        let answer = connection.ask(&head, body.as_bytes(), true)?;
        let done = stamp();
        nanos.push(done.saturating_sub(sent));
        let said = String::from_utf8_lossy(&answer.body);
        last = json!({ "status": answer.status, "sent_ns": sent, "done_ns": done, "body": said });
        if answer.status != 200 {
            break;
        }
    }
    last["nanos"] = json!(nanos);
    Ok(last)
}
