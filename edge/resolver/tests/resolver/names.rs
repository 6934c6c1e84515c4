//! What names mean to a guest of a VPC.

use crate::fixture::*;
use postern_model::{InstanceState, SITES, World, public_service};
use postern_names::{Region, VpcId};
use postern_resolver::{Answer, RecordKind, Value, answer};

fn a(world: &World, vpc: VpcId, name: &str) -> Vec<String> {
    match answer(world, vpc, name, RecordKind::A) {
        Answer::Found(ttl, values) => {
            assert!(ttl > 0 && !values.is_empty());
            values
                .into_iter()
                .map(|value| match value {
                    Value::Address(address) => address.to_string(),
                    Value::Ipv6Address(address) => address.to_string(),
                    Value::Name(name) | Value::Text { text: name, .. } => name,
                })
                .collect()
        }
        Answer::Canonical { target, .. } => vec![target],
        Answer::Empty(_) => vec!["empty".into()],
        Answer::Unknown(_) => vec!["unknown".into()],
    }
}

#[test]
fn service_names_lead_to_public_addresses_in_any_case() {
    let world = world();
    let s3 = public_service(&Region::new("us-east-1"), "s3").unwrap().address.to_string();
    for name in ["s3.us-east-1.amazonaws.com", "S3.Amazonaws.COM.", "my-bucket.s3.us-east-1.amazonaws.com"] {
        assert_eq!(a(&world, HOME, name), [s3.as_str()], "{name}");
    }
    let other = public_service(&Region::new("eu-west-1"), "s3").unwrap().address.to_string();
    assert_eq!(a(&world, HOME, "s3.eu-west-1.amazonaws.com"), [other.as_str()]);
    assert_ne!(s3, other);
    assert_eq!(a(&world, HOME, "nothing.us-east-1.amazonaws.com"), ["unknown"]);
    assert_eq!(a(&world, HOME, "us-east-1.amazonaws.com"), ["empty"]);
}

#[test]
fn instance_names_are_those_of_ones_own_vpc_while_it_runs() {
    let mut world = world();
    assert_eq!(a(&world, HOME, "ip-10-0-1-5.ec2.internal"), ["10.0.1.5"]);
    assert_eq!(a(&world, HOME, "i-00000000000000001.ec2.internal"), ["10.0.1.5"]);
    assert_eq!(a(&world, HOME, "i-00000000000000002.ec2.internal"), ["unknown"], "another VPC's");
    assert_eq!(a(&world, HOME, "ip-10-0-1-6.ec2.internal"), ["unknown"]);
    assert_eq!(a(&world, HOME, "ip-10-0-01-5.ec2.internal"), ["unknown"]);
    assert_eq!(a(&world, FAR, "ip-10-0-1-5.eu-west-1.compute.internal"), ["10.0.1.5"]);
    assert_eq!(a(&world, FAR, "ip-10-0-1-5.ec2.internal"), ["unknown"]);
    assert_eq!(a(&world, HOME, "instance-data.ec2.internal"), ["169.254.169.254"]);
    change(&mut world, |_, subnet, _| subnet.resource_name_a_record = false);
    assert_eq!(a(&world, HOME, "i-00000000000000001.ec2.internal"), ["unknown"]);
    change(&mut world, |_, _, instance| instance.state = InstanceState::Stopped);
    assert_eq!(a(&world, HOME, "ip-10-0-1-5.ec2.internal"), ["unknown"]);
}

#[test]
fn a_public_name_is_private_at_home_and_public_elsewhere() {
    let mut world = world();
    let name = "ec2-198-51-100-1.compute-1.amazonaws.com";
    assert_eq!(a(&world, HOME, name), ["10.0.1.5"]);
    assert_eq!(a(&world, TWIN, name), ["198.51.100.1"]);
    assert_eq!(a(&world, HOME, "ec2-198-51-100-3.eu-west-1.compute.amazonaws.com"), ["198.51.100.3"]);
    assert_eq!(a(&world, HOME, "ec2-198-51-100-3.compute-1.amazonaws.com"), ["unknown"], "not its region's domain");
    assert_eq!(a(&world, HOME, "ec2-198-51-100-9.compute-1.amazonaws.com"), ["unknown"]);
    change(&mut world, |vpc, _, _| vpc.enable_dns_hostnames = false);
    assert_eq!(a(&world, HOME, name), ["unknown"]);
    assert_eq!(a(&world, TWIN, name), ["unknown"]);
}

