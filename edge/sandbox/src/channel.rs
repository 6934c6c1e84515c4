//! One message at a time, with descriptors, over a sequenced-packet socket pair.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{SandboxError, Step};

/// The longest message: user data of 16 KiB as a JSON array of numbers, or a long command line. Below what a socket takes
/// at once by default.
const MESSAGE_BYTES_MAX: usize = 160 * 1024;
/// Most descriptors that travel with one message.
const DESCRIPTORS_MAX: usize = 8;

/// One end of the conversation between the daemon and a helper process.
#[derive(Debug)]
pub(crate) struct Channel(OwnedFd);

impl Channel {
    /// Two ends, both close-on-exec.
    pub(crate) fn pair() -> Result<(Self, Self), SandboxError> {
        let (a, b) = rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .step("open the control channel", "socketpair")?;
        Ok((Self(a), Self(b)))
    }

    pub(crate) fn from_fd(fd: OwnedFd) -> Self {
        Self(fd)
    }

    pub(crate) fn into_fd(self) -> OwnedFd {
        self.0
    }

    /// Sends one message and the descriptors that belong to it.
    pub(crate) fn send<M: Serialize>(&self, message: &M, fds: &[BorrowedFd<'_>]) -> Result<(), SandboxError> {
        let step = "send on the control channel";
        let bytes = serde_json::to_vec(message).map_err(|e| SandboxError::plain(step, "json").with(e.to_string()))?;
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(SandboxError::plain(step, "too long").with(format!("{} bytes of 160 KiB", bytes.len())));
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(fds)) {
            return Err(SandboxError::plain(step, "too many descriptors"));
        }
        rustix::net::sendmsg(&self.0, &[IoSlice::new(&bytes)], &mut ancillary, SendFlags::NOSIGNAL)
            .step(step, "sendmsg")?;
        Ok(())
    }

    /// Waits for one message, at most so long.
    pub(crate) fn receive_within<M: DeserializeOwned>(
        &self,
        patience: Duration,
    ) -> Result<Option<(M, Vec<OwnedFd>)>, SandboxError> {
        let step = "receive on the control channel";
        let last = Instant::now() + patience;
        loop {
            let left = last.saturating_duration_since(Instant::now());
            let time = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
            match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&time)) {
                Ok(0) => return Err(SandboxError::plain(step, format!("nothing came within {patience:?}"))),
                Ok(_) => return self.receive(),
                Err(rustix::io::Errno::INTR) => {}
                Err(other) => return Err(other).step(step, "poll"),
            }
        }
    }

    /// Waits for one message. None when the other end is gone.
    pub(crate) fn receive<M: DeserializeOwned>(&self) -> Result<Option<(M, Vec<OwnedFd>)>, SandboxError> {
        let step = "receive on the control channel";
        let mut bytes = vec![0u8; MESSAGE_BYTES_MAX];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let answer = loop {
            let mut parts = [IoSliceMut::new(&mut bytes)];
            match rustix::net::recvmsg(&self.0, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(rustix::io::Errno::CONNRESET) => return Ok(None),
                other => break other.step(step, "recvmsg")?,
            }
        };
        if answer.bytes == 0 {
            return Ok(None);
        }
        let mut fds = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                fds.extend(rights);
            }
        }
        let bytes = bytes.get(..answer.bytes).unwrap_or_default();
        let message =
            serde_json::from_slice(bytes).map_err(|e| SandboxError::plain(step, "json").with(e.to_string()))?;
        Ok(Some((message, fds)))
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
