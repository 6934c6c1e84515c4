//! What a process keeps when it becomes part of an instance.

use rustix::thread::CapabilitySet;

use crate::error::{SandboxError, Step};
use crate::{seccomp, sys};

/// Root of an instance keeps what it needs over its own files, users and network; the rest could reach the host's
/// kernel if a namespace check were ever wrong. `SYS_ADMIN` goes last: the filter needs it.
const DROPPED: [CapabilitySet; 18] = [
    CapabilitySet::AUDIT_CONTROL,
    CapabilitySet::AUDIT_READ,
    CapabilitySet::BLOCK_SUSPEND,
    CapabilitySet::BPF,
    CapabilitySet::CHECKPOINT_RESTORE,
    CapabilitySet::DAC_READ_SEARCH,
    CapabilitySet::LINUX_IMMUTABLE,
    CapabilitySet::MAC_ADMIN,
    CapabilitySet::MAC_OVERRIDE,
    CapabilitySet::PERFMON,
    CapabilitySet::SYSLOG,
    CapabilitySet::SYS_BOOT,
    CapabilitySet::SYS_MODULE,
    CapabilitySet::SYS_PACCT,
    CapabilitySet::SYS_RAWIO,
    CapabilitySet::SYS_TIME,
    CapabilitySet::WAKE_ALARM,
    CapabilitySet::SYS_ADMIN,
];

/// Installs the filter and lowers the bounding set: what runs from here on by `execve` has no more than an instance.
pub(crate) fn confine() -> Result<(), SandboxError> {
    for program in seccomp::programs()? {
        sys::seccomp_install(&program).step("install the system call filter", "seccomp")?;
    }
    for capability in DROPPED {
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // A kernel too old to know it cannot grant it.
            Err(rustix::io::Errno::INVAL) => {}
            other => other.step("lower the capability bounding set", "prctl(PR_CAPBSET_DROP)")?,
        }
    }
    Ok(())
}
