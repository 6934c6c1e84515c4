//! `--name value` pairs, and bare words.

use crate::Trouble;
use std::collections::HashMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

/// What stood on the command line after the first word.
pub struct Arguments {
    named: HashMap<String, String>,
    bare: Vec<String>,
}

impl Arguments {
    /// Reads the words; an error when a name has no value.
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Trouble> {
        let mut read = Self { named: HashMap::new(), bare: Vec::new() };
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                Some(name) => {
                    let value = words.next().ok_or_else(|| format!("--{name} needs a value"))?;
                    read.named.insert(name.to_owned(), value);
                }
                None => read.bare.push(word),
            }
        }
        Ok(read)
    }

    /// The bare word, such as the sort of probe.
    pub fn bare(&self) -> Result<&str, Trouble> {
        self.bare.first().map(String::as_str).ok_or_else(|| "a word is missing".into())
    }

    pub fn text(&self, name: &str) -> Result<&str, Trouble> {
        self.maybe(name).ok_or_else(|| format!("--{name} is missing").into())
    }

    pub fn maybe(&self, name: &str) -> Option<&str> {
        self.named.get(name).map(String::as_str)
    }

    pub fn number<N: FromStr>(&self, name: &str) -> Result<N, Trouble> {
        self.text(name)?.parse().map_err(|_| format!("--{name}: not a number that fits").into())
    }

    pub fn number_or<N: FromStr>(&self, name: &str, default: N) -> Result<N, Trouble> {
        if self.maybe(name).is_some() { self.number(name) } else { Ok(default) }
    }

    /// `--seconds`, at most a minute: every load is bounded.
    pub fn seconds(&self) -> Result<Duration, Trouble> {
        let seconds: f64 = self.number("seconds")?;
        if !(0.0..=60.0).contains(&seconds) {
            return Err("--seconds: between 0 and 60".into());
        }
        Ok(Duration::from_secs_f64(seconds))
    }

    /// `--to HOST:PORT`, resolved as any program would.
    pub fn to(&self) -> Result<SocketAddr, Trouble> {
        resolve(self.text("to")?)
    }

    /// The access key: from `--keys-file` or from the environment.
    pub fn keys(&self) -> Result<(String, String), Trouble> {
        if let Some(file) = self.maybe("keys-file") {
            let text = std::fs::read_to_string(file)?;
            let mut lines = text.lines().map(str::to_owned);
            return lines.next().zip(lines.next()).ok_or_else(|| format!("{file}: not two lines").into());
        }
        Ok((std::env::var("AWS_ACCESS_KEY_ID")?, std::env::var("AWS_SECRET_ACCESS_KEY")?))
    }
}

/// The first IPv4 address of `host:port`.
pub fn resolve(target: &str) -> Result<SocketAddr, Trouble> {
    let mut found = target.to_socket_addrs()?;
    found.find(SocketAddr::is_ipv4).ok_or_else(|| format!("{target} has no IPv4 address").into())
}
