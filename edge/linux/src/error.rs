//! What went wrong in the kernel: the step, the call, the kernel's word.

use rustix::io::Errno;

/// A step that the kernel refused. The steps in `done` are in force; every other one is not, or is safe to take again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{step}: {call}: {word}")]
pub struct HostError {
    /// The step in words: `add link eni0a1b in vpc-...`.
    pub step: String,
    /// The system call or message: `RTM_NEWLINK`, `setns`, `nft`.
    pub call: &'static str,
    /// The kernel's word, with its number where there is one.
    pub word: String,
    /// The error number, where the kernel gave one.
    pub errno: Option<i32>,
    /// Positions, in the list given to `apply`, of the steps that are in force.
    pub done: Vec<usize>,
}

/// A refusal before the step that it belongs to is known.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub call: &'static str,
    pub word: String,
    pub errno: Option<i32>,
}

pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub fn new(call: &'static str, word: impl Into<String>) -> Self {
        Self { call, word: word.into(), errno: None }
    }
    pub fn of(call: &'static str, errno: Errno) -> Self {
        Self { call, word: errno.to_string(), errno: Some(errno.raw_os_error()) }
    }
    pub fn io(call: &'static str, error: &std::io::Error) -> Self {
        Self { call, word: error.to_string(), errno: error.raw_os_error() }
    }
    /// Says more about the place.
    pub fn at(mut self, place: impl std::fmt::Display) -> Self {
        self.word = format!("{place}: {}", self.word);
        self
    }
    pub fn during(self, step: impl Into<String>) -> HostError {
        HostError { step: step.into(), call: self.call, word: self.word, errno: self.errno, done: Vec::new() }
    }
}

/// Turns an errno into a failure of the named call.
pub(crate) trait Named<T> {
    fn named(self, call: &'static str) -> Outcome<T>;
}

impl<T> Named<T> for rustix::io::Result<T> {
    fn named(self, call: &'static str) -> Outcome<T> {
        self.map_err(|errno| Failure::of(call, errno))
    }
}
impl<T> Named<T> for std::io::Result<T> {
    fn named(self, call: &'static str) -> Outcome<T> {
        self.map_err(|error| Failure::io(call, &error))
    }
}
