//! Whole programs: who owns which part, what a change costs, and the labs' questions.

use crate::plain::plain;
use crate::questions::{Question, answer};
use expect_test::{Expect, expect};
use postern_compiler::{compile, compile_internet, compile_vpc};
use postern_model::{Change, InstanceState, World};
use postern_names::{InstanceId, VpcId};
use postern_program::simulate::{Simulator, simulate};
use postern_program::{Key, Namespace, Step, diff};
use postern_worlds::world;

/// A public and a private subnet, a group of the public instance that the private one admits.
const LAB: &str = "
    vpc 1 10.0.0.0/16
    subnet 1 vpc 1 10.0.1.0/24
    subnet 2 vpc 1 10.0.2.0/24
    igw 1 vpc 1
    table 1 vpc 1 main
    table 2 vpc 1 subnets 1
    route 2 0.0.0.0/0 igw:1
    group 1 vpc 1
    rule 1 in tcp:22 0.0.0.0/0
    rule 1 in icmp 0.0.0.0/0
    rule 1 out all 0.0.0.0/0
    group 2 vpc 1
    rule 2 in tcp:22 group:1
    rule 2 out all 0.0.0.0/0
    instance 1 subnet 1 10.0.1.5 groups 1 public 3.0.0.5
    instance 2 subnet 2 10.0.2.5 groups 2";

/// Asks each question and prints what became of it.
fn asked(world: &World, questions: &[&str], expected: Expect) {
    let program = compile(world);
    let simulator = Simulator::new(&program);
    let mut text = String::new();
    for words in questions {
        let question = Question::new(words);
        let outcome = simulator.ask(question.namespace(), question.packet(world));
        text += &format!("{words}\n  {}\n", outcome.to_string().replace("; the answer", "\n  answer"));
    }
    expected.assert_eq(&text);
}

const S3: &str = "2 tcp:443 52.216.1.1";

