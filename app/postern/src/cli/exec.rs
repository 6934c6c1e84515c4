//! `postern exec [-it] i-... -- CMD`: a command in an instance, with the caller's terminal and exit status.

use super::Common;
use crate::control::{self, Window};
use crate::say::Trouble;
use rustix::termios::{OptionalActions, Termios};
use std::os::fd::AsFd;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Exec {
    #[command(flatten)]
    common: Common,
    /// Keep standard input open (it always is; taken for the habit of typing -it)
    #[arg(short)]
    interactive: bool,
    /// Give the command a terminal
    #[arg(short, long)]
    tty: bool,
    /// Who runs it
    #[arg(short, long, default_value = "root")]
    user: String,
    /// The instance's id
    instance: String,
    /// The command; without one, a login shell
    #[arg(last = true)]
    command: Vec<String>,
}

impl Exec {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        let dir = self.common.data_dir();
        let terminal = if self.tty {
            let window = window().ok_or_else(|| {
                Trouble::new("standard input is not a terminal").hint("leave -t out, or run it from a terminal")
            })?;
            Some((std::env::var("TERM").unwrap_or_else(|_| "xterm".to_owned()), window))
        } else {
            None
        };
        let argv = if self.command.is_empty() { vec!["/bin/bash".into(), "-l".into()] } else { self.command };
        let raw = self.tty.then(RawTerminal::enter).transpose()?;
        let exec = control::Exec { instance: self.instance, argv, user: self.user, terminal };
        let status = control::exec(&dir, &exec, |resizer| {
            if exec.terminal.is_some() {
                follow_window(resizer);
            }
        });
        drop(raw);
        Ok(ExitCode::from(status?))
    }
}

fn window() -> Option<Window> {
    let size = rustix::termios::tcgetwinsize(std::io::stdin().as_fd()).ok()?;
    Some(Window { rows: size.ws_row, columns: size.ws_col })
}

/// Tells new sizes, by looking every quarter second: a signal handler would need unsafe code.
fn follow_window(mut resizer: control::Resizer) {
    std::thread::spawn(move || {
        let mut last = window();
        loop {
            std::thread::sleep(std::time::Duration::from_millis(250));
            let now = window();
            if now != last
                && let Some(size) = now
            {
                resizer.tell(size);
            }
            last = now;
        }
    });
}

/// The caller's terminal in raw mode, as it was again when dropped.
struct RawTerminal(Termios);

impl RawTerminal {
    fn enter() -> Result<Self, Trouble> {
        let stdin = std::io::stdin();
        let before = rustix::termios::tcgetattr(stdin.as_fd()).map_err(Trouble::at("read the terminal's mode"))?;
        let mut raw = before.clone();
        raw.make_raw();
        rustix::termios::tcsetattr(stdin.as_fd(), OptionalActions::Now, &raw)
            .map_err(Trouble::at("set the terminal's mode"))?;
        Ok(Self(before))
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        if let Err(error) = rustix::termios::tcsetattr(std::io::stdin().as_fd(), OptionalActions::Now, &self.0) {
            eprintln!("the terminal's mode could not be restored: {error}");
        }
    }
}
