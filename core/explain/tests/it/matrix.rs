//! Who reaches whom, every pair with the stop that bars it.

use postern_explain::*;
use postern_names::Stop;
use postern_worlds::world;

const TEXT: &str = "vpc 1 10.0.0.0/16
    subnet 1 vpc 1 10.0.1.0/24
    subnet 2 vpc 1 10.0.2.0/24
    subnet 3 vpc 1 10.0.3.0/24
    table 1 vpc 1 main
    group 1 vpc 1
    group 2 vpc 1
    rule 1 out all 0.0.0.0/0
    rule 2 in tcp:443 group:1
    instance 1 subnet 1 10.0.1.5 groups 1
    instance 2 subnet 2 10.0.2.5 groups 2
    endpoint 1 vpc 1 s3 tables 1";

#[test]
fn every_pair_has_its_stop() {
    let world = world(TEXT);
    let ground = Ground::new(&world);
    let found = matrix(&ground, Of::Instances, What::Tcp(443));
    assert_eq!(found.rows[0][1], None);
    // Nothing leaves the second.
    assert_eq!(found.rows[1][0], Some(Stop::SecurityGroupOut));
    assert_eq!(matrix(&ground, Of::Instances, What::Tcp(80)).rows[0][1], Some(Stop::SecurityGroupIn));
    let endpoints = matrix(&ground, Of::Endpoints, What::Tcp(443));
    assert_eq!(endpoints.to.len(), 1);
    assert_eq!(endpoints.rows, [[None], [Some(Stop::SecurityGroupOut)]]);
}

#[test]
fn a_subnet_without_interfaces_has_no_line() {
    let world = world(TEXT);
    let found = matrix(&Ground::new(&world), Of::Subnets, What::Tcp(443));
    let names: Vec<String> = found.from.iter().map(Source::to_string).collect();
    assert_eq!(names, ["subnet-00000000000000001", "subnet-00000000000000002"]);
    assert_eq!(found.to.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), names);
    assert_eq!((found.rows[0][1], found.rows[1][0]), (None, Some(Stop::SecurityGroupOut)));
    assert_eq!(Of::parse("vpcs"), None);
}
