//! A compiled World on the real kernel: every stop decides as AWS says.

use crate::support::*;
use crate::world::{self, APP, BESIDE, DB, FAR, FRIEND, INSTANCES, WEB};
use postern_compiler::compile;
use postern_linux::{Host, Opened, Socket, new_namespace};
use postern_model::{Change, EntityKey, World, public_service};
use postern_names::*;
use postern_program::*;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

pub const PORTS: [u16; 6] = [22, 53, 80, 443, 5432, 8080];

pub const SERVERS: [&str; 6] = ["web", "app", "db", "beside", "far", "friend"];

pub struct Region {
    pub lab: Lab,
    pub world: World,
}

impl Region {
    /// Every instance listens on every port and tells its name; doors tell where they stand.
    pub fn new(world: World) -> Region {
        let mut lab = Lab { host: Host::new().unwrap(), parts: Program::default() };
        for n in INSTANCES {
            lab.host.adopt(guest(n), new_namespace().unwrap()).unwrap();
        }
        let opened = lab.become_program(compile(&world));
        opened.into_iter().for_each(open);
        for (n, name) in INSTANCES.into_iter().zip(SERVERS) {
            for port in PORTS {
                let bound = lab.host.in_namespace(guest(n), || TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)));
                tell(bound.unwrap().unwrap(), name);
            }
        }
        Region { lab, world }
    }

    pub fn change(&mut self, change: Change) {
        self.world.apply(change);
        self.lab.become_program(compile(&self.world)).into_iter().for_each(open);
    }

    /// The same by datagrams.
    pub fn serve_datagrams(&self) {
        for (n, name) in INSTANCES.into_iter().zip(SERVERS) {
            for port in PORTS {
                let bound = self.lab.host.in_namespace(guest(n), || UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)));
                tell_datagrams(bound.unwrap().unwrap(), name);
            }
        }
    }

    /// Who answers, and as whom it sees the caller.
    fn ask(&self, n: u64, to: &str, port: u16) -> String {
        self.lab.ask(guest(n), to, port).unwrap_or_else(|_| "nothing".into())
    }
}

/// What the server behind a listener says that it is.
pub fn name_of(namespace: Namespace, role: Role) -> &'static str {
    match (namespace, role) {
        (Namespace::Internet, Role::Site) => "site",
        (Namespace::Internet, _) => "public door",
        (_, Role::DoorTls | Role::DoorPlain) => "endpoint",
        (_, Role::Metadata) => "metadata",
        _ => "resolver",
    }
}

fn open(opened: Opened) {
    let name = name_of(opened.key.namespace(), opened.role);
    match opened.socket {
        Socket::Tcp(listener) => tell(listener, name),
        Socket::Udp(socket) => tell_datagrams(socket, name),
    }
}

fn s3() -> String {
    public_service(&world::region(), "s3").unwrap().address.to_string()
}
fn sts() -> String {
    public_service(&world::region(), "sts").unwrap().address.to_string()
}

