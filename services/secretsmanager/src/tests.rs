//! The API by its operations, with a judge that knows the table, KMS behind it, on a store that is opened again.

use crate::{Secrets, SecretsManagerService};
use postern_call::{Call, Refusal};
use postern_kit::testing::{Heard, call};
use postern_kms::{Forward, Kms};
use postern_names::AccountId;
use postern_serve::Service;
use postern_store::Store;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use time::Duration;

struct Desk {
    service: SecretsManagerService,
    judge: Arc<Heard>,
}

const TOKEN: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";

fn open(dir: &Path) -> Desk {
    let store = Arc::new(Store::open(&dir.join("state.db")).unwrap());
    let now = call("kms", AccountId::DEFAULT, "", Value::Null).now;
    let judge = Arc::new(Heard::default());
    let kms = Arc::new(Kms::open(Arc::clone(&store), [7; 32], now).unwrap());
    let ciphers = Arc::new(Forward::new(kms, judge.clone()));
    let secrets = Arc::new(Secrets::open(store).unwrap());
    Desk { service: SecretsManagerService::new(secrets, ciphers, judge.clone()), judge }
}

impl Desk {
    async fn at(&self, later: Duration, operation: &str, input: Value) -> Result<Value, Refusal> {
        let call = call("secretsmanager", AccountId::DEFAULT, operation, input);
        self.service.call(Call { now: call.now + later, ..call }).await
    }
    async fn does(&self, operation: &str, input: Value) -> Value {
        let done = self.at(Duration::ZERO, operation, input).await;
        done.unwrap_or_else(|refusal| panic!("{operation}: {refusal}"))
    }
    async fn refused(&self, operation: &str, input: Value) -> Refusal {
        match self.at(Duration::ZERO, operation, input).await {
            Ok(reply) => panic!("{operation} was done: {reply}"),
            Err(refusal) => refusal,
        }
    }
    async fn value(&self, of: Value) -> String {
        self.does("GetSecretValue", of).await["SecretString"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_secret_is_found_by_name_arn_and_part_of_its_arn_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let arn = {
        let desk = open(dir.path());
        let made = desk.does("CreateSecret", json!({ "Name": "prod/db", "SecretString": "one" })).await;
        made["ARN"].as_str().unwrap().to_owned()
    };
    let desk = open(dir.path());
    let partial = arn.rsplit_once('-').unwrap().0;
    for id in ["prod/db", arn.as_str(), partial] {
        assert_eq!(desk.value(json!({ "SecretId": id })).await, "one", "{id}");
    }
    let wrong = format!("{partial}-xxxxxx");
    let refusal = desk.refused("GetSecretValue", json!({ "SecretId": wrong })).await;
    assert_eq!(refusal.message, "Secrets Manager can't find the specified secret.");
}

#[tokio::test]
async fn stages_move_with_the_versions() {
    let dir = tempfile::tempdir().unwrap();
    let desk = open(dir.path());
    desk.does("CreateSecret", json!({ "Name": "s", "SecretString": "one", "ClientRequestToken": TOKEN })).await;
    let put = json!({ "SecretId": "s", "SecretString": "two", "ClientRequestToken": OTHER });
    desk.does("PutSecretValue", put.clone()).await;
    let (current, previous) = (json!({ "SecretId": "s" }), json!({ "SecretId": "s", "VersionStage": "AWSPREVIOUS" }));
    assert_eq!(desk.value(current.clone()).await, "two");
    assert_eq!(desk.value(previous.clone()).await, "one");
    // The same request again changes nothing; the same token with other content is refused.
    desk.does("PutSecretValue", put).await;
    let clash = json!({ "SecretId": "s", "SecretString": "three", "ClientRequestToken": OTHER });
    assert_eq!(desk.refused("PutSecretValue", clash).await.code, "ResourceExistsException");
    let pending = json!({ "SecretId": "s", "SecretString": "four", "VersionStages": ["AWSPENDING"] });
    desk.does("PutSecretValue", pending).await;
    assert_eq!(desk.value(current.clone()).await, "two");
    assert_eq!(desk.value(json!({ "SecretId": "s", "VersionStage": "AWSPENDING" })).await, "four");
    let back = json!({ "SecretId": "s", "VersionStage": "AWSCURRENT", "MoveToVersionId": TOKEN });
    assert_eq!(desk.refused("UpdateSecretVersionStage", back.clone()).await.code, "InvalidParameterException");
    let mut back = back;
    back["RemoveFromVersionId"] = json!(OTHER);
    desk.does("UpdateSecretVersionStage", back).await;
    assert_eq!((desk.value(current).await.as_str(), desk.value(previous).await.as_str()), ("one", "two"));
    let described = desk.does("DescribeSecret", json!({ "SecretId": "s" })).await;
    assert_eq!(described["VersionIdsToStages"][TOKEN], json!(["AWSCURRENT"]));
    assert_eq!(described["VersionIdsToStages"][OTHER], json!(["AWSPREVIOUS"]));
    let mixed = json!({ "SecretId": "s", "VersionId": OTHER, "VersionStage": "AWSCURRENT" });
    assert_eq!(desk.refused("GetSecretValue", mixed).await.code, "InvalidRequestException");
}

#[tokio::test]
async fn a_deleted_secret_waits_and_can_be_restored() {
    let dir = tempfile::tempdir().unwrap();
    let desk = open(dir.path());
    let of = json!({ "SecretId": "s" });
    desk.does("CreateSecret", json!({ "Name": "s", "SecretString": "one" })).await;
    let both = json!({ "SecretId": "s", "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": true });
    assert_eq!(desk.refused("DeleteSecret", both).await.code, "InvalidParameterException");
    desk.does("DeleteSecret", json!({ "SecretId": "s", "RecoveryWindowInDays": 7 })).await;
    assert_eq!(desk.refused("GetSecretValue", of.clone()).await.code, "InvalidRequestException");
    let again = desk.refused("CreateSecret", json!({ "Name": "s", "SecretString": "two" })).await;
    assert!(again.message.contains("already scheduled for deletion"), "{again}");
    assert_eq!(desk.does("ListSecrets", json!({})).await["SecretList"], json!([]));
    desk.does("RestoreSecret", of.clone()).await;
    assert_eq!(desk.value(of.clone()).await, "one");
    desk.does("DeleteSecret", json!({ "SecretId": "s", "RecoveryWindowInDays": 7 })).await;
    let later = desk.at(Duration::days(8), "DescribeSecret", of.clone()).await.unwrap_err();
    assert_eq!(later.code, "ResourceNotFoundException");
    let anew = json!({ "Name": "s", "SecretString": "two" });
    desk.at(Duration::days(8), "CreateSecret", anew).await.unwrap();
    assert_eq!(desk.value(of.clone()).await, "two");
    desk.does("DeleteSecret", json!({ "SecretId": "s", "ForceDeleteWithoutRecovery": true })).await;
    assert_eq!(desk.refused("DescribeSecret", of).await.code, "ResourceNotFoundException");
    drop(desk);
    assert_eq!(open(dir.path()).does("ListSecrets", json!({})).await["SecretList"], json!([]));
}

#[tokio::test]
async fn what_kms_refuses_is_told_in_the_services_words() {
    let dir = tempfile::tempdir().unwrap();
    let desk = open(dir.path());
    desk.does("CreateSecret", json!({ "Name": "s", "SecretString": "one" })).await;
    desk.judge.take();
    desk.judge.refuse("kms:Decrypt");
    let refusal = desk.refused("GetSecretValue", json!({ "SecretId": "s" })).await;
    assert_eq!(
        (refusal.code.as_str(), refusal.message.as_str()),
        ("AccessDeniedException", "Access to KMS is not allowed")
    );
    assert!(desk.judge.take()[1].starts_with("kms:Decrypt arn:aws:kms:us-east-1:"));
    let missing = json!({ "Name": "t", "SecretString": "x", "KmsKeyId": "alias/none" });
    assert_eq!(desk.refused("CreateSecret", missing).await.code, "EncryptionFailure");
}

#[tokio::test]
async fn lists_filter_and_pages_join() {
    let dir = tempfile::tempdir().unwrap();
    let desk = open(dir.path());
    for (name, tag) in [("prod/a", "x"), ("prod/b", "y"), ("test/a", "x")] {
        let tags = json!([{ "Key": "team", "Value": tag }]);
        desk.does("CreateSecret", json!({ "Name": name, "SecretString": name, "Tags": tags })).await;
    }
    let names = |reply: &Value| -> Vec<String> {
        let listed = reply["SecretList"].as_array().unwrap();
        listed.iter().map(|one| one["Name"].as_str().unwrap().to_owned()).collect()
    };
    let by = |key: &str, value: &str| json!({ "Filters": [{ "Key": key, "Values": [value] }], "SortBy": "name", "SortOrder": "asc" });
    assert_eq!(names(&desk.does("ListSecrets", by("name", "prod")).await), ["prod/a", "prod/b"]);
    assert_eq!(names(&desk.does("ListSecrets", by("name", "!prod")).await), ["test/a"]);
    assert_eq!(names(&desk.does("ListSecrets", by("tag-value", "x")).await), ["prod/a", "test/a"]);
    for (sort, order) in [("name", "asc"), ("name", "desc"), ("created-date", "asc"), ("created-date", "desc")] {
        let (mut all, mut token) = (Vec::new(), Value::Null);
        loop {
            let ask = json!({ "MaxResults": 1, "SortBy": sort, "SortOrder": order, "NextToken": token });
            let reply = desk.does("ListSecrets", ask).await;
            all.extend(names(&reply));
            match reply.get("NextToken") {
                Some(next) => token = next.clone(),
                None => break,
            }
        }
        let expected = if (sort, order) == ("name", "desc") {
            ["test/a", "prod/b", "prod/a"]
        } else {
            ["prod/a", "prod/b", "test/a"]
        };
        if sort == "name" {
            assert_eq!(all, expected);
        }
        all.sort();
        assert_eq!(all, ["prod/a", "prod/b", "test/a"], "{sort} {order}");
    }
    let batch = desk.does("BatchGetSecretValue", json!({ "SecretIdList": ["prod/a", "none"] })).await;
    assert_eq!(batch["SecretValues"][0]["SecretString"], "prod/a");
    assert_eq!(batch["Errors"][0]["ErrorCode"], "ResourceNotFoundException");
}

#[tokio::test]
async fn policies_that_open_to_everybody_are_blocked_on_demand() {
    let dir = tempfile::tempdir().unwrap();
    let desk = open(dir.path());
    desk.does("CreateSecret", json!({ "Name": "s", "SecretString": "one" })).await;
    let open_policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}"#;
    let put = json!({ "SecretId": "s", "ResourcePolicy": open_policy, "BlockPublicPolicy": true });
    assert_eq!(desk.refused("PutResourcePolicy", put).await.code, "PublicPolicyException");
    let checked = desk.does("ValidateResourcePolicy", json!({ "ResourcePolicy": open_policy })).await;
    assert_eq!(checked["PolicyValidationPassed"], false);
    desk.does("PutResourcePolicy", json!({ "SecretId": "s", "ResourcePolicy": open_policy })).await;
    assert_eq!(desk.does("GetResourcePolicy", json!({ "SecretId": "s" })).await["ResourcePolicy"], open_policy);
    desk.does("DeleteResourcePolicy", json!({ "SecretId": "s" })).await;
    assert!(desk.does("GetResourcePolicy", json!({ "SecretId": "s" })).await.get("ResourcePolicy").is_none());
    let nonsense = json!({ "SecretId": "s", "ResourcePolicy": "{}" });
    assert_eq!(desk.refused("PutResourcePolicy", nonsense).await.code, "MalformedPolicyDocumentException");
    let rotation = desk.refused("RotateSecret", json!({ "SecretId": "s" })).await;
    assert_eq!(rotation.message, "Rotation is not supported.");
}

#[tokio::test]
async fn every_value_is_where_random_changes_left_it() {
    // A seed that failed stays here.
    for seed in [1_u64, 2, 3] {
        let dir = tempfile::tempdir().unwrap();
        let mut desk = open(dir.path());
        desk.does("CreateSecret", json!({ "Name": "s", "SecretString": "0" })).await;
        let (mut state, mut versions) = (seed, vec!["0".to_owned()]);
        for round in 1..120 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match state >> 61 {
                0 => {
                    drop(desk);
                    desk = open(dir.path());
                }
                _ => {
                    let value = round.to_string();
                    desk.does("PutSecretValue", json!({ "SecretId": "s", "SecretString": value })).await;
                    versions.push(value);
                }
            }
            assert_eq!(&desk.value(json!({ "SecretId": "s" })).await, versions.last().unwrap());
            if versions.len() > 1 {
                let previous = json!({ "SecretId": "s", "VersionStage": "AWSPREVIOUS" });
                assert_eq!(desk.value(previous).await, versions[versions.len() - 2]);
            }
        }
        let all = json!({ "SecretId": "s", "IncludeDeprecated": true });
        let kept = desk.does("ListSecretVersionIds", all).await["Versions"].as_array().unwrap().len();
        assert_eq!(kept, versions.len().min(crate::secret::VERSIONS_MAX));
    }
}
