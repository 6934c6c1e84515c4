//! Limits of the process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Sockets and namespace descriptors of a thousand VPCs fit below this.
const DESCRIPTORS_WANTED: u64 = 1 << 20;

/// Raises the limit on open descriptors as far as the kernel lets it go: past the hard limit with privilege, else up to
/// it. Gives the limit now in force.
pub fn raise_limits() -> u64 {
    let before = getrlimit(Resource::Nofile);
    let hard = before.maximum.unwrap_or(u64::MAX);
    for wanted in [DESCRIPTORS_WANTED.max(before.current.unwrap_or(0)), hard.min(DESCRIPTORS_WANTED)] {
        let limit = Rlimit { current: Some(wanted), maximum: Some(wanted.max(hard)) };
        if setrlimit(Resource::Nofile, limit).is_ok() {
            break;
        }
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
