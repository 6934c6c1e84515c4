//! What a question leaves open, settled by the one who asks it.

use crate::ground::Ground;
use crate::packet::CLIENT_PORT;
use std::net::IpAddr;

/// Taken to be so while questions are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumed {
    /// Which of its addresses an interface speaks from; `None`: its primary one.
    pub source: Option<IpAddr>,
    /// The port that it speaks from.
    pub source_port: u16,
    /// Every address of the internet that nobody here has answers, and on every port.
    pub internet_answers: bool,
}

impl Default for Assumed {
    fn default() -> Self {
        Self { source: None, source_port: CLIENT_PORT, internet_answers: false }
    }
}

impl Ground<'_> {
    /// Holds for every question from now on.
    pub fn assume(&mut self, assumed: Assumed) {
        self.assumed = assumed;
    }
}
