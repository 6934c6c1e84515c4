//! `postern-load`: one program with every load generator of the benchmarks. Each word does one bounded thing and prints
//! one line of JSON (`calls` and `probe` a line per event). It runs on the host and, shared read-only, in instances.

#![forbid(unsafe_code)]

mod answer;
mod arguments;
mod calls;
mod clock;
mod disk;
mod http;
mod json;
mod peer;
mod probe;
mod s3;
mod sign;
mod sink;
mod traffic;

use arguments::Arguments;
use serde_json::Value;
use std::process::ExitCode;

/// What went wrong, for the person who runs the benchmark.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

const WORDS: &str = "peer --port P
stream --to HOST:PORT --streams N --seconds S
pingpong --to HOST:PORT --rounds N
datagrams --to HOST:PORT --bytes N --seconds S
probe tcp|udp --to HOST:PORT --every-us N --seconds S
answer --url URL --ca FILE --every-us N --seconds S
s3 --url URL --bucket B --op get|put --size N --connections C --keys K (--seconds S | --requests N)
json --url URL --service S --operation TARGET --body TEXT --connections C --seconds S [--requests N] [--version 1.1]
    [--numbers N] [--holds TEXT]
calls --url URL --service ec2 (requests on standard input)
    these three also: [--ca FILE] [--connect HOST:PORT]
sink --dir DIR
disk --dir DIR --threads N --bytes N --seconds S
Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from --keys-file (two lines).";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let word = words.next().unwrap_or_default();
    let done = Arguments::read(words).and_then(|arguments| run(&word, &arguments));
    match done {
        Ok(Value::Null) => ExitCode::SUCCESS,
        Ok(value) => {
            println!("{value}");
            ExitCode::SUCCESS
        }
        Err(trouble) => {
            eprintln!("postern-load {word}: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn run(word: &str, arguments: &Arguments) -> Result<Value, Trouble> {
    match word {
        "peer" => peer::run(arguments),
        "stream" => traffic::stream(arguments),
        "pingpong" => traffic::pingpong(arguments),
        "datagrams" => traffic::datagrams(arguments),
        "probe" => probe::run(arguments),
        "answer" => answer::run(arguments),
        "s3" => s3::run(arguments),
        "json" => json::run(arguments),
        "calls" => calls::run(arguments),
        "sink" => sink::run(arguments),
        "disk" => disk::run(arguments),
        _ => Err(format!("no such word; the words are\n{WORDS}").into()),
    }
}
