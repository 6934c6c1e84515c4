//! The one error of this crate: which step failed, on which system call, with the kernel's word.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A step that failed while a sandbox was made, entered or ended.
///
/// It crosses the process border between the helper processes and the daemon, so it is plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxError {
    /// What was being done, in words: "mount the overlay of /usr".
    pub step: Cow<'static, str>,
    /// The system call or library call that refused.
    pub syscall: Cow<'static, str>,
    /// The kernel's error number; 0 where the kernel was not asked (malformed data).
    pub errno: i32,
    /// More words where the number says too little.
    pub detail: String,
}

impl std::error::Error for SandboxError {}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.step, self.syscall)?;
        if self.errno != 0 {
            write!(f, ": {}", std::io::Error::from_raw_os_error(self.errno))?;
        }
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}

impl SandboxError {
    /// A failure that no system call reported.
    pub fn plain(step: impl Into<Cow<'static, str>>, what: impl Into<Cow<'static, str>>) -> Self {
        Self { step: step.into(), syscall: what.into(), errno: 0, detail: String::new() }
    }

    /// Adds words that help.
    pub fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// Names the step and the call a low-level error belongs to.
pub(crate) trait Step<T> {
    fn step(self, step: impl Into<Cow<'static, str>>, syscall: impl Into<Cow<'static, str>>)
    -> Result<T, SandboxError>;
}

impl<T> Step<T> for Result<T, rustix::io::Errno> {
    fn step(
        self,
        step: impl Into<Cow<'static, str>>,
        syscall: impl Into<Cow<'static, str>>,
    ) -> Result<T, SandboxError> {
        self.map_err(|e| SandboxError {
            step: step.into(),
            syscall: syscall.into(),
            errno: e.raw_os_error(),
            detail: String::new(),
        })
    }
}

impl<T> Step<T> for std::io::Result<T> {
    fn step(
        self,
        step: impl Into<Cow<'static, str>>,
        syscall: impl Into<Cow<'static, str>>,
    ) -> Result<T, SandboxError> {
        self.map_err(|e| SandboxError {
            step: step.into(),
            syscall: syscall.into(),
            errno: e.raw_os_error().unwrap_or(0),
            detail: if e.raw_os_error().is_some() { String::new() } else { e.to_string() },
        })
    }
}
