//! The service through its door: calls as the codec gives them, on a store on disk.

mod random;

use crate::content::CHARACTERS_MAX;
use crate::gate;
use crate::verb::VERBS;
use crate::{AccessRole, Opener, Organizations, OrganizationsService};
use async_trait::async_trait;
use postern_call::{Call, Caller, Principal, Refusal};
use postern_names::{AccountId, Region, Via};
use postern_policy::{Ask, Decision, Judge, table};
use postern_serve::Service;
use postern_store::Store;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use time::OffsetDateTime;

/// Allows everything and keeps what it was asked.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Judge for Heard {
    fn judge(&self, ask: &Ask<'_>) -> Decision {
        self.0.lock().unwrap().push(format!("{} {}", ask.action, ask.resource));
        Decision::Allow { by: Vec::new() }
    }
}

#[derive(Default)]
struct Opened(Mutex<Vec<(AccountId, Option<AccessRole>)>>);

#[async_trait]
impl Opener for Opened {
    async fn open(&self, account: AccountId, access: Option<AccessRole>, _now: OffsetDateTime) -> Result<(), Refusal> {
        self.0.lock().unwrap().push((account, access));
        Ok(())
    }
}

struct Rig {
    organizations: Arc<Organizations>,
    service: OrganizationsService,
    heard: Arc<Heard>,
    opened: Arc<Opened>,
    directory: tempfile::TempDir,
}

fn call(account: &str, operation: &str, input: Value) -> Call {
    Call {
        service: "organizations",
        operation: operation.to_owned(),
        input,
        region: Region::new("us-east-1"),
        caller: Caller::of(Principal::Root { account: account.parse().unwrap() }),
        via: Via::Host { peer: IpAddr::V4(Ipv4Addr::LOCALHOST) },
        request_id: "r".into(),
        now: OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap(),
        secure: true,
        user_agent: None,
    }
}

const OTHER: &str = "999999999999";

impl Rig {
    async fn new() -> Self {
        let rig = Self::on(tempfile::tempdir().unwrap());
        for (id, name) in [(AccountId::DEFAULT, "default"), (OTHER.parse().unwrap(), "other")] {
            rig.organizations.register(id, name, OffsetDateTime::UNIX_EPOCH).await.unwrap();
        }
        rig
    }

    fn on(directory: tempfile::TempDir) -> Self {
        let store = Arc::new(Store::open(&directory.path().join("state.db")).unwrap());
        let organizations = Arc::new(Organizations::open(store).unwrap());
        let (heard, opened) = (Arc::new(Heard::default()), Arc::new(Opened::default()));
        let service = OrganizationsService::new(organizations.clone(), heard.clone(), opened.clone());
        Self { organizations, service, heard, opened, directory }
    }

    async fn by(&self, account: &str, operation: &str, input: Value) -> Result<Value, Refusal> {
        self.service.call(call(account, operation, input)).await
    }

    async fn ask(&self, operation: &str, input: Value) -> Value {
        self.by("123456789012", operation, input).await.unwrap_or_else(|refusal| panic!("{operation}: {refusal}"))
    }

    async fn refused(&self, operation: &str, input: Value) -> String {
        self.by("123456789012", operation, input).await.expect_err(operation).code
    }

