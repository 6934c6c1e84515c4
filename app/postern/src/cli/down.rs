//! `postern down`: stop the region.

use super::Common;
use crate::control::{self, Running};
use crate::say::Trouble;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long the daemon may take to stop its instances.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub struct Down {
    #[command(flatten)]
    common: Common,
}

impl Down {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        let dir = self.common.data_dir();
        let Some(running) = Running::find(&dir)? else {
            eprintln!("nothing runs on {}", dir.path().display());
            return Ok(ExitCode::SUCCESS);
        };
        control::ask(&dir, &control::Request::Down)?;
        let began = Instant::now();
        while Running::find(&dir)?.is_some_and(|now| now.pid == running.pid) {
            if began.elapsed() > PATIENCE {
                return Err(Trouble::new(format!("process {} did not stop in {PATIENCE:?}", running.pid))
                    .hint(format!("its log is {}", dir.log().display())));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        eprintln!("stopped");
        Ok(ExitCode::SUCCESS)
    }
}
