//! The whole service on a real store: gate, tokens, dry runs, restarts, other regions.

use async_trait::async_trait;
use postern_call::{Call, Caller, Principal, Refusal};
use postern_control::{InstanceProfile, KeyMaterial, Outside, Quotas};
use postern_ec2::{Converge, Ec2};
use postern_model::{Change, Done};
use postern_names::{AccountId, InstanceId, Region, Via};
use postern_policy::{Ask, Decision, Judge, PolicyKind};
use postern_serve::Service;
use postern_store::Store;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use time::OffsetDateTime;

/// Numbers in order, well mixed, so that ids differ.
struct Counter(AtomicU64);

impl Outside for Counter {
    fn bits(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
    fn instance_profile(&self, account: AccountId, name: &str) -> Option<InstanceProfile> {
        let arn = format!("arn:aws:iam::{account}:instance-profile/{name}");
        let role = format!("arn:aws:iam::{account}:role/{name}");
        (name == "app").then(|| InstanceProfile { arn, id: "AIPAEXAMPLE".into(), role: Some(role) })
    }
    /// As slow as a real one.
    fn make_key(&self, key_type: &str, comment: &str) -> Result<KeyMaterial, String> {
        std::thread::sleep(Duration::from_millis(200));
        Ok(KeyMaterial {
            key_type: key_type.into(),
            private_pem: Some("PRIVATE".into()),
            public_line: format!("ssh-rsa AAAA {comment}"),
            fingerprint: "00".into(),
        })
    }
    fn read_public_key(&self, _: &str) -> Option<KeyMaterial> {
        None
    }
    fn console(&self, _: InstanceId) -> Option<Vec<u8>> {
        None
    }
    fn readable_accounts(&self, _: AccountId) -> BTreeSet<AccountId> {
        BTreeSet::new()
    }
    fn trust_analyzer(&self, _: AccountId, _: bool) -> Result<(), Refusal> {
        Err(Refusal::new("OperationNotPermitted", "Your account is not a member of an organization."))
    }
}

/// Denies what its list names, by action and resource; writes down what it was asked.
#[derive(Default)]
struct Gate {
    denied: Mutex<Vec<(String, String)>>,
    asked: Mutex<Vec<(String, String)>>,
    keys: Mutex<Vec<(String, postern_policy::Keys)>>,
}

impl Judge for Gate {
    fn judge(&self, ask: &Ask<'_>) -> Decision {
        assert_eq!(postern_policy::table::flaw(ask), None, "{ask:?}");
        self.asked.lock().unwrap().push((ask.action.to_owned(), ask.resource.to_owned()));
        self.keys.lock().unwrap().push((format!("{} {}", ask.action, ask.resource), ask.keys.clone()));
        let denied = self.denied.lock().unwrap();
        match denied.iter().any(|(action, part)| action == ask.action && ask.resource.contains(part.as_str())) {
            true => Decision::ImplicitDeny { missing: PolicyKind::Identity, nearly: Vec::new() },
            false => Decision::Allow { by: Vec::new() },
        }
    }
    fn sealed(&self, ask: &Ask<'_>, _: &Decision) -> Option<String> {
        (ask.action == "ec2:RunInstances" || ask.action == "ec2:DescribeVpcs").then(|| "SEALED".to_owned())
    }
}

impl Gate {
    /// The keys of each question since the last look, by resource.
    fn keys(&self) -> Vec<(String, postern_policy::Keys)> {
        std::mem::take(&mut *self.keys.lock().unwrap())
    }
}

/// Writes down what it was told to bring about, at its leisure.
#[derive(Default)]
struct Plane(Mutex<Vec<Vec<Change>>>, AtomicU64);

#[async_trait]
impl Converge for Plane {
    async fn converge(&self, done: &[Done]) -> Result<(), Refusal> {
        tokio::time::sleep(Duration::from_millis(self.1.load(Ordering::SeqCst))).await;
        self.0.lock().unwrap().push(done.iter().map(|done| done.change.clone()).collect());
        Ok(())
    }
}

struct Rig {
    ec2: Ec2,
    gate: Arc<Gate>,
    plane: Arc<Plane>,
}

fn open(directory: &Path) -> Rig {
    let (gate, plane) = (Arc::new(Gate::default()), Arc::new(Plane::default()));
    let store = Arc::new(Store::open(&directory.join("state.db")).unwrap());
    let start = OffsetDateTime::now_utc().unix_timestamp_nanos() as u64;
    let ec2 =
        Ec2::open(store, gate.clone(), Quotas::default(), Arc::new(Counter(AtomicU64::new(start))), plane.clone())
            .unwrap();
    Rig { ec2, gate, plane }
}

impl Rig {
    async fn call_in(&self, region: &str, operation: &str, input: Value) -> Result<Value, Refusal> {
        let call = Call {
            service: "ec2",
            operation: operation.to_owned(),
            input,
            region: Region::new(region),
            caller: Caller::of(Principal::Root { account: AccountId::DEFAULT }),
            via: Via::Host { peer: "127.0.0.1".parse().unwrap() },
            request_id: "r".to_owned(),
            now: OffsetDateTime::now_utc(),
            secure: true,
            user_agent: None,
        };
        self.ec2.call(call).await
    }
    async fn call(&self, operation: &str, input: Value) -> Result<Value, Refusal> {
        self.call_in("us-east-1", operation, input).await
    }
    async fn refusal(&self, operation: &str, input: Value) -> Refusal {
        self.call(operation, input).await.expect_err("refused")
    }
}

fn list(reply: &Value, member: &str) -> Vec<Value> {
    reply[member].as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_world_is_the_same_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    let vpc = rig.call("CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" })).await.unwrap()["Vpc"]["VpcId"].clone();
    let doomed = rig.call("CreateVpc", json!({ "CidrBlock": "10.1.0.0/16" })).await.unwrap()["Vpc"]["VpcId"].clone();
    rig.call("CreateSubnet", json!({ "VpcId": vpc, "CidrBlock": "10.0.1.0/24" })).await.unwrap();
    rig.call("DeleteVpc", json!({ "VpcId": doomed })).await.unwrap();
    let before = rig.ec2.world().read().unwrap().entities();
    drop(rig);
    let rig = open(directory.path());
    assert_eq!(rig.ec2.world().read().unwrap().entities(), before);
    let gone = rig.refusal("DescribeVpcs", json!({ "VpcIds": [doomed] })).await;
    assert_eq!(gone.code, "InvalidVpcID.NotFound");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_gets_its_default_vpc_at_first_use_and_never_again() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    let vpcs = rig.call_in("eu-west-1", "DescribeVpcs", json!({})).await.unwrap();
    let vpc = list(&vpcs, "Vpcs")[0].clone();
    assert_eq!((vpc["IsDefault"].clone(), vpc["CidrBlock"].clone()), (json!(true), json!("172.31.0.0/16")));
    let subnets = rig.call_in("eu-west-1", "DescribeSubnets", json!({})).await.unwrap();
    assert_eq!(list(&subnets, "Subnets").len(), 3);
    assert_eq!(list(&rig.call("DescribeSubnets", json!({})).await.unwrap(), "Subnets").len(), 6);
    assert_eq!(rig.plane.0.lock().unwrap().len(), 2, "each region's beginnings were brought about");

    for subnet in list(&subnets, "Subnets") {
        rig.call_in("eu-west-1", "DeleteSubnet", json!({ "SubnetId": subnet["SubnetId"] })).await.unwrap();
    }
    let gateways = rig.call_in("eu-west-1", "DescribeInternetGateways", json!({})).await.unwrap();
    let gateway = list(&gateways, "InternetGateways")[0]["InternetGatewayId"].clone();
    let detach = json!({ "InternetGatewayId": gateway, "VpcId": vpc["VpcId"] });
    rig.call_in("eu-west-1", "DetachInternetGateway", detach).await.unwrap();
    rig.call_in("eu-west-1", "DeleteVpc", json!({ "VpcId": vpc["VpcId"] })).await.unwrap();
    drop(rig);
    let rig = open(directory.path());
    assert!(list(&rig.call_in("eu-west-1", "DescribeVpcs", json!({})).await.unwrap(), "Vpcs").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_makes_one_thing_across_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    let vpc = rig.call("CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" })).await.unwrap()["Vpc"]["VpcId"].clone();
    let create = json!({ "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "ClientToken": "once" });
    let first = rig.call("CreateVpcEndpoint", create.clone()).await.unwrap();
    assert_eq!(first["ClientToken"], "once");
    drop(rig);
    let rig = open(directory.path());
    assert_eq!(rig.call("CreateVpcEndpoint", create.clone()).await.unwrap(), first);
    assert_eq!(list(&rig.call("DescribeVpcEndpoints", json!({})).await.unwrap(), "VpcEndpoints").len(), 1);
    let mut dry = create.clone();
    dry["DryRun"] = json!(true);
    assert_eq!(rig.refusal("CreateVpcEndpoint", dry).await.code, "DryRunOperation");
    let mut other = create.clone();
    other["ServiceName"] = json!("com.amazonaws.us-east-1.dynamodb");
    assert_eq!(rig.refusal("CreateVpcEndpoint", other).await.code, "IdempotentParameterMismatch");
    let mut long = create;
    long["ClientToken"] = json!("x".repeat(65));
    assert_eq!(rig.refusal("CreateVpcEndpoint", long).await.code, "InvalidParameterValue");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    rig.call("DescribeVpcs", json!({})).await.unwrap();
    let before = rig.ec2.world().read().unwrap().entities();
    let refusal = rig.refusal("CreateVpc", json!({ "CidrBlock": "10.0.0.0/16", "DryRun": true })).await;
    assert_eq!((refusal.code.as_str(), refusal.status), ("DryRunOperation", 412));
    let refusal = rig.refusal("CreateVpc", json!({ "CidrBlock": "10.0.0.0/8", "DryRun": true })).await;
    assert_eq!(refusal.code, "InvalidVpc.Range");
    assert_eq!(rig.ec2.world().read().unwrap().entities(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_resource_of_a_call_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    let vpc = rig.call("CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" })).await.unwrap()["Vpc"]["VpcId"].clone();
    let table =
        rig.call("CreateRouteTable", json!({ "VpcId": vpc })).await.unwrap()["RouteTable"]["RouteTableId"].clone();
    rig.gate.asked.lock().unwrap().clear();
    let create = json!({
        "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table],
        "TagSpecifications": [{ "ResourceType": "vpc-endpoint", "Tags": [{ "Key": "a", "Value": "b" }] }],
    });
    rig.call("CreateVpcEndpoint", create.clone()).await.unwrap();
    let arn = |resource: &str| format!("arn:aws:ec2:us-east-1:123456789012:{resource}");
    let (vpc, table) = (vpc.as_str().unwrap(), table.as_str().unwrap());
    let asked: Vec<(String, String)> = rig.gate.asked.lock().unwrap().clone();
    let wanted = [
        ("ec2:CreateVpcEndpoint", arn(&format!("route-table/{table}"))),
        ("ec2:CreateVpcEndpoint", arn(&format!("vpc/{vpc}"))),
        ("ec2:CreateVpcEndpoint", arn("vpc-endpoint/*")),
        ("ec2:CreateTags", arn("vpc-endpoint/*")),
    ];
    assert_eq!(asked, wanted.map(|(action, arn)| (action.to_owned(), arn)));

    rig.gate.denied.lock().unwrap().push(("ec2:CreateVpcEndpoint".into(), "route-table/".into()));
    let refusal = rig.refusal("CreateVpcEndpoint", create).await;
    assert_eq!((refusal.code.as_str(), refusal.status), ("UnauthorizedOperation", 403));
    assert_eq!(
        refusal.message,
        format!(
            "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:root is not authorized \
             to perform: ec2:CreateVpcEndpoint on resource: {} because no identity-based policy allows the \
             ec2:CreateVpcEndpoint action",
            arn(&format!("route-table/{table}"))
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_is_asked_for_on_each_of_its_resources() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    rig.call("CreateKeyPair", json!({ "KeyName": "mine" })).await.unwrap();
    let subnets = rig.call("DescribeSubnets", json!({})).await.unwrap();
    let subnet = list(&subnets, "Subnets").into_iter().find(|s| s["AvailabilityZone"] == "us-east-1b").unwrap();
    let groups = rig.call("DescribeSecurityGroups", json!({})).await.unwrap();
    let (subnet, group) = (subnet["SubnetId"].as_str().unwrap(), list(&groups, "SecurityGroups")[0]["GroupId"].clone());
    rig.call("CreateTags", json!({ "Resources": [subnet], "Tags": [{ "Key": "Tier", "Value": "db" }] })).await.unwrap();
    rig.gate.keys();
    let tags = |word: &str, value: &str| json!({ "ResourceType": word, "Tags": [{ "Key": "Team", "Value": value }] });
    let run = json!({
        "MinCount": 1, "MaxCount": 1, "ImageId": "ami-00000001", "InstanceType": "t3.micro", "KeyName": "mine",
        "Placement": { "AvailabilityZone": "us-east-1b" }, "IamInstanceProfile": { "Name": "app" },
        "MetadataOptions": { "HttpTokens": "required" },
        "TagSpecifications": [tags("instance", "a"), tags("volume", "b")],
    });
    rig.call("RunInstances", run.clone()).await.unwrap();
    let arn = |resource: &str| format!("arn:aws:ec2:us-east-1:123456789012:{resource}");
    let asked = rig.gate.keys();
    let run_on = |arn: String| format!("ec2:RunInstances {arn}");
    let names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
    let wanted = [
        run_on("arn:aws:ec2:us-east-1::image/ami-00000001".into()),
        run_on(arn("instance/*")),
        run_on(arn("key-pair/mine")),
        run_on(arn("network-interface/*")),
        run_on(arn(&format!("security-group/{}", group.as_str().unwrap()))),
        run_on(arn(&format!("subnet/{subnet}"))),
        run_on(arn("volume/*")),
        format!("ec2:CreateTags {}", arn("instance/*")),
        format!("ec2:CreateTags {}", arn("volume/*")),
        "iam:PassRole arn:aws:iam::123456789012:role/app".to_owned(),
    ];
    assert_eq!(names, wanted);
    let key = |place: usize, name: &str| asked[place].1.get(name).map(|values| values.join(","));
    let said = |text: &str| Some(text.to_owned());
    assert_eq!(key(0, "ec2:owner"), said("amazon"));
    assert_eq!(key(1, "ec2:instancetype"), said("t3.micro"));
    assert_eq!(key(1, "ec2:metadatahttptokens"), said("required"));
    assert_eq!(key(1, "ec2:instanceprofile"), said("arn:aws:iam::123456789012:instance-profile/app"));
    assert_eq!(key(1, "ec2:availabilityzone"), said("us-east-1b"));
    assert_eq!((key(1, "aws:requesttag/team"), key(6, "aws:requesttag/team")), (said("a"), said("b")));
    assert_eq!((key(3, "aws:requesttag/team"), key(5, "aws:requesttag/team")), (None, None));
    assert_eq!(key(3, "ec2:subnet"), said(&arn(&format!("subnet/{subnet}"))));
    assert!(key(4, "ec2:vpc").unwrap().starts_with(&arn("vpc/vpc-")));
    assert_eq!((key(5, "aws:resourcetag/tier"), key(5, "ec2:resourcetag/tier")), (said("db"), said("db")));
    assert_eq!((key(7, "ec2:createaction"), key(8, "aws:tagkeys")), (said("RunInstances"), said("Team")));
    assert_eq!(key(9, "iam:passedtoservice"), said("ec2.amazonaws.com"));
    assert!(asked.iter().take(9).all(|(_, keys)| keys["ec2:region"] == ["us-east-1"]));

    for (part, action) in [("volume/", "ec2:RunInstances"), ("", "ec2:DescribeVpcs")] {
        rig.gate.denied.lock().unwrap().push((action.into(), part.into()));
    }
    let refusal = rig.refusal("RunInstances", run).await;
    let end = "allows the ec2:RunInstances action. Encoded authorization failure message: SEALED";
    assert!(refusal.message.ends_with(end), "{}", refusal.message);
    assert!(!rig.refusal("DescribeVpcs", json!({})).await.message.contains("Encoded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn things_called_by_name_or_left_out_are_found() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    let group = rig.call("CreateSecurityGroup", json!({ "GroupName": "web", "Description": "d" })).await.unwrap();
    let group = group["GroupId"].as_str().unwrap().to_owned();
    let address = rig.call("AllocateAddress", json!({})).await.unwrap();
    rig.gate.asked.lock().unwrap().clear();
    let rule =
        json!([{ "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{ "GroupId": group }] }]);
    rig.call("AuthorizeSecurityGroupIngress", json!({ "GroupName": "web", "IpPermissions": rule })).await.unwrap();
    rig.call("DeleteSecurityGroup", json!({ "GroupName": "web" })).await.unwrap();
    rig.call("ReleaseAddress", json!({ "AllocationId": address["AllocationId"] })).await.unwrap();
    let arn = |resource: String| format!("arn:aws:ec2:us-east-1:123456789012:{resource}");
    let asked = rig.gate.asked.lock().unwrap().clone();
    assert_eq!(asked[0].1, arn(format!("security-group/{group}")));
    assert_eq!(asked[1].1, arn(format!("security-group/{group}")));
    assert_eq!(asked[2].1, arn(format!("elastic-ip/{}", address["AllocationId"].as_str().unwrap())));
    assert_eq!(asked.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_an_action_of_ec2s_own_table() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    let table = postern_policy::table::service("ec2").unwrap();
    for operation in rig.ec2.operations() {
        assert!(table.action(operation).is_some_and(|action| action.name == operation), "{operation}");
        // A request without anything in it is asked about as well; the test's gate looks at the question.
        let _ = rig.call(operation, json!({ "DryRun": true })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_can_be_given_only_by_who_may_pass_it() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    rig.gate.denied.lock().unwrap().push(("iam:PassRole".into(), "role/app".into()));
    let run =
        json!({ "MinCount": 1, "MaxCount": 1, "ImageId": "ami-00000001", "IamInstanceProfile": { "Name": "app" } });
    let refusal = rig.refusal("RunInstances", run).await;
    assert_eq!(
        (refusal.code.as_str(), refusal.message.as_str()),
        (
            "UnauthorizedOperation",
            "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:root is not authorized \
             to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/app because no identity-based policy \
             allows the iam:PassRole action"
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_served_and_who_is_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    let refusal = rig.refusal("CreateCapacityReservation", json!({})).await;
    assert_eq!(refusal.code, "InvalidAction");
    assert!(refusal.hint.unwrap().contains("docs/coverage.md"));
    let refusal = rig.call_in("../../etc", "DescribeVpcs", json!({})).await.expect_err("refused");
    assert_eq!(refusal.code, "AuthFailure");
    assert_eq!(rig.refusal("DescribeVpcs", json!({ "VpcIds": ["vpc-x"] })).await.code, "InvalidVpcID.Malformed");
    assert!(rig.ec2.operations().contains(&"CreateVpcEndpoint"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inner_change_is_kept_and_brought_about() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    rig.ec2.seed_account(AccountId::DEFAULT, &Region::new("us-east-1")).await.unwrap();
    let refused: Result<(), Refusal> = rig
        .ec2
        .change(|draft| {
            let all: Vec<_> = draft.vpcs.keys().copied().collect();
            all.into_iter().for_each(|vpc| draft.remove(vpc));
            Err(Refusal::new("No", "no"))
        })
        .await;
    assert!(refused.is_err());
    let count = rig
        .ec2
        .change(|draft| {
            let mut vpc = draft.vpcs.values().next().cloned().ok_or_else(|| Refusal::internal("rolled back"))?;
            vpc.tags.insert("made".into(), "inside".into());
            draft.put(vpc);
            Ok(draft.vpcs.len())
        })
        .await
        .unwrap();
    assert_eq!(count, 1);
    assert_eq!(rig.plane.0.lock().unwrap().last().unwrap().len(), 1);
    drop(rig);
    let world = open(directory.path()).ec2.world();
    assert_eq!(world.read().unwrap().vpcs.values().next().unwrap().tags["made"], "inside");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_at_once_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let rig = Arc::new(open(directory.path()));
    let callers: Vec<_> = (0..64)
        .map(|n| {
            let rig = rig.clone();
            tokio::spawn(async move { rig.call("CreateVpc", json!({ "CidrBlock": format!("10.{n}.0.0/16") })).await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    let before = rig.ec2.world().read().unwrap().entities();
    drop(rig);
    let rig = open(directory.path());
    assert_eq!(rig.ec2.world().read().unwrap().entities(), before);
    assert_eq!(list(&rig.call("DescribeVpcs", json!({})).await.unwrap(), "Vpcs").len(), 65);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_stops_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    rig.call("DescribeVpcs", json!({})).await.unwrap();
    rig.plane.1.store(100, Ordering::SeqCst);
    let create = rig.call("CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" }));
    tokio::time::timeout(Duration::from_millis(30), create).await.expect_err("the client hung up");
    assert_eq!(rig.plane.0.lock().unwrap().len(), 1, "not yet");
    let brought_about = async {
        while rig.plane.0.lock().unwrap().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), brought_about).await.expect("brought about all the same");
    let before = rig.ec2.world().read().unwrap().entities();
    drop(rig);
    assert_eq!(open(directory.path()).ec2.world().read().unwrap().entities(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_disk_refuses_nothing_more_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let rig = open(directory.path());
    rig.call("DescribeVpcs", json!({})).await.unwrap();
    let before = rig.ec2.world().read().unwrap().entities();
    // Another process holds the database for longer than the writer waits.
    let other = rusqlite::Connection::open(directory.path().join("state.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let refusal = rig.refusal("CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" })).await;
    assert_eq!((refusal.code.as_str(), refusal.status), ("InternalError", 500));
    other.execute_batch("COMMIT").unwrap();
    for (operation, input) in [("CreateVpc", json!({ "CidrBlock": "10.1.0.0/16" })), ("DescribeVpcs", json!({}))] {
        let refusal = rig.refusal(operation, input).await;
        assert_eq!((refusal.code.as_str(), refusal.status), ("Unavailable", 503), "{operation}");
    }
    assert_eq!(rig.plane.0.lock().unwrap().len(), 1, "what is not durable is not brought about");
    drop(rig);
    assert_eq!(open(directory.path()).ec2.world().read().unwrap().entities(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_being_made_holds_nobody_up() {
    let directory = tempfile::tempdir().unwrap();
    let rig = Arc::new(open(directory.path()));
    rig.call("DescribeVpcs", json!({})).await.unwrap();
    let maker = rig.clone();
    let making = tokio::spawn(async move { maker.call("CreateKeyPair", json!({ "KeyName": "k" })).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let start = std::time::Instant::now();
    rig.call("DescribeVpcs", json!({})).await.unwrap();
    assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
    assert!(!making.is_finished());
    let made = making.await.unwrap().unwrap();
    assert_eq!((made["KeyName"].as_str(), made["KeyMaterial"].as_str()), (Some("k"), Some("PRIVATE")));
}