    /// An organization with both types of policy in force; gives the root's id.
    async fn organization(&self) -> String {
        self.ask("CreateOrganization", json!({})).await;
        let root = self.ask("ListRoots", json!({})).await["Roots"][0]["Id"].as_str().unwrap().to_owned();
        for kind in ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"] {
            self.ask("EnablePolicyType", json!({ "RootId": root, "PolicyType": kind })).await;
        }
        root
    }

    async fn unit(&self, parent: &str, name: &str) -> String {
        let made = self.ask("CreateOrganizationalUnit", json!({ "ParentId": parent, "Name": name })).await;
        made["OrganizationalUnit"]["Id"].as_str().unwrap().to_owned()
    }

    async fn account(&self, name: &str) -> String {
        let email = format!("{name}@example.org");
        let made = self.ask("CreateAccount", json!({ "AccountName": name, "Email": email })).await;
        assert_eq!(made["CreateAccountStatus"]["State"], "IN_PROGRESS");
        let id = made["CreateAccountStatus"]["Id"].clone();
        let status = self.ask("DescribeCreateAccountStatus", json!({ "CreateAccountRequestId": id })).await;
        assert_eq!(status["CreateAccountStatus"]["State"], "SUCCEEDED");
        status["CreateAccountStatus"]["AccountId"].as_str().unwrap().to_owned()
    }

    async fn policy(&self, name: &str, kind: &str, content: &str) -> Result<String, Refusal> {
        let input = json!({ "Name": name, "Description": "", "Type": kind, "Content": content });
        let made = self.by("123456789012", "CreatePolicy", input).await?;
        Ok(made["Policy"]["PolicySummary"]["Id"].as_str().unwrap().to_owned())
    }

    fn levels(&self, account: &str) -> Vec<Vec<String>> {
        let levels = self.organizations.service_control(account.parse().unwrap());
        let word = |name: &str| name.rsplit('/').next().unwrap().to_owned();
        levels.iter().map(|level| level.iter().map(|policy| word(&policy.name)).collect()).collect()
    }
}

const DENY_S3: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#;

#[tokio::test]
async fn an_account_is_controlled_level_by_level_and_the_management_account_is_not() {
    let rig = Rig::new().await;
    let root = rig.organization().await;
    let unit = rig.unit(&root, "workloads").await;
    let below = rig.unit(&unit, "production").await;
    let account = rig.account("web").await;
    let moved = json!({ "AccountId": account, "SourceParentId": root, "DestinationParentId": below });
    rig.ask("MoveAccount", moved.clone()).await;
    assert_eq!(rig.refused("MoveAccount", moved).await, "SourceParentNotFoundException");
    let policy = rig.policy("no-s3", "SERVICE_CONTROL_POLICY", DENY_S3).await.unwrap();
    let attach = json!({ "PolicyId": policy, "TargetId": unit });
    rig.ask("AttachPolicy", attach.clone()).await;
    assert_eq!(rig.refused("AttachPolicy", attach.clone()).await, "DuplicatePolicyAttachmentException");
    let full = "p-FullAWSAccess";
    assert_eq!(rig.levels(&account), [vec![full], vec![full, &policy], vec![full], vec![full]]);
    assert!(rig.levels("123456789012").is_empty() && rig.levels(OTHER).is_empty());
    let membership = rig.organizations.membership(account.parse().unwrap()).unwrap();
    assert_eq!(membership.path, format!("{}/{root}/{unit}/{below}/", membership.organization));

    let controlled = |action: &str| rig.organizations.resource_control(account.parse().unwrap(), action).len();
    assert_eq!((controlled("s3:GetObject"), controlled("ec2:RunInstances")), (4, 0));

    // After a restart the same.
    let rig = Rig::on(rig.directory);
    assert_eq!(rig.levels(&account), [vec![full], vec![full, &policy], vec![full], vec![full]]);
    rig.ask("DetachPolicy", attach.clone()).await;
    assert_eq!(rig.refused("DetachPolicy", attach).await, "PolicyNotAttachedException");
    let disable = json!({ "RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY" });
    rig.ask("DisablePolicyType", disable.clone()).await;
    assert!(rig.levels(&account).is_empty());
    assert_eq!(rig.refused("DisablePolicyType", disable).await, "PolicyTypeNotEnabledException");
}