#[test]
fn every_stop_decides_as_aws_says() {
    privileged("compiled::every_stop_decides_as_aws_says", || {
        let region = Region::new(world::world());
        let (s3, sts) = (s3(), sts());
        let cases: Vec<(u64, &str, u16, &str, &str)> = vec![
            (BESIDE, "10.0.1.5", 80, "web to 10.0.1.6", "the group of WEB takes HTTP"),
            (BESIDE, "10.0.1.5", 22, "nothing", "the group of WEB does not take SSH"),
            (WEB, "10.0.1.6", 22, "beside to 10.0.1.5", "BESIDE takes everything from the VPC"),
            (WEB, "10.0.2.5", 8080, "app to 10.0.1.5", "a rule that names WEB's group"),
            (BESIDE, "10.0.2.5", 8080, "nothing", "BESIDE is not in WEB's group"),
            (WEB, "10.0.2.5", 80, "nothing", "APP's group takes 8080 only"),
            (APP, "10.0.3.5", 5432, "db to 10.0.2.5", "group and ACL both allow"),
            (APP, "10.0.3.5", 8080, "nothing", "the ACL allows, the group does not"),
            (APP, "10.0.1.6", 80, "beside to 10.0.2.5", "APP may speak HTTP to all"),
            (APP, "10.0.1.6", 22, "nothing", "APP may not speak SSH"),
            (BESIDE, "10.0.3.5", 5432, "nothing", "DB's group takes it from the private subnet only"),
            (DB, "10.0.2.5", 8080, "nothing", "DB says nothing of its own"),
            (WEB, "93.184.215.14", 80, "site to 198.51.100.1", "the internet sees the public address"),
            (BESIDE, "93.184.215.14", 80, "nothing", "BESIDE has no public address"),
            (APP, "93.184.215.14", 80, "site to 198.51.100.9", "APP goes out by the NAT gateway"),
            (DB, "93.184.215.14", 80, "nothing", "DB has no route"),
            (WEB, "203.0.113.77", 80, "nothing", "nobody is there"),
            (WEB, &s3, 443, "public door to 198.51.100.1", "WEB's table has no endpoint"),
            (APP, &s3, 443, "endpoint to 10.0.2.5", "APP's table leads to the endpoint"),
            (APP, &s3, 80, "endpoint to 10.0.2.5", "HTTP too"),
            (APP, "52.217.9.9", 443, "endpoint to 10.0.2.5", "every address of the prefix list"),
            (APP, &sts, 443, "nothing", "APP's group allows HTTPS to S3 only"),
            (APP, &sts, 80, "public door to 198.51.100.9", "HTTP to STS goes by the NAT gateway"),
            (DB, &s3, 443, "nothing", "DB's table has no endpoint"),
            (WEB, world::STS_AT, 443, "endpoint to 10.0.1.5", "the endpoint's group takes everything from the VPC"),
            (WEB, world::STS_AT, 80, "nothing", "STS has HTTPS only"),
            (WEB, world::STS_AT, 22, "nothing", "and nothing else"),
            (BESIDE, world::S3_AT, 443, "endpoint to 10.0.1.6", "from another subnet"),
            (BESIDE, world::S3_AT, 80, "endpoint to 10.0.1.6", "S3 has HTTP too"),
            (APP, world::S3_AT, 80, "endpoint to 10.0.2.5", "from its own subnet"),
            (APP, world::S3_AT, 443, "nothing", "APP's group allows HTTPS to the prefix list, not to the endpoint"),
            (APP, world::EC2_AT, 443, "nothing", "the ACL of the endpoint's subnet does not let it in"),
            (BESIDE, world::EC2_AT, 443, "nothing", "the ACL of the endpoint's subnet does not let the answer out"),
            (FAR, world::STS_AT, 443, "nothing", "the twin VPC has no endpoint"),
            (FAR, "10.0.1.6", 22, "nothing", "the twin VPC has no BESIDE"),
            (FAR, "198.51.100.1", 80, "web to 198.51.100.5", "from VPC to VPC by public addresses"),
            (FAR, "198.51.100.1", 22, "nothing", "WEB's group holds against the internet"),
            (WEB, "198.51.100.5", 22, "far to 198.51.100.1", "FAR is open"),
            (BESIDE, "198.51.100.5", 22, "nothing", "without a public address there is no way"),
            (WEB, "198.51.100.1", 443, "web to 198.51.100.1", "to oneself by the public address"),
            (APP, "198.51.100.1", 80, "web to 198.51.100.9", "by the NAT gateway and back into the VPC"),
            (WEB, "198.51.100.9", 80, "nothing", "nobody comes in by a NAT gateway"),
            (DB, "169.254.169.254", 80, "metadata to 10.0.3.5", "no group and no ACL filters metadata"),
            (WEB, "10.0.1.1", 80, "nothing", "the router serves nothing"),
            (WEB, "10.9.1.5", 22, "friend to 10.0.1.5", "over the peering, by a rule that names WEB's group"),
            (BESIDE, "10.9.1.5", 22, "nothing", "BESIDE is not in WEB's group"),
            (FAR, "10.9.1.5", 22, "nothing", "WEB's address from another VPC is not WEB's group"),
            (FRIEND, "10.0.1.5", 22, "web to 10.9.1.5", "the other way, by a rule that names FRIEND's group"),
            (FRIEND, "10.0.1.6", 22, "nothing", "BESIDE takes from its own VPC"),
            (DB, "10.9.1.5", 22, "nothing", "DB's table does not lead there"),
            (WEB, world::FRIENDLY_STS_AT, 443, "endpoint to 10.0.1.5", "an interface endpoint of the peer"),
            (BESIDE, world::FRIENDLY_STS_AT, 443, "nothing", "the endpoint's group names WEB's"),
            (FRIEND, world::S3_AT, 443, "endpoint to 10.9.1.5", "and the other way"),
            (FRIEND, world::EC2_AT, 443, "nothing", "the table of that endpoint's subnet does not lead back"),
            (WEB, "10.9.0.2", 53, "nothing", "the peer's resolver is not for others"),
            (WEB, "10.9.1.1", 80, "nothing", "nor is its router"),
            (FRIEND, "93.184.215.14", 80, "nothing", "nor does the peer's internet gateway take FRIEND's packets"),
            (FRIEND, "198.51.100.1", 80, "nothing", "nor by a public address"),
            (FRIEND, &s3, 443, "nothing", "nor does the peer's gateway endpoint"),
            (FRIEND, "10.0.1.9", 80, "nothing", "nor does its NAT gateway"),
        ];
        let answers = region.lab.at_once(cases.iter(), |lab, (n, to, port, ..)| lab.ask(guest(*n), to, *port));
        for ((n, to, port, wanted, why), found) in cases.iter().zip(answers) {
            assert_eq!(found.unwrap_or_else(|_| "nothing".into()), *wanted, "{n} to {to}:{port}: {why}");
        }
    });
}

