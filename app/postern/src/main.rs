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

/// Large replies are made of many small pieces, by threads that come and go: the system's allocator gives their memory back
/// after each and has it mapped anew for the next, which was a third of what a large description cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Helper processes of the sandbox re-enter this binary before it has threads or has read a word of the user's.
    postern_sandbox::hidden_main();
    cli::main()
}
