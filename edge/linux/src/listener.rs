//! Sockets that the daemon holds inside namespaces.

use crate::error::{Named, Outcome};
use crate::sys;
use postern_program::{Key, Role, Transport};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};

/// The kernel cuts this to the namespace's `somaxconn`.
const BACKLOG: i32 = 4096;

/// A socket opened for a listener part.
#[derive(Debug)]
pub struct Opened {
    pub key: Key,
    pub role: Role,
    pub socket: Socket,
}

/// Not blocking; closed on exec.
#[derive(Debug)]
pub enum Socket {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

/// Opens a socket in the namespace of the calling thread.
pub(crate) fn open(transport: Transport, address: IpAddr, port: u16, transparent: bool) -> Outcome<Socket> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let kind = match transport {
        Transport::Tcp => SocketType::STREAM,
        Transport::Udp => SocketType::DGRAM,
    };
    let is_v6 = address.is_ipv6();
    let family = if is_v6 { AddressFamily::INET6 } else { AddressFamily::INET };
    let fd = socket_with(family, kind, flags, None).named("socket")?;
    // A listener on every address and one on a single address share a port: the kernel prefers the single one. The port
    // of a replaced listener is free at once.
    sockopt::set_socket_reuseaddr(&fd, true).named("setsockopt(SO_REUSEADDR)")?;
    sockopt::set_socket_reuseport(&fd, true).named("setsockopt(SO_REUSEPORT)")?;
    if is_v6 {
        // IPv4 has listeners of its own.
        sockopt::set_ipv6_v6only(&fd, true).named("setsockopt(IPV6_V6ONLY)")?;
    }
    if transparent {
        let (level, option) =
            if is_v6 { (libc::IPPROTO_IPV6, libc::IPV6_TRANSPARENT) } else { (libc::IPPROTO_IP, libc::IP_TRANSPARENT) };
        sys::set_option(fd.as_fd(), level, option, 1).named("setsockopt(IP_TRANSPARENT)")?;
    }
    if transport == Transport::Tcp {
        prepare_stream(&fd, is_v6)?;
    }
    bind(&fd, &SocketAddr::new(address, port)).named("bind")?;
    Ok(match transport {
        Transport::Tcp => {
            listen(&fd, BACKLOG).named("listen")?;
            Socket::Tcp(TcpListener::from(fd))
        }
        Transport::Udp => Socket::Udp(UdpSocket::from(fd)),
    })
}

/// What accepted sockets inherit: the link a connection came in on is kept for `arrival`, and small answers go at once.
fn prepare_stream(fd: &OwnedFd, is_v6: bool) -> Outcome<()> {
    let (level, option) =
        if is_v6 { (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO) } else { (libc::IPPROTO_IP, libc::IP_PKTINFO) };
    sys::set_option(fd.as_fd(), level, option, 1).named("setsockopt(IP_PKTINFO)")?;
    sockopt::set_tcp_nodelay(fd, true).named("setsockopt(TCP_NODELAY)")
}