#[test]
fn an_endpoint_is_in_force_at_once_and_gone_at_once() {
    privileged("compiled::an_endpoint_is_in_force_at_once_and_gone_at_once", || {
        let mut region = Region::new(world::world());
        let s3 = s3();
        assert_eq!(region.ask(WEB, &s3, 443), "public door to 198.51.100.1");
        region.change(Change::Put(Box::new(world::endpoint(1, world::HOME, &[2, 3]).into())));
        assert_eq!(region.ask(WEB, &s3, 443), "endpoint to 10.0.1.5");
        assert_eq!(region.ask(BESIDE, &s3, 443), "endpoint to 10.0.1.6", "no public address is needed");
        region.change(Change::Remove(EntityKey::Endpoint(VpcEndpointId::from_bits(1))));
        assert_eq!(region.ask(WEB, &s3, 443), "public door to 198.51.100.1");
        assert_eq!(region.ask(BESIDE, &s3, 443), "nothing");
        assert_eq!(region.ask(APP, &s3, 80), "public door to 198.51.100.9");
    });
}

/// Answers leave by the interface that was asked: another's would be dropped for their source.
#[test]
fn a_second_interface_answers_other_subnets() {
    privileged("compiled::a_second_interface_answers_other_subnets", || {
        let mut region = Region::new(world::world());
        assert_eq!(region.ask(BESIDE, world::SECOND_AT, 80), "nothing", "it is not there yet");
        region.change(Change::Put(Box::new(world::second_interface().into())));
        assert_eq!(region.ask(BESIDE, world::SECOND_AT, 80), "web to 10.0.1.6", "from the first interface's subnet");
        assert_eq!(region.ask(APP, world::SECOND_AT, 80), "web to 10.0.2.5", "from its own subnet");
        assert_eq!(region.ask(BESIDE, world::SECOND_AT, 22), "nothing", "its group decides");
        assert_eq!(region.ask(BESIDE, "10.0.1.5", 80), "web to 10.0.1.6", "the first one is as before");
        region.change(Change::Remove(EntityKey::NetworkInterface(world::second_interface().id)));
        assert_eq!(region.ask(BESIDE, world::SECOND_AT, 80), "nothing");
        assert_eq!(region.ask(BESIDE, "10.0.1.5", 80), "web to 10.0.1.6");
    });
}

