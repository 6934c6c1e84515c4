//! Users, access keys, roles.

use super::*;

#[tokio::test]
async fn a_user_from_birth_to_death() {
    let lab = Lab::new();
    let input = json!({ "UserName": "ann", "Path": "/team/", "Tags": [{ "Key": "team", "Value": "net" }] });
    let made = lab.ok("CreateUser", input.clone()).await["User"].clone();
    assert_eq!(made["Arn"], "arn:aws:iam::123456789012:user/team/ann");
    assert_eq!(made["CreateDate"], NOW_TEXT);
    let id = made["UserId"].as_str().unwrap();
    assert!(id.starts_with("AIDA") && id.len() == 21, "{id}");
    assert_eq!(lab.ok("GetUser", json!({ "UserName": "ann" })).await["User"], made);
    assert_eq!(lab.refused("CreateUser", input).await, "EntityAlreadyExists: User with name ann already exists.");
    assert_eq!(
        lab.refused("CreateUser", json!({ "UserName": "ANN" })).await,
        "EntityAlreadyExists: User with name ANN already exists."
    );
    lab.ok("UpdateUser", json!({ "UserName": "ann", "NewUserName": "anna", "NewPath": "/" })).await;
    assert_eq!(
        lab.refused("GetUser", json!({ "UserName": "ann" })).await,
        "NoSuchEntity: The user with name ann cannot be found."
    );
    let renamed = lab.ok("GetUser", json!({ "UserName": "anna" })).await["User"].clone();
    assert_eq!((&renamed["Arn"], &renamed["UserId"]), (&json!("arn:aws:iam::123456789012:user/anna"), &made["UserId"]));
    lab.ok("DeleteUser", json!({ "UserName": "anna" })).await;
    assert_eq!(names(&lab.ok("ListUsers", json!({})).await["Users"], "UserName"), ["administrator"]);
}

