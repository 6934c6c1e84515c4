//! Whole calls against a judge that keeps what it was asked.

use crate::DynamoDb;
use postern_call::{Caller, Principal, Refusal};
use postern_kit::testing::{Heard, call};
use postern_serve::Service;
use postern_store::Store;
use serde_json::{Value, json};
use std::sync::Arc;

const ARN: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/music";

struct Rig {
    dir: tempfile::TempDir,
    heard: Arc<Heard>,
    service: DynamoDb,
}

impl Rig {
    fn new() -> Self {
        Self::in_dir(tempfile::tempdir().unwrap())
    }

    fn in_dir(dir: tempfile::TempDir) -> Self {
        let heard = Arc::new(Heard::default());
        let store = Arc::new(Store::open(&dir.path().join("state.db")).unwrap());
        let service = DynamoDb::open(&dir.path().join("dynamodb"), store, heard.clone()).unwrap();
        Self { dir, heard, service }
    }

    /// The same data after a restart.
    fn again(self) -> Self {
        let Self { dir, heard, service } = self;
        drop((heard, service));
        Self::in_dir(dir)
    }

    async fn by(&self, account: &str, operation: &str, input: Value) -> Result<Value, Refusal> {
        self.service.call(call("dynamodb", account.parse().unwrap(), operation, input)).await
    }

    async fn ask(&self, operation: &str, input: Value) -> Result<Value, Refusal> {
        self.by("123456789012", operation, input).await
    }

    async fn make(&self) {
        self.ask("CreateTable", music()).await.unwrap();
        self.heard.take();
    }
}

fn music() -> Value {
    json!({
        "TableName": "music",
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "age", "AttributeType": "N" },
        ],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-age",
            "KeySchema": [{ "AttributeName": "age", "KeyType": "HASH" }],
            "Projection": { "ProjectionType": "ALL" },
        }],
        "BillingMode": "PAY_PER_REQUEST",
    })
}

fn put(key: &str) -> Value {
    json!({ "TableName": "music", "Item": { "pk": { "S": key }, "age": { "N": "7" } } })
}

