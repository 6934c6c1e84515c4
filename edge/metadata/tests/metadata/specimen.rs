//! One instance with everything.

use postern_metadata::{InstanceFacts, InstanceProfile, InterfaceFacts, KeyFacts, MetadataOptions, RoleCredentials};
use postern_names::{AccountId, AvailabilityZone, InstanceId, Region, SecurityGroupId};
use time::macros::datetime;

pub const MAC: &str = "0e:49:61:0f:c3:11";

pub fn instance() -> InstanceFacts {
    let cidr = |text: &str| text.parse().expect("cidr");
    InstanceFacts {
        id: InstanceId::from_bits(0xabc),
        account: AccountId::DEFAULT,
        region: Region::new("us-east-1"),
        zone: AvailabilityZone::new("us-east-1a"),
        zone_id: "use1-az1".to_owned(),
        image: "ami-0123456789abcdef0".parse().expect("ami"),
        launch_index: 0,
        reservation: "r-0123456789abcdef0".parse().expect("reservation"),
        instance_type: "t3.micro".to_owned(),
        architecture: "x86_64".to_owned(),
        pending_time: datetime!(2026-11-21 10:00:00 UTC),
        key: Some(KeyFacts { name: "my-key".to_owned(), openssh: "ssh-ed25519 AAAA my-key\n".to_owned() }),
        profile: Some(InstanceProfile {
            arn: "arn:aws:iam::123456789012:instance-profile/web".to_owned(),
            id: "AIPAEXAMPLE".to_owned(),
            role: Some("web-role".to_owned()),
        }),
        user_data: Some(b"#!/bin/sh\n\xff".to_vec()),
        interfaces: vec![InterfaceFacts {
            id: "eni-0123456789abcdef0".parse().expect("eni"),
            device_number: 0,
            mac: MAC.to_owned(),
            private_addresses: vec![[10, 0, 1, 5].into(), [10, 0, 1, 6].into()],
            public_addresses: vec![([10, 0, 1, 5].into(), [3, 80, 0, 9].into())],
            private_dns: "ip-10-0-1-5.ec2.internal".to_owned(),
            public_dns: Some("ec2-3-80-0-9.compute-1.amazonaws.com".to_owned()),
            owner: AccountId::DEFAULT,
            subnet: "subnet-0123456789abcdef0".parse().expect("subnet"),
            ipv6_addresses: vec!["2600:1f18:0:101::5".parse().unwrap()],
            subnet_ipv6_cidrs: vec!["2600:1f18:0:101::/64".parse().unwrap()],
            vpc_ipv6_cidrs: vec!["2600:1f18:0:100::/56".parse().unwrap()],
            subnet_cidr: cidr("10.0.1.0/24"),
            vpc: "vpc-0123456789abcdef0".parse().expect("vpc"),
            vpc_cidrs: vec![cidr("10.0.0.0/16"), cidr("10.1.0.0/16")],
            security_groups: vec![
                (SecurityGroupId::from_bits(1), "web".to_owned()),
                (SecurityGroupId::from_bits(2), "ssh".to_owned()),
            ],
        }],
        tags: vec![("Name".to_owned(), "web 1".to_owned()), ("with space".to_owned(), "x".to_owned())],
        options: MetadataOptions::default(),
    }
}

pub fn credentials() -> RoleCredentials {
    RoleCredentials {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: "session".to_owned(),
        last_updated: datetime!(2026-11-21 10:00:00.5 UTC),
        expiration: datetime!(2026-11-21 16:00:00 UTC),
    }
}
