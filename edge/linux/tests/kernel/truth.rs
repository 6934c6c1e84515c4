//! The truth run on the real kernel: random Worlds, random questions, a real packet for each. The explanation must say who
//! answers and as whom it sees the caller, judged by bytes; and the counters that move are those of the stops it names.

use crate::compiled::name_of;
use crate::support::*;
use postern_compiler::compile;
use postern_explain::*;
use postern_linux::{Host, Opened, Socket, new_namespace};
use postern_model::{InterfaceKind, World};
use postern_names::*;
use postern_program::{Namespace, Program};
use postern_worlds::{Dice, questions, random, world};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const WORLDS: u64 = 200;
const QUESTIONS: usize = 20;
/// Worlds that stand side by side, each in namespaces of its own: most of the time is waiting for silence.
const AT_ONCE: usize = 4;
/// `MINUTES:SEED`: as long as that, from that seed on. What `cargo xtask truth` sets.
const LONGER: &str = "POSTERN_TRUTH";
const PORTS: [u16; 3] = [443, 80, 22];
const DNS: u16 = 53;
const SILENCE: &str = "nothing";

/// Seeds that once disagreed.
const KEPT: &[u64] = &[97];

#[test]
fn the_kernel_does_what_is_explained() {
    privileged("truth::the_kernel_does_what_is_explained", || {
        let longer = std::env::var(LONGER).ok().and_then(|words| {
            let (minutes, seed) = words.split_once(':')?;
            Some((minutes.parse::<u64>().ok()?, seed.parse::<u64>().ok()?))
        });
        let (first, until) = match longer {
            Some((minutes, seed)) => (seed, Some(Instant::now() + Duration::from_secs(60 * minutes))),
            None => (0, None),
        };
        let next = AtomicU64::new(first);
        let work = || {
            let mut count = Count::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if until.map_or(seed >= WORLDS, |until| Instant::now() > until) {
                    return count;
                }
                count.add(seed);
            }
        };
        let mut count = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).fold(Count::default(), Count::with)
        });
        KEPT.iter().for_each(|seed| count.add(*seed));
        let Count { worlds, asked, answered, named, disagreements } = &count;
        println!(
            "{worlds} worlds, {asked} questions with a real packet: {answered} answered by bytes, {named} barred where a \
             counter moved; {} disagreements",
            disagreements.len()
        );
        assert!(disagreements.is_empty(), "{}", disagreements.join("\n\n"));
        assert!(answered * 8 > *asked && named * 8 > *asked, "one-sided questions tell little");
    });
}

#[derive(Default)]
struct Count {
    worlds: usize,
    asked: usize,
    answered: usize,
    named: usize,
    disagreements: Vec<String>,
}

impl Count {
    fn with(mut self, other: Count) -> Count {
        self.worlds += other.worlds;
        self.asked += other.asked;
        self.answered += other.answered;
        self.named += other.named;
        self.disagreements.extend(other.disagreements);
        self
    }
    fn add(&mut self, seed: u64) {
        self.worlds += 1;
        let text = random(seed);
        let world = world(&text);
        let asked = chosen(seed, &world);
        if let Err(words) = one_world(&world, &asked, self) {
            self.disagreements.push(format!("seed {seed}: {words}\n{text}"));
        }
    }
}

/// A question with what is explained.
struct Asked {
    from: InstanceId,
    to: IpAddr,
    what: What,
    trace: Trace,
}

fn chosen(seed: u64, world: &World) -> Vec<Asked> {
    let ground = Ground::new(world);
    let running: Vec<_> = world.instances.values().filter(|i| i.has_links()).collect();
    if running.is_empty() {
        return vec![];
    }
    let places = questions(world);
    let mut dice = Dice::new(seed ^ 0xface);
    let mut all = Vec::new();
    while all.len() < QUESTIONS {
        let from = dice.pick(&running);
        let near: Vec<IpAddr> = world
            .network_interfaces
            .values()
            .filter(|eni| eni.vpc == from.vpc || world.peering_between(from.vpc, eni.vpc).is_some())
            .flat_map(|eni| eni.every_address())
            .chain(["93.184.215.14", "52.216.1.1", "2606:2800:220:1:248:1893:25c8:1946"].map(ip))
            .collect();
        let to = if dice.is(60) { dice.pick(&near) } else { dice.pick(&places) };
        let what =
            dice.pick(&[What::Tcp(443), What::Tcp(443), What::Tcp(80), What::Tcp(22), What::Udp(DNS), What::Ping]);
        let question = Question { from: Source::Instance(from.id), to: Target::Address(to), what };
        let trace = ground.explain(&question, &Listening::new());
        let own = world.interfaces_of_instance(from.id)[0].first_address(IpFamily::of(to));
        // Nobody speaks to a link-local address of IPv6 without saying which link's.
        let is_of_link = matches!(to, IpAddr::V6(to) if to.is_unicast_link_local());
        // To itself a guest speaks over its own loopback. A datagram that a NAT gateway sends on is lost anywhere.
        let is_sent_on = trace.barred_at().is_some_and(|bar| {
            bar.way == Way::Back && bar.cause == Some(Cause::NotAskedFor) && matches!(what, What::Udp(_))
        });
        if own.is_some_and(|own| own != to) && !is_of_link && !is_sent_on {
            all.push(Asked { from: from.id, to, what, trace });
        }
    }
    all
}