#[test]
fn a_private_instance_reaches_s3_only_through_its_endpoint() {
    let questions = ["1 tcp:443 52.216.1.1", S3, "1 tcp:22 10.0.2.5", "2 tcp:22 10.0.1.5", "2 udp:53 10.0.0.2"];
    asked(
        &world(LAB),
        &questions,
        expect![[r#"
        1 tcp:443 52.216.1.1
          delivered to Listener(DoorTls) in internet as tcp 3.0.0.5:40000 > 52.216.1.1:443
          answer delivered to Guest in i-00000000000000001 as tcp 52.216.1.1:443 > 10.0.1.5:40000
        2 tcp:443 52.216.1.1
          dropped in vpc-00000000000000001 at route 0.0.0.0/0 of table 50
        1 tcp:22 10.0.2.5
          delivered to Guest in i-00000000000000002 as tcp 10.0.1.5:40000 > 10.0.2.5:22
          answer delivered to Guest in i-00000000000000001 as tcp 10.0.2.5:22 > 10.0.1.5:40000
        2 tcp:22 10.0.1.5
          delivered to Guest in i-00000000000000001 as tcp 10.0.2.5:40000 > 10.0.1.5:22
          answer delivered to Guest in i-00000000000000002 as tcp 10.0.1.5:22 > 10.0.2.5:40000
        2 udp:53 10.0.0.2
          delivered to Listener(Resolver) in vpc-00000000000000001 as udp 10.0.2.5:40000 > 10.0.0.2:53
          answer delivered to Guest in i-00000000000000002 as udp 10.0.0.2:53 > 10.0.2.5:40000
    "#]],
    );
    let with_endpoint = world(&format!("{LAB}\nendpoint 1 vpc 1 s3 tables 1"));
    asked(
        &with_endpoint,
        &["1 tcp:443 52.216.1.1", S3, "2 tcp:22 52.216.1.1", "2 ping 93.184.215.14"],
        expect![[r#"
            1 tcp:443 52.216.1.1
              delivered to Listener(DoorTls) in internet as tcp 3.0.0.5:40000 > 52.216.1.1:443
              answer delivered to Guest in i-00000000000000001 as tcp 52.216.1.1:443 > 10.0.1.5:40000
            2 tcp:443 52.216.1.1
              delivered to Listener(DoorTls) in vpc-00000000000000001 as tcp 10.0.2.5:40000 > 52.216.1.1:443
              answer delivered to Guest in i-00000000000000002 as tcp 52.216.1.1:443 > 10.0.2.5:40000
            2 tcp:22 52.216.1.1
              dropped in vpc-00000000000000001 at chain c_in: endpoint serves TCP 443, and 80 where its service does
            2 ping 93.184.215.14
              dropped in vpc-00000000000000001 at route 0.0.0.0/0 of table 50
        "#]],
    );
}

#[test]
fn every_wrong_turn_has_its_own_words() {
    let endpoint = "endpoint 1 vpc 1 s3 tables 1";
    let on_the_wrong_table = world(&format!("{LAB}\nendpoint 1 vpc 1 s3 tables 2"));
    asked(
        &on_the_wrong_table,
        &[S3],
        expect![[r#"
        2 tcp:443 52.216.1.1
          dropped in vpc-00000000000000001 at route 0.0.0.0/0 of table 50
    "#]],
    );
    let no_egress = world(&format!("{LAB}\n{endpoint}").replace("rule 2 out all", "rule 2 out tcp:80"));
    asked(
        &no_egress,
        &[S3],
        expect![[r#"
        2 tcp:443 52.216.1.1
          dropped in vpc-00000000000000001 at chain c_sg_out_00000000000000002: security_group_out sg-00000000000000002
    "#]],
    );
    let no_ephemeral_ports = "
        acl 1 vpc 1 subnets 2
        entry 1 100 out allow tcp:443 0.0.0.0/0
        entry 1 100 in allow tcp:443 0.0.0.0/0";
    asked(
        &world(&format!("{LAB}\n{endpoint}\n{no_ephemeral_ports}")),
        &[S3],
        expect![[r#"
        2 tcp:443 52.216.1.1
          delivered to Listener(DoorTls) in vpc-00000000000000001 as tcp 10.0.2.5:40000 > 52.216.1.1:443
          answer dropped in vpc-00000000000000001 at chain c_acl_in_00000000000000001: network_acl_in acl-00000000000000001 *
    "#]],
    );
    let closed = "
        acl 1 vpc 1 subnets 2
        entry 1 90 out deny tcp:443 52.216.0.0/15
        entry 1 100 out allow all 0.0.0.0/0
        entry 1 100 in allow all 0.0.0.0/0";
    asked(
        &world(&format!("{LAB}\n{endpoint}\n{closed}")),
        &[S3, "2 tcp:80 52.216.1.1"],
        expect![[r#"
        2 tcp:443 52.216.1.1
          dropped in vpc-00000000000000001 at chain c_acl_out_00000000000000001: network_acl_out acl-00000000000000001 90
        2 tcp:80 52.216.1.1
          delivered to Listener(DoorPlain) in vpc-00000000000000001 as tcp 10.0.2.5:40000 > 52.216.1.1:80
          answer delivered to Guest in i-00000000000000002 as tcp 52.216.1.1:80 > 10.0.2.5:40000
    "#]],
    );
    let without_names = LAB.replace("10.0.0.0/16\n", "10.0.0.0/16 no-dns\n");
    asked(
        &world(&without_names),
        &["2 udp:53 10.0.0.2", "2 tcp:80 169.254.169.254"],
        expect![[r#"
        2 udp:53 10.0.0.2
          dropped in vpc-00000000000000001 at chain c_in: service not served at the router's address
        2 tcp:80 169.254.169.254
          delivered to Listener(Metadata) in vpc-00000000000000001 as tcp 10.0.2.5:40000 > 169.254.169.254:80
          answer delivered to Guest in i-00000000000000002 as tcp 169.254.169.254:80 > 10.0.2.5:40000
    "#]],
    );
}

#[test]
fn nat_gateways_and_public_addresses() {
    let nat = "nat 1 subnet 1 10.0.1.9 public 3.0.0.9\nroute 1 0.0.0.0/0 nat:1";
    let asks =
        ["2 tcp:80 93.184.215.14", "2 tcp:443 3.0.0.5", "2 tcp:22 3.0.0.5", "1 tcp:22 3.0.0.5", "1 tcp:22 3.0.0.9"];
    asked(
        &world(&format!("{LAB}\n{nat}")),
        &asks,
        expect![[r#"
        2 tcp:80 93.184.215.14
          delivered to Listener(Site) in internet as tcp 3.0.0.9:40000 > 93.184.215.14:80
          answer delivered to Guest in i-00000000000000002 as tcp 93.184.215.14:80 > 10.0.2.5:40000
        2 tcp:443 3.0.0.5
          dropped in vpc-00000000000000001 at chain c_sg_in_00000000000000001: security_group_in sg-00000000000000001
        2 tcp:22 3.0.0.5
          delivered to Guest in i-00000000000000001 as tcp 3.0.0.9:40000 > 10.0.1.5:22
          answer delivered to Guest in i-00000000000000002 as tcp 3.0.0.5:22 > 10.0.2.5:40000
        1 tcp:22 3.0.0.5
          delivered to Guest in i-00000000000000001 as tcp 3.0.0.5:40000 > 10.0.1.5:22
          answer delivered to Guest in i-00000000000000001 as tcp 3.0.0.5:22 > 10.0.1.5:40000
        1 tcp:22 3.0.0.9
          dropped in nat-00000000000000001 at chain c_in: nat_gateway nat-00000000000000001 nobody asked for it
    "#]],
    );
}

#[test]
fn a_vpc_compiles_alone() {
    let world = world(&format!(
        "{LAB}
        vpc 2 10.0.0.0/16 in eu-west-1
        subnet 9 vpc 2 10.0.1.0/24
        igw 2 vpc 2
        group 9 vpc 2
        instance 9 subnet 9 10.0.1.5 groups 9 public 3.0.0.6"
    ));
    let whole = compile(&world);
    let parts =
        [compile_internet(&world), compile_vpc(&world, VpcId::from_bits(1)), compile_vpc(&world, VpcId::from_bits(2))];
    assert_eq!(parts.iter().map(|p| p.parts.len()).sum::<usize>(), whole.parts.len());
    for part in &parts {
        assert!(part.parts.iter().all(|(key, part)| whole.parts.get(key) == Some(part)));
    }
    assert!(compile_vpc(&world, VpcId::from_bits(3)).parts.is_empty());
}

#[test]
fn an_instance_that_starts_adds_its_own_parts_and_replaces_one_ruleset() {
    let after = world(LAB);
    let mut before = after.clone();
    let mut instance = before.instances[&InstanceId::from_bits(2)].clone();
    instance.state = InstanceState::Pending;
    before.apply(Change::Put(Box::new(instance.into())));
    let vpc = VpcId::from_bits(1);
    let steps = diff(&compile_vpc(&before, vpc), &compile_vpc(&after, vpc));
    let words: Vec<String> = steps
        .iter()
        .map(|step| match step {
            Step::Add(key, _) => format!("add {} {key}", key.namespace()),
            Step::Replace(key, _) => format!("replace {} {key}", key.namespace()),
            Step::Remove(key) => format!("remove {} {key}", key.namespace()),
        })
        .collect();
    expect![[r#"
        add vpc-00000000000000001 link eni000000000002
        replace vpc-00000000000000001 ruleset
        add i-00000000000000002 address ens5 10.0.2.5
        add vpc-00000000000000001 route table 50 10.0.2.5/32
        add i-00000000000000002 route table 254 0.0.0.0/0"#]]
    .assert_eq(&words.join("\n"));
    assert_eq!(compile_internet(&before), compile_internet(&after));
}

#[test]
fn a_deleted_vpc_leaves_nothing() {
    let before = compile(&world(LAB));
    let after = compile(&world(""));
    let kept = postern_program::apply_to(before.clone(), &diff(&before, &after));
    assert_eq!(kept, after);
    assert!(kept.parts.keys().all(|key| key.namespace() == Namespace::Internet));
    assert!(!kept.parts.keys().any(|key| matches!(key, Key::Link(..))));
}

/// The client's group lets it speak to the endpoint's group, and that one listens to the client's. Whatever is missing, the
/// connection does not come about.
#[test]
fn an_interface_endpoint_is_reached_past_both_groups_and_both_acls() {
    const ENDPOINT: &str = "
        vpc 1 10.0.0.0/16
        subnet 1 vpc 1 10.0.1.0/24
        subnet 2 vpc 1 10.0.2.0/24
        group 1 vpc 1
        group 2 vpc 1
        rule 1 out tcp:443 group:2
        instance 1 subnet 1 10.0.1.5 groups 1
        interface-endpoint 1 vpc 1 sts groups 2 at 1 10.0.1.9 2 10.0.2.9
        interface-endpoint 2 vpc 1 s3 groups 2 at 2 10.0.2.10";
    const LISTENS: &str = "rule 2 in tcp:443 group:1";
    const ALL: &str = "rule 2 in all 0.0.0.0/0\nrule 1 out all 0.0.0.0/0";
    const ACL: &str = "acl 2 vpc 1 subnets 2\nentry 2 100 in allow tcp:443 0.0.0.0/0";
    const EPHEMERAL: &str = "entry 2 100 out allow tcp:1024-65535 10.0.1.0/24";
    let cases: &[(&[&str], &str, bool, &str)] = &[
        (&[], "1 tcp:443 10.0.1.9", false, "no rule lets the client in"),
        (&[LISTENS], "1 tcp:443 10.0.1.9", true, "the endpoint's group listens to the client's"),
        (&[LISTENS], "1 tcp:443 10.0.2.9", true, "in another zone too"),
        (&[ALL], "1 tcp:80 10.0.2.10", true, "S3 answers on port 80"),
        (&[ALL], "1 tcp:80 10.0.1.9", false, "STS does not"),
        (&[ALL], "1 tcp:22 10.0.1.9", false, "nothing else is there"),
        (&[ALL], "1 ping 10.0.1.9", false, "an endpoint answers no echo"),
        (&[LISTENS, ACL], "1 tcp:443 10.0.2.9", false, "the answer leaves by an ephemeral port"),
        (&[LISTENS, ACL, EPHEMERAL], "1 tcp:443 10.0.2.9", true, "which the ACL now lets out"),
        (&[LISTENS, ACL], "1 tcp:443 10.0.1.9", true, "no border within a subnet"),
    ];
    for (more, question, wanted, why) in cases {
        let text = format!("{ENDPOINT}\n{}", more.join("\n"));
        let world = world(&text);
        let question = Question::new(question);
        let outcome = simulate(&compile(&world), question.namespace(), question.packet(&world));
        assert_eq!(outcome.is_answered, *wanted, "{question}: {why}: {outcome}");
        assert_eq!(answer(&outcome), plain(&world, question), "{question}");
    }
}