#[test]
fn a_peering_is_in_force_at_once_and_gone_at_once() {
    privileged("compiled::a_peering_is_in_force_at_once_and_gone_at_once", || {
        let mut region = Region::new(world::world());
        let again = world::peering(1, world::HOME, world::FRIENDLY);
        let gone = postern_model::VpcPeeringConnection { state: postern_model::PeeringState::Deleted, ..again.clone() };
        for _ in 0..2 {
            assert_eq!(region.ask(WEB, "10.9.1.5", 22), "friend to 10.0.1.5");
            region.change(Change::Put(Box::new(gone.clone().into())));
            assert_eq!(region.ask(WEB, "10.9.1.5", 22), "nothing");
            assert_eq!(region.ask(WEB, world::FRIENDLY_STS_AT, 443), "nothing");
            region.change(Change::Put(Box::new(again.clone().into())));
        }
        assert_eq!(region.ask(FRIEND, world::S3_AT, 443), "endpoint to 10.9.1.5");
    });
}

#[test]
fn a_zone_that_is_down_is_silent() {
    privileged("compiled::a_zone_that_is_down_is_silent", || {
        let mut region = Region::new(world::world());
        let changed = |region: &mut Region, zones: &[AvailabilityZone]| {
            region.change(Change::Put(Box::new(world::outages(zones).into())));
        };
        changed(&mut region, &[world::other_zone()]);
        assert_eq!(region.ask(WEB, "10.9.1.5", 22), "nothing", "FRIEND is in the zone");
        assert_eq!(region.ask(WEB, world::FRIENDLY_STS_AT, 443), "nothing", "and so is the endpoint");
        assert_eq!(region.ask(FRIEND, "10.0.1.5", 22), "nothing", "FRIEND cannot send");
        assert_eq!(region.ask(FRIEND, "169.254.169.254", 80), "nothing", "not even to its own host");
        assert_eq!(region.ask(BESIDE, "10.0.1.5", 80), "web to 10.0.1.6", "the other zone goes on");
        changed(&mut region, &[world::zone()]);
        assert_eq!(region.ask(BESIDE, "10.0.1.5", 80), "nothing", "neighbours in one subnet are silent too");
        assert_eq!(region.ask(APP, "93.184.215.14", 80), "nothing", "with the NAT gateway's zone");
        assert_eq!(region.ask(FRIEND, world::FRIENDLY_STS_AT, 80), "nothing");
        assert_eq!(region.ask(FRIEND, "169.254.169.254", 80), "metadata to 10.9.1.5", "FRIEND is back");
        changed(&mut region, &[]);
        assert_eq!(region.ask(WEB, "10.9.1.5", 22), "friend to 10.0.1.5", "everything is as before");
        assert_eq!(region.ask(WEB, world::FRIENDLY_STS_AT, 443), "endpoint to 10.0.1.5");
    });
}

#[test]
fn everything_goes_when_the_world_is_empty() {
    privileged("compiled::everything_goes_when_the_world_is_empty", || {
        let mut region = Region::new(world::world());
        let empty = World::default();
        region.lab.become_program(compile(&empty)).into_iter().for_each(open);
        for n in INSTANCES {
            let left = || std::fs::read_to_string("/proc/thread-self/net/dev").unwrap().lines().count();
            assert_eq!(region.lab.host.in_namespace(guest(n), left).unwrap(), 3, "two lines of heading and lo");
        }
        assert_eq!(region.lab.host.program().unwrap(), compile(&empty));
    });
}
