//! What EC2 and the metadata service ask.

use super::*;
use std::collections::BTreeMap;

fn keys() -> BTreeMap<String, Vec<String>> {
    BTreeMap::from([
        ("aws:Ec2InstanceSourceVpc".to_owned(), vec!["vpc-1".to_owned()]),
        ("ec2:SourceInstanceArn".to_owned(), vec!["arn:aws:ec2:us-east-1:123456789012:instance/i-1".to_owned()]),
    ])
}

async fn profiled(trust: &str) -> Lab {
    let lab = Lab::new();
    lab.user("ann").await;
    lab.role("web", trust).await;
    lab.ok("CreateInstanceProfile", json!({ "InstanceProfileName": "box", "Path": "/p/" })).await;
    lab.ok("AddRoleToInstanceProfile", json!({ "InstanceProfileName": "box", "RoleName": "web" })).await;
    lab
}

#[tokio::test]
async fn a_profile_is_found_by_name_and_by_arn() {
    let lab = profiled(TRUST_EC2).await;
    let arn = "arn:aws:iam::123456789012:instance-profile/p/box";
    let found = lab.iam.instance_profile(ACCOUNT, "box").unwrap();
    assert_eq!((found.arn.as_str(), found.role_arn.as_deref()), (arn, Some("arn:aws:iam::123456789012:role/web")));
    assert_eq!(lab.iam.instance_profile(ACCOUNT, arn).unwrap(), found);
    for (asked, member) in [("none", "name"), ("arn:aws:iam::123456789012:instance-profile/box", "arn")] {
        let refusal = lab.iam.instance_profile(ACCOUNT, asked).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            format!(
                "InvalidParameterValue: Value ({asked}) for parameter iamInstanceProfile.{member} is invalid. Invalid IAM Instance Profile"
            )
        );
    }
}

#[tokio::test]
async fn an_instance_gets_credentials_that_name_it() {
    let mut lab = profiled(TRUST_EC2).await;
    let first = lab.iam.role_credentials_for_instance(ACCOUNT, "box", "i-1", keys(), lab.now()).await.unwrap();
    assert_eq!(first.expires, NOW + 6 * 3600);
    let credential = lab.credential(&first.access_key_id).unwrap();
    assert_eq!(credential.caller.arn().unwrap().to_string(), "arn:aws:sts::123456789012:assumed-role/web/i-1");
    assert_eq!(credential.caller.keys["aws:Ec2InstanceSourceVpc"], ["vpc-1"]);
    assert_eq!(credential.session_token.as_deref(), Some(first.session_token.as_str()));
    // The same until five minutes before half their time; then new ones, while the old stay good.
    lab.later = 3 * 3600 - 301;
    assert_eq!(lab.iam.role_credentials_for_instance(ACCOUNT, "box", "i-1", keys(), lab.now()).await.unwrap(), first);
    lab.later += 1;
    let second = lab.iam.role_credentials_for_instance(ACCOUNT, "box", "i-1", keys(), lab.now()).await.unwrap();
    assert_ne!(second.access_key_id, first.access_key_id);
    assert!(lab.credential(&first.access_key_id).is_some());
    let other = lab
        .iam
        .role_credentials_for_instance(ACCOUNT, "arn:aws:iam::123456789012:role/web", "i-2", keys(), lab.now())
        .await
        .unwrap();
    assert_ne!(other.access_key_id, second.access_key_id);
}

#[tokio::test]
async fn a_role_that_does_not_trust_ec2_gives_none() {
    let trust = TRUST_EC2.replace("ec2.amazonaws.com", "lambda.amazonaws.com");
    let lab = profiled(&trust).await;
    let refusal = lab.iam.role_credentials_for_instance(ACCOUNT, "box", "i-1", keys(), lab.now()).await.unwrap_err();
    assert_eq!(refusal.code, "AssumeRoleUnauthorizedAccess");
    lab.ok("RemoveRoleFromInstanceProfile", json!({ "InstanceProfileName": "box", "RoleName": "web" })).await;
    let refusal = lab.iam.role_credentials_for_instance(ACCOUNT, "box", "i-1", keys(), lab.now()).await.unwrap_err();
    assert_eq!(refusal.message, "Instance Profile box has no role.");
}

#[tokio::test]
async fn a_remade_role_does_not_inherit_sessions() {
    let lab = profiled(TRUST_EC2).await;
    let old = lab.iam.role_credentials_for_instance(ACCOUNT, "box", "i-1", keys(), lab.now()).await.unwrap();
    lab.ok("RemoveRoleFromInstanceProfile", json!({ "InstanceProfileName": "box", "RoleName": "web" })).await;
    lab.ok("DeleteRole", json!({ "RoleName": "web" })).await;
    assert!(lab.credential(&old.access_key_id).is_none());
    lab.role("web", TRUST_EC2).await;
    assert!(lab.credential(&old.access_key_id).is_none());
}
