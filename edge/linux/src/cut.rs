//! Cuts what is under way: connections end at once when the way they took is changed under them.

use crate::error::Outcome;
use crate::netfilter::{attribute, header, push, push_nested};
use crate::netlink::{Netlink, Request};
use crate::state::State;
use postern_names::{Cidr, IpFamily};
use postern_program::Namespace;
use rustix::io::Errno;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const SOCK_DESTROY: u16 = 21;
const TCP: u8 = 6;
/// Every state in which a peer waits for an answer: established, handshake, closing; not listening, not done.
const LIVE_STATES: u32 = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11;
/// `inet_diag_sockid`: ports, addresses, link, cookie.
const SOCKET_ID_LENGTH: usize = 48;

const NFNL_SUBSYS_CTNETLINK: u16 = 1;
const IPCTNL_MSG_CT_GET: u16 = 1;
const IPCTNL_MSG_CT_DELETE: u16 = 2;
const CTA_TUPLE_ORIG: u16 = 1;
const CTA_ID: u16 = 12;
const CTA_TUPLE_IP: u16 = 1;
const CTA_IP_V4_SRC: u16 = 1;
const CTA_IP_V4_DST: u16 = 2;
const CTA_IP_V6_SRC: u16 = 3;
const CTA_IP_V6_DST: u16 = 4;
const IPV4: u8 = libc::AF_INET as u8;
const IPV6: u8 = libc::AF_INET6 as u8;

/// As the kernel numbers it, and the bytes of an address.
fn number(family: IpFamily) -> (u8, usize) {
    match family {
        IpFamily::V4 => (IPV4, 4),
        IpFamily::V6 => (IPV6, 16),
    }
}

/// Which flows to cut: those from one of the sources to one of the destinations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cut {
    /// Ranges of clients; empty: any.
    pub sources: Vec<Cidr>,
    /// Ranges of what they meant to reach; empty: any.
    pub destinations: Vec<Cidr>,
}

/// How much was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Severed {
    /// Connections that ended at sockets of the namespace: both sides see a reset.
    pub sockets: usize,
    /// Tracked flows that passed through it: their next packet is judged as a new flow's.
    pub flows: usize,
}

impl Cut {
    fn matches(&self, source: IpAddr, destination: IpAddr) -> bool {
        let among = |ranges: &[Cidr], address| ranges.is_empty() || ranges.iter().any(|r| r.contains(address));
        among(&self.sources, source) && among(&self.destinations, destination)
    }

    fn is_about(&self, family: IpFamily) -> bool {
        let among = |ranges: &[Cidr]| ranges.is_empty() || ranges.iter().any(|range| range.family() == family);
        among(&self.sources) && among(&self.destinations)
    }
}

impl State {
    pub fn cut(&mut self, namespace: Namespace, cut: &Cut) -> Outcome<Severed> {
        let space = self.space_mut(namespace)?;
        space.enter()?;
        let mut severed = Ok(Severed::default());
        for family in IpFamily::ALL.into_iter().filter(|family| cut.is_about(*family)) {
            severed = severed.and_then(|so_far| {
                let sockets = so_far.sockets + sockets(cut, family)?;
                Ok(Severed { sockets, flows: so_far.flows + flows(space.netfilter()?, cut, family)? })
            });
        }
        self.go_home()?;
        severed
    }
}

/// Destroys the sockets of the calling thread's namespace whose peer is a source and whose own address a destination.
fn sockets(cut: &Cut, family: IpFamily) -> Outcome<usize> {
    let ((kernels, length), mut netlink) = (number(family), Netlink::socket_diagnosis()?);
    let ask = socket_request(kernels, LIVE_STATES, &[0; SOCKET_ID_LENGTH]);
    let found = netlink.dump(Request::raw("SOCK_DIAG_BY_FAMILY", SOCK_DIAG_BY_FAMILY, 0, &ask))?;
    let doomed: Vec<Request> = found
        .iter()
        .filter_map(|(_, payload)| {
            // After family, state, timer and retransmissions.
            let id = payload.get(4..4 + SOCKET_ID_LENGTH)?;
            let (own, peer) = (address(id.get(4..4 + length)?)?, address(id.get(20..20 + length)?)?);
            let mut request = Request::raw("SOCK_DESTROY", SOCK_DESTROY, 0, &socket_request(kernels, u32::MAX, id));
            request.fine = &[Errno::NOENT];
            cut.matches(peer, own).then_some(request)
        })
        .collect();
    let count = doomed.len();
    netlink.all(doomed).map(|()| count)
}

fn socket_request(family: u8, states: u32, id: &[u8]) -> Vec<u8> {
    let mut payload = vec![family, TCP, 0, 0];
    payload.extend(states.to_ne_bytes());
    payload.extend_from_slice(id);
    payload
}

/// Asks for tracked flows, so that the kernel loads what answers. If it cannot, whoever needs it next says so better.
pub(crate) fn wake_tracking() {
    let kind = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
    let ask = Request::raw("IPCTNL_MSG_CT_GET", kind, 0, &header(IPV4));
    let _ = Netlink::netfilter().and_then(|mut netlink| netlink.dump(ask));
}

/// Deletes the tracked flows of the socket's namespace.
fn flows(netlink: &mut Netlink, cut: &Cut, family: IpFamily) -> Outcome<usize> {
    let (kernels, _) = number(family);
    let (source, destination) = match family {
        IpFamily::V4 => (CTA_IP_V4_SRC, CTA_IP_V4_DST),
        IpFamily::V6 => (CTA_IP_V6_SRC, CTA_IP_V6_DST),
    };
    let kind = |message| NFNL_SUBSYS_CTNETLINK << 8 | message;
    let found = netlink.dump(Request::raw("IPCTNL_MSG_CT_GET", kind(IPCTNL_MSG_CT_GET), 0, &header(kernels)))?;
    let doomed: Vec<Request> = found
        .iter()
        .filter_map(|(_, payload)| {
            let flow = payload.get(4..)?;
            let tuple = attribute(flow, CTA_TUPLE_ORIG)?;
            let ip = attribute(tuple, CTA_TUPLE_IP)?;
            let (from, to) = (address(attribute(ip, source)?)?, address(attribute(ip, destination)?)?);
            let mut body = header(kernels);
            push_nested(&mut body, CTA_TUPLE_ORIG, tuple);
            push(&mut body, CTA_ID, attribute(flow, CTA_ID)?);
            let mut request = Request::raw("IPCTNL_MSG_CT_DELETE", kind(IPCTNL_MSG_CT_DELETE), 0, &body);
            request.fine = &[Errno::NOENT];
            cut.matches(from, to).then_some(request)
        })
        .collect();
    let count = doomed.len();
    netlink.all(doomed).map(|()| count)
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)));
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes)))).ok()
}
