//! Fake guests, hand-written programs, and the ways by which tests judge who reaches whom.

use postern_linux::{Host, Opened, new_namespace};
use postern_names::{InstanceId, IpFamily, VpcId};
use postern_program::*;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

const WITHIN: Duration = Duration::from_millis(700);
const INSIDE: &str = "POSTERN_KERNEL_TEST_INSIDE";

/// Runs a test where it may make namespaces: here as root, else in a user namespace of this same binary.
pub fn privileged(test: &str, body: impl FnOnce()) {
    if rustix::process::geteuid().is_root() {
        return body();
    }
    assert!(std::env::var_os(INSIDE).is_none(), "not root even inside a user namespace");
    let exe = std::env::current_exe().unwrap();
    let ran = Command::new("unshare")
        .args(["-Urnm", "--"])
        .arg(exe)
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("kernel tests need root, or `unshare` from util-linux to make a user namespace");
    let words = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success() && words.contains("1 passed"),
        "needs root or unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces):\n{words}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

pub fn vpc(n: u64) -> Namespace {
    Namespace::Vpc(VpcId::from_bits(n))
}
pub fn guest(n: u64) -> Namespace {
    Namespace::Instance(InstanceId::from_bits(n))
}
pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}
pub fn cidr<C: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> C {
    text.parse().unwrap()
}

pub fn namespace(ns: Namespace) -> (Key, Part) {
    let sysctls = vec![("net.ipv4.ip_forward".to_owned(), "1".to_owned())];
    (Key::Namespace(ns), Part::Namespace { sysctls })
}

/// A guest's link: near end `name` in the router's namespace with proxy ARP, far end `eth0`.
pub fn guest_link(router: Namespace, name: &str, group: u32, far_namespace: Namespace) -> (Key, Part) {
    let near = LinkEnd { name: name.into(), group, mac: Some([2, 0, 0, 0, 0, 1]), proxy_arp: true };
    link(router, near, far_namespace, LinkEnd { name: "eth0".into(), group: 0, mac: None, proxy_arp: false })
}
pub fn link(ns: Namespace, near: LinkEnd, far_namespace: Namespace, far: LinkEnd) -> (Key, Part) {
    (Key::Link(ns, near.name.clone()), Part::Link(Link { near, far_namespace, far, mtu: 1500, arp: true }))
}
pub fn plain_end(name: &str) -> LinkEnd {
    LinkEnd { name: name.into(), group: 0, mac: None, proxy_arp: false }
}
pub fn address(ns: Namespace, link: &str, address: &str) -> (Key, Part) {
    let (address, length) = address.split_once('/').unwrap();
    (Key::Address(ns, link.into(), ip(address)), Part::Address(Address { length: length.parse().unwrap() }))
}
pub fn route(ns: Namespace, table: u32, to: &str, kind: RouteKind) -> (Key, Part) {
    (Key::Route(ns, table, cidr(to)), Part::Route(Route { kind }))
}
pub fn over(link: &str) -> RouteKind {
    RouteKind::Link { link: link.into() }
}
pub fn via(gateway: &str, link: &str) -> RouteKind {
    RouteKind::Via { gateway: ip(gateway), link: link.into() }
}
pub fn rule(ns: Namespace, priority: u32, mark: Option<u32>, table: u32) -> (Key, Part) {
    (Key::RouteRule(ns, IpFamily::V4, priority), Part::RouteRule(RouteRule { mark, sent_from: None, table }))
}
pub fn door(ns: Namespace, address: &str, port: u16) -> (Key, Part) {
    let part = Listener { role: Role::DoorPlain, transparent: true };
    (Key::Listener(ns, Transport::Tcp, ip(address), port), Part::Listener(part))
}

pub const MAIN: u32 = 254;
/// The table of every interface's own address.
pub const NEAR: u32 = 50;

/// Two guests in 10.0.1.0/24 and one in 10.0.2.0/24, behind one router; subnet numbers are device groups.
pub struct Lab {
    pub host: Host,
    pub parts: Program,
}

pub const A: &str = "10.0.1.5";
pub const B: &str = "10.0.1.6";
pub const C: &str = "10.0.2.7";

impl Lab {
    pub fn new() -> Lab {
        let host = Host::new().unwrap();
        let r = vpc(1);
        let mut parts =
            vec![namespace(r), rule(r, 200, None, NEAR), route(r, NEAR, "10.0.0.0/16", RouteKind::Unreachable)];
        for (n, own, subnet) in [(1, A, 1), (2, B, 1), (3, C, 2)] {
            host.adopt(guest(n), new_namespace().unwrap()).unwrap();
            let (name, router) = (format!("eni{n}"), format!("10.0.{subnet}.1"));
            parts.extend([
                guest_link(r, &name, subnet, guest(n)),
                address(guest(n), "eth0", &format!("{own}/24")),
                route(guest(n), MAIN, "0.0.0.0/0", via(&router, "eth0")),
                route(r, NEAR, &format!("{own}/32"), over(&name)),
            ]);
        }
        parts.extend([address(r, "lo", "10.0.1.1/32"), address(r, "lo", "10.0.2.1/32")]);
        let mut lab = Lab { host, parts: Program::default() };
        lab.add(parts);
        lab
    }

