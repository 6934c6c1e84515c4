//! The answering side: one thread a connection, since an exec lasts as long as its command.

use super::{AccountWord, Chaos, Exec, Request, Window};
use crate::paths::DataDir;
use crate::say::Trouble;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, mpsc};

/// What the daemon can be told to do.
pub trait Control: Send + Sync + 'static {
    fn status(&self) -> Value;
    /// Begins the end.
    fn down(&self);
    /// Makes, lists, or opens an account.
    fn account(&self, word: AccountWord) -> Result<Value, Trouble>;
    /// Takes something away, or brings it back.
    fn chaos(&self, word: Chaos) -> Result<Value, Trouble>;
    /// Runs a command to its end; sizes of the caller's window come by `windows`.
    fn exec(&self, exec: Exec, descriptors: [OwnedFd; 3], windows: mpsc::Receiver<Window>) -> Result<u8, Trouble>;
}

/// Who tells why requests were answered as they were.
pub trait Explainer: Send + Sync + 'static {
    fn explain(&self, what: super::Explain) -> Result<Value, Trouble>;
}

/// Listens in the data directory.
pub fn serve(dir: &DataDir, control: Arc<dyn Control>, explainer: Arc<dyn Explainer>) -> Result<(), Trouble> {
    let _ = std::fs::remove_file(dir.socket());
    let directory = std::fs::File::open(dir.path()).map_err(Trouble::at("open the data directory"))?;
    let path = format!("/proc/self/fd/{}/control.sock", std::os::fd::AsRawFd::as_raw_fd(&directory));
    let listener = UnixListener::bind(path).map_err(Trouble::at("listen on the control socket"))?;
    std::thread::Builder::new()
        .name("control".into())
        .spawn(move || {
            for stream in listener.incoming().flatten() {
                let (control, explainer) = (Arc::clone(&control), Arc::clone(&explainer));
                let spawned = std::thread::Builder::new().name("control-one".into()).spawn(move || {
                    if let Err(trouble) = converse(&stream, &*control, &*explainer) {
                        let answer = json!({ "error": trouble.what, "hint": trouble.hint });
                        let _ = writeln!(&stream, "{answer}");
                    }
                });
                if let Err(error) = spawned {
                    tracing::error!(%error, "no thread for a control connection");
                }
            }
        })
        .map_err(Trouble::at("start the control thread"))?;
    Ok(())
}

fn converse(mut stream: &UnixStream, control: &dyn Control, explainer: &dyn Explainer) -> Result<(), Trouble> {
    let (line, descriptors) = first_line(stream)?;
    let request: Request = serde_json::from_str(&line).map_err(Trouble::at("read a request"))?;
    let answer = match request {
        Request::Status => control.status(),
        Request::Down => {
            // The end may be quicker than the answer: answer first.
            writeln!(stream, "{}", json!({ "stopping": true })).map_err(Trouble::at("answer"))?;
            control.down();
            return Ok(());
        }
        Request::Account(word) => control.account(word)?,
        Request::Chaos(word) => control.chaos(word)?,
        Request::Explain(what) => explainer.explain(what)?,
        Request::Resize(_) => return Err(Trouble::new("a window size outside a command")),
        Request::Exec(exec) => {
            let descriptors: [OwnedFd; 3] =
                descriptors.try_into().map_err(|_| Trouble::new("an exec needs three descriptors"))?;
            let exit = control.exec(exec, descriptors, windows_of(stream)?)?;
            json!({ "exit": exit })
        }
    };
    writeln!(stream, "{answer}").map_err(Trouble::at("answer"))
}

/// The first line and the descriptors that came with it.
fn first_line(stream: &UnixStream) -> Result<(String, Vec<OwnedFd>), Trouble> {
    let mut line = Vec::new();
    let mut descriptors = Vec::new();
    while !line.ends_with(b"\n") {
        let mut bytes = [0u8; 4096];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let got = recvmsg(stream, &mut [IoSliceMut::new(&mut bytes)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)
            .map_err(Trouble::at("hear a request"))?;
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
        if got.bytes == 0 || line.len() > 1 << 20 {
            return Err(Trouble::new("a request without an end"));
        }
        line.extend(bytes.iter().take(got.bytes));
    }
    let line = String::from_utf8(line).map_err(Trouble::at("read a request"))?;
    Ok((line, descriptors))
}

/// Reads further lines as window sizes, on a thread that ends with the connection.
fn windows_of(stream: &UnixStream) -> Result<mpsc::Receiver<Window>, Trouble> {
    let (sender, windows) = mpsc::channel();
    let reader = stream.try_clone().map_err(Trouble::at("keep the caller's socket"))?;
    std::thread::Builder::new()
        .name("control-windows".into())
        .spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if let Ok(Request::Resize(window)) = serde_json::from_str(&line)
                    && sender.send(window).is_err()
                {
                    return;
                }
            }
        })
        .map_err(Trouble::at("start a thread"))?;
    Ok(windows)
}
