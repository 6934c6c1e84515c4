//! How a connection came: the link its handshake came in on, known from the socket alone.

use crate::netlink::read_u32;
use crate::sys;
use rustix::net::AddressFamily;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;

/// Absent from `libc`: the packet options of a stream, kept by the kernel from the handshake.
const IP_PKTOPTIONS: i32 = 9;
const IPV6_2292PKTOPTIONS: i32 = 6;
/// In an IPv6 control message the address comes before the link.
const IPV6_ADDRESS_LENGTH: usize = 16;

/// The way of an accepted connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Number of the link in the listener's namespace: see `Host::link_name_of`.
    pub in_link_index: u32,
    /// The address that the client meant: behind a transparent listener, the service's.
    pub local: SocketAddr,
    pub peer: SocketAddr,
}

/// The way of a connection accepted from a listener of `Host::apply`; `None` if the kernel does not tell.
pub fn arrival(stream: BorrowedFd<'_>) -> Option<Arrival> {
    let mut buffer = [0u8; 256];
    let domain = rustix::net::sockopt::socket_domain(stream).ok()?;
    let (level, option) = match domain {
        AddressFamily::INET6 => (libc::IPPROTO_IPV6, IPV6_2292PKTOPTIONS),
        _ => (libc::IPPROTO_IP, IP_PKTOPTIONS),
    };
    let length = sys::get_option(stream, level, option, &mut buffer).ok()?;
    let local = SocketAddr::try_from(rustix::net::getsockname(stream).ok()?).ok()?;
    let peer = SocketAddr::try_from(rustix::net::getpeername(stream).ok()??).ok()?;
    Some(Arrival { in_link_index: link_index(buffer.get(..length)?)?, local, peer })
}

/// The interface of the IP_PKTINFO or IPV6_PKTINFO among control messages: length as a word, level, type, then the content, padded to words.
fn link_index(mut bytes: &[u8]) -> Option<u32> {
    const WORD: usize = size_of::<usize>();
    loop {
        let length = usize::from_ne_bytes(bytes.get(..WORD)?.try_into().ok()?);
        let (level, kind) = (read_u32(bytes, WORD)?, read_u32(bytes, WORD + 4)?);
        if (level as i32, kind as i32) == (libc::IPPROTO_IP, libc::IP_PKTINFO) {
            return read_u32(bytes, WORD + 8);
        }
        if (level as i32, kind as i32) == (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) {
            return read_u32(bytes, WORD + 8 + IPV6_ADDRESS_LENGTH);
        }
        bytes = bytes.get(length.max(WORD).checked_next_multiple_of(WORD)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_tells_nothing() {
        assert_eq!(link_index(&[]), None);
        assert_eq!(link_index(&[0; 64]), None);
        assert_eq!(link_index(&[255; 64]), None);
    }
}
