//! What a change opens, closes and moves.

use postern_explain::{Changed, How, Next, Who, difference};
use postern_names::*;
use postern_worlds::world;

/// A public and a private subnet with an instance each.
const BEFORE: &str = "vpc 1 10.0.0.0/16
    subnet 1 vpc 1 10.0.1.0/24
    subnet 2 vpc 1 10.0.2.0/24
    igw 1 vpc 1
    table 1 vpc 1 main
    table 2 vpc 1 subnets 1
    route 2 0.0.0.0/0 igw:1
    group 1 vpc 1
    rule 1 out all 0.0.0.0/0
    rule 1 in tcp:443 0.0.0.0/0
    instance 1 subnet 1 10.0.1.5 groups 1 public 3.0.0.1
    instance 2 subnet 2 10.0.2.5 groups 1";

fn changed(more: &str) -> Vec<Changed> {
    difference(&world(BEFORE), &world(&format!("{BEFORE}\n{more}")))
}

fn told(one: &Changed) -> String {
    one.question.to_string()
}

#[test]
fn a_gateway_endpoint_is_its_service_where_tables_change() {
    let endpoint = VpcEndpointId::from_bits(1);
    let all = changed("endpoint 1 vpc 1 s3 tables 1");
    assert_eq!(all.iter().map(told).collect::<Vec<_>>(), ["i-00000000000000002 > s3.us-east-1.amazonaws.com tcp:443"]);
    let one = &all[0];
    assert_eq!((one.how, one.before, one.after), (How::Opened, Some(Stop::RouteTable), None));
    assert_eq!(one.route, Some((RouteTableId::from_bits(1), Some(Next::Endpoint(endpoint)))));
    assert_eq!(one.new, [endpoint.to_string()]);
    // The other subnet reaches the service already.
    let all = changed("endpoint 1 vpc 1 s3 tables 2");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].how, How::Moved { before: Who::Service, after: Who::Endpoint(endpoint) });
}

#[test]
fn new_ends_are_told_as_new_and_gone_ones_as_gone() {
    let all = changed("interface-endpoint 1 vpc 1 sts groups 1 at 2 10.0.2.9");
    assert_eq!(all.len(), 2, "from both instances: {all:?}");
    assert!(all.iter().all(|one| one.how == How::Opened && one.before.is_none() && one.new.len() == 1), "{all:?}");
    let with = world(&format!("{BEFORE}\ninterface-endpoint 1 vpc 1 sts groups 1 at 2 10.0.2.9"));
    let all = difference(&with, &world(BEFORE));
    assert!(
        all.len() == 2 && all.iter().all(|one| one.how == How::Closed && one.after.is_none() && one.gone.len() == 1)
    );
    let all = changed("instance 3 subnet 2 10.0.2.7 groups 1");
    let there = all.iter().find(|one| told(one) == "i-00000000000000001 > i-00000000000000003 tcp:443").unwrap();
    assert!(there.how == How::Opened && there.before.is_none() && there.new == ["i-00000000000000003"]);
    assert!(all.iter().all(|one| one.new == ["i-00000000000000003"]), "{all:?}");
}