fn one_world(world: &World, all: &[Asked], count: &mut Count) -> Result<(), String> {
    let mut lab = Lab { host: Host::new().unwrap(), parts: Program::default() };
    let running: Vec<InstanceId> = world.instances.values().filter(|i| i.has_links()).map(|i| i.id).collect();
    for id in &running {
        lab.host.adopt(Namespace::Instance(*id), new_namespace().unwrap()).unwrap();
    }
    let mut servers = Servers::default();
    lab.become_program(compile(world)).into_iter().for_each(|opened| servers.open(opened));
    for id in running {
        let bound = lab.host.in_namespace(Namespace::Instance(id), || {
            // One socket hears both families.
            let at = |port| (Ipv6Addr::UNSPECIFIED, port);
            (PORTS.map(|port| TcpListener::bind(at(port)).unwrap()), UdpSocket::bind(at(DNS)).unwrap())
        });
        let (listeners, socket) = bound.unwrap();
        listeners.into_iter().for_each(|listener| servers.tcp.push((listener, id.to_string())));
        servers.udp.push((socket, id.to_string()));
    }
    let before = moved(&lab, &BTreeMap::new());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| servers.serve(&stop));
        let _end = Ending(&stop);
        ask_all(&lab, world, all, &before, count)
    })
}

/// Tells the servers to stop, also when a question panics.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn ask_all(
    lab: &Lab,
    world: &World,
    all: &[Asked],
    before: &BTreeMap<String, u64>,
    count: &mut Count,
) -> Result<(), String> {
    let numbered = all.iter().zip(1u16..);
    let found = lab.at_once(numbered, |lab, (asked, id)| asked.put(lab, id));
    let moved = moved(lab, before);
    let mut named: Vec<String> = Vec::new();
    for ((asked, found), id) in all.iter().zip(found).zip(1000u16..) {
        let expected = asked.expected();
        // A busy machine may be late once; it is not late when nothing else is asked.
        let found = if found == SILENCE && expected != SILENCE { asked.put(lab, id) } else { found };
        if found != expected {
            return Err(format!("{}: explained as `{expected}`, the kernel says `{found}`", asked.trace.question));
        }
        count.asked += 1;
        count.answered += usize::from(found != SILENCE);
        if let Some(bar) = asked.trace.barred_at().and_then(|bar| comment(world, bar)) {
            count.named += 1;
            if !moved.keys().any(|moved| moved.starts_with(&bar)) {
                let question = &asked.trace.question;
                return Err(format!("{question}: explained as stopped at `{bar}`, moved are {:?}", moved.keys()));
            }
            named.push(bar);
        }
    }
    match moved.keys().find(|moved| !named.iter().any(|bar| moved.starts_with(bar))) {
        Some(other) => {
            let bar = |asked: &Asked| asked.trace.barred_at().map(|bar| format!("{} {:?}", bar.stop, bar.place));
            let all: Vec<_> = all.iter().map(|asked| format!("{}: {:?}", asked.trace.question, bar(asked))).collect();
            Err(format!("`{other}` moved, which nothing explains:\n{}", all.join("\n")))
        }
        None => Ok(()),
    }
}

/// The counters of all namespaces that moved since, by their comments.
fn moved(lab: &Lab, before: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    let namespaces: std::collections::BTreeSet<Namespace> =
        lab.parts.parts.keys().map(|key| key.namespace()).filter(|ns| !matches!(ns, Namespace::Instance(_))).collect();
    for namespace in namespaces {
        for (comment, packets) in lab.host.counters(namespace).unwrap() {
            *all.entry(comment).or_default() += packets;
        }
    }
    all.into_iter().filter(|(comment, packets)| *packets > before.get(comment).copied().unwrap_or_default()).collect()
}

