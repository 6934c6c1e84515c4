//! The first answer of an interface endpoint that is just being made: asks for a service's public name again and again until
//! the name means another address than at first, and an answer over HTTPS comes from there.
//!
//! Prints `{"waiting": ...}` once it has seen that nothing answers where the name pointed at first (else it fails), then one
//! line with the stamps.

use crate::Trouble;
use crate::arguments::{Arguments, resolve};
use crate::clock::stamp;
use crate::http::Target;
use serde_json::{Value, json};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long nothing may answer before the way is believed to be shut.
const SHUT: Duration = Duration::from_millis(100);
/// A handshake that is not answered by then is tried anew: the kernel would wait a second.
const HANDSHAKE: Duration = Duration::from_millis(5);

pub fn run(arguments: &Arguments) -> Result<Value, Trouble> {
    let target = Target::new(arguments)?;
    let (every, limit) = (Duration::from_micros(arguments.number("every-us")?), arguments.seconds()?);
    let name = format!("{}:443", target.host);
    let at_first = resolve(&name)?;
    if TcpStream::connect_timeout(&at_first, SHUT).is_ok() {
        return Err("the service answers before anything was done".into());
    }
    println!("{}", json!({ "waiting": true }));
    let head = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", target.host);
    let began = Instant::now();
    let mut named = None;
    for tries in 1u64.. {
        // A name that cannot be resolved for a moment is asked for again, too.
        if let Some(address) = resolve(&name).ok().filter(|address| *address != at_first) {
            let since = *named.get_or_insert_with(stamp);
            let answer =
                target.connect_to(address, HANDSHAKE).and_then(|mut connection| connection.ask(&head, b"", false));
            if let Ok(answer) = answer {
                return Ok(
                    json!({ "named_ns": since, "answered_ns": stamp(), "status": answer.status, "tries": tries }),
                );
            }
        }
        if began.elapsed() >= limit {
            return Err(format!("no answer in {tries} tries").into());
        }
        std::thread::sleep(every);
    }
    Ok(Value::Null)
}
