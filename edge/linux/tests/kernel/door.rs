//! Gateway endpoints: local routes, transparent listeners, and how a connection came.

use crate::support::*;
use postern_linux::{Cut, Socket, arrival};
use postern_program::*;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

fn listener(opened: Vec<postern_linux::Opened>) -> TcpListener {
    let [opened] = <[_; 1]>::try_from(opened).unwrap();
    let Socket::Tcp(listener) = opened.socket else { panic!("not TCP") };
    listener
}

fn accepted(listener: &TcpListener) -> TcpStream {
    let until = Instant::now() + Duration::from_secs(2);
    loop {
        match listener.accept() {
            Ok((stream, _)) => return stream,
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(e) => panic!("{e}"),
        }
    }
}

#[test]
fn a_local_route_leads_to_the_door_and_the_socket_tells_the_way() {
    privileged("door::a_local_route_leads_to_the_door_and_the_socket_tells_the_way", || {
        let mut lab = Lab::new();
        let r = vpc(1);
        let door = listener(lab.add(vec![door(r, "0.0.0.0", 80)]));
        assert!(lab.ask(guest(1), "52.216.1.1", 80).is_err(), "no route leads there yet");
        lab.add(vec![route(r, NEAR, "52.216.0.0/15", RouteKind::Local)]);
        for (n, own) in [(1, A), (2, B), (3, C)] {
            let there = "52.217.9.9:80".parse().unwrap();
            let client = lab.host.in_namespace(guest(n), || TcpStream::connect_timeout(&there, Duration::from_secs(1)));
            let client = client.unwrap().unwrap();
            let stream = accepted(&door);
            let way = arrival(stream.as_fd()).unwrap();
            assert_eq!(lab.host.link_name_of(r, way.in_link_index), Some(format!("eni{n}")));
            assert_eq!(way.local, there);
            assert_eq!(way.peer, client.local_addr().unwrap());
            assert_eq!(way.peer.ip().to_string(), own);
        }
        assert!(lab.ask(guest(1), "52.216.1.1", 81).is_err(), "a port without a door");
        lab.remove(&[Key::Route(r, NEAR, cidr("52.216.0.0/15"))]);
        assert!(lab.ask(guest(1), "52.216.1.1", 80).is_err());
    });
}

#[test]
fn a_door_on_every_address_and_one_on_a_single_address_share_a_port() {
    privileged("door::a_door_on_every_address_and_one_on_a_single_address_share_a_port", || {
        let mut lab = Lab::new();
        let r = vpc(1);
        let every = listener(lab.add(vec![door(r, "0.0.0.0", 80), route(r, NEAR, "52.216.0.0/15", RouteKind::Local)]));
        let one = listener(lab.add(vec![address(r, "lo", "169.254.169.254/32"), door(r, "169.254.169.254", 80)]));
        tell(every, "every");
        tell(one, "one");
        for _ in 0..5 {
            assert_eq!(lab.ask(guest(1), "169.254.169.254", 80), Ok(format!("one to {A}")));
            assert_eq!(lab.ask(guest(1), "52.216.1.1", 80), Ok(format!("every to {A}")));
        }
    });
}

#[test]
fn a_cut_ends_the_connections_that_match_and_no_others() {
    privileged("door::a_cut_ends_the_connections_that_match_and_no_others", || {
        let mut lab = Lab::new();
        let r = vpc(1);
        let door = listener(lab.add(vec![
            door(r, "0.0.0.0", 80),
            route(r, NEAR, "52.216.0.0/15", RouteKind::Local),
            route(r, NEAR, "52.94.0.0/22", RouteKind::Local),
        ]));
        let open = |n, to: &str| {
            let to = format!("{to}:80").parse().unwrap();
            let client = lab.host.in_namespace(guest(n), || TcpStream::connect_timeout(&to, Duration::from_secs(1)));
            (client.unwrap().unwrap(), accepted(&door))
        };
        let pairs = [open(1, "52.216.1.1"), open(2, "52.216.1.1"), open(1, "52.94.0.9")];
        let cut = Cut { sources: vec![cidr("10.0.1.5/32")], destinations: vec![cidr("52.216.0.0/15")] };
        assert_eq!(lab.host.cut(r, &cut).unwrap().sockets, 1);
        let alive: Vec<bool> = pairs
            .into_iter()
            .map(|(mut client, mut server)| {
                client.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
                let sent = server.write_all(b"x");
                sent.is_ok() && client.read(&mut [0; 1]).is_ok_and(|n| n == 1)
            })
            .collect();
        assert_eq!(alive, [false, true, true]);
    });
}
