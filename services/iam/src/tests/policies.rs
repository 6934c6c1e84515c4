//! Inline and managed policies, their versions, their limits.

use super::*;

#[tokio::test]
async fn inline_policies_of_all_three() {
    let lab = Lab::new();
    lab.user("ann").await;
    lab.role("web", TRUST_EC2).await;
    lab.ok("CreateGroup", json!({ "GroupName": "readers" })).await;
    for (kind, member, name, limit) in [
        ("User", "UserName", "ann", 2048),
        ("Role", "RoleName", "web", 10_240),
        ("Group", "GroupName", "readers", 5120),
    ] {
        let input = |policy: &str, text: &str| json!({ member: name, "PolicyName": policy, "PolicyDocument": text });
        lab.ok(&format!("Put{kind}Policy"), input("p", ALLOW_S3)).await;
        let got = lab.ok(&format!("Get{kind}Policy"), json!({ member: name, "PolicyName": "p" })).await;
        assert_eq!((decoded(&got["PolicyDocument"]).as_str(), &got[member]), (ALLOW_S3, &json!(name)));
        assert_eq!(lab.ok(&format!("List{kind}Policies"), json!({ member: name })).await["PolicyNames"], json!(["p"]));
        let long = ALLOW_S3.replace("s3:*", &format!("s3:{}", "x".repeat(limit)));
        let refusal = lab.refused(&format!("Put{kind}Policy"), input("q", &long)).await;
        let kind_word = kind.to_lowercase();
        assert_eq!(
            refusal,
            format!("LimitExceeded: Maximum policy size of {limit} bytes exceeded for {kind_word} {name}")
        );
        let refusal = lab.refused(&format!("Put{kind}Policy"), input("q", "{")).await;
        assert!(refusal.starts_with("MalformedPolicyDocument"), "{refusal}");
        lab.ok(&format!("Delete{kind}Policy"), json!({ member: name, "PolicyName": "p" })).await;
        assert_eq!(
            lab.refused(&format!("Get{kind}Policy"), json!({ member: name, "PolicyName": "p" })).await,
            format!("NoSuchEntity: The {kind_word} policy with name p cannot be found.")
        );
    }
}

#[tokio::test]
async fn a_managed_policy_and_its_versions() {
    let lab = Lab::new();
    let made = lab.ok("CreatePolicy", json!({ "PolicyName": "p", "Path": "/team/", "PolicyDocument": ALLOW_S3 })).await
        ["Policy"]
        .clone();
    let arn = "arn:aws:iam::123456789012:policy/team/p";
    assert_eq!(
        (&made["Arn"], &made["DefaultVersionId"], &made["AttachmentCount"]),
        (&json!(arn), &json!("v1"), &json!(0))
    );
    let of = |version: &str| json!({ "PolicyArn": arn, "VersionId": version });
    assert_eq!(decoded(&lab.ok("GetPolicyVersion", of("v1")).await["PolicyVersion"]["Document"]), ALLOW_S3);
    assert_eq!(
        lab.refused("CreatePolicy", json!({ "PolicyName": "P", "PolicyDocument": ALLOW_S3 })).await,
        "EntityAlreadyExists: A policy called P already exists. Duplicate names are not allowed."
    );
    for _ in 2..=5 {
        lab.ok("CreatePolicyVersion", json!({ "PolicyArn": arn, "PolicyDocument": ALLOW_S3, "SetAsDefault": true }))
            .await;
    }
    assert!(
        lab.refused("CreatePolicyVersion", json!({ "PolicyArn": arn, "PolicyDocument": ALLOW_S3 }))
            .await
            .contains("up to 5 versions")
    );
    let versions = lab.ok("ListPolicyVersions", json!({ "PolicyArn": arn })).await["Versions"].clone();
    assert_eq!(names(&versions, "VersionId"), ["v5", "v4", "v3", "v2", "v1"]);
    assert_eq!(
        lab.refused("DeletePolicyVersion", of("v5")).await,
        "DeleteConflict: Cannot delete the default version of a policy."
    );
    assert!(lab.refused("DeletePolicy", json!({ "PolicyArn": arn })).await.contains("more than one version"));
    lab.ok("SetDefaultPolicyVersion", of("v2")).await;
    for version in ["v1", "v3", "v4", "v5"] {
        lab.ok("DeletePolicyVersion", of(version)).await;
    }
    assert_eq!(
        lab.refused("GetPolicyVersion", of("v1")).await,
        format!("NoSuchEntity: Policy {arn} version v1 does not exist or is not attachable.")
    );
    lab.user("ann").await;
    lab.ok("AttachUserPolicy", json!({ "UserName": "ann", "PolicyArn": arn })).await;
    assert_eq!(
        lab.refused("DeletePolicy", json!({ "PolicyArn": arn })).await,
        "DeleteConflict: Cannot delete a policy attached to entities."
    );
    let entities = lab.ok("ListEntitiesForPolicy", json!({ "PolicyArn": arn })).await;
    assert_eq!(
        (names(&entities["PolicyUsers"], "UserName"), &entities["PolicyRoles"]),
        (vec!["ann".into()], &json!([]))
    );
    lab.ok("DetachUserPolicy", json!({ "UserName": "ann", "PolicyArn": arn })).await;
    assert_eq!(
        lab.refused("DetachUserPolicy", json!({ "UserName": "ann", "PolicyArn": arn })).await,
        format!("NoSuchEntity: Policy {arn} was not found.")
    );
    lab.ok("DeletePolicy", json!({ "PolicyArn": arn })).await;
    assert_eq!(
        lab.refused("GetPolicy", json!({ "PolicyArn": arn })).await,
        format!("NoSuchEntity: Policy {arn} was not found.")
    );
}

