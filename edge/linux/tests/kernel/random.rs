//! Random worlds and questions: the kernel and the simulation of the compiled program say the same.

use crate::compiled::{PORTS, Region, SERVERS, name_of};
use crate::support::*;
use crate::world::{self, INSTANCES};
use postern_model::*;
use postern_names::*;
use postern_program::simulate::{Fate, Payload, Receiver, Simulator};
use postern_program::{Namespace, Packet};
use std::net::{Ipv4Addr, SocketAddr};

/// Every seed is a run of changes, each followed by questions. One that ever failed stays here.
const SEEDS: [u64; 4] = [1, 20, 300, 4000];
const CHANGES: usize = 6;
const QUESTIONS: usize = 120;

/// Many changes one upon the other, without questions in between.
#[test]
fn changes_leave_what_a_whole_load_would() {
    privileged("random::changes_leave_what_a_whole_load_would", || {
        for seed in SEEDS {
            let mut dice = Dice(seed.wrapping_mul(0xd134_2543_de82_ef95));
            let mut region = Region::new(world::world());
            for _ in 0..25 {
                let change = dice.change(&region.world);
                region.change(change);
            }
            crate::filter::assert_as_loaded_whole(&region.lab, &format!("seed {seed}"));
        }
    });
}

#[test]
fn the_kernel_does_what_the_simulation_says() {
    privileged("random::the_kernel_does_what_the_simulation_says", || {
        let (mut answered, mut silent) = (0, 0);
        for seed in SEEDS {
            let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut region = Region::new(world::world());
            region.serve_datagrams();
            for round in 0..CHANGES {
                let change = dice.change(&region.world);
                let words = format!("seed {seed}, round {round}: {change:?}");
                region.change(change);
                let questions: Vec<Question> = (0..QUESTIONS).map(|n| dice.question(n as u16)).collect();
                let expected: Vec<String> = {
                    let simulator = Simulator::new(&region.lab.parts);
                    questions.iter().map(|q| q.expected(&simulator)).collect()
                };
                let found = region.lab.at_once(questions.iter(), |lab, question| question.put(lab));
                for ((question, expected), mut found) in questions.iter().zip(&expected).zip(found) {
                    if found == SILENCE && *expected != SILENCE {
                        // A busy machine may be late once; it is not late when nothing else is asked.
                        found = question.put(&region.lab);
                    }
                    let outcome = Simulator::new(&region.lab.parts).ask(guest(question.from), question.packet);
                    assert_eq!(found, *expected, "{words}\n{:?}\n{outcome}", question.packet);
                    *if expected == SILENCE { &mut silent } else { &mut answered } += 1;
                }
            }
            crate::filter::assert_as_loaded_whole(&region.lab, &format!("seed {seed}"));
        }
        println!("{answered} answered, {silent} silent");
        assert!(
            answered > 100 && silent > 100,
            "{answered} answered, {silent} silent: one-sided questions tell little"
        );
    });
}

const SILENCE: &str = "nothing";

struct Question {
    from: u64,
    packet: Packet,
}

impl Question {
    fn expected(&self, simulator: &Simulator<'_>) -> String {
        let outcome = simulator.ask(guest(self.from), self.packet);
        match outcome.request {
            Fate::Delivered(arrival) if outcome.is_answered => match (arrival.receiver, arrival.namespace) {
                (Receiver::Listener(role), ns) => format!("{} to {}", name_of(ns, role), arrival.packet.source),
                (_, ns @ Namespace::Instance(_)) if !matches!(self.packet.payload, Payload::Echo { .. }) => {
                    let name =
                        INSTANCES.iter().zip(SERVERS).find(|(n, _)| guest(**n) == ns).map_or("?", |(_, name)| name);
                    format!("{name} to {}", arrival.packet.source)
                }
                _ => "pong".to_owned(),
            },
            _ => SILENCE.to_owned(),
        }
    }

    /// Asks the kernel.
    fn put(&self, lab: &Lab) -> String {
        let (ns, to) = (guest(self.from), self.packet.destination);
        let at = |port| SocketAddr::from((to, port));
        let answer = match self.packet.payload {
            Payload::Tcp { destination_port, .. } => lab.host.in_namespace(ns, || listen_to(at(destination_port))),
            Payload::Udp { destination_port, .. } => lab.host.in_namespace(ns, || send_to(at(destination_port))),
            Payload::Echo { id, .. } => lab.host.in_namespace(ns, || ping(to, id)),
            Payload::Other(_) => unreachable!("none is asked"),
        };
        answer.unwrap().unwrap_or_else(|_| SILENCE.to_owned())
    }
}

