//! The system calls an instance has no business with, refused before the kernel looks at them.
//!
//! A deny-list: what programs normally do must work (Python, shells, sshd, packet tools), and the namespaces and missing
//! capabilities already forbid the rest. This narrows the kernel's surface, above all new user namespaces and mounts.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    sock_filter,
};

use crate::error::SandboxError;

/// Refused with EPERM.
const DENIED: &[libc::c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_nfsservctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pivot_root,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// Not there, so that libraries take their older way: the arguments of clone3 cannot be looked at, and io_uring has been
/// the way out of too many containers.
const ABSENT: &[libc::c_long] =
    &[libc::SYS_clone3, libc::SYS_io_uring_enter, libc::SYS_io_uring_register, libc::SYS_io_uring_setup];

#[cfg(target_arch = "x86_64")]
const PORTS: &[libc::c_long] = &[libc::SYS_ioperm, libc::SYS_iopl];
#[cfg(not(target_arch = "x86_64"))]
const PORTS: &[libc::c_long] = &[];

/// The filter as the kernel takes it, both answers in one program per error number.
pub(crate) fn programs() -> Result<Vec<BpfProgram>, SandboxError> {
    let mut denied: BTreeMap<i64, Vec<SeccompRule>> =
        DENIED.iter().chain(PORTS).map(|call| (*call, Vec::new())).collect();
    for call in [libc::SYS_clone, libc::SYS_unshare] {
        let namespaces = [libc::CLONE_NEWUSER, libc::CLONE_NEWNS];
        denied.insert(call, namespaces.iter().map(|f| flags_include(*f as u64)).collect::<Result<_, _>>()?);
    }
    // Typing into the terminal one was started from.
    let ioctls = [libc::TIOCSTI, libc::TIOCLINUX];
    denied.insert(libc::SYS_ioctl, ioctls.iter().map(|i| rule(1, SeccompCmpOp::Eq, *i)).collect::<Result<_, _>>()?);
    let absent = ABSENT.iter().map(|call| (*call, Vec::new())).collect();
    Ok(vec![compile(denied, libc::EPERM)?, compile(absent, libc::ENOSYS)?])
}

fn flags_include(flag: u64) -> Result<SeccompRule, SandboxError> {
    rule(0, SeccompCmpOp::MaskedEq(flag), flag)
}

fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, SandboxError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map_err(unusable)
}

fn unusable(error: impl std::fmt::Display) -> SandboxError {
    SandboxError::plain("write the system call filter", error.to_string())
}

fn compile(rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) -> Result<BpfProgram, SandboxError> {
    let architecture = std::env::consts::ARCH.try_into().map_err(unusable)?;
    let refuse = SeccompAction::Errno(errno as u32);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, architecture).map_err(unusable)?;
    let program: BpfProgram = filter.try_into().map_err(unusable)?;
    Ok(without_x32(program))
}

/// Puts before a program: calls of the x32 interface, whose numbers would pass every comparison, are not there.
fn without_x32(program: BpfProgram) -> BpfProgram {
    if !cfg!(target_arch = "x86_64") {
        return program;
    }
    const LOAD_NUMBER: sock_filter = sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 };
    const IS_X32: sock_filter = sock_filter { code: 0x35, jt: 0, jf: 1, k: 0x4000_0000 };
    const REFUSE: sock_filter = sock_filter { code: 0x06, jt: 0, jf: 0, k: 0x0005_0000 | libc::ENOSYS as u32 };
    [LOAD_NUMBER, IS_X32, REFUSE].into_iter().chain(program).collect()
}
