//! Network namespaces, held by file descriptors only.

use crate::error::{HostError, Named, Outcome};
use crate::netlink::Netlink;
use crate::{requests, sys};
use rustix::fs::{Mode, OFlags};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A namespace that this process holds, with the socket that configures it.
pub(crate) struct Space {
    pub fd: OwnedFd,
    pub route: Netlink,
    /// Opened when first needed, kept: closing one waits until the kernel has cleared away former rules.
    netfilter: Option<Netlink>,
}

impl Space {
    /// A new namespace with `lo` up and no default routing rules. The calling thread is left inside it.
    pub fn create() -> Outcome<Space> {
        let fd = unshare()?;
        let mut space = Space { fd, route: Netlink::route()?, netfilter: None };
        space.route.all(vec![requests::link_up(requests::LOOPBACK)])?;
        space.route.all(requests::without_default_rules())?;
        Ok(space)
    }

    /// A namespace that somebody else made. The calling thread is left inside it.
    pub fn adopt(fd: OwnedFd) -> Outcome<Space> {
        enter(fd.as_fd())?;
        let mut space = Space { fd, route: Netlink::route()?, netfilter: None };
        space.route.all(vec![requests::link_up(requests::LOOPBACK)])?;
        Ok(space)
    }

    /// The socket for packet filters and tracked flows. The calling thread is left inside the namespace.
    pub fn netfilter(&mut self) -> Outcome<&mut Netlink> {
        self.enter()?;
        let netlink = match self.netfilter.take() {
            Some(netlink) => netlink,
            None => Netlink::netfilter()?,
        };
        Ok(self.netfilter.insert(netlink))
    }

    pub fn enter(&self) -> Outcome<()> {
        enter(self.fd.as_fd())
    }
}

/// Makes an empty network namespace and gives the descriptor that holds it. Works on a thread of its own: the caller's
/// namespace does not change.
pub fn new_namespace() -> Result<OwnedFd, HostError> {
    let made = std::thread::scope(|scope| scope.spawn(unshare).join());
    match made {
        Ok(outcome) => outcome.map_err(|failure| failure.during("make a network namespace")),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Moves the calling thread into the namespace.
pub(crate) fn enter(fd: BorrowedFd<'_>) -> Outcome<()> {
    move_into_link_name_space(fd, Some(LinkNameSpaceType::Network)).named("setns")
}

/// Moves the calling thread into a new namespace and gives the descriptor that holds it.
pub(crate) fn unshare() -> Outcome<OwnedFd> {
    sys::unshare_network().named("unshare(CLONE_NEWNET)")?;
    rustix::fs::open("/proc/thread-self/ns/net", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .named("open(/proc/thread-self/ns/net)")
}
