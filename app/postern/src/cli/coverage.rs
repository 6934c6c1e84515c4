//! `postern coverage`: the page of every operation and its state, from what the services say of themselves.

use crate::region;
use crate::say::Trouble;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Coverage {
    /// Print service and operations as JSON instead of the page
    #[arg(long)]
    json: bool,
}

impl Coverage {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        let implemented = region::implemented();
        if self.json {
            println!("{}", serde_json::json!(implemented));
        } else {
            print!("{}", postern_wire::coverage::page(&implemented));
        }
        Ok(ExitCode::SUCCESS)
    }
}
