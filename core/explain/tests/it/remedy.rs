//! Wrong turns, what is said of them, and what would mend them.

use postern_explain::*;
use postern_model::World;
use postern_names::{InstanceId, Stop};
use postern_worlds::world;

const S3: &str = "s3.us-east-1.amazonaws.com:443";

/// A VPC with a closed subnet; the text adds to it.
fn with(more: &str) -> World {
    world(&format!(
        "vpc 1 10.0.0.0/16
        subnet 1 vpc 1 10.0.1.0/24
        subnet 2 vpc 1 10.0.2.0/24
        table 1 vpc 1 main
        group 1 vpc 1
        group 2 vpc 1
        rule 1 out all 0.0.0.0/0
        instance 1 subnet 1 10.0.1.5 groups 1
        instance 2 subnet 2 10.0.2.5 groups 2
        {more}"
    ))
}

fn asked(to: &str) -> Question {
    let (to, port) = Target::parse(to).unwrap();
    let what = port.map_or(What::Ping, What::Tcp);
    Question { from: Source::Instance(InstanceId::from_bits(1)), to, what }
}

/// The stop that bars the way, and the commands of the first remedy.
fn first(world: &World, to: &str) -> (Option<Stop>, Vec<String>) {
    let question = asked(to);
    let trace = Ground::new(world).explain(&question, &Listening::new());
    let found = remedies(world, &question, &Listening::new());
    (trace.barred_at().map(|bar| bar.stop), found.into_iter().next().map(|r| r.commands).unwrap_or_default())
}

fn is_mended(world: &World, to: &str, stop: Stop, commands: &[&str]) {
    let (barred, found) = first(world, to);
    assert_eq!(barred, Some(stop));
    assert_eq!(found, commands);
}

#[test]
fn s3_needs_a_way() {
    is_mended(
        &with(""),
        S3,
        Stop::RouteTable,
        &["aws ec2 create-vpc-endpoint --vpc-id vpc-00000000000000001 --service-name com.amazonaws.us-east-1.s3 \
           --route-table-ids rtb-00000000000000001"],
    );
    is_mended(
        &with("table 2 vpc 1 subnets 2\nendpoint 1 vpc 1 s3 tables 2"),
        S3,
        Stop::RouteTable,
        &["aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-00000000000000001 --add-route-table-ids \
           rtb-00000000000000001"],
    );
}

#[test]
fn a_group_gets_the_narrowest_rule() {
    is_mended(
        &with(""),
        "i-00000000000000002:22",
        Stop::SecurityGroupIn,
        &["aws ec2 authorize-security-group-ingress --group-id sg-00000000000000002 --protocol tcp --port 22 \
           --source-group sg-00000000000000001"],
    );
}

#[test]
fn an_acl_gets_an_entry_in_front_and_one_for_answers() {
    let acl = "acl 1 vpc 1 subnets 1
        entry 1 50 out deny tcp:22 0.0.0.0/0
        entry 1 100 out allow all 0.0.0.0/0
        rule 2 in all 0.0.0.0/0";
    is_mended(
        &with(acl),
        "i-00000000000000002:22",
        Stop::NetworkAclOut,
        &[
            "aws ec2 create-network-acl-entry --network-acl-id acl-00000000000000001 --egress --rule-number 49 \
             --protocol 6 --port-range From=22,To=22 --cidr-block 10.0.2.5/32 --rule-action allow",
            "aws ec2 create-network-acl-entry --network-acl-id acl-00000000000000001 --ingress --rule-number 100 \
             --protocol 6 --port-range From=1024,To=65535 --cidr-block 10.0.2.5/32 --rule-action allow",
        ],
    );
}

#[test]
fn a_stopped_instance_is_started() {
    let text = "rule 2 in all 0.0.0.0/0\ninstance 3 subnet 2 10.0.2.6 groups 2 stopped";
    let start = ["aws ec2 start-instances --instance-ids i-00000000000000003"];
    is_mended(&with(text), "10.0.2.6:22", Stop::Instance, &start);
}

#[test]
fn what_no_command_opens_gets_none() {
    assert_eq!(first(&with(""), "10.0.2.99:22"), (Some(Stop::Instance), vec![]));
    let deaf = Listening::from([(InstanceId::from_bits(2), [What::Tcp(80)].into())]);
    let world = with("rule 2 in all 0.0.0.0/0");
    let question = asked("i-00000000000000002:22");
    let trace = Ground::new(&world).explain(&question, &deaf);
    assert_eq!(trace.barred_at().and_then(|bar| bar.cause), Some(Cause::NoListener));
    assert_eq!(remedies(&world, &question, &deaf), vec![]);
    assert!(Ground::new(&world).explain(&asked("i-00000000000000002:80"), &deaf).is_answered);
}

/// Everything that bars the way is told, not the first alone.
#[test]
fn what_comes_behind_a_bar_is_told_too() {
    let world = with("group 3 vpc 1\ninstance 3 subnet 1 10.0.1.6 groups 3\nacl 1 vpc 1 subnets 2");
    let question = Question { from: Source::Instance(InstanceId::from_bits(3)), ..asked("i-00000000000000002:22") };
    let trace = Ground::new(&world).explain(&question, &Listening::new());
    let bars: Vec<(Way, Stop)> = trace.bars().map(|bar| (bar.way, bar.stop)).collect();
    let wanted = [
        (Way::Outward, Stop::SecurityGroupOut),
        (Way::Outward, Stop::NetworkAclIn),
        (Way::Outward, Stop::SecurityGroupIn),
        (Way::Back, Stop::NetworkAclOut),
    ];
    assert_eq!(bars, wanted);
}
