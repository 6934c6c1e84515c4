//! Carries bytes between the caller's descriptors and the command's, without ever waiting on one of them alone.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::error::{SandboxError, Step};

/// A pipe takes this much at once without blocking when poll says it takes something.
const CHUNK_BYTES: usize = 4096;

/// One direction. Either end becomes None when it is closed.
pub(super) struct Pump {
    from: Option<OwnedFd>,
    to: Option<OwnedFd>,
    held: Vec<u8>,
    /// Whether what is left when the command ends is still wanted.
    output: bool,
}

impl Pump {
    /// From the caller to the command.
    pub(super) fn input(from: OwnedFd, to: OwnedFd) -> Self {
        Self { from: Some(from), to: Some(to), held: Vec::new(), output: false }
    }

    /// From the command to the caller.
    pub(super) fn output(from: OwnedFd, to: OwnedFd) -> Self {
        Self { from: Some(from), to: Some(to), held: Vec::new(), output: true }
    }

    /// The descriptor whose readiness lets this direction go on.
    fn waits_for(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        if self.held.is_empty() {
            let from = self.from.as_ref().filter(|_| self.to.is_some())?;
            Some((from.as_fd(), PollFlags::IN))
        } else {
            Some((self.to.as_ref()?.as_fd(), PollFlags::OUT))
        }
    }

    /// Moves once. The end of the input closes the other side too.
    fn step(&mut self) {
        if self.held.is_empty() {
            let Some(from) = &self.from else { return };
            let mut bytes = [0u8; CHUNK_BYTES];
            match rustix::io::read(from, &mut bytes[..]) {
                Ok(0) => self.finish(),
                Ok(count) => self.held.extend_from_slice(bytes.get(..count).unwrap_or_default()),
                Err(Errno::INTR | Errno::AGAIN) => {}
                // A terminal nobody has open any more reads as an input/output error.
                Err(_) => self.finish(),
            }
        } else if let Some(to) = &self.to {
            match rustix::io::write(to, &self.held) {
                Ok(count) => drop(self.held.drain(..count)),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => self.finish(),
            }
        }
    }

    fn finish(&mut self) {
        self.held.clear();
        self.from = None;
        self.to = None;
    }
}

/// All directions of one command.
pub(super) struct Relay {
    pumps: Vec<Pump>,
    terminal: Option<OwnedFd>,
}

impl Relay {
    pub(super) fn new(pumps: Vec<Pump>, terminal: Option<OwnedFd>) -> Self {
        Self { pumps, terminal }
    }

    /// The terminal whose size can be set.
    pub(super) fn terminal(&self) -> Option<&OwnedFd> {
        self.terminal.as_ref()
    }

    /// Moves bytes until one of `others` has something; says which.
    pub(super) fn wait(&mut self, others: &[BorrowedFd<'_>]) -> Result<Vec<bool>, SandboxError> {
        loop {
            let ready = self.poll(others, None).step("carry the command's input and output", "poll")?;
            if ready.iter().any(|r| *r) {
                return Ok(ready);
            }
        }
    }

    /// After the command's end: what it wrote and nobody has taken yet.
    pub(super) fn drain(&mut self) {
        self.pumps.retain(|pump| pump.output);
        let (now, patient) = (Timespec { tv_sec: 0, tv_nsec: 0 }, Timespec { tv_sec: 5, tv_nsec: 0 });
        loop {
            let holding = self.pumps.iter().any(|p| !p.held.is_empty() && p.to.is_some());
            let before = self.waiting();
            match self.poll(&[], Some(if holding { &patient } else { &now })) {
                Err(_) => return,
                Ok(moved) if !moved.first().copied().unwrap_or(false) => return,
                Ok(_) if before == 0 => return,
                Ok(_) => {}
            }
        }
    }

    fn waiting(&self) -> usize {
        self.pumps.iter().filter(|p| p.waits_for().is_some()).count()
    }

    /// One round. Without `others` the only answer says whether anything moved.
    fn poll(&mut self, others: &[BorrowedFd<'_>], patience: Option<&Timespec>) -> Result<Vec<bool>, Errno> {
        let mut fds: Vec<PollFd<'_>> = others.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        let mut places = Vec::new();
        for (place, pump) in self.pumps.iter().enumerate() {
            if let Some((fd, flags)) = pump.waits_for() {
                fds.push(PollFd::from_borrowed_fd(fd, flags));
                places.push(place);
            }
        }
        match poll(&mut fds, patience) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(if others.is_empty() { vec![true] } else { vec![false; others.len()] }),
            Err(other) => return Err(other),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let (answers, moves) = ready.split_at(others.len());
        let mut moved = false;
        for (place, _) in places.into_iter().zip(moves).filter(|(_, ready)| **ready) {
            if let Some(pump) = self.pumps.get_mut(place) {
                pump.step();
                moved = true;
            }
        }
        Ok(if others.is_empty() { vec![moved] } else { answers.to_vec() })
    }
}