    /// Adds parts in key order, as a difference would.
    pub fn add(&mut self, parts: Vec<(Key, Part)>) -> Vec<Opened> {
        let mut after = self.parts.clone();
        after.parts.extend(parts);
        self.become_program(after)
    }

    pub fn remove(&mut self, keys: &[Key]) {
        let mut after = self.parts.clone();
        after.parts.retain(|key, _| !keys.contains(key));
        self.become_program(after);
    }

    pub fn become_program(&mut self, after: Program) -> Vec<Opened> {
        let opened = self.host.apply(&diff(&self.parts, &after)).unwrap();
        assert_eq!(self.host.program().unwrap(), after);
        self.parts = after;
        opened
    }

    /// Starts a server that tells each caller the server's name and the caller's address.
    pub fn serve(&self, ns: Namespace, port: u16, name: &'static str) {
        let listener =
            self.host.in_namespace(ns, || TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))).unwrap().unwrap();
        tell(listener, name);
    }

    /// The answers to many questions, put at the same time, in their order.
    pub fn at_once<Q: Send, R: Send>(
        &self,
        questions: impl Iterator<Item = Q>,
        put: impl Fn(&Lab, Q) -> R + Send + Copy,
    ) -> Vec<R> {
        std::thread::scope(|scope| {
            let asked: Vec<_> = questions.map(|question| scope.spawn(move || put(self, question))).collect();
            asked.into_iter().map(|answer| answer.join().unwrap()).collect()
        })
    }

    /// What the server at `to` says to a client in `ns`; `Err` is why it said nothing.
    pub fn ask(&self, ns: Namespace, to: &str, port: u16) -> Result<String, String> {
        let to = SocketAddr::new(ip(to), port);
        self.host.in_namespace(ns, || listen_to(to)).unwrap().map_err(|e| e.to_string())
    }
}

/// Answers every caller with `name` and the address it came from.
pub fn tell(listener: TcpListener, name: &'static str) {
    listener.set_nonblocking(false).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let from = stream.peer_addr().map(|a| a.ip().to_string()).unwrap_or_default();
            let _ = stream.write_all(format!("{name} to {from}").as_bytes());
        }
    });
}

pub fn listen_to(to: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&to, WITHIN)?;
    stream.set_read_timeout(Some(WITHIN))?;
    let mut words = String::new();
    stream.read_to_string(&mut words)?;
    Ok(words)
}

/// The same by datagrams: one for each that comes.
pub fn tell_datagrams(socket: UdpSocket, name: &'static str) {
    socket.set_nonblocking(false).unwrap();
    std::thread::spawn(move || {
        while let Ok((_, from)) = socket.recv_from(&mut [0; 64]) {
            let _ = socket.send_to(format!("{name} to {}", from.ip()).as_bytes(), from);
        }
    });
}

/// What comes back for a datagram.
pub fn send_to(to: SocketAddr) -> std::io::Result<String> {
    let socket = UdpSocket::bind(if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.connect(to)?;
    socket.set_read_timeout(Some(WITHIN))?;
    socket.send(b"who?")?;
    let mut buffer = [0; 64];
    let length = socket.recv(&mut buffer)?;
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

/// `pong` if an echo request with this id is answered by the one it was sent to.
pub fn ping(to: IpAddr, id: u16) -> std::io::Result<String> {
    use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, ipproto, socket, sockopt};
    let (family, protocol) = match to {
        IpAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP),
        IpAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6),
    };
    let socket = socket(family, SocketType::RAW, Some(protocol))?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(WITHIN))?;
    rustix::net::connect(&socket, &SocketAddr::new(to, 0))?;
    let [high, low] = id.to_be_bytes();
    let sum = 0x0800 + u32::from(id) + 1;
    let [sum_high, sum_low] = (!((sum & 0xffff) + (sum >> 16)) as u16).to_be_bytes();
    // Of IPv6 the kernel sums up itself, and there is no header in front of what comes back.
    let (request, reply, header) = if to.is_ipv4() { (8, 0, 20) } else { (128, 129, 0) };
    let question = [request, 0, sum_high, sum_low, high, low, 0, 1];
    rustix::net::send(&socket, &question, SendFlags::empty())?;
    let until = std::time::Instant::now() + WITHIN;
    while std::time::Instant::now() < until {
        let mut buffer = [0; 128];
        let (length, _) = rustix::net::recv(&socket, &mut buffer[..], RecvFlags::empty())?;
        // Behind an IP header without options.
        if length >= header + 8 && buffer[header] == reply && buffer[header + 4..header + 6] == [high, low] {
            return Ok("pong".into());
        }
    }
    Err(std::io::ErrorKind::TimedOut.into())
}
