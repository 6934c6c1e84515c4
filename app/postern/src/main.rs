//! The one binary: the region's daemon and the words a user types.
#![forbid(unsafe_code)]

mod cli;
mod config;
mod control;
mod lab;
mod paths;
mod region;
mod say;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Helper processes of the sandbox re-enter this binary before it has threads or has read a word of the user's.
    postern_sandbox::hidden_main();
    cli::main()
}