#[tokio::test]
async fn a_new_account_begins_with_the_way_in_of_the_management_account() {
    let rig = Rig::new().await;
    rig.organization().await;
    let id = rig.account("web").await;
    let opened = rig.opened.0.lock().unwrap().clone();
    let role = AccessRole { name: "OrganizationAccountAccessRole".into(), trusted: AccountId::DEFAULT };
    assert_eq!(opened, [(id.parse().unwrap(), Some(role))]);
    // The address is taken: the status says so, the call does not.
    let again = json!({ "AccountName": "again", "Email": "WEB@example.org" });
    rig.ask("CreateAccount", again).await;
    let failed = rig.ask("ListCreateAccountStatus", json!({ "States": ["FAILED"] })).await;
    assert_eq!(failed["CreateAccountStatuses"][0]["FailureReason"], "EMAIL_ALREADY_EXISTS");
    assert_eq!(rig.ask("ListAccounts", json!({})).await["Accounts"].as_array().unwrap().len(), 2);

    rig.ask("CloseAccount", json!({ "AccountId": id })).await;
    assert!(rig.organizations.is_closed(id.parse().unwrap()));
    assert_eq!(rig.ask("DescribeAccount", json!({ "AccountId": id })).await["Account"]["Status"], "SUSPENDED");
    assert_eq!(rig.refused("CloseAccount", json!({ "AccountId": id })).await, "AccountAlreadyClosedException");
}

#[tokio::test]
async fn only_the_management_account_administers() {
    let rig = Rig::new().await;
    assert_eq!(rig.refused("ListAccounts", json!({})).await, "AWSOrganizationsNotInUseException");
    rig.organization().await;
    assert_eq!(rig.refused("CreateOrganization", json!({})).await, "AlreadyInOrganizationException");
    let member = rig.account("web").await;
    let refused = rig.by(&member, "ListAccounts", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "AccessDeniedException");
    rig.by(&member, "DescribeOrganization", json!({})).await.unwrap();
    assert_eq!(rig.refused("DeleteOrganization", json!({})).await, "OrganizationNotEmptyException");
    assert_eq!(rig.refused("LeaveOrganization", json!({})).await, "MasterCannotLeaveOrganizationException");
    rig.by(&member, "LeaveOrganization", json!({})).await.unwrap();
    rig.ask("DeleteOrganization", json!({})).await;
    assert_eq!(rig.refused("DescribeOrganization", json!({})).await, "AWSOrganizationsNotInUseException");
}

#[tokio::test]
async fn an_invited_account_joins_when_it_accepts() {
    let rig = Rig::new().await;
    rig.organization().await;
    let target = json!({ "Target": { "Type": "ACCOUNT", "Id": OTHER } });
    let invited = rig.ask("InviteAccountToOrganization", target.clone()).await;
    let id = json!({ "HandshakeId": invited["Handshake"]["Id"] });
    assert_eq!(rig.refused("InviteAccountToOrganization", target.clone()).await, "DuplicateHandshakeException");
    assert_eq!(rig.refused("AcceptHandshake", id.clone()).await, "HandshakeNotFoundException");
    let listed = rig.by(OTHER, "ListHandshakesForAccount", json!({})).await.unwrap();
    assert_eq!(listed["Handshakes"][0]["State"], "OPEN");
    let accepted = rig.by(OTHER, "AcceptHandshake", id.clone()).await.unwrap();
    assert_eq!(accepted["Handshake"]["State"], "ACCEPTED");
    assert_eq!(rig.levels(OTHER), [["p-FullAWSAccess"], ["p-FullAWSAccess"]]);
    let again = rig.by(OTHER, "AcceptHandshake", id).await.unwrap_err();
    assert_eq!(again.code, "InvalidHandshakeTransitionException");
    assert_eq!(rig.refused("InviteAccountToOrganization", target).await, "HandshakeConstraintViolationException");
    let nobody = json!({ "Target": { "Type": "ACCOUNT", "Id": "000000000001" } });
    assert_eq!(rig.refused("InviteAccountToOrganization", nobody).await, "InvalidInputException");
}

