//! Who used what, when: of keys, of roles, and the reports made from it.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

async fn key_used(lab: &Lab, caller: &Caller) -> Value {
    let asked = json!({ "AccessKeyId": caller.access_key });
    lab.ok("GetAccessKeyLastUsed", asked).await
}

#[tokio::test]
async fn a_key_tells_its_last_use_also_after_a_restart() {
    let mut lab = Lab::new();
    let ann = lab.user("ann").await;
    let never = json!({ "UserName": "ann", "AccessKeyLastUsed": { "ServiceName": "N/A", "Region": "N/A" } });
    assert_eq!(key_used(&lab, &ann).await, never);
    lab.used(&ann, "s3", "ListBuckets", "eu-west-1");
    lab.later = 60;
    lab.used(&ann, "ec2", "DescribeVpcs", "us-east-1");
    let told = json!({ "UserName": "ann", "AccessKeyLastUsed":
        { "LastUsedDate": "2026-11-21T10:01:00Z", "ServiceName": "ec2", "Region": "us-east-1" } });
    assert_eq!(key_used(&lab, &ann).await, told);
    lab.iam.write_usage().await.unwrap();
    let lab = lab.restart();
    assert_eq!(key_used(&lab, &ann).await, told);
    let refusal = lab.refused("GetAccessKeyLastUsed", json!({ "AccessKeyId": "AKIANOBODYNOBODY0000" })).await;
    assert!(refusal.starts_with("NoSuchEntity"), "{refusal}");
    // A user who comes back under the old name was never here.
    lab.ok("DeleteAccessKey", json!({ "UserName": "ann", "AccessKeyId": ann.access_key })).await;
    lab.ok("DeleteUser", json!({ "UserName": "ann" })).await;
    lab.iam.write_usage().await.unwrap();
    let again = lab.user("ann").await;
    assert_eq!(key_used(&lab, &again).await, never);
}

#[tokio::test]
async fn a_role_tells_its_last_use() {
    let lab = Lab::new();
    let made = lab.role("web", TRUST_EC2).await;
    assert_eq!(lab.ok("GetRole", json!({ "RoleName": "web" })).await["Role"]["RoleLastUsed"], json!({}));
    let mut session = Caller::of(postern_call::Principal::Role {
        account: ACCOUNT,
        path: "/".into(),
        name: "web".into(),
        id: made["RoleId"].as_str().unwrap().into(),
        session: "i-1".into(),
    });
    session.access_key = Some("ASIAEXAMPLEEXAMPLE00".into());
    lab.used(&session, "s3", "GetObject", "eu-west-1");
    let expected = json!({ "LastUsedDate": NOW_TEXT, "Region": "eu-west-1" });
    assert_eq!(lab.ok("GetRole", json!({ "RoleName": "web" })).await["Role"]["RoleLastUsed"], expected);
    let details = lab.ok("GetAccountAuthorizationDetails", json!({ "Filter": ["Role"] })).await;
    assert_eq!(details["RoleDetailList"][0]["RoleLastUsed"], expected);
}

#[tokio::test]
async fn the_credential_report_has_a_line_for_everybody() {
    let mut lab = Lab::new();
    let gone = lab.refused("GetCredentialReport", json!({})).await;
    assert!(gone.starts_with("ReportNotPresent"), "{gone}");
    let ann = lab.user("ann").await;
    lab.used(&ann, "s3", "ListBuckets", "eu-west-1");
    lab.ok("CreateLoginProfile", json!({ "UserName": "ann", "Password": "Correct-horse-9" })).await;
    lab.ok("CreateUser", json!({ "UserName": "bob,jr" })).await;
    let first = lab.ok("GenerateCredentialReport", json!({})).await;
    let description = "No report exists. Starting a new report generation task";
    assert_eq!(first, json!({ "State": "STARTED", "Description": description }));
    assert_eq!(lab.ok("GenerateCredentialReport", json!({})).await, json!({ "State": "COMPLETE" }));
    lab = lab.restart();
    let report = lab.ok("GetCredentialReport", json!({})).await;
    assert_eq!((&report["ReportFormat"], &report["GeneratedTime"]), (&json!("text/csv"), &json!(NOW_TEXT)));
    let text = String::from_utf8(STANDARD.decode(report["Content"].as_str().unwrap()).unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0].split(',').count(), 22);
    assert!(lines[0].starts_with("user,arn,user_creation_time,password_enabled,password_last_used,"));
    assert!(lines[0].ends_with(",cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"));
    let (at, none) = ("2026-11-21T10:00:00+00:00", "false,N/A,N/A,N/A,N/A");
    assert_eq!(
        lines[1],
        format!(
            "<root_account>,arn:aws:iam::123456789012:root,{at},not_supported,no_information,not_supported,not_supported,false,{none},{none},false,N/A,false,N/A"
        )
    );
    let ann = lines.iter().find(|line| line.starts_with("ann,")).unwrap();
    assert_eq!(
        *ann,
        format!(
            "ann,arn:aws:iam::123456789012:user/ann,{at},true,no_information,{at},N/A,false,true,{at},{at},eu-west-1,s3,{none},false,N/A,false,N/A"
        )
    );
    assert!(lines.iter().any(|line| line.starts_with("\"bob,jr\",\"arn:aws:iam::123456789012:user/bob,jr\",")));
    lab.later = 4 * 3600;
    assert!(lab.refused("GetCredentialReport", json!({})).await.starts_with("ReportExpired"));
    assert_eq!(lab.ok("GenerateCredentialReport", json!({})).await["State"], "STARTED");
}

