//! Simulated decisions agree with real ones.

use super::*;
use postern_policy::{Attached, Document, PolicyKind};

const BUCKET: &str = "arn:aws:s3:::photos";

fn decisions(reply: &Value) -> Vec<String> {
    names(&reply["EvaluationResults"], "EvalDecision")
}

#[tokio::test]
async fn the_policies_of_a_user_are_simulated() {
    let lab = Lab::new();
    lab.user("ann").await;
    lab.ok(
        "AttachUserPolicy",
        json!({ "UserName": "ann", "PolicyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" }),
    )
    .await;
    let text = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Deny","Action":"s3:ListBucket","Resource":"*"},
        {"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}}]}"#;
    lab.ok("PutUserPolicy", json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": text })).await;
    let mut input = json!({
        "PolicySourceArn": "arn:aws:iam::123456789012:user/ann",
        "ActionNames": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"],
        "ResourceArns": [BUCKET],
    });
    let reply = lab.ok("SimulatePrincipalPolicy", input.clone()).await;
    assert_eq!(decisions(&reply), ["allowed", "explicitDeny", "implicitDeny"]);
    let first = &reply["EvaluationResults"][0];
    assert_eq!(
        first["MatchedStatements"],
        json!([{ "SourcePolicyId": "AmazonS3ReadOnlyAccess", "SourcePolicyType": "aws-managed",
            "StartPosition": { "Line": 1, "Column": 38 }, "EndPosition": { "Line": 1, "Column": 167 } }])
    );
    assert_eq!(first["MissingContextValues"], json!(["aws:SourceVpce"]));
    assert_eq!(reply["EvaluationResults"][1]["MatchedStatements"][0]["SourcePolicyId"], "user_ann_p");
    input["ContextEntries"] =
        json!([{ "ContextKeyName": "aws:SourceVpce", "ContextKeyValues": ["vpce-1"], "ContextKeyType": "string" }]);
    let reply = lab.ok("SimulatePrincipalPolicy", input.clone()).await;
    assert_eq!(decisions(&reply), ["allowed", "explicitDeny", "allowed"]);
    lab.ok(
        "PutUserPermissionsBoundary",
        json!({ "UserName": "ann", "PermissionsBoundary": "arn:aws:iam::aws:policy/AmazonSQSFullAccess" }),
    )
    .await;
    let reply = lab.ok("SimulatePrincipalPolicy", input).await;
    assert_eq!(decisions(&reply), ["implicitDeny", "explicitDeny", "implicitDeny"]);
    assert_eq!(
        reply["EvaluationResults"][0]["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"],
        false
    );
    let keys = lab
        .ok("GetContextKeysForPrincipalPolicy", json!({ "PolicySourceArn": "arn:aws:iam::123456789012:user/ann" }))
        .await;
    assert_eq!(keys["ContextKeyNames"], json!(["aws:SourceVpce"]));
    for source in ["arn:aws:iam::123456789012:user/nobody", "nobody"] {
        let input = json!({ "PolicySourceArn": source, "ActionNames": ["s3:GetObject"] });
        let refusal = lab.refused("SimulatePrincipalPolicy", input).await;
        assert!(refusal.starts_with("NoSuchEntity") || refusal.starts_with("InvalidInput"), "{refusal}");
    }
}

#[tokio::test]
async fn policies_of_the_request_are_simulated() {
    let lab = Lab::new();
    let own = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::photos/${aws:username}/*"}}"#;
    let input = json!({
        "PolicyInputList": [own],
        "ActionNames": ["s3:GetObject"],
        "ResourceArns": ["arn:aws:s3:::photos/ann/1", "arn:aws:s3:::photos/bob/1"],
        "CallerArn": "arn:aws:iam::123456789012:user/ann",
    });
    let reply = lab.ok("SimulateCustomPolicy", input.clone()).await;
    assert_eq!(decisions(&reply), ["allowed", "implicitDeny"]);
    let scp = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}"#;
    let mut limited = input.clone();
    limited["OrderedOrganizationPolicyInputList"] = json!([{ "ServiceControlPolicyInputList": [scp] }]);
    let reply = lab.ok("SimulateCustomPolicy", limited).await;
    assert_eq!(decisions(&reply), ["implicitDeny", "implicitDeny"]);
    assert_eq!(reply["EvaluationResults"][0]["OrganizationsDecisionDetail"]["AllowedByOrganizations"], false);
    let mut by_resource = input;
    by_resource["ResourcePolicy"] = json!(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/ann"},"Action":"s3:*","Resource":"*"}}"#
    );
    let reply = lab.ok("SimulateCustomPolicy", by_resource).await;
    assert_eq!(decisions(&reply), ["allowed", "allowed"]);
    let matched = &reply["EvaluationResults"][0]["MatchedStatements"][0];
    assert_eq!(matched["SourcePolicyType"], "resource");
    assert_eq!(matched["StartPosition"], json!({ "Line": 1, "Column": 37 }));
    assert_eq!(matched["EndPosition"]["Line"], 1);
    let keys = lab.ok("GetContextKeysForCustomPolicy", json!({ "PolicyInputList": [own] })).await;
    assert_eq!(keys["ContextKeyNames"], json!(["aws:username"]));
    let refusal =
        lab.refused("SimulateCustomPolicy", json!({ "PolicyInputList": ["{"], "ActionNames": ["s3:GetObject"] })).await;
    assert!(refusal.starts_with("InvalidInput"), "{refusal}");
}

/// One level over everybody, with one policy.
struct Only(&'static str);

impl crate::Controls for Only {
    fn service_control(&self, _: AccountId) -> Vec<Vec<Attached>> {
        let document = Document::parse_identity(self.0).expect("a policy");
        vec![vec![Attached::new(PolicyKind::ServiceControl, "arn:scp", Arc::new(document))]]
    }
}

#[tokio::test]
async fn the_organization_has_the_first_word() {
    let lab = Lab::new();
    lab.user("ann").await;
    let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sqs:*"],"Resource":"*"},
        {"Effect":"Deny","Action":"sqs:DeleteQueue","Resource":"*"}]}"#;
    lab.ok("PutUserPolicy", json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": text })).await;
    let scp = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},
        {"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;
    let api = IamService::new(lab.iam.clone(), Arc::new(Gate(lab.iam.clone()))).under(Arc::new(Only(scp)));
    let actions = ["s3:ListBucket", "s3:DeleteBucket", "sqs:SendMessage", "sqs:DeleteQueue", "ec2:RunInstances"];
    let input = json!({
        "PolicySourceArn": "arn:aws:iam::123456789012:user/ann",
        "ActionNames": actions,
        "ContextEntries": [{ "ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["false"], "ContextKeyType": "boolean" }],
    });
    let call = lab.request(&lab.admin().await, "iam", "SimulatePrincipalPolicy", input);
    let reply = api.call(call).await.unwrap();
    assert_eq!(decisions(&reply), ["allowed", "explicitDeny", "implicitDeny", "implicitDeny", "implicitDeny"]);
    let results = reply["EvaluationResults"].as_array().unwrap();
    let allowed = |result: &Value| result["OrganizationsDecisionDetail"]["AllowedByOrganizations"].as_bool().unwrap();
    assert_eq!(results.iter().map(allowed).collect::<Vec<_>>(), [true, false, false, false, false]);
    let matched = |result: &Value| result["MatchedStatements"].as_array().map_or(0, Vec::len);
    assert_eq!(results.iter().map(matched).collect::<Vec<_>>(), [1, 0, 0, 0, 0]);
}
