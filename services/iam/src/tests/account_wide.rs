//! What is asked of the account as a whole.

use super::*;

#[tokio::test]
async fn the_password_policy_is_kept_until_it_is_deleted() {
    let lab = Lab::new();
    let none = "NoSuchEntity: The Password Policy with domain name 123456789012 cannot be found.";
    assert_eq!(lab.refused("GetAccountPasswordPolicy", json!({})).await, none);
    assert_eq!(lab.refused("DeleteAccountPasswordPolicy", json!({})).await, none);
    lab.ok("UpdateAccountPasswordPolicy", json!({ "MinimumPasswordLength": 14, "MaxPasswordAge": 90 })).await;
    let policy = lab.ok("GetAccountPasswordPolicy", json!({})).await["PasswordPolicy"].clone();
    assert_eq!((&policy["MinimumPasswordLength"], &policy["ExpirePasswords"]), (&json!(14), &json!(true)));
    assert_eq!((&policy["RequireSymbols"], policy.get("HardExpiry")), (&json!(false), None));
    lab.ok("UpdateAccountPasswordPolicy", json!({ "RequireSymbols": true })).await;
    let policy = lab.ok("GetAccountPasswordPolicy", json!({})).await["PasswordPolicy"].clone();
    assert_eq!((&policy["MinimumPasswordLength"], policy.get("MaxPasswordAge")), (&json!(6), None));
    lab.ok("DeleteAccountPasswordPolicy", json!({})).await;
    assert_eq!(lab.refused("GetAccountPasswordPolicy", json!({})).await, none);
}

#[tokio::test]
async fn policies_that_grant_a_service_are_told() {
    let lab = Lab::new();
    lab.user("ann").await;
    let arn = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
    lab.ok("CreateGroup", json!({ "GroupName": "readers" })).await;
    lab.ok("AttachGroupPolicy", json!({ "GroupName": "readers", "PolicyArn": arn })).await;
    lab.ok("AddUserToGroup", json!({ "GroupName": "readers", "UserName": "ann" })).await;
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":["iam:*"],"Resource":"*"}}"#;
    lab.ok("PutUserPolicy", json!({ "UserName": "ann", "PolicyName": "rest", "PolicyDocument": document })).await;
    let asked = json!({ "Arn": "arn:aws:iam::123456789012:user/ann", "ServiceNamespaces": ["iam", "s3"] });
    let entries = lab.ok("ListPoliciesGrantingServiceAccess", asked).await["PoliciesGrantingServiceAccess"].clone();
    assert_eq!(
        entries,
        json!([
            { "ServiceNamespace": "iam", "Policies": [
                { "PolicyName": "IAMReadOnlyAccess", "PolicyType": "MANAGED", "PolicyArn": arn }
            ] },
            { "ServiceNamespace": "s3", "Policies": [
                { "PolicyName": "rest", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": "ann" }
            ] },
        ])
    );
    let missing = json!({ "Arn": "arn:aws:iam::123456789012:user/bob", "ServiceNamespaces": ["s3"] });
    assert!(lab.refused("ListPoliciesGrantingServiceAccess", missing).await.starts_with("NoSuchEntity"));
}
