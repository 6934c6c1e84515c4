//! ValidatePolicy as a client meets it.

use crate::AccessAnalyzer;
use postern_call::{Call, Caller, Principal};
use postern_names::{AccountId, Region, Via};
use postern_policy::{Ask, Decision, Judge, PolicyKind};
use postern_serve::Service;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use time::OffsetDateTime;

struct Gate(bool);

impl Judge for Gate {
    fn judge(&self, ask: &Ask<'_>) -> Decision {
        assert_eq!((ask.action, ask.resource), ("access-analyzer:ValidatePolicy", "*"));
        match self.0 {
            true => Decision::Allow { by: Vec::new() },
            false => Decision::ImplicitDeny { missing: PolicyKind::Identity, nearly: Vec::new() },
        }
    }
}

async fn ask(allowed: bool, operation: &str, input: Value) -> Result<Value, postern_call::Refusal> {
    let call = Call {
        caller: Caller::of(Principal::Root { account: AccountId::DEFAULT }),
        via: Via::Host { peer: IpAddr::V4(Ipv4Addr::LOCALHOST) },
        service: "access-analyzer",
        operation: operation.into(),
        input,
        region: Region::new("us-east-1"),
        secure: false,
        user_agent: None,
        now: OffsetDateTime::UNIX_EPOCH,
        request_id: "r".into(),
    };
    AccessAnalyzer::new(Arc::new(Gate(allowed))).call(call).await
}

const BAD: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:GetObjekt","s3:PutObjekt"],"Resource":"*"}}"#;

#[tokio::test]
async fn findings_come_in_pages() {
    let input = json!({ "policyDocument": BAD, "policyType": "IDENTITY_POLICY", "maxResults": 1 });
    let first = ask(true, "ValidatePolicy", input.clone()).await.unwrap();
    let finding = &first["findings"][0];
    assert_eq!((&finding["findingType"], &finding["issueCode"]), (&json!("ERROR"), &json!("INVALID_ACTION")));
    let path = json!([{ "value": "Statement" }, { "value": "Action" }, { "index": 0 }]);
    assert_eq!(finding["locations"][0]["path"], path);
    let mut input = input;
    input["nextToken"] = first["nextToken"].clone();
    let second = ask(true, "ValidatePolicy", input.clone()).await.unwrap();
    assert_eq!(second["findings"][0]["locations"][0]["path"][2], json!({ "index": 1 }));
    assert_eq!(second.get("nextToken"), None);
    input["nextToken"] = json!("99");
    assert_eq!(ask(true, "ValidatePolicy", input).await.unwrap_err().code, "ValidationException");
}

#[tokio::test]
async fn the_type_says_which_rules_count() {
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    let role = "AWS::IAM::AssumeRolePolicyDocument";
    let input = json!({ "policyDocument": trust, "policyType": "RESOURCE_POLICY", "validatePolicyResourceType": role });
    assert_eq!(ask(true, "ValidatePolicy", input).await.unwrap(), json!({ "findings": [] }));
    let input = json!({ "policyDocument": trust, "policyType": "IDENTITY_POLICY" });
    let found = ask(true, "ValidatePolicy", input).await.unwrap();
    assert_eq!(found["findings"].as_array().unwrap().len(), 2);
    let input = json!({ "policyDocument": trust, "policyType": "IDENTITY_POLICY", "validatePolicyResourceType": role });
    assert_eq!(ask(true, "ValidatePolicy", input).await.unwrap_err().code, "ValidationException");
}

#[tokio::test]
async fn who_may_not_is_told_so_and_what_is_missing_is_named() {
    let input = json!({ "policyDocument": BAD, "policyType": "IDENTITY_POLICY" });
    let refused = ask(false, "ValidatePolicy", input).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status), ("AccessDeniedException", 403));
    let missing = ask(true, "CreateAnalyzer", json!({})).await.unwrap_err();
    assert_eq!(missing.status, 501);
    assert!(missing.message.contains("CreateAnalyzer"));
}