#[tokio::test]
async fn aws_policies_are_there_to_read_and_attach() {
    let lab = Lab::new();
    lab.role("web", TRUST_EC2).await;
    let arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    let policy = lab.ok("GetPolicy", json!({ "PolicyArn": arn })).await["Policy"].clone();
    let version = json!({ "PolicyArn": arn, "VersionId": policy["DefaultVersionId"] });
    assert!(decoded(&lab.ok("GetPolicyVersion", version).await["PolicyVersion"]["Document"]).contains("s3:Get*"));
    lab.ok("AttachRolePolicy", json!({ "RoleName": "web", "PolicyArn": arn })).await;
    let attached = lab.ok("ListAttachedRolePolicies", json!({ "RoleName": "web" })).await["AttachedPolicies"].clone();
    assert_eq!(attached, json!([{ "PolicyName": "AmazonS3ReadOnlyAccess", "PolicyArn": arn }]));
    let unknown = "arn:aws:iam::aws:policy/AmazonFooFullAccess";
    assert_eq!(
        lab.refused("AttachRolePolicy", json!({ "RoleName": "web", "PolicyArn": unknown })).await,
        format!("NoSuchEntity: Policy {unknown} does not exist or is not attachable.")
    );
    assert!(lab.refused("DeletePolicy", json!({ "PolicyArn": arn })).await.starts_with("AccessDenied"));
    assert!(lab.refused("GetPolicy", json!({ "PolicyArn": "nonsense" })).await.starts_with("InvalidInput"));
    let local = lab.ok("ListPolicies", json!({ "Scope": "Local" })).await;
    assert_eq!(local["Policies"], json!([]));
    let used = lab.ok("ListPolicies", json!({ "Scope": "AWS", "OnlyAttached": true })).await["Policies"].clone();
    assert_eq!(names(&used, "PolicyName"), ["AdministratorAccess", "AmazonS3ReadOnlyAccess"]);
    let roles = lab.ok("ListPolicies", json!({ "PathPrefix": "/service-role/" })).await["Policies"].clone();
    assert!(names(&roles, "PolicyName").contains(&"AWSLambdaBasicExecutionRole".to_owned()));
}

#[tokio::test]
async fn ten_policies_may_be_attached() {
    let lab = Lab::new();
    lab.user("ann").await;
    for n in 0..11 {
        let made = lab.ok("CreatePolicy", json!({ "PolicyName": format!("p{n}"), "PolicyDocument": ALLOW_S3 })).await;
        let input = json!({ "UserName": "ann", "PolicyArn": made["Policy"]["Arn"] });
        if n < 10 {
            lab.ok("AttachUserPolicy", input).await;
        } else {
            assert_eq!(
                lab.refused("AttachUserPolicy", input).await,
                "LimitExceeded: Cannot exceed quota for PoliciesPerUser: 10"
            );
        }
    }
}

