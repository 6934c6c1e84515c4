//! The few system calls that no safe wrapper covers.
#![allow(unsafe_code)]

use rustix::io::Errno;
use rustix::thread::UnshareFlags;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Puts the calling thread into a new, empty network namespace.
pub(crate) fn unshare_network() -> rustix::io::Result<()> {
    // SAFETY: only the network namespace is unshared; the file descriptor table stays shared with all threads.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }
}

/// setsockopt with an `int`.
pub(crate) fn set_option(fd: BorrowedFd<'_>, level: i32, name: i32, value: i32) -> rustix::io::Result<()> {
    let length = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the pointer and length describe `value`, which lives through the call.
    let answer = unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, (&raw const value).cast(), length) };
    if answer == 0 { Ok(()) } else { Err(last_errno()) }
}

/// getsockopt into a buffer; gives the number of bytes that the kernel wrote.
pub(crate) fn get_option(fd: BorrowedFd<'_>, level: i32, name: i32, buffer: &mut [u8]) -> rustix::io::Result<usize> {
    let mut length = buffer.len() as libc::socklen_t;
    // SAFETY: the pointer and length describe `buffer`, which is writable and lives through the call.
    let answer = unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, buffer.as_mut_ptr().cast(), &raw mut length) };
    if answer == 0 { Ok((length as usize).min(buffer.len())) } else { Err(last_errno()) }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}