fn get(key: &str) -> Value {
    json!({ "TableName": "music", "Key": { "pk": { "S": key } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_conforms_to_the_model() {
    let rig = Rig::new();
    let model = postern_wire::model("dynamodb").unwrap();
    let steps = [
        ("CreateTable", music()),
        ("DescribeTable", json!({ "TableName": "music" })),
        ("ListTables", json!({})),
        ("PutItem", put("a")),
        (
            "UpdateItem",
            json!({ "TableName": "music", "Key": { "pk": { "S": "a" } }, "UpdateExpression": "SET b = :v",
            "ExpressionAttributeValues": { ":v": { "L": [{ "BOOL": true }, { "NULL": true }, { "BS": ["AQI="] }] } },
            "ReturnValues": "ALL_NEW", "ReturnConsumedCapacity": "INDEXES" }),
        ),
        ("GetItem", get("a")),
        (
            "Query",
            json!({ "TableName": "music", "IndexName": "by-age", "KeyConditionExpression": "age = :a",
            "ExpressionAttributeValues": { ":a": { "N": "7" } }, "ReturnConsumedCapacity": "TOTAL" }),
        ),
        ("Scan", json!({ "TableName": "music", "Limit": 1 })),
        (
            "BatchWriteItem",
            json!({ "RequestItems": { "music": [{ "PutRequest": { "Item": { "pk": { "S": "b" } } } }] } }),
        ),
        ("BatchGetItem", json!({ "RequestItems": { "music": { "Keys": [{ "pk": { "S": "b" } }] } } })),
        (
            "TransactWriteItems",
            json!({ "TransactItems": [{ "Put": { "TableName": "music", "Item": { "pk": { "S": "c" } } } }] }),
        ),
        (
            "TransactGetItems",
            json!({ "TransactItems": [{ "Get": { "TableName": "music", "Key": { "pk": { "S": "c" } } } }] }),
        ),
        ("ExecuteStatement", json!({ "Statement": "SELECT * FROM music WHERE pk = 'a'" })),
        ("BatchExecuteStatement", json!({ "Statements": [{ "Statement": "SELECT * FROM music WHERE pk = 'a'" }] })),
        ("ExecuteTransaction", json!({ "TransactStatements": [{ "Statement": "DELETE FROM music WHERE pk = 'c'" }] })),
        (
            "UpdateTimeToLive",
            json!({ "TableName": "music", "TimeToLiveSpecification": { "Enabled": true, "AttributeName": "t" } }),
        ),
        ("DescribeTimeToLive", json!({ "TableName": "music" })),
        ("TagResource", json!({ "ResourceArn": ARN, "Tags": [{ "Key": "team", "Value": "red" }] })),
        ("ListTagsOfResource", json!({ "ResourceArn": ARN })),
        ("UntagResource", json!({ "ResourceArn": ARN, "TagKeys": ["team"] })),
        ("DescribeContinuousBackups", json!({ "TableName": "music" })),
        ("DescribeLimits", json!({})),
        ("DescribeEndpoints", json!({})),
        ("PutResourcePolicy", json!({ "ResourceArn": ARN, "Policy": policy("dynamodb:GetItem") })),
        ("GetResourcePolicy", json!({ "ResourceArn": ARN })),
        ("DeleteResourcePolicy", json!({ "ResourceArn": ARN })),
        ("DeleteItem", get("a")),
        ("UpdateTable", json!({ "TableName": "music", "DeletionProtectionEnabled": false })),
        ("DeleteTable", json!({ "TableName": "music" })),
    ];
    let mut done: Vec<&str> = steps.iter().map(|(operation, _)| *operation).collect();
    for (operation, input) in steps {
        let output = rig.ask(operation, input).await.unwrap_or_else(|refusal| panic!("{operation}: {refusal:?}"));
        let known = model.operation_named(operation).unwrap();
        assert_eq!(model.check_output(&known, &output), Vec::<String>::new(), "{operation}: {output}");
        assert!(!rig.heard.take().is_empty(), "{operation} asked nobody");
    }
    done.sort_unstable();
    assert_eq!(done, DynamoDb::implemented());
}

fn policy(action: &str) -> String {
    let principal = json!({ "AWS": "arn:aws:iam::210987654321:root" });
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": action,
        "Resource": ARN }] })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_that_the_gate_refuses() {
    let rig = Rig::new();
    rig.make().await;
    rig.heard.refuse("dynamodb:PutItem");
    let refusal = rig.ask("PutItem", put("a")).await.unwrap_err();
    assert_eq!(refusal.code, "AccessDeniedException");
    let sentence = format!("is not authorized to perform: dynamodb:PutItem on resource: {ARN} because");
    assert!(refusal.message.contains(&sentence), "{}", refusal.message);
    let both = json!({ "TransactItems": [
        { "Delete": { "TableName": "music", "Key": { "pk": { "S": "x" } } } },
        { "Put": { "TableName": "music", "Item": { "pk": { "S": "a" } } } },
    ] });
    assert_eq!(rig.ask("TransactWriteItems", both).await.unwrap_err().code, "AccessDeniedException");
    assert_eq!(rig.ask("GetItem", get("a")).await.unwrap(), json!({}));

    rig.heard.refuse("dynamodb:ListTables");
    let refusal = rig.ask("ListTables", json!({})).await.unwrap_err();
    assert!(refusal.message.contains("on resource: arn:aws:dynamodb:us-east-1:123456789012:table/* because"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_of_statements_the_refused_ones_fail_alone() {
    let rig = Rig::new();
    rig.make().await;
    rig.ask("PutItem", put("a")).await.unwrap();
    rig.heard.refuse("dynamodb:PartiQLDelete");
    let statement = |text: &str| json!({ "Statement": text });
    let mixed = json!({ "Statements": [
        statement("DELETE FROM music WHERE pk = 'a'"),
        statement("UPDATE music SET b = 1 WHERE pk = 'a'"),
    ] });
    let output = rig.ask("BatchExecuteStatement", mixed).await.unwrap();
    assert_eq!(output["Responses"][0]["Error"]["Code"], "AccessDenied");
    assert_eq!(output["Responses"][1]["Error"], Value::Null, "{output}");
    assert_eq!(rig.ask("GetItem", get("a")).await.unwrap()["Item"]["b"], json!({ "N": "1" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_regions_have_tables_of_their_own() {
    let rig = Rig::new();
    rig.make().await;
    rig.by("210987654321", "CreateTable", music()).await.unwrap();
    rig.ask("PutItem", put("a")).await.unwrap();
    assert_eq!(rig.by("210987654321", "GetItem", get("a")).await.unwrap(), json!({}));
    let mut far = call("dynamodb", "123456789012".parse().unwrap(), "ListTables", json!({}));
    far.region = postern_names::Region::new("eu-west-1");
    assert_eq!(rig.service.call(far).await.unwrap(), json!({ "TableNames": [] }));
    let mut odd = call("dynamodb", "123456789012".parse().unwrap(), "ListTables", json!({}));
    odd.region = postern_names::Region::new("../../up");
    assert_eq!(rig.service.call(odd).await.unwrap_err().code, "ValidationException");

    // By ARN a table of another account is reached; the gate has been asked for that one.
    rig.heard.take();
    let mut theirs = get("a");
    theirs["TableName"] = json!(ARN);
    let got = rig.by("210987654321", "GetItem", theirs).await.unwrap();
    assert_eq!(got["Item"]["age"], json!({ "N": "7" }));
    assert_eq!(rig.heard.take(), [format!("dynamodb:GetItem {ARN}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn items_tables_and_policies_survive_a_restart() {
    let rig = Rig::new();
    rig.make().await;
    rig.ask("PutItem", put("a")).await.unwrap();
    rig.ask("PutResourcePolicy", json!({ "ResourceArn": ARN, "Policy": policy("dynamodb:*") })).await.unwrap();
    let rig = rig.again();
    assert!(rig.ask("GetItem", get("a")).await.unwrap()["Item"].is_object());
    let kept = rig.ask("GetResourcePolicy", json!({ "ResourceArn": ARN })).await.unwrap();
    assert_eq!(kept["Policy"], json!(policy("dynamodb:*")));
    // A table of the same name begins without the policy of the old one.
    rig.ask("DeleteTable", json!({ "TableName": "music" })).await.unwrap();
    rig.ask("CreateTable", music()).await.unwrap();
    let refusal = rig.ask("GetResourcePolicy", json!({ "ResourceArn": ARN })).await.unwrap_err();
    assert_eq!(refusal.code, "PolicyNotFoundException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_changed_by_who_knows_its_revision() {
    let rig = Rig::new();
    rig.make().await;
    let put =
        |expected: &str| json!({ "ResourceArn": ARN, "Policy": policy("dynamodb:*"), "ExpectedRevisionId": expected });
    assert_eq!(rig.ask("PutResourcePolicy", put("1")).await.unwrap_err().code, "PolicyNotFoundException");
    let first = rig.ask("PutResourcePolicy", put("NO_POLICY")).await.unwrap();
    assert_eq!(rig.ask("PutResourcePolicy", put("NO_POLICY")).await.unwrap_err().code, "PolicyNotFoundException");
    let revision = first["RevisionId"].as_str().unwrap();
    rig.ask("PutResourcePolicy", put(revision)).await.unwrap();
    let broken = json!({ "ResourceArn": ARN, "Policy": "{}" });
    assert_eq!(rig.ask("PutResourcePolicy", broken).await.unwrap_err().code, "ValidationException");
    assert_eq!(
        rig.ask("DeleteResourcePolicy", json!({ "ResourceArn": ARN })).await.unwrap()["RevisionId"],
        json!(revision)
    );
    assert_eq!(rig.ask("DeleteResourcePolicy", json!({ "ResourceArn": ARN })).await.unwrap(), json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_carry_what_aws_puts_into_them() {
    let rig = Rig::new();
    rig.make().await;
    rig.ask("PutItem", put("a")).await.unwrap();
    let mut again = put("a");
    again["ConditionExpression"] = json!("attribute_not_exists(pk)");
    again["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    let refusal = rig.ask("PutItem", again.clone()).await.unwrap_err();
    assert_eq!(
        (refusal.code.as_str(), refusal.message.as_str()),
        ("ConditionalCheckFailedException", "The conditional request failed")
    );
    assert_eq!(refusal.members[0].0, "Item");
    let refusal = rig.ask("TransactWriteItems", json!({ "TransactItems": [{ "Put": again }] })).await.unwrap_err();
    assert_eq!(refusal.code, "TransactionCanceledException");
    assert!(refusal.members[0].1.contains("ConditionalCheckFailed"));

    for (operation, input, code) in [
        ("GetItem", json!({ "TableName": "absent", "Key": { "pk": { "S": "a" } } }), "ResourceNotFoundException"),
        ("GetItem", json!({ "TableName": "music", "Key": { "no": { "S": "a" } } }), "ValidationException"),
        ("GetItem", json!({ "TableName": "music" }), "ValidationException"),
        ("CreateTable", music(), "ResourceInUseException"),
        ("ListTagsOfResource", json!({ "ResourceArn": format!("{ARN}x") }), "ResourceNotFoundException"),
        ("UpdateContinuousBackups", json!({ "TableName": "music" }), "NotImplemented"),
    ] {
        assert_eq!(rig.ask(operation, input).await.unwrap_err().code, code, "{operation}");
    }
    let mut streamed = music();
    streamed["StreamSpecification"] = json!({ "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" });
    assert!(rig.ask("CreateTable", streamed).await.unwrap_err().message.contains("StreamSpecification"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_refused() {
    let rig = Rig::new();
    let mut call = call("dynamodb", "123456789012".parse().unwrap(), "ListTables", json!({}));
    call.caller = Caller::of(Principal::Anonymous);
    assert_eq!(rig.service.call(call).await.unwrap_err().code, "MissingAuthenticationTokenException");
}