#[test]
fn reverse_names_are_those_of_private_addresses() {
    let world = world();
    let ptr = |vpc, name| answer(&world, vpc, name, RecordKind::Ptr);
    let named = |name: &str| Answer::Found(60, vec![Value::Name(name.into())]);
    assert_eq!(ptr(HOME, "5.1.0.10.in-addr.arpa."), named("ip-10-0-1-5.ec2.internal"));
    assert_eq!(ptr(FAR, "5.1.0.10.in-addr.arpa"), named("ip-10-0-1-5.eu-west-1.compute.internal"));
    assert_eq!(ptr(HOME, "6.1.0.10.in-addr.arpa"), Answer::Unknown("in-addr.arpa".into()));
    assert_eq!(answer(&world, HOME, "5.1.0.10.in-addr.arpa", RecordKind::A), Answer::Empty("in-addr.arpa".into()));
}

#[test]
fn what_exists_is_empty_for_other_kinds_and_the_rest_is_unknown() {
    let world = world();
    let other = |name| answer(&world, HOME, name, RecordKind::Aaaa);
    assert_eq!(other("s3.amazonaws.com"), Answer::Empty("amazonaws.com".into()));
    assert_eq!(other("ip-10-0-1-5.ec2.internal"), Answer::Empty("ec2.internal".into()));
    assert_eq!(other("ec2.internal"), Answer::Empty("ec2.internal".into()));
    assert_eq!(other("gone.ec2.internal"), Answer::Unknown("ec2.internal".into()));
    for name in ["", ".", "internal", "nothing.example", "xn--nxa.test", "a..b"] {
        assert_eq!(other(name), Answer::Unknown(String::new()), "{name}");
    }
    assert_eq!(answer(&world, VpcId::from_bits(99), "s3.amazonaws.com", RecordKind::A), Answer::Unknown(String::new()));
}

#[test]
fn the_test_sites_have_names() {
    let world = world();
    assert!(!SITES.is_empty());
    for site in SITES {
        assert_eq!(a(&world, HOME, site.name), [site.address.to_string()]);
        assert_eq!(answer(&world, HOME, site.name, RecordKind::Other("MX".into())), Answer::Empty(zone_of(site.name)));
    }
}

fn zone_of(site: &str) -> String {
    if site.ends_with(".amazonaws.com") { "amazonaws.com".to_owned() } else { String::new() }
}

const BOTH: [&str; 2] = ["10.0.1.20", "10.0.2.20"];

#[test]
fn an_endpoints_own_names_are_known_everywhere() {
    let mut world = world();
    endpoint(&mut world, "sts", false, false);
    let label = format!("{ENDPOINT}-abcd1234");
    let base = "sts.us-east-1.vpce.amazonaws.com";
    for vpc in [HOME, TWIN, FAR] {
        assert_eq!(a(&world, vpc, &format!("{label}.{base}")), BOTH);
        assert_eq!(a(&world, vpc, &format!("{label}-us-east-1b.{base}")), ["10.0.2.20"]);
    }
    for stranger in [
        format!("{label}-us-east-1c.{base}"),
        format!("{label}x.{base}"),
        format!("{label}-.{base}"),
        format!("a.{label}.{base}"),
        format!("{label}.ec2.us-east-1.vpce.amazonaws.com"),
        format!("{label}.sts.eu-west-1.vpce.amazonaws.com"),
        format!("vpce-0123456789abcdef0-abcd1234.{base}"),
        format!("{ENDPOINT}-abcd1235.{base}"),
        format!("vpce-é-abcd1234.{base}"),
        base.to_owned(),
        "vpce.amazonaws.com".to_owned(),
    ] {
        assert_eq!(a(&world, HOME, &stranger), ["unknown"], "{stranger}");
    }
}

