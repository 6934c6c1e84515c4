//! What was answered is still so after a restart.

use super::*;

#[tokio::test]
async fn everything_outlives_a_restart() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    let ann_key = ann.access_key.clone().unwrap();
    lab.root().await;
    lab.ok("CreateGroup", json!({ "GroupName": "readers" })).await;
    lab.ok("AddUserToGroup", json!({ "GroupName": "readers", "UserName": "ann" })).await;
    lab.role("web", TRUST_EC2).await;
    lab.ok("CreateInstanceProfile", json!({ "InstanceProfileName": "box" })).await;
    lab.ok("AddRoleToInstanceProfile", json!({ "InstanceProfileName": "box", "RoleName": "web" })).await;
    lab.ok("CreatePolicy", json!({ "PolicyName": "p", "PolicyDocument": ALLOW_S3 })).await;
    lab.ok("AttachUserPolicy", json!({ "UserName": "ann", "PolicyArn": "arn:aws:iam::123456789012:policy/p" })).await;
    lab.ok("CreateAccountAlias", json!({ "AccountAlias": "my-lab" })).await;
    lab.ok("CreateUser", json!({ "UserName": "gone" })).await;
    lab.ok("DeleteUser", json!({ "UserName": "gone" })).await;
    let session =
        lab.iam.role_credentials_for_instance(ACCOUNT, "box", "i-1", Default::default(), lab.now()).await.unwrap();
    let before = lab.ok("GetAccountAuthorizationDetails", json!({})).await;
    let admin = lab.iam.ensure_admin(ACCOUNT, lab.now()).await.unwrap();

    let lab = lab.restart();
    assert_eq!(lab.iam.ensure_admin(ACCOUNT, lab.now()).await.unwrap(), admin);
    assert_eq!(lab.ok("GetAccountAuthorizationDetails", json!({})).await, before);
    assert_eq!(lab.credential(&ann_key).unwrap().caller, ann);
    assert!(lab.credential("AKIAROOTROOTROOTROOT").is_some());
    assert_eq!(lab.credential(&session.access_key_id).unwrap().session_token, Some(session.session_token.clone()));
    let again =
        lab.iam.role_credentials_for_instance(ACCOUNT, "box", "i-1", Default::default(), lab.now()).await.unwrap();
    assert_eq!(again, session);
    assert_eq!(lab.ok("ListAccountAliases", json!({})).await["AccountAliases"], json!(["my-lab"]));
}

#[tokio::test]
async fn sessions_long_ended_are_forgotten() {
    let mut lab = Lab::new();
    let admin = lab.admin().await;
    let old = lab.sts_as(&admin, "GetSessionToken", json!({})).await.unwrap();
    let old = old["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
    lab.later = 43_200 + 86_400 + 1;
    assert!(lab.credential(&old).is_some());
    lab.sts_as(&admin, "GetSessionToken", json!({})).await.unwrap();
    assert!(lab.credential(&old).is_none());
    let lab = lab.restart();
    assert!(lab.credential(&old).is_none());
}

#[tokio::test]
async fn a_configuration_brings_its_own_keys() {
    let lab = Lab::new();
    let entry = |user: &str, key: &str, secret: &str| Preload {
        account: ACCOUNT,
        user: Some(user.into()),
        access_keys: vec![(key.into(), secret.into())],
        policy_arns: vec!["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess".into()],
    };
    lab.iam.preload(vec![entry("test", "test", "test")], lab.now()).await.unwrap();
    lab.iam.preload(vec![entry("test", "test", "other")], lab.now()).await.unwrap();
    let credential = lab.credential("test").unwrap();
    assert_eq!(credential.secret, "other");
    assert_eq!(lab.iam.identity_policies(&credential.caller).0.len(), 1);
    let refusal = lab.iam.preload(vec![entry("thief", "test", "x")], lab.now()).await.unwrap_err();
    assert_eq!(refusal.code, "EntityAlreadyExists");
    let mut unknown = entry("test", "test", "x");
    unknown.policy_arns = vec!["arn:aws:iam::aws:policy/Nope".into()];
    assert_eq!(lab.iam.preload(vec![unknown], lab.now()).await.unwrap_err().code, "NoSuchEntity");
    assert_eq!(lab.restart().credential("test").unwrap().secret, "other");
}
