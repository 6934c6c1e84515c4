//! An error that speaks to three: the client's program, the person, the operator.

use std::fmt;

/// What AWS would answer instead of doing it, with a hint beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// AWS's code on the wire: `InvalidVpcID.NotFound`.
    pub code: String,
    /// HTTP status.
    pub status: u16,
    /// AWS's sentence.
    pub message: String,
    /// What to do about it: sent in the `X-Postern-Hint` header, never in the AWS body.
    pub hint: Option<String>,
    /// Further members of the error shape (S3's `BucketName`, a modeled error's own members), by model name.
    pub members: Vec<(String, String)>,
    /// What happened inside; for the log only, never for the client.
    pub inside: Option<String>,
}

impl Refusal {
    /// A client error: HTTP 400.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), status: 400, message: message.into(), hint: None, members: Vec::new(), inside: None }
    }
    /// A fault of ours: HTTP 500; `inside` goes to the log, the client hears only that it failed.
    pub fn internal(inside: impl fmt::Display) -> Self {
        let mut refusal = Self::new("InternalError", "An internal error has occurred");
        refusal.status = 500;
        refusal.inside = Some(inside.to_string());
        refusal
    }
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    pub fn member(mut self, name: &str, value: impl Into<String>) -> Self {
        self.members.push((name.to_owned(), value.into()));
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}
impl std::error::Error for Refusal {}
