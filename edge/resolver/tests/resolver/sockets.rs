//! Messages over loopback.

use crate::fixture::*;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use postern_model::World;
use postern_resolver::{Carrier, Resolver, respond};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::{Arc, RwLock};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);

fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message
}

fn ask(world: &World, message: &Message) -> Message {
    let answer = respond(world, HOME, &message.to_vec().unwrap(), Carrier::Datagram).unwrap();
    Message::from_vec(&answer).unwrap()
}

fn address(message: &Message) -> Ipv4Addr {
    match message.answers.as_slice() {
        [record] => match &record.data {
            RData::A(a) => a.0,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_repeats_the_question_as_it_was_spelt() {
    let answer = ask(&world(), &question("iP-10-0-1-5.EC2.internal.", RecordType::A));
    assert_eq!(answer.metadata.id, 4711);
    assert!(answer.metadata.recursion_available && answer.metadata.recursion_desired);
    assert_eq!(answer.metadata.message_type, MessageType::Response);
    assert_eq!(answer.queries[0].name().to_ascii(), "iP-10-0-1-5.EC2.internal.");
    assert_eq!(answer.answers[0].name.to_ascii(), "iP-10-0-1-5.EC2.internal.");
    assert_eq!(address(&answer), Ipv4Addr::new(10, 0, 1, 5));
}

#[test]
fn every_address_of_an_endpoint_comes_first_at_times() {
    let mut world = world();
    endpoint(&mut world, "sts", true, false);
    let mut firsts = std::collections::BTreeSet::new();
    for id in 0..4 {
        let mut asked = question("sts.us-east-1.amazonaws.com.", RecordType::A);
        asked.metadata.id = id;
        let answer = ask(&world, &asked);
        assert_eq!(answer.answers.len(), 2);
        firsts.insert(format!("{:?}", answer.answers[0].data));
    }
    assert_eq!(firsts.len(), 2, "{firsts:?}");
}

#[test]
fn nothing_is_said_with_a_start_of_authority() {
    let world = world();
    let unknown = ask(&world, &question("gone.ec2.internal.", RecordType::A));
    assert_eq!(unknown.metadata.response_code, ResponseCode::NXDomain);
    assert!(matches!(unknown.authorities[0].data, RData::SOA(_)));
    let empty = ask(&world, &question("s3.amazonaws.com.", RecordType::AAAA));
    assert_eq!(empty.metadata.response_code, ResponseCode::NoError);
    assert!(empty.answers.is_empty() && matches!(empty.authorities[0].data, RData::SOA(_)));
    let root = ask(&world, &question("nothing.example.", RecordType::A));
    assert_eq!(root.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(root.authorities[0].name.to_ascii(), ".");
}

#[test]
fn what_is_no_good_question_gets_its_code() {
    let world = world();
    let code = |message: &Message| ask(&world, message).metadata.response_code;
    let mut two = question("s3.amazonaws.com.", RecordType::A);
    two.add_query(Query::query(Name::from_ascii("a.example.").unwrap(), RecordType::A));
    assert_eq!(code(&two), ResponseCode::FormErr);
    let mut update = question("s3.amazonaws.com.", RecordType::A);
    update.metadata.op_code = OpCode::Notify;
    assert_eq!(code(&update), ResponseCode::NotImp);
    assert_eq!(code(&question("ec2.internal.", RecordType::AXFR)), ResponseCode::Refused);
    let mut newer = question("s3.amazonaws.com.", RecordType::A);
    let mut edns = Edns::new();
    edns.set_version(9);
    newer.set_edns(edns);
    let answer = ask(&world, &newer);
    assert!(answer.edns.is_some() && answer.answers.is_empty());
}

#[test]
fn no_bytes_make_it_fall_over() {
    let world = world();
    let whole = question("a.bucket.s3.amazonaws.com.", RecordType::A).to_vec().unwrap();
    for length in 0..whole.len() {
        let answer = respond(&world, HOME, &whole[..length], Carrier::Datagram);
        assert_eq!(answer.is_some(), length >= 12, "{length}");
    }
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..3 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = (state >> 32) as usize % bytes.len();
            bytes[at] = state as u8;
        }
        if let Some(answer) = respond(&world, HOME, &bytes, Carrier::Datagram) {
            assert!(answer.len() <= 1232);
        }
    }
    let mut response = question("s3.amazonaws.com.", RecordType::A);
    response.metadata.message_type = MessageType::Response;
    assert_eq!(respond(&world, HOME, &response.to_vec().unwrap(), Carrier::Datagram), None);
}

#[tokio::test]
async fn both_carriers_answer_over_loopback() {
    let resolver = Resolver::new(Arc::new(RwLock::new(world())));
    let udp = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (udp_at, tcp_at) = (udp.local_addr().unwrap(), tcp.local_addr().unwrap());
    let datagrams = resolver.serve_udp(udp, HOME);
    let streams = resolver.serve_tcp(tcp, HOME);
    let client = tokio::task::spawn_blocking(move || {
        by_datagram(udp_at);
        by_stream(tcp_at);
    });
    client.await.unwrap();
    datagrams.abort();
    streams.abort();
    let is_free = async || tokio::net::TcpListener::bind(tcp_at).await.is_ok();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !is_free().await {
        assert!(tokio::time::Instant::now() < deadline, "an aborted server listens no more");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn by_datagram(server: SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send(b"no question").unwrap();
    socket.send(&question("ip-10-0-1-5.ec2.internal.", RecordType::A).to_vec().unwrap()).unwrap();
    let mut buffer = [0; 1500];
    let length = socket.recv(&mut buffer).unwrap();
    assert_eq!(address(&Message::from_vec(&buffer[..length]).unwrap()), Ipv4Addr::new(10, 0, 1, 5));
}

fn by_stream(server: SocketAddr) {
    // A stream that stays silent keeps no other from its answers.
    let _silent = TcpStream::connect(server).unwrap();
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..2 {
        let message = question("ip-10-0-1-5.ec2.internal.", RecordType::A).to_vec().unwrap();
        stream.write_all(&(message.len() as u16).to_be_bytes()).unwrap();
        stream.write_all(&message).unwrap();
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(address(&Message::from_vec(&answer).unwrap()), Ipv4Addr::new(10, 0, 1, 5));
    }
}