#[tokio::test]
async fn a_user_that_has_something_stays() {
    let lab = Lab::new();
    lab.user("ann").await;
    let who = json!({ "UserName": "ann" });
    assert_eq!(
        lab.refused("DeleteUser", who.clone()).await,
        "DeleteConflict: Cannot delete entity, must delete access keys first."
    );
    lab.ok("PutUserPolicy", json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": ALLOW_S3 })).await;
    assert_eq!(
        lab.refused("DeleteUser", who.clone()).await,
        "DeleteConflict: Cannot delete entity, must delete policies first."
    );
    let arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
    lab.ok("AttachUserPolicy", json!({ "UserName": "ann", "PolicyArn": arn })).await;
    assert_eq!(
        lab.refused("DeleteUser", who.clone()).await,
        "DeleteConflict: Cannot delete entity, must detach all policies first."
    );
}

#[tokio::test]
async fn get_user_without_a_name_is_the_sender() {
    let lab = Lab::new();
    let (ann, root) = (lab.user("ann").await, lab.root().await);
    lab.ok("AttachUserPolicy", json!({ "UserName": "ann", "PolicyArn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }))
        .await;
    assert_eq!(lab.call_as(&ann, "GetUser", json!({})).await.unwrap()["User"]["UserName"], "ann");
    let own = lab.call_as(&root, "GetUser", json!({})).await.unwrap();
    assert_eq!(
        (&own["User"]["UserId"], &own["User"]["Arn"]),
        (&json!("123456789012"), &json!("arn:aws:iam::123456789012:root"))
    );
}

#[tokio::test]
async fn names_paths_and_tags_have_rules() {
    let lab = Lab::new();
    let long = "a".repeat(65);
    let many: Vec<Value> = (0..51).map(|n| json!({ "Key": format!("k{n}"), "Value": "" })).collect();
    for (input, code, word) in [
        (json!({}), "ValidationError", "Value null at 'userName'"),
        (
            json!({ "UserName": "a b" }),
            "ValidationError",
            "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-",
        ),
        (json!({ "UserName": "" }), "ValidationError", "greater than or equal to 1"),
        (json!({ "UserName": long }), "ValidationError", "less than or equal to 64"),
        (json!({ "UserName": "a", "Path": "team" }), "ValidationError", "must begin and end with /"),
        (json!({ "UserName": "a", "Tags": many }), "ValidationError", "less than or equal to 50"),
        (
            json!({ "UserName": "a", "Tags": [{ "Key": "a", "Value": "" }, { "Key": "A", "Value": "" }] }),
            "InvalidInput",
            "Duplicate tag keys",
        ),
        (json!({ "UserName": "a", "Tags": [{ "Key": "aws:x", "Value": "" }] }), "InvalidInput", "System tags"),
        (json!({ "UserName": "a", "PermissionsBoundary": "arn:aws:iam::aws:policy/Nope" }), "NoSuchEntity", "Nope"),
    ] {
        let refusal = lab.refused("CreateUser", input.clone()).await;
        assert!(refusal.starts_with(code) && refusal.contains(word), "{input}: {refusal}");
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let lab = Lab::new();
    for n in 0..5 {
        lab.ok("CreateUser", json!({ "UserName": format!("user{n}"), "Path": "/many/" })).await;
    }
    let mut seen = Vec::new();
    let mut input = json!({ "PathPrefix": "/many/", "MaxItems": 2 });
    loop {
        let reply = lab.ok("ListUsers", input.clone()).await;
        seen.extend(names(&reply["Users"], "UserName"));
        assert_eq!(reply["IsTruncated"].as_bool().unwrap(), reply.get("Marker").is_some());
        match reply.get("Marker") {
            Some(marker) => input["Marker"] = marker.clone(),
            None => break,
        }
    }
    assert_eq!(seen, ["user0", "user1", "user2", "user3", "user4"]);
    assert!(lab.refused("ListUsers", json!({ "Marker": "%" })).await.starts_with("ValidationError"));
    assert!(lab.refused("ListUsers", json!({ "MaxItems": 0 })).await.starts_with("ValidationError"));
}

#[tokio::test]
async fn access_keys_open_and_close_the_door() {
    let lab = Lab::new();
    lab.ok("CreateUser", json!({ "UserName": "ann", "Tags": [{ "Key": "team", "Value": "net" }] })).await;
    let made = lab.ok("CreateAccessKey", json!({ "UserName": "ann" })).await["AccessKey"].clone();
    let (id, secret) = (made["AccessKeyId"].as_str().unwrap(), made["SecretAccessKey"].as_str().unwrap());
    assert!(id.starts_with("AKIA") && id.len() == 20 && secret.len() == 40);
    let credential = lab.credential(id).unwrap();
    assert_eq!((credential.secret.as_str(), credential.session_token, credential.expires), (secret, None, None));
    assert_eq!(credential.caller.keys["aws:PrincipalTag/team"], ["net"]);
    lab.ok("CreateAccessKey", json!({ "UserName": "ann" })).await;
    assert_eq!(
        lab.refused("CreateAccessKey", json!({ "UserName": "ann" })).await,
        "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2"
    );
    let set = |status| json!({ "UserName": "ann", "AccessKeyId": id, "Status": status });
    lab.ok("UpdateAccessKey", set("Inactive")).await;
    assert!(lab.credential(id).is_none());
    let listed = lab.ok("ListAccessKeys", json!({ "UserName": "ann" })).await["AccessKeyMetadata"].clone();
    assert_eq!(
        (names(&listed, "Status"), listed[0].get("SecretAccessKey")),
        (vec!["Inactive".into(), "Active".into()], None)
    );
    lab.ok("UpdateAccessKey", set("Active")).await;
    lab.ok("UpdateUser", json!({ "UserName": "ann", "NewUserName": "anna" })).await;
    assert_eq!(lab.credential(id).unwrap().caller.arn().unwrap().resource, "user/anna");
    lab.ok("DeleteAccessKey", json!({ "UserName": "anna", "AccessKeyId": id })).await;
    assert!(lab.credential(id).is_none());
    assert_eq!(
        lab.refused("DeleteAccessKey", json!({ "UserName": "anna", "AccessKeyId": id })).await,
        format!("NoSuchEntity: The Access Key with id {id} cannot be found.")
    );
}

#[tokio::test]
async fn a_role_and_its_trust() {
    let lab = Lab::new();
    let made = lab.role("web", TRUST_EC2).await;
    assert_eq!(decoded(&made["AssumeRolePolicyDocument"]), TRUST_EC2);
    assert_eq!(
        (&made["Arn"], &made["MaxSessionDuration"]),
        (&json!("arn:aws:iam::123456789012:role/web"), &json!(3600))
    );
    assert!(made["RoleId"].as_str().unwrap().starts_with("AROA"));
    let missing = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/nobody"},"Action":"sts:AssumeRole"}}"#;
    assert_eq!(
        lab.refused("UpdateAssumeRolePolicy", json!({ "RoleName": "web", "PolicyDocument": missing })).await,
        "MalformedPolicyDocument: Invalid principal in policy: \"AWS\":\"arn:aws:iam::123456789012:user/nobody\""
    );
    let stranger = missing.replace("123456789012", "999999999999");
    lab.ok("UpdateAssumeRolePolicy", json!({ "RoleName": "web", "PolicyDocument": stranger })).await;
    assert_eq!(
        lab.refused("UpdateAssumeRolePolicy", json!({ "RoleName": "web", "PolicyDocument": ALLOW_S3 })).await,
        "MalformedPolicyDocument: Missing required field Principal (line 1, column 38: Statement[0])"
    );
    lab.ok("UpdateRole", json!({ "RoleName": "web", "Description": "d", "MaxSessionDuration": 7200 })).await;
    let role = lab.ok("GetRole", json!({ "RoleName": "web" })).await["Role"].clone();
    assert_eq!((&role["Description"], &role["MaxSessionDuration"]), (&json!("d"), &json!(7200)));
    assert!(lab.refused("UpdateRole", json!({ "RoleName": "web", "MaxSessionDuration": 60 })).await.contains("3600"));
    lab.ok("DeleteRole", json!({ "RoleName": "web" })).await;
    assert_eq!(
        lab.refused("GetRole", json!({ "RoleName": "web" })).await,
        "NoSuchEntity: The role with name web cannot be found."
    );
}

#[tokio::test]
async fn an_account_has_an_alias_and_a_summary() {
    let lab = Lab::new();
    lab.ok("CreateAccountAlias", json!({ "AccountAlias": "my-lab" })).await;
    assert_eq!(lab.ok("ListAccountAliases", json!({})).await["AccountAliases"], json!(["my-lab"]));
    assert!(
        lab.refused("CreateAccountAlias", json!({ "AccountAlias": "My_Lab" })).await.starts_with("ValidationError")
    );
    lab.ok("DeleteAccountAlias", json!({ "AccountAlias": "my-lab" })).await;
    assert!(lab.refused("DeleteAccountAlias", json!({ "AccountAlias": "my-lab" })).await.starts_with("NoSuchEntity"));
    assert_eq!(lab.ok("GetAccountSummary", json!({})).await["SummaryMap"]["Users"], 1);
}

#[tokio::test]
async fn what_is_not_served_says_so() {
    let refusal = Lab::new().refused("UploadServerCertificate", json!({})).await;
    assert_eq!(refusal, "NotImplemented: The IAM operation UploadServerCertificate is not implemented.");
}
