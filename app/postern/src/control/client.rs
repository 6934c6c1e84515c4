//! The asking side.

use super::{Exec, Request, Window};
use crate::paths::DataDir;
use crate::say::Trouble;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde_json::Value;
use std::io::{BufRead, BufReader, IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// Asks one question and gives the answer.
pub fn ask(dir: &DataDir, request: &Request) -> Result<Value, Trouble> {
    let mut stream = connect(dir)?;
    let line = line_of(request);
    stream.write_all(line.as_bytes()).map_err(Trouble::at("ask the daemon"))?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(Trouble::at("hear the daemon"))?;
    outcome(&answer)
}

/// Runs a command in an instance with our own descriptors. Gives its exit status.
pub fn exec(dir: &DataDir, exec: &Exec, resized: impl FnOnce(Resizer)) -> Result<u8, Trouble> {
    let stream = connect(dir)?;
    send_with_descriptors(&stream, &line_of(&Request::Exec(exec.clone())))?;
    let reader = stream.try_clone().map_err(Trouble::at("keep the daemon's socket"))?;
    resized(Resizer(stream));
    let mut answer = String::new();
    BufReader::new(reader).read_line(&mut answer).map_err(Trouble::at("hear the daemon"))?;
    let outcome = outcome(&answer)?;
    let status = outcome.get("exit").and_then(Value::as_u64).and_then(|s| u8::try_from(s).ok());
    status.ok_or_else(|| Trouble::new("the daemon ended before the command did"))
}

/// Tells the daemon of new window sizes.
pub struct Resizer(UnixStream);

impl Resizer {
    pub fn tell(&mut self, window: Window) {
        // The command may be over: nobody needs the size then.
        let _ = self.0.write_all(line_of(&Request::Resize(window)).as_bytes());
    }
}

fn line_of(request: &Request) -> String {
    format!("{}\n", serde_json::json!(request))
}

fn connect(dir: &DataDir) -> Result<UnixStream, Trouble> {
    let nobody = || format!("nothing runs on {}", dir.path().display());
    let hint = "start a region first: postern up --detach";
    // A socket's path holds 108 bytes; by the directory's descriptor any directory will do.
    let directory = std::fs::File::open(dir.path()).map_err(|_| Trouble::new(nobody()).hint(hint))?;
    let path = format!("/proc/self/fd/{}/control.sock", std::os::fd::AsRawFd::as_raw_fd(&directory));
    UnixStream::connect(path).map_err(|error| Trouble::new(format!("{} ({error})", nobody())).hint(hint))
}

fn send_with_descriptors(stream: &UnixStream, line: &str) -> Result<(), Trouble> {
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let descriptors = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(stream, &[IoSlice::new(line.as_bytes())], &mut ancillary, SendFlags::empty())
        .map_err(Trouble::at("hand over the descriptors"))?;
    Ok(())
}

fn outcome(answer: &str) -> Result<Value, Trouble> {
    if answer.is_empty() {
        return Err(Trouble::new("the daemon closed the connection without an answer"));
    }
    let value: Value = serde_json::from_str(answer).map_err(Trouble::at("read the daemon's answer"))?;
    match value.get("error").and_then(Value::as_str) {
        None => Ok(value),
        Some(error) => {
            let trouble = Trouble::new(error);
            Err(match value.get("hint").and_then(Value::as_str) {
                Some(hint) => trouble.hint(hint),
                None => trouble,
            })
        }
    }
}
