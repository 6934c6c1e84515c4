//! What an account finds without having made it: images, types, regions, zones; and its key pairs.

mod common;

use common::{Lab, text, texts};
use expect_test::expect;
use serde_json::{Value, json};

fn filters(pairs: &[(&str, &str)]) -> Value {
    json!(pairs.iter().map(|(name, value)| json!({ "Name": name, "Values": [value] })).collect::<Vec<_>>())
}

#[test]
fn well_known_patterns_find_images() {
    let mut lab = Lab::new();
    for (owner, pattern) in [
        ("amazon", "al2023-ami-2023.*-kernel-*"),
        ("137112412989", "al2023-ami-*"),
        ("amazon", "amzn2-ami-hvm-*-gp2"),
        ("amazon", "amzn2-ami-kernel-5.10-hvm-2.0.*-gp2"),
        ("099720109477", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-*-server-*"),
        ("099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-*-server-*"),
        ("136693071363", "debian-12-*"),
    ] {
        let filters = filters(&[("name", pattern), ("virtualization-type", "hvm"), ("state", "available")]);
        let reply = lab.ok("DescribeImages", json!({ "Owners": [owner], "Filters": filters }));
        let ids = texts(&reply, "/Images", "ImageId");
        assert_eq!(ids.len(), 1, "{owner} {pattern}");
        let known = lab.ok("DescribeImages", json!({ "ImageIds": ids }));
        assert_eq!(known, reply);
    }
    assert_eq!(lab.ok("DescribeImages", json!({ "Owners": ["self"] }))["Images"], json!([]));
    expect!["InvalidAMIID.NotFound: The image id '[ami-0abcdef1234567890]' does not exist"]
        .assert_eq(&lab.refused("DescribeImages", json!({ "ImageIds": ["ami-0abcdef1234567890"] })));
}

#[test]
fn types_and_offerings() {
    let mut lab = Lab::new();
    let reply = lab.ok("DescribeInstanceTypes", json!({ "InstanceTypes": ["t3.micro"] }));
    assert_eq!(reply["InstanceTypes"][0]["MemoryInfo"]["SizeInMiB"], 1024);
    assert_eq!(reply["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"], 2);
    expect!["InvalidInstanceType: The following supplied instance types do not exist: [z9.nope]"]
        .assert_eq(&lab.refused("DescribeInstanceTypes", json!({ "InstanceTypes": ["t3.micro", "z9.nope"] })));
    let zones = json!({ "LocationType": "availability-zone", "Filters": filters(&[("instance-type", "t3.micro")]) });
    let offered = lab.ok("DescribeInstanceTypeOfferings", zones);
    assert_eq!(offered["InstanceTypeOfferings"].as_array().map(Vec::len), Some(6));
    expect!["InvalidParameterValue: The filter 'colour' is invalid"]
        .assert_eq(&lab.refused("DescribeInstanceTypes", json!({ "Filters": filters(&[("colour", "red")]) })));
}

#[test]
fn regions_and_zones() {
    let mut lab = Lab::new();
    let zones = lab.ok("DescribeAvailabilityZones", json!({}));
    let names = texts(&zones, "/AvailabilityZones", "ZoneName").join(" ");
    expect!["us-east-1a us-east-1b us-east-1c us-east-1d us-east-1e us-east-1f"].assert_eq(&names);
    let one = lab.ok("DescribeAvailabilityZones", json!({ "ZoneIds": ["use1-az2"] }));
    assert_eq!(texts(&one, "/AvailabilityZones", "ZoneName"), ["us-east-1b"]);
    expect!["InvalidParameterValue: Invalid availability zone: [us-east-1z]"]
        .assert_eq(&lab.refused("DescribeAvailabilityZones", json!({ "ZoneNames": ["us-east-1z"] })));
    let west = lab.ok("DescribeRegions", json!({ "Filters": filters(&[("region-name", "us-west-*")]) }));
    assert_eq!(texts(&west, "/Regions", "RegionName"), ["us-west-1", "us-west-2"]);
    expect!["InvalidParameterValue: Invalid region provided: mars-1"]
        .assert_eq(&lab.refused("DescribeRegions", json!({ "RegionNames": ["mars-1"] })));
    let attributes = lab.ok("DescribeAccountAttributes", json!({ "AttributeNames": ["default-vpc"] }));
    assert!(text(&attributes, "/AccountAttributes/0/AttributeValues/0/AttributeValue").starts_with("vpc-"));
}

#[test]
fn key_pairs() {
    let mut lab = Lab::new();
    let made = lab.ok("CreateKeyPair", json!({ "KeyName": "me", "KeyType": "ed25519" }));
    assert_eq!(text(&made, "/KeyMaterial"), "-----BEGIN KEY-----");
    expect!["InvalidKeyPair.Duplicate: The keypair 'me' already exists."]
        .assert_eq(&lab.refused("CreateKeyPair", json!({ "KeyName": "me" })));
    expect!["InvalidParameterValue: Value (dsa) for parameter KeyType is invalid. Valid values are: rsa, ed25519"]
        .assert_eq(&lab.refused("CreateKeyPair", json!({ "KeyName": "x", "KeyType": "dsa" })));
    // base64 of `ssh-ed25519 AAAA you`, then of `hello`.
    lab.ok("ImportKeyPair", json!({ "KeyName": "you", "PublicKeyMaterial": "c3NoLWVkMjU1MTkgQUFBQSB5b3U=" }));
    for wrong in ["aGVsbG8=", "%%%"] {
        expect!["InvalidKey.Format: Key is not in valid OpenSSH public key format"]
            .assert_eq(&lab.refused("ImportKeyPair", json!({ "KeyName": "z", "PublicKeyMaterial": wrong })));
    }
    let shown = lab.ok("DescribeKeyPairs", json!({ "KeyNames": ["you"], "IncludePublicKey": true }));
    assert_eq!(text(&shown, "/KeyPairs/0/PublicKey"), "ssh-ed25519 AAAA you");
    expect!["InvalidKeyPair.NotFound: The key pair 'them' does not exist"]
        .assert_eq(&lab.refused("DescribeKeyPairs", json!({ "KeyNames": ["them"] })));
    lab.ok("DeleteKeyPair", json!({ "KeyName": "you" }));
    let again = lab.ok("DeleteKeyPair", json!({ "KeyName": "you" }));
    assert_eq!(again, json!({ "Return": true }));
    assert_eq!(texts(&lab.ok("DescribeKeyPairs", json!({})), "/KeyPairs", "KeyName"), ["me"]);
}