#[tokio::test]
async fn limits_hold() {
    let rig = Rig::new().await;
    let root = rig.organization().await;
    let scp = "SERVICE_CONTROL_POLICY";
    let padded = |length: usize| format!("{DENY_S3}{}", " ".repeat(length - DENY_S3.len()));
    rig.policy("long", scp, &padded(CHARACTERS_MAX)).await.unwrap();
    let too_long = rig.policy("longer", scp, &padded(CHARACTERS_MAX + 1)).await.unwrap_err();
    assert_eq!(
        (too_long.code.as_str(), too_long.members[0].1.as_str()),
        ("ConstraintViolationException", "POLICY_CONTENT_LIMIT_EXCEEDED")
    );
    assert_eq!(rig.policy("long", scp, DENY_S3).await.unwrap_err().code, "DuplicatePolicyException");
    for number in 1..=5 {
        let policy = rig.policy(&format!("p{number}"), scp, DENY_S3).await.unwrap();
        let attach = json!({ "PolicyId": policy, "TargetId": root });
        match number {
            5 => assert_eq!(rig.refused("AttachPolicy", attach).await, "ConstraintViolationException"),
            _ => drop(rig.ask("AttachPolicy", attach).await),
        }
        if number == 1 {
            assert_eq!(rig.refused("DeletePolicy", json!({ "PolicyId": policy })).await, "PolicyInUseException");
        }
    }
    let mut parent = root.clone();
    for depth in 1..=5 {
        parent = rig.unit(&parent, &format!("level {depth}")).await;
    }
    let deep = json!({ "ParentId": parent, "Name": "level 6" });
    assert_eq!(rig.refused("CreateOrganizationalUnit", deep).await, "ConstraintViolationException");
    let last = json!({ "PolicyId": "p-FullAWSAccess", "TargetId": parent });
    assert_eq!(rig.refused("DetachPolicy", last).await, "ConstraintViolationException");
    let fixed = json!({ "PolicyId": "p-RCPFullAWSAccess", "TargetId": parent });
    assert_eq!(rig.refused("DetachPolicy", fixed).await, "InvalidInputException");
    let aws = json!({ "PolicyId": "p-FullAWSAccess", "Name": "mine" });
    assert_eq!(rig.refused("UpdatePolicy", aws).await, "InvalidInputException");
}

