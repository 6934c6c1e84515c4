//! The words a user types. One file each.

mod account;
mod between;
mod call;
mod chaos;
mod coverage;
mod diff;
mod doctor;
mod down;
pub mod env;
mod exec;
mod explain;
mod lab;
mod last;
mod mermaid;
mod picture;
mod policy;
mod request;
mod scope;
mod status;
pub mod up;
mod upstream;
mod way;

use crate::paths::DataDir;
use crate::say;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// A private AWS region on this machine, built around VPC endpoints: real packets, real names, real policies.
#[derive(Parser)]
#[command(name = "postern", version, max_term_width = 100, color = clap::ColorChoice::Never)]
struct Cli {
    #[command(subcommand)]
    word: Word,
}

/// What every word takes.
#[derive(Args, Clone)]
pub struct Common {
    /// Where the region's state is kept [default: postern in your state directory]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
}

impl Common {
    pub fn data_dir(&self) -> DataDir {
        DataDir::choose(self.data_dir.as_deref())
    }
}

#[derive(Subcommand)]
enum Word {
    /// Start the region and serve the AWS API
    Up(up::Up),
    /// Stop the region that runs on this data directory
    Down(down::Down),
    /// Tell what runs
    Status(status::Status),
    /// Print shell commands that point the AWS CLI and SDKs at the region: eval "$(postern env)"
    Env(env::Env),
    /// Make and list accounts
    Account(account::Account),
    /// Take an availability zone away, or bring it back
    Chaos(chaos::Chaos),
    /// Run a command in an instance
    Exec(exec::Exec),
    /// Say why a packet does not arrive, or why a request was refused or let in
    Explain(explain::Explain),
    /// Check policies
    Policy(policy::Policy),
    /// Step-by-step labs, run through the public API only
    Lab(lab::Lab),
    /// Say what this machine's kernel and tools lack, and how to get it
    Doctor(doctor::Doctor),
    /// Print docs/coverage.md: every operation of every service with its state
    #[command(hide = true)]
    Coverage(coverage::Coverage),
}

/// Reads the command line and does what it says. Exit status 0 only on success.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.word {
        Word::Up(word) => word.run(),
        Word::Down(word) => word.run(),
        Word::Status(word) => word.run(),
        Word::Env(word) => word.run(),
        Word::Account(word) => word.run(),
        Word::Chaos(word) => word.run(),
        Word::Exec(word) => word.run(),
        Word::Explain(word) => word.run(),
        Word::Policy(word) => word.run(),
        Word::Lab(word) => word.run(),
        Word::Doctor(word) => word.run(),
        Word::Coverage(word) => word.run(),
    };
    done.unwrap_or_else(|trouble| {
        say::trouble(&trouble);
        ExitCode::FAILURE
    })
}
