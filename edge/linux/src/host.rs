//! The handle by which everything else asks for work in namespaces.

use crate::cut::{Cut, Severed};
use crate::error::{Failure, HostError, Outcome};
use crate::listener::Opened;
use crate::namespace::enter;
use crate::state::{LinkTable, State};
use postern_program::{Namespace, Program, Step};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

type Job = Box<dyn FnOnce(&mut State) + Send>;

/// The host's data plane: its namespaces and the thread on which all moving between them happens. Methods block, for
/// milliseconds; any thread may call them. When the host is dropped, everything it made is gone.
pub struct Host {
    /// `None` only while it is dropped.
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    links: LinkTable,
}

impl Host {
    /// Starts the namespace thread. Needs root, or uid 0 in a user namespace that owns the process's network namespace.
    pub fn new() -> Result<Host, HostError> {
        let links = LinkTable::default();
        let (jobs, queue) = channel::<Job>();
        let (ready, begun) = sync_channel(1);
        let table = links.clone();
        let work = move || {
            let mut state = match State::new(table) {
                Ok(state) => state,
                Err(failure) => return ready.send(Err(failure)).unwrap_or(()),
            };
            if ready.send(Ok(())).is_ok() {
                queue.into_iter().for_each(|job| job(&mut state));
            }
        };
        let start = "start the namespace thread";
        let thread = Builder::new().name("namespaces".into()).spawn(work);
        let thread = thread.map_err(|error| Failure::io("clone", &error).during(start))?;
        let host = Host { jobs: Some(jobs), thread: Some(thread), links };
        begun.recv().unwrap_or_else(|_| Err(thread_gone())).map_err(|failure| failure.during(start))?;
        Ok(host)
    }

    /// Puts steps into force; gives the sockets opened for `Listener` parts. After an error the steps in
    /// [`HostError::done`] are in force, and a difference between [`Host::program`] and the program wanted goes on.
    pub fn apply(&self, steps: &[Step]) -> Result<Vec<Opened>, HostError> {
        let steps = steps.to_vec();
        self.ask(move |state| state.apply(&steps)).unwrap_or_else(|failure| Err(failure.during("apply steps")))
    }

    /// The program in force: what `apply` did, less what `forget` took away.
    pub fn program(&self) -> Result<Program, HostError> {
        self.ask(|state| state.program.clone()).map_err(|failure| failure.during("read the program in force"))
    }

    /// Takes a guest's namespace from its sandbox, so that steps can lead links into it. A guest that restarts comes
    /// again: what the former one had is forgotten.
    pub fn adopt(&self, namespace: Namespace, fd: OwnedFd) -> Result<(), HostError> {
        self.work(format!("adopt {namespace}"), move |state| state.adopt(namespace, fd))
    }

    /// The guest is gone: its links are removed at once, its parts leave the program in force, and steps that would still
    /// remove them find nothing to do.
    pub fn forget(&self, namespace: Namespace) -> Result<(), HostError> {
        self.work(format!("forget {namespace}"), move |state| state.forget(namespace))
    }

    /// Runs `f` on a thread of its own inside the namespace. Sockets made there stay in it.
    pub fn in_namespace<R: Send>(&self, namespace: Namespace, f: impl FnOnce() -> R + Send) -> Result<R, HostError> {
        let step = || format!("enter {namespace}");
        let fd = self.work(step(), move |state| {
            state.space(namespace)?.fd.try_clone().map_err(|error| Failure::io("dup", &error))
        })?;
        let ran = std::thread::scope(|scope| scope.spawn(|| enter(fd.as_fd()).map(|()| f())).join());
        match ran {
            Ok(outcome) => outcome.map_err(|failure| failure.during(step())),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Packets counted at the rules of the namespace since it was made, by the rules' comments.
    pub fn counters(&self, namespace: Namespace) -> Result<Vec<(String, u64)>, HostError> {
        self.work(format!("read the counters of {namespace}"), move |state| state.counters(namespace))
    }

    /// Ends the connections and tracked flows in the namespace that match: sockets of the daemon get a reset, flows passing
    /// through are judged anew.
    pub fn cut(&self, namespace: Namespace, cut: &Cut) -> Result<Severed, HostError> {
        let cut = cut.clone();
        self.work(format!("cut connections in {namespace}"), move |state| state.cut(namespace, &cut))
    }

    /// The name of a link by the number that [`crate::arrival`] gives; from a table, without a system call.
    pub fn link_name_of(&self, namespace: Namespace, index: u32) -> Option<String> {
        self.links.name(namespace, index)
    }

    fn work<R: Send + 'static>(
        &self,
        step: String,
        job: impl FnOnce(&mut State) -> Outcome<R> + Send + 'static,
    ) -> Result<R, HostError> {
        self.ask(job).and_then(|outcome| outcome).map_err(|failure| failure.during(step))
    }

    fn ask<R: Send + 'static>(&self, job: impl FnOnce(&mut State) -> R + Send + 'static) -> Outcome<R> {
        let (answer, answered) = sync_channel(1);
        let job: Job = Box::new(move |state| {
            // The asker waits below; if it is gone, so is the need for the answer.
            let _ = answer.send(job(state));
        });
        self.jobs.as_ref().ok_or_else(thread_gone)?.send(job).map_err(|_| thread_gone())?;
        answered.recv().map_err(|_| thread_gone())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic on the thread was already seen by whoever asked for the work.
            let _ = thread.join();
        }
    }
}

fn thread_gone() -> Failure {
    Failure::new("ask the namespace thread", "the thread has ended")
}