#[tokio::test]
async fn documents_keep_the_rules_of_their_type() {
    let rig = Rig::new().await;
    rig.organization().await;
    let with = |statement: &str| format!(r#"{{"Version":"2012-10-17","Statement":{{{statement},"Resource":"*"}}}}"#);
    for (kind, statement, good) in [
        ("SERVICE_CONTROL_POLICY", r#""Effect":"Allow","Action":"*""#, true),
        ("SERVICE_CONTROL_POLICY", r#""Effect":"Deny","NotAction":"iam:*""#, true),
        ("SERVICE_CONTROL_POLICY", r#""Effect":"Deny","Principal":"*","Action":"*""#, false),
        ("RESOURCE_CONTROL_POLICY", r#""Effect":"Deny","Principal":"*","Action":"s3:*""#, true),
        ("RESOURCE_CONTROL_POLICY", r#""Effect":"Allow","Principal":"*","Action":"s3:*""#, false),
        ("RESOURCE_CONTROL_POLICY", r#""Effect":"Deny","Principal":"*","Action":"*""#, false),
        ("RESOURCE_CONTROL_POLICY", r#""Effect":"Deny","Principal":"*","Action":"ec2:*""#, false),
        ("RESOURCE_CONTROL_POLICY", r#""Effect":"Deny","Principal":{"AWS":"123456789012"},"Action":"s3:*""#, false),
        ("RESOURCE_CONTROL_POLICY", r#""Effect":"Deny","Principal":"*","NotAction":"s3:*""#, false),
    ] {
        match rig.policy(statement, kind, &with(statement)).await {
            Ok(_) => assert!(good, "{kind} {statement}"),
            Err(refusal) => {
                assert!(!good && refusal.code == "MalformedPolicyDocumentException", "{statement}: {refusal}")
            }
        }
    }
    assert_eq!(
        rig.policy("tags", "TAG_POLICY", "{}").await.unwrap_err().code,
        "PolicyTypeNotAvailableForOrganizationException"
    );
}

#[tokio::test]
async fn the_gate_is_asked_about_each_resource() {
    let rig = Rig::new().await;
    let root = rig.organization().await;
    let organization = rig.organizations.membership(AccountId::DEFAULT).unwrap().organization;
    let policy = rig.policy("p", "SERVICE_CONTROL_POLICY", DENY_S3).await.unwrap();
    rig.heard.0.lock().unwrap().clear();
    rig.ask("AttachPolicy", json!({ "PolicyId": policy, "TargetId": root })).await;
    let own = "arn:aws:organizations::123456789012";
    assert_eq!(
        *rig.heard.0.lock().unwrap(),
        [
            format!("organizations:AttachPolicy {own}:policy/{organization}/service_control_policy/{policy}"),
            format!("organizations:AttachPolicy {own}:root/{organization}/{root}"),
        ]
    );
}

#[tokio::test]
async fn lists_come_in_pages_and_tags_stay() {
    let rig = Rig::new().await;
    let root = rig.organization().await;
    for number in 0..23 {
        rig.unit(&root, &format!("unit {number}")).await;
    }
    let first = rig.ask("ListOrganizationalUnitsForParent", json!({ "ParentId": root })).await;
    assert_eq!(first["OrganizationalUnits"].as_array().unwrap().len(), 20);
    let more = json!({ "ParentId": root, "NextToken": first["NextToken"] });
    let second = rig.ask("ListOrganizationalUnitsForParent", more).await;
    assert_eq!(second["OrganizationalUnits"].as_array().unwrap().len(), 3);
    assert!(second.get("NextToken").is_none());
    let wrong = json!({ "ParentId": root, "NextToken": "x" });
    assert_eq!(rig.refused("ListOrganizationalUnitsForParent", wrong).await, "InvalidInputException");

    for resource in [root.as_str(), "123456789012"] {
        let tags =
            json!({ "ResourceId": resource, "Tags": [{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "2" }] });
        rig.ask("TagResource", tags).await;
        rig.ask("UntagResource", json!({ "ResourceId": resource, "TagKeys": ["a"] })).await;
        let listed = rig.ask("ListTagsForResource", json!({ "ResourceId": resource })).await;
        assert_eq!(listed, json!({ "Tags": [{ "Key": "b", "Value": "2" }] }));
    }
    assert_eq!(rig.refused("ListTagsForResource", json!({ "ResourceId": OTHER })).await, "TargetNotFoundException");
}

#[tokio::test]
async fn what_the_gate_is_asked_stands_in_awss_table() {
    let rig = Rig::new().await;
    let root = rig.organization().await;
    let unit = rig.unit(&root, "workloads").await;
    let policy = rig.policy("p", "SERVICE_CONTROL_POLICY", DENY_S3).await.unwrap();
    let target = json!({ "Type": "ACCOUNT", "Id": OTHER });
    let invited = rig.ask("InviteAccountToOrganization", json!({ "Target": target })).await;
    let input = json!({
        "PolicyId": policy, "TargetId": unit, "ParentId": root, "RootId": root, "OrganizationalUnitId": unit, "Target": target,
        "ChildId": unit, "ResourceId": policy, "AccountId": OTHER, "HandshakeId": invited["Handshake"]["Id"],
        "SourceParentId": root, "DestinationParentId": unit, "Filter": "SERVICE_CONTROL_POLICY",
        "Tags": [{ "Key": "a", "Value": "b" }],
    });
    rig.ask("TagResource", json!({ "ResourceId": policy, "Tags": [{ "Key": "team", "Value": "x" }] })).await;
    let table = table::service("organizations").unwrap();
    for verb in VERBS {
        let action = table.action(verb.operation).unwrap_or_else(|| panic!("{}", verb.operation));
        let call = call("123456789012", verb.operation, input.clone());
        for (arn, keys) in gate::resources(&rig.organizations.read(), &call, AccountId::DEFAULT, verb) {
            let found = action.type_of(&arn);
            assert_eq!(found.is_some(), arn != "*", "{} {arn}", verb.operation);
            assert!(keys.keys().all(|key| action.has_key(found.map(|f| f.word), key)), "{keys:?}");
            let tagged = verb.operation == "DeletePolicy" && !keys.contains_key("aws:requesttag/a");
            assert!(verb.operation != "DeletePolicy" || (tagged && keys["aws:resourcetag/team"] == ["x"]), "{keys:?}");
        }
    }
}