#[test]
fn an_s3_endpoints_names_carry_names_in_front() {
    let mut world = world();
    endpoint(&mut world, "s3", true, false);
    let own = &format!("{ENDPOINT}-abcd1234.s3.us-east-1.vpce.amazonaws.com");
    assert_eq!(a(&world, HOME, &format!("bucket.{own}")), BOTH);
    assert_eq!(a(&world, HOME, &format!("a.b.vpce-c.bucket.{own}")), BOTH);
    assert_eq!(a(&world, HOME, own), ["empty"]);
    assert_eq!(a(&world, HOME, "s3.us-east-1.amazonaws.com"), BOTH);
    assert_eq!(a(&world, HOME, "my.bucket.s3.us-east-1.amazonaws.com"), BOTH);
    let public = public_service(&Region::new("us-east-1"), "s3").unwrap().address.to_string();
    assert_eq!(a(&world, HOME, "s3.amazonaws.com"), [public.as_str()], "the global name is not the endpoint's");
    endpoint(&mut world, "s3", true, true);
    assert_eq!(a(&world, HOME, "s3.us-east-1.amazonaws.com"), [public.as_str()], "only for inbound resolver endpoints");
}

#[test]
fn a_public_name_leads_to_the_endpoint_in_its_vpc_while_private_dns_is_on() {
    let mut world = world();
    let public = public_service(&Region::new("us-east-1"), "sts").unwrap().address.to_string();
    let name = "STS.us-east-1.amazonaws.com.";
    endpoint(&mut world, "sts", true, false);
    assert_eq!(a(&world, HOME, name), BOTH);
    assert_eq!(a(&world, TWIN, name), [public.as_str()]);
    change(&mut world, |vpc, _, _| vpc.enable_dns_hostnames = false);
    assert_eq!(a(&world, HOME, name), [public.as_str()]);
    change(&mut world, |vpc, _, _| vpc.enable_dns_hostnames = true);
    endpoint(&mut world, "sts", false, false);
    assert_eq!(a(&world, HOME, name), [public.as_str()]);
}

#[test]
fn the_names_of_an_endpoint_mean_the_addresses_that_it_says() {
    let mut world = world();
    endpoint(&mut world, "sts", true, false);
    world.vpcs.get_mut(&HOME).unwrap().enable_dns_hostnames = true;
    let endpoint = world.endpoints[&ENDPOINT].clone();
    let newer: std::net::Ipv6Addr = "2600:1f18:0:101::9".parse().unwrap();
    let place = endpoint.interface().unwrap().subnets[0].interface;
    let mut interface = world.network_interfaces[&place].clone();
    interface.ipv6_addresses = vec![newer];
    world.network_interfaces.insert(interface);
    let service = endpoint.interface_service().unwrap();
    let private = service.private_names(&endpoint.region)[0].clone();
    let own = format!("{}.{}", endpoint.label(), service.base_name(&endpoint.region));
    let has = |world: &World, name: &str, kind| matches!(answer(world, endpoint.vpc, name, kind), Answer::Found(60, _));
    for (words, [private_a, private_aaaa, own_a, own_aaaa]) in [
        ("ipv4", [true, false, true, false]),
        ("ipv6", [false, true, false, true]),
        ("dualstack", [true, true, true, true]),
        ("service-defined", [true, false, true, true]),
    ] {
        world.endpoints.get_mut(&endpoint.id).unwrap().dns_record_ip_type = words.to_owned();
        assert_eq!(has(&world, &private, RecordKind::A), private_a, "{words}");
        assert_eq!(has(&world, &private, RecordKind::Aaaa), private_aaaa, "{words}");
        assert_eq!(has(&world, &own, RecordKind::A), own_a, "{words}");
        assert_eq!(has(&world, &own, RecordKind::Aaaa), own_aaaa, "{words}");
    }
}