async fn accessed(lab: &Lab, input: Value) -> (String, Value) {
    let job = lab.ok("GenerateServiceLastAccessedDetails", input).await["JobId"].as_str().unwrap().to_owned();
    assert_eq!(job.len(), 36);
    let reply = lab.ok("GetServiceLastAccessedDetails", json!({ "JobId": job, "MaxItems": 1000 })).await;
    assert_eq!(reply["JobStatus"], "COMPLETED");
    (job, reply["ServicesLastAccessed"].clone())
}

#[tokio::test]
async fn services_tell_who_called_them_last() {
    let mut lab = Lab::new();
    let (ann, bob) = (lab.user("ann").await, lab.user("bob").await);
    let policy =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:*","sqs:SendMessage"],"Resource":"*"}}"#;
    let made = lab.ok("CreatePolicy", json!({ "PolicyName": "p", "PolicyDocument": policy })).await;
    let arn = made["Policy"]["Arn"].clone();
    lab.ok("CreateGroup", json!({ "GroupName": "g" })).await;
    lab.ok("AttachGroupPolicy", json!({ "GroupName": "g", "PolicyArn": arn })).await;
    for name in ["ann", "bob"] {
        lab.ok("AddUserToGroup", json!({ "GroupName": "g", "UserName": name })).await;
    }
    lab.used(&ann, "s3", "ListBuckets", "eu-west-1");
    lab.used(&ann, "ec2", "DescribeVpcs", "eu-west-1");
    lab.later = 60;
    lab.used(&bob, "s3", "GetObject", "us-east-1");
    let bob_arn = "arn:aws:iam::123456789012:user/bob";
    let (job, services) = accessed(&lab, json!({ "Arn": arn, "Granularity": "ACTION_LEVEL" })).await;
    assert_eq!(
        services,
        json!([
            { "ServiceName": "Amazon S3", "ServiceNamespace": "s3", "LastAuthenticated": "2026-11-21T10:01:00Z",
              "LastAuthenticatedEntity": bob_arn, "LastAuthenticatedRegion": "us-east-1",
              "TotalAuthenticatedEntities": 2, "TrackedActionsLastAccessed": [
                { "ActionName": "GetObject", "LastAccessedEntity": bob_arn,
                  "LastAccessedTime": "2026-11-21T10:01:00Z", "LastAccessedRegion": "us-east-1" },
                { "ActionName": "ListBuckets", "LastAccessedEntity": "arn:aws:iam::123456789012:user/ann",
                  "LastAccessedTime": NOW_TEXT, "LastAccessedRegion": "eu-west-1" },
            ] },
            { "ServiceName": "Amazon SQS", "ServiceNamespace": "sqs", "TotalAuthenticatedEntities": 0 },
        ])
    );
    let mut lab = lab.restart();
    let asked = json!({ "JobId": job, "ServiceNamespace": "s3" });
    let entities = lab.ok("GetServiceLastAccessedDetailsWithEntities", asked).await["EntityDetailsList"].clone();
    assert_eq!(
        (&entities[0]["EntityInfo"]["Arn"], &entities[0]["EntityInfo"]["Type"]),
        (&json!(bob_arn), &json!("USER"))
    );
    assert_eq!(entities.as_array().unwrap().len(), 2);
    let other = json!({ "JobId": job, "ServiceNamespace": "ec2" });
    assert!(lab.refused("GetServiceLastAccessedDetailsWithEntities", other).await.starts_with("NoSuchEntity"));
    for (arn, count) in [("group/g", 2), ("user/ann", 1)] {
        let input = json!({ "Arn": format!("arn:aws:iam::123456789012:{arn}") });
        lab.used(&ann, "s3", "ListBuckets", "eu-west-1");
        lab.used(&bob, "s3", "ListBuckets", "eu-west-1");
        assert_eq!(accessed(&lab, input).await.1[0]["TotalAuthenticatedEntities"], count, "{arn}");
    }
    let nobody = json!({ "Arn": "arn:aws:iam::123456789012:user/nobody" });
    assert!(lab.refused("GenerateServiceLastAccessedDetails", nobody).await.starts_with("NoSuchEntity"));
    lab.later = 8 * 86_400;
    assert!(lab.refused("GetServiceLastAccessedDetails", json!({ "JobId": job })).await.starts_with("NoSuchEntity"));
}