/// How the counter's comment begins where a bar drops; `None` where routing does, which counts nothing.
fn comment(world: &World, bar: &Step) -> Option<String> {
    let words = match (bar.place, bar.cause?) {
        (_, Cause::NobodyThere | Cause::NotRunning | Cause::NotAttached | Cause::HandedOver) => return None,
        (_, Cause::AnswerAstray | Cause::Circle) => return None,
        (_, Cause::NotItsAddress) => "gets no packet".to_owned(),
        // An endpoint in such a zone has no address at all; a NAT gateway has.
        (Place::Interface { id, .. }, Cause::ZoneDown)
            if world.network_interfaces[&id].kind == InterfaceKind::VpcEndpoint =>
        {
            return None;
        }
        (_, Cause::ZoneDown) => "the zone is down".to_owned(),
        (Place::Groups { interface, .. }, _) => {
            let mut groups = world.network_interfaces[&interface].groups.clone();
            groups.sort();
            groups.iter().take(4).map(SecurityGroupId::to_string).collect::<Vec<_>>().join(" ")
        }
        (Place::Acl { acl, entry, .. }, _) => format!("{acl} {}", entry.map_or("*".to_owned(), |n| n.to_string())),
        (Place::InternetGateway { id: Some(id), .. }, _) => id.to_string(),
        (Place::NatGateway { id, .. }, _) => id.to_string(),
        (Place::Table { .. }, _) => return None,
        (Place::Resolver(_), _) => return Some("service ".to_owned()),
        _ => String::new(),
    };
    Some(format!("{} {words}", bar.stop))
}

impl Asked {
    fn expected(&self) -> String {
        let Some(Arrival { who, source }) = self.trace.arrival.filter(|_| self.trace.is_answered) else {
            return SILENCE.to_owned();
        };
        let name = match who {
            _ if self.what == What::Ping => return "pong".to_owned(),
            Who::Instance(id) | Who::Appliance(id) => id.to_string(),
            Who::Endpoint(_) => "endpoint".to_owned(),
            Who::Site if self.what == What::Tcp(80) => "site".to_owned(),
            Who::Service | Who::Site | Who::Internet => "public door".to_owned(),
            Who::Resolver => "resolver".to_owned(),
            Who::Metadata => "metadata".to_owned(),
        };
        format!("{name} to {source}")
    }

    fn put(&self, lab: &Lab, id: u16) -> String {
        let at = |port| SocketAddr::new(self.to, port);
        let answer = lab.host.in_namespace(Namespace::Instance(self.from), || match self.what {
            What::Tcp(port) => listen_to(at(port)),
            What::Udp(port) => send_to(at(port)),
            What::Ping => ping(self.to, id),
        });
        answer.unwrap().unwrap_or_else(|_| SILENCE.to_owned())
    }
}

/// Everything that listens in one world, served by one thread.
#[derive(Default)]
struct Servers {
    tcp: Vec<(TcpListener, String)>,
    udp: Vec<(UdpSocket, String)>,
}

impl Servers {
    fn open(&mut self, opened: Opened) {
        let name = name_of(opened.key.namespace(), opened.role).to_owned();
        match opened.socket {
            Socket::Tcp(listener) => self.tcp.push((listener, name)),
            Socket::Udp(socket) => self.udp.push((socket, name)),
        }
    }

    /// Tells every caller the server's name and the caller's address, until told to stop.
    fn serve(&self, stop: &AtomicBool) {
        self.tcp.iter().for_each(|(listener, _)| listener.set_nonblocking(true).unwrap());
        self.udp.iter().for_each(|(socket, _)| socket.set_nonblocking(true).unwrap());
        while !stop.load(Ordering::Relaxed) {
            let tcp = self.tcp.iter().map(|(listener, _)| PollFd::new(listener, PollFlags::IN));
            let udp = self.udp.iter().map(|(socket, _)| PollFd::new(socket, PollFlags::IN));
            let mut waiting: Vec<PollFd<'_>> = tcp.chain(udp).collect();
            let _ = poll(&mut waiting, Some(&Timespec { tv_sec: 0, tv_nsec: 20_000_000 }));
            for (listener, name) in &self.tcp {
                while let Ok((mut stream, from)) = listener.accept() {
                    let _ = stream.write_all(format!("{name} to {}", from.ip().to_canonical()).as_bytes());
                }
            }
            for (socket, name) in &self.udp {
                while let Ok((_, from)) = socket.recv_from(&mut [0; 64]) {
                    let _ = socket.send_to(format!("{name} to {}", from.ip().to_canonical()).as_bytes(), from);
                }
            }
        }
    }
}
