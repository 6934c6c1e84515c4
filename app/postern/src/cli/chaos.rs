//! `postern chaos az ZONE --down | --up`.

use super::Common;
use crate::control::{self, Request};
use crate::say::Trouble;
use postern_names::AvailabilityZone;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Chaos {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// An availability zone: while it is down nothing in it sends, receives or answers, and names of endpoints leave it out.
    /// It stays down over a restart of the region until it is brought back
    Az {
        /// Its name: us-east-1a
        zone: String,
        /// Take it away
        #[arg(long, conflicts_with = "up", required_unless_present = "up")]
        down: bool,
        /// Bring it back
        #[arg(long)]
        up: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Chaos {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        let What::Az { zone, down, json, .. } = self.what;
        let word = control::Chaos::Zone { zone: AvailabilityZone::new(&zone), down };
        let answer = control::ask(&self.common.data_dir(), &Request::Chaos(word))?;
        if json {
            println!("{answer}");
        } else {
            let now = if down { "down" } else { "up" };
            let already = answer.get("changed").and_then(serde_json::Value::as_bool) == Some(false);
            println!("{zone} is {now}{}", if already { " already" } else { "" });
        }
        Ok(ExitCode::SUCCESS)
    }
}