#[tokio::test]
async fn the_whole_account_in_one_list() {
    let lab = Lab::new();
    lab.user("ann").await;
    lab.role("web", TRUST_EC2).await;
    lab.ok("CreateGroup", json!({ "GroupName": "readers" })).await;
    lab.ok("AddUserToGroup", json!({ "GroupName": "readers", "UserName": "ann" })).await;
    lab.ok("CreatePolicy", json!({ "PolicyName": "p", "PolicyDocument": ALLOW_S3 })).await;
    let all = lab.ok("GetAccountAuthorizationDetails", json!({})).await;
    assert_eq!(names(&all["UserDetailList"], "UserName"), ["administrator", "ann"]);
    assert_eq!(all["UserDetailList"][1]["GroupList"], json!(["readers"]));
    assert_eq!(names(&all["RoleDetailList"], "RoleName"), ["web"]);
    assert_eq!(names(&all["Policies"], "PolicyName"), ["p", "AdministratorAccess"]);
    let roles = lab.ok("GetAccountAuthorizationDetails", json!({ "Filter": ["Role"] })).await;
    assert_eq!((&roles["UserDetailList"], roles["RoleDetailList"].as_array().unwrap().len()), (&json!([]), 1));
}

#[tokio::test]
async fn managed_policies_of_all_three_and_boundaries_of_two() {
    let lab = Lab::new();
    lab.user("ann").await;
    lab.role("web", TRUST_EC2).await;
    lab.ok("CreateGroup", json!({ "GroupName": "readers", "Path": "/team/" })).await;
    lab.ok("CreateInstanceProfile", json!({ "InstanceProfileName": "box" })).await;
    assert_eq!(
        names(&lab.ok("ListGroups", json!({ "PathPrefix": "/team/" })).await["Groups"], "GroupName"),
        ["readers"]
    );
    assert_eq!(lab.ok("ListGroups", json!({ "PathPrefix": "/other/" })).await["Groups"], json!([]));
    let profiles = lab.ok("ListInstanceProfiles", json!({})).await["InstanceProfiles"].clone();
    assert_eq!(names(&profiles, "InstanceProfileName"), ["box"]);
    let arn = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
    for (kind, member, name) in
        [("User", "UserName", "ann"), ("Role", "RoleName", "web"), ("Group", "GroupName", "readers")]
    {
        let both = json!({ member: name, "PolicyArn": arn });
        lab.ok(&format!("Attach{kind}Policy"), both.clone()).await;
        lab.ok(&format!("Attach{kind}Policy"), both.clone()).await;
        let list = format!("ListAttached{kind}Policies");
        assert_eq!(names(&lab.ok(&list, json!({ member: name })).await["AttachedPolicies"], "PolicyArn"), [arn]);
        let elsewhere = json!({ member: name, "PathPrefix": "/service-role/" });
        assert_eq!(lab.ok(&list, elsewhere).await["AttachedPolicies"], json!([]));
        lab.ok(&format!("Detach{kind}Policy"), both).await;
        assert_eq!(lab.ok(&list, json!({ member: name })).await["AttachedPolicies"], json!([]));
    }
    for (kind, member, name) in [("User", "UserName", "ann"), ("Role", "RoleName", "web")] {
        lab.ok(&format!("Put{kind}PermissionsBoundary"), json!({ member: name, "PermissionsBoundary": arn })).await;
        let shown = lab.ok(&format!("Get{kind}"), json!({ member: name })).await[kind]["PermissionsBoundary"].clone();
        assert_eq!(shown["PermissionsBoundaryArn"], arn);
        lab.ok(&format!("Delete{kind}PermissionsBoundary"), json!({ member: name })).await;
        assert_eq!(lab.ok(&format!("Get{kind}"), json!({ member: name })).await[kind].get("PermissionsBoundary"), None);
    }
    let role = lab.ok("UpdateRoleDescription", json!({ "RoleName": "web", "Description": "new" })).await;
    assert_eq!(role["Role"]["Description"], "new");
}