/// Chance with a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides
    }
    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.roll(all.len())].clone()
    }

    fn question(&mut self, id: u16) -> Question {
        let own = ["10.0.1.5", "10.0.2.5", "10.0.3.5", "10.0.1.6", "10.0.1.5", "10.9.1.5"].map(ip);
        let from = self.roll(INSTANCES.len());
        let to = match self.roll(5) {
            4 => self.pick(&[world::STS_AT, world::S3_AT, world::EC2_AT, world::FRIENDLY_STS_AT].map(ip)),
            0 => self.pick(
                &["93.184.215.14", "198.51.100.1", "198.51.100.5", "198.51.100.9", "52.217.3.4", "54.231.1.1"].map(ip),
            ),
            1 => self.pick(
                &["10.0.0.2", "169.254.169.253", "169.254.169.254", "10.0.1.1", "10.0.1.9", "10.0.2.77", "10.9.0.2"]
                    .map(ip),
            ),
            _ => self.pick(&own),
        };
        let source = own[from];
        let packet = match self.roll(5) {
            0 => Packet { source, destination: to, payload: Payload::Echo { id: 1000 + id, is_reply: false } },
            1 => Packet::udp(source, to, self.pick(&PORTS)),
            _ => Packet::tcp(source, to, self.pick(&PORTS)),
        };
        // To itself a guest speaks over its own loopback, which is no matter of the network.
        if source == to { self.question(id) } else { Question { from: INSTANCES[from], packet } }
    }

    fn change(&mut self, world: &World) -> Change {
        let entity: Entity = match self.roll(7) {
            0 => self.group(world).into(),
            1 => self.acl(world).into(),
            2 => self.table(world).into(),
            3 => {
                let tables: Vec<u64> = (1..=3).filter(|_| self.roll(2) == 0).collect();
                world::endpoint(1, world::HOME, &tables).into()
            }
            4 => self.peering().into(),
            5 => self.outages().into(),
            _ => self.interface(world).into(),
        };
        Change::Put(Box::new(entity))
    }

    fn group(&mut self, world: &World) -> SecurityGroup {
        let mut group = world.security_groups[&SecurityGroupId::from_bits(1 + self.roll(6) as u64)].clone();
        for rule in &mut group.rules {
            match self.roll(6) {
                0 | 4 | 5 => (rule.protocol, rule.ports) = (Protocol::All, None),
                1 => (rule.protocol, rule.ports) = (Protocol::Icmp, None),
                2 => {
                    (rule.protocol, rule.ports) = (self.pick(&[Protocol::Tcp, Protocol::Udp]), Some(self.ports()));
                }
                _ => rule.peer = GroupPeer::Cidr(self.range()),
            }
        }
        group
    }

    fn acl(&mut self, world: &World) -> NetworkAcl {
        let mut acl = world.network_acls[&NetworkAclId::from_bits(1 + self.roll(3) as u64)].clone();
        for number in [10, 20] {
            acl.entries.retain(|entry| entry.number != number);
            for egress in [false, true] {
                let protocol = self.pick(&[Protocol::All, Protocol::Icmp, Protocol::Tcp, Protocol::Udp]);
                acl.entries.push(AclEntry {
                    number,
                    egress,
                    action: self.pick(&[AclAction::Allow, AclAction::Allow, AclAction::Deny]),
                    protocol,
                    ports: protocol.has_ports().then(|| self.ports()),
                    icmp: None,
                    cidr: self.range().into(),
                });
            }
        }
        acl
    }

    fn table(&mut self, world: &World) -> RouteTable {
        let mut table = world.route_tables[&RouteTableId::from_bits(1 + self.roll(3) as u64)].clone();
        let target = self.pick(&[
            RouteTarget::InternetGateway(InternetGatewayId::from_bits(world::HOME)),
            RouteTarget::NatGateway(NatGatewayId::from_bits(1)),
            RouteTarget::NatGateway(NatGatewayId::from_bits(99)),
            world::over(1),
            world::over(1),
        ]);
        let to = self.pick(&["0.0.0.0/0", "93.184.0.0/16", "52.217.3.0/24", "10.9.0.0/16", "10.9.1.0/24"].map(cidr));
        table.routes.retain(|route| route.destination != RouteDestination::Cidr(to));
        table.routes.push(Route { destination: RouteDestination::Cidr(to), target });
        table
    }

    fn peering(&mut self) -> VpcPeeringConnection {
        let (n, requester) = self.pick(&[(1, world::HOME), (2, world::TWIN)]);
        let state = self.pick(&[PeeringState::Active, PeeringState::Active, PeeringState::Deleted]);
        VpcPeeringConnection { state, ..world::peering(n, requester, world::FRIENDLY) }
    }

    fn outages(&mut self) -> Outages {
        let zones = self.pick(&[vec![], vec![], vec![world::other_zone()]]);
        world::outages(&zones)
    }

    /// Gives a public address, or takes it away.
    fn interface(&mut self, world: &World) -> NetworkInterface {
        let n = self.pick(&INSTANCES);
        let mut interface = world.network_interfaces[&NetworkInterfaceId::from_bits(n)].clone();
        let address = &mut interface.addresses[0];
        let public = Ipv4Addr::new(198, 51, 100, n as u8);
        address.auto_public = if address.auto_public.is_some() { None } else { Some(public) };
        interface
    }

    fn ports(&mut self) -> PortRange {
        let first = self.pick(&PORTS);
        PortRange { first, last: self.pick(&[first, 65535]) }
    }
    fn range(&mut self) -> Ipv4Cidr {
        self.pick(
            &[
                "0.0.0.0/0",
                "10.0.0.0/16",
                "10.0.1.0/24",
                "10.0.2.5/32",
                "198.51.100.0/24",
                "52.216.0.0/15",
                "10.9.0.0/16",
            ]
            .map(cidr),
        )
    }
}
