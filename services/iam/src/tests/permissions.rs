//! Who may call IAM, and what the policies of a caller are.

use super::*;
use postern_policy::PolicyKind;

#[tokio::test]
async fn a_caller_without_permission_is_refused_in_awss_words() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    lab.ok("CreateUser", json!({ "UserName": "bob", "Path": "/team/" })).await;
    let who = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform:";
    for (operation, input, resource) in [
        ("CreateUser", json!({ "UserName": "new" }), "arn:aws:iam::123456789012:user/new"),
        ("GetUser", json!({ "UserName": "bob" }), "arn:aws:iam::123456789012:user/team/bob"),
        ("CreateRole", json!({ "RoleName": "r", "Path": "/p/" }), "arn:aws:iam::123456789012:role/p/r"),
        ("ListRoles", json!({}), "arn:aws:iam::123456789012:role/"),
        ("ListPolicies", json!({}), "policy path /"),
        ("GetAccountSummary", json!({}), "*"),
    ] {
        let refusal = lab.call_as(&ann, operation, input).await.unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.status), ("AccessDenied", 403));
        let reason = format!("because no identity-based policy allows the iam:{operation} action");
        assert_eq!(refusal.message, format!("{who} iam:{operation} on resource: {resource} {reason}"));
    }
    let refusal = lab.call_as(&Caller::anonymous(), "ListUsers", json!({})).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.status), ("MissingAuthenticationToken", 403));
}

#[tokio::test]
async fn conditions_see_tags_policies_and_boundaries() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    let text = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"iam:CreateUser","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"net"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}},
        {"Effect":"Allow","Action":"iam:DeleteUser","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"net"}}},
        {"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}}},
        {"Effect":"Allow","Action":"iam:CreateRole","Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::aws:policy/AmazonS3FullAccess"}}}]}"#;
    lab.ok("PutUserPolicy", json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": text })).await;
    lab.ok("CreateUser", json!({ "UserName": "other" })).await;
    let tagged = |team: &str| json!({ "UserName": "bob", "Tags": [{ "Key": "team", "Value": team }] });
    let role = |boundary: &str| {
        json!({ "RoleName": "r", "AssumeRolePolicyDocument": TRUST_EC2,
        "PermissionsBoundary": format!("arn:aws:iam::aws:policy/{boundary}") })
    };
    let attach = |policy: &str| json!({ "UserName": "bob", "PolicyArn": format!("arn:aws:iam::aws:policy/{policy}") });
    for (operation, input, allowed) in [
        ("CreateUser", tagged("other"), false),
        ("CreateUser", json!({ "UserName": "bob" }), false),
        ("CreateUser", tagged("net"), true),
        ("AttachUserPolicy", attach("AmazonS3FullAccess"), false),
        ("AttachUserPolicy", attach("AmazonS3ReadOnlyAccess"), true),
        ("CreateRole", role("AdministratorAccess"), false),
        ("CreateRole", role("AmazonS3FullAccess"), true),
        ("DeleteUser", json!({ "UserName": "other" }), false),
    ] {
        let reply = lab.call_as(&ann, operation, input.clone()).await;
        assert_eq!(reply.is_ok(), allowed, "{operation} {input}: {reply:?}");
    }
}

#[tokio::test]
async fn handing_on_a_role_needs_pass_role() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    lab.role("web", TRUST_EC2).await;
    lab.ok("CreateInstanceProfile", json!({ "InstanceProfileName": "box" })).await;
    let put = |actions: &str| {
        let text =
            format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{actions},"Resource":"*"}}}}"#);
        json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": text })
    };
    lab.ok("PutUserPolicy", put(r#""iam:AddRoleToInstanceProfile""#)).await;
    let both = json!({ "InstanceProfileName": "box", "RoleName": "web" });
    let refusal = lab.call_as(&ann, "AddRoleToInstanceProfile", both.clone()).await.unwrap_err();
    assert!(refusal.message.contains("iam:PassRole on resource: arn:aws:iam::123456789012:role/web"), "{refusal}");
    lab.ok("PutUserPolicy", put(r#"["iam:AddRoleToInstanceProfile","iam:PassRole"]"#)).await;
    lab.call_as(&ann, "AddRoleToInstanceProfile", both).await.unwrap();
}

#[tokio::test]
async fn the_gate_gets_every_policy_of_a_caller() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    lab.ok("PutUserPolicy", json!({ "UserName": "ann", "PolicyName": "inline", "PolicyDocument": ALLOW_S3 })).await;
    lab.ok("CreateGroup", json!({ "GroupName": "readers" })).await;
    lab.ok(
        "AttachGroupPolicy",
        json!({ "GroupName": "readers", "PolicyArn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }),
    )
    .await;
    lab.ok("AddUserToGroup", json!({ "GroupName": "readers", "UserName": "ann" })).await;
    lab.ok(
        "PutUserPermissionsBoundary",
        json!({ "UserName": "ann", "PermissionsBoundary": "arn:aws:iam::aws:policy/AmazonS3FullAccess" }),
    )
    .await;
    let (identity, boundary) = lab.iam.identity_policies(&ann);
    let found: Vec<&str> = identity.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(found, ["inline", "arn:aws:iam::aws:policy/IAMReadOnlyAccess"]);
    let boundary = boundary.unwrap();
    assert_eq!(
        (boundary.kind, boundary.name.as_str()),
        (PolicyKind::Boundary, "arn:aws:iam::aws:policy/AmazonS3FullAccess")
    );
    let refusal = lab.call_as(&ann, "ListUsers", json!({})).await.unwrap_err();
    assert!(refusal.message.ends_with("because no permissions boundary allows the iam:ListUsers action"), "{refusal}");
    lab.ok("DeleteUserPermissionsBoundary", json!({ "UserName": "ann" })).await;
    lab.call_as(&ann, "ListUsers", json!({})).await.unwrap();
    assert!(
        lab.refused("DeleteUserPermissionsBoundary", json!({ "UserName": "ann" })).await.starts_with("NoSuchEntity")
    );
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let lab = Lab::new();
    let other: AccountId = "999999999999".parse().unwrap();
    let (key, _) = lab.iam.ensure_admin(other, lab.now()).await.unwrap();
    let stranger = lab.credential(&key).unwrap().caller;
    lab.user("ann").await;
    let refusal = lab.call_as(&stranger, "GetUser", json!({ "UserName": "ann" })).await.unwrap_err();
    assert_eq!(refusal.code, "NoSuchEntity");
    assert_eq!(
        names(&lab.call_as(&stranger, "ListUsers", json!({})).await.unwrap()["Users"], "UserName"),
        ["administrator"]
    );
}
