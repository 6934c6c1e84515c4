//! STS: who am I, taking roles, tokens.

use super::*;
use postern_call::Principal;
use postern_names::{VpcEndpointId, VpcId};
use postern_policy::PolicyKind;

const ROLE: &str = "arn:aws:iam::123456789012:role/web";

fn trusting(principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":["sts:AssumeRole","sts:TagSession"]{condition}}}}}"#
    )
}

fn take(name: &str) -> Value {
    json!({ "RoleArn": ROLE, "RoleSessionName": name })
}

/// The caller behind credentials that STS gave.
fn caller(lab: &Lab, reply: &Value) -> Caller {
    lab.credential(reply["Credentials"]["AccessKeyId"].as_str().unwrap()).expect("a session").caller
}

#[tokio::test]
async fn everybody_learns_who_they_are() {
    let lab = Lab::new();
    let (ann, root) = (lab.user("ann").await, lab.root().await);
    lab.role("web", &trusting("arn:aws:iam::123456789012:user/ann", "")).await;
    let session = caller(&lab, &lab.sts_as(&ann, "AssumeRole", take("s1")).await.unwrap());
    for (who, arn) in [
        (&ann, "arn:aws:iam::123456789012:user/ann"),
        (&root, "arn:aws:iam::123456789012:root"),
        (&session, "arn:aws:sts::123456789012:assumed-role/web/s1"),
    ] {
        let reply = lab.sts_as(who, "GetCallerIdentity", json!({})).await.unwrap();
        assert_eq!(
            (&reply["Arn"], &reply["Account"], &reply["UserId"]),
            (&json!(arn), &json!("123456789012"), &json!(who.user_id()))
        );
    }
    assert!(lab.sts_as(&Caller::anonymous(), "GetCallerIdentity", json!({})).await.is_err());
}

/// Says no, for want of a policy of one kind.
struct Lacking(PolicyKind);

impl Judge for Lacking {
    fn judge(&self, _: &Ask<'_>) -> Decision {
        Decision::ImplicitDeny { missing: self.0, nearly: vec![] }
    }
}

#[tokio::test]
async fn only_an_endpoint_keeps_a_caller_from_learning_it() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    let ask = async |kind| {
        let sts = StsService::new(lab.iam.clone(), Arc::new(Lacking(kind)));
        let mut call = lab.request(&ann, "sts", "GetCallerIdentity", json!({}));
        let (id, vpc) = (VpcEndpointId::from_bits(1), VpcId::from_bits(1));
        call.via = Via::Endpoint { id, vpc, source: IpAddr::V4(Ipv4Addr::new(10, 0, 1, 5)), account: ACCOUNT };
        sts.call(call).await
    };
    for kind in [PolicyKind::Identity, PolicyKind::Boundary, PolicyKind::Session, PolicyKind::ServiceControl] {
        assert!(ask(kind).await.is_ok(), "{kind:?}");
    }
    let refusal = ask(PolicyKind::Endpoint).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.status), ("AccessDenied", 403));
    let sentence = "because no VPC endpoint policy allows the sts:GetCallerIdentity action";
    assert!(refusal.message.ends_with(sentence), "{refusal}");
}

#[tokio::test]
async fn a_role_is_taken_by_whom_it_trusts() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    let bob = lab.user("bob").await;
    lab.role("web", &trusting("arn:aws:iam::123456789012:user/ann", "")).await;
    lab.ok("AttachRolePolicy", json!({ "RoleName": "web", "PolicyArn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }))
        .await;
    let reply = lab.sts_as(&ann, "AssumeRole", take("s1")).await.unwrap();
    assert_eq!(reply["Credentials"]["Expiration"], "2026-11-21T11:00:00Z");
    assert_eq!(reply["AssumedRoleUser"]["Arn"], "arn:aws:sts::123456789012:assumed-role/web/s1");
    let key = reply["Credentials"]["AccessKeyId"].as_str().unwrap();
    let credential = lab.credential(key).unwrap();
    assert!(key.starts_with("ASIA"));
    assert_eq!(credential.session_token.as_deref(), reply["Credentials"]["SessionToken"].as_str());
    assert_eq!(credential.expires, Some(NOW + 3600));
    assert!(
        matches!(&credential.caller.principal, Principal::Role { name, session, .. } if name == "web" && session == "s1")
    );
    lab.call_as(&credential.caller, "ListUsers", json!({})).await.unwrap();
    assert!(lab.call_as(&credential.caller, "CreateUser", json!({ "UserName": "x" })).await.is_err());

    let refusal = lab.sts_as(&bob, "AssumeRole", take("s1")).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.status), ("AccessDenied", 403));
    assert_eq!(
        refusal.message,
        format!(
            "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: sts:AssumeRole on resource: {ROLE} because no role trust policy allows the sts:AssumeRole action"
        )
    );
    let missing = json!({ "RoleArn": "arn:aws:iam::123456789012:role/none", "RoleSessionName": "s1" });
    assert!(
        lab.sts_as(&ann, "AssumeRole", missing).await.unwrap_err().message.contains("is not authorized to perform")
    );
    let root = lab.root().await;
    assert_eq!(
        lab.sts_as(&root, "AssumeRole", take("s1")).await.unwrap_err().message,
        "Roles may not be assumed by root accounts."
    );
}

#[tokio::test]
async fn trust_in_the_account_leaves_it_to_the_identity_policy() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    lab.role("web", &trusting("123456789012", r#","Condition":{"StringEquals":{"sts:ExternalId":"secret"}}"#)).await;
    let mut input = take("s1");
    assert!(lab.sts_as(&ann, "AssumeRole", input.clone()).await.unwrap_err().message.contains("role trust policy"));
    input["ExternalId"] = json!("secret");
    assert!(lab.sts_as(&ann, "AssumeRole", input.clone()).await.unwrap_err().message.contains("identity-based policy"));
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"{ROLE}"}}}}"#
    );
    lab.ok("PutUserPolicy", json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": text })).await;
    lab.sts_as(&ann, "AssumeRole", input).await.unwrap();
}

#[tokio::test]
async fn a_stranger_needs_trust_and_permission() {
    let lab = Lab::new();
    let other: AccountId = "999999999999".parse().unwrap();
    let (key, _) = lab.iam.ensure_admin(other, lab.now()).await.unwrap();
    let stranger = lab.credential(&key).unwrap().caller;
    lab.role("web", TRUST_EC2).await;
    assert!(lab.sts_as(&stranger, "AssumeRole", take("s1")).await.is_err());
    lab.ok("UpdateAssumeRolePolicy", json!({ "RoleName": "web", "PolicyDocument": trusting("999999999999", "") }))
        .await;
    let session = caller(&lab, &lab.sts_as(&stranger, "AssumeRole", take("s1")).await.unwrap());
    assert_eq!(session.account(), Some(ACCOUNT));
}

#[tokio::test]
async fn session_policies_and_tags_travel_with_the_session() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    lab.role("web", &trusting("arn:aws:iam::123456789012:user/ann", "")).await;
    lab.ok("TagRole", json!({ "RoleName": "web", "Tags": [{ "Key": "team", "Value": "net" }] })).await;
    lab.ok(
        "AttachRolePolicy",
        json!({ "RoleName": "web", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" }),
    )
    .await;
    let mut input = take("s1");
    input["Policy"] = json!(ALLOW_S3);
    input["PolicyArns"] = json!([{ "arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }]);
    input["Tags"] = json!([{ "Key": "job", "Value": "1" }]);
    input["TransitiveTagKeys"] = json!(["job"]);
    let reply = lab.sts_as(&ann, "AssumeRole", input).await.unwrap();
    assert!(reply["PackedPolicySize"].as_u64().unwrap() > 0);
    let session = caller(&lab, &reply);
    assert_eq!(
        (&session.keys["aws:PrincipalTag/team"][0], &session.keys["aws:PrincipalTag/job"][0]),
        (&"net".to_owned(), &"1".to_owned())
    );
    lab.call_as(&session, "ListUsers", json!({})).await.unwrap();
    let refusal = lab.call_as(&session, "CreateUser", json!({ "UserName": "x" })).await.unwrap_err();
    assert!(refusal.message.ends_with("because no session policy allows the iam:CreateUser action"), "{refusal}");

    // A role that the session takes in turn inherits the transitive tag and lasts an hour at most.
    let arn = "arn:aws:iam::123456789012:role/next";
    let trust = trusting("arn:aws:iam::123456789012:role/web", "");
    lab.ok(
        "CreateRole",
        json!({ "RoleName": "next", "AssumeRolePolicyDocument": trust, "MaxSessionDuration": 43_200 }),
    )
    .await;
    let plain = caller(
        &lab,
        &lab.sts_as(
            &ann,
            "AssumeRole",
            json!({ "RoleArn": ROLE, "RoleSessionName": "s2",
        "Tags": [{ "Key": "job", "Value": "2" }], "TransitiveTagKeys": ["job"] }),
        )
        .await
        .unwrap(),
    );
    let next = json!({ "RoleArn": arn, "RoleSessionName": "s3" });
    let chained = caller(&lab, &lab.sts_as(&plain, "AssumeRole", next).await.unwrap());
    assert_eq!(chained.keys["aws:PrincipalTag/job"], ["2"]);
    let long = json!({ "RoleArn": arn, "RoleSessionName": "s3", "DurationSeconds": 7200 });
    assert!(lab.sts_as(&plain, "AssumeRole", long).await.unwrap_err().message.contains("role chaining"));
}

#[tokio::test]
async fn requests_have_bounds() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    lab.role("web", &trusting("arn:aws:iam::123456789012:user/ann", "")).await;
    for (member, value, code, word) in [
        ("RoleSessionName", json!("a b"), "ValidationError", "roleSessionName"),
        ("RoleSessionName", json!("a"), "ValidationError", "greater than or equal to 2"),
        ("RoleArn", json!("web"), "ValidationError", "web is invalid"),
        ("DurationSeconds", json!(60), "ValidationError", "900"),
        ("DurationSeconds", json!(7200), "ValidationError", "exceeds the MaxSessionDuration"),
        ("Policy", json!("{"), "MalformedPolicyDocument", "Json"),
        ("Policy", json!(ALLOW_S3.replace("s3:*", &format!("s3:{}", "x".repeat(2048)))), "PackedPolicyTooLarge", "%"),
        ("PolicyArns", json!([{ "arn": "arn:aws:iam::aws:policy/Nope" }]), "NoSuchEntity", "Nope"),
        ("SourceIdentity", json!("me"), "AccessDenied", "sts:SetSourceIdentity"),
    ] {
        let mut input = take("s1");
        input[member] = value;
        let refusal = lab.sts_as(&ann, "AssumeRole", input).await.unwrap_err();
        assert!(refusal.code == code && refusal.message.contains(word), "{member}: {refusal}");
    }
}

#[tokio::test]
async fn tokens_for_oneself_and_for_others() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    lab.ok(
        "AttachUserPolicy",
        json!({ "UserName": "ann", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" }),
    )
    .await;
    let own = caller(&lab, &lab.sts_as(&ann, "GetSessionToken", json!({})).await.unwrap());
    assert_eq!(own.arn(), ann.arn());
    lab.call_as(&own, "ListUsers", json!({})).await.unwrap();
    assert_eq!(lab.sts_as(&own, "GetSessionToken", json!({})).await.unwrap_err().code, "AccessDenied");

    let cut = json!({ "Name": "guest", "PolicyArns": [{ "arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }] });
    let reply = lab.sts_as(&ann, "GetFederationToken", cut.clone()).await.unwrap();
    assert_eq!(reply["FederatedUser"]["Arn"], "arn:aws:sts::123456789012:federated-user/guest");
    let guest = caller(&lab, &reply);
    lab.call_as(&guest, "ListUsers", json!({})).await.unwrap();
    assert!(lab.call_as(&guest, "CreateUser", json!({ "UserName": "x" })).await.is_err());
    let bare = caller(&lab, &lab.sts_as(&ann, "GetFederationToken", json!({ "Name": "bare" })).await.unwrap());
    assert!(lab.call_as(&bare, "ListUsers", json!({})).await.is_err());
    let root = lab.root().await;
    let of_root = caller(&lab, &lab.sts_as(&root, "GetFederationToken", cut).await.unwrap());
    lab.call_as(&of_root, "ListUsers", json!({})).await.unwrap();
    assert!(lab.call_as(&of_root, "CreateUser", json!({ "UserName": "x" })).await.is_err());
}

#[tokio::test]
async fn a_key_tells_its_account() {
    let lab = Lab::new();
    let admin = lab.admin().await;
    let id = admin.access_key.clone().unwrap();
    let reply = lab.sts_as(&admin, "GetAccessKeyInfo", json!({ "AccessKeyId": id })).await.unwrap();
    assert_eq!(reply["Account"], "123456789012");
    assert!(lab.sts_as(&admin, "GetAccessKeyInfo", json!({ "AccessKeyId": "AKIAUNKNOWNUNKNOWN00" })).await.is_err());
    assert_eq!(lab.sts_as(&admin, "AssumeRoot", json!({})).await.unwrap_err().code, "NotImplemented");
}

#[tokio::test]
async fn trust_follows_the_user_and_not_the_name() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    lab.role("web", &trusting("arn:aws:iam::123456789012:user/ann", "")).await;
    lab.ok("UpdateUser", json!({ "UserName": "ann", "NewUserName": "anna" })).await;
    let anna = lab.credential(ann.access_key.as_ref().unwrap()).unwrap().caller;
    lab.sts_as(&anna, "AssumeRole", take("s1")).await.unwrap();
    lab.ok("DeleteAccessKey", json!({ "UserName": "anna", "AccessKeyId": ann.access_key })).await;
    lab.ok("DeleteUser", json!({ "UserName": "anna" })).await;
    let trust = decoded(&lab.ok("GetRole", json!({ "RoleName": "web" })).await["Role"]["AssumeRolePolicyDocument"]);
    assert!(trust.contains(&ann.user_id()) && !trust.contains("user/ann"), "{trust}");
    let another = lab.user("anna").await;
    assert!(lab.sts_as(&another, "AssumeRole", take("s1")).await.is_err());
    let again = json!({ "RoleName": "web", "PolicyDocument": trust });
    assert!(lab.refused("UpdateAssumeRolePolicy", again).await.contains("Invalid principal in policy"));
    let lab = lab.restart();
    assert!(lab.sts_as(&another, "AssumeRole", take("s1")).await.is_err());
}

#[tokio::test]
async fn a_message_is_decoded_for_whom_may_read_it() {
    let lab = Lab::new();
    let (ann, admin) = (lab.user("ann").await, lab.admin().await);
    let read = |text: &str| json!({ "EncodedMessage": text });
    let reply = lab.sts_as(&admin, "DecodeAuthorizationMessage", read("sealed 123456789012")).await.unwrap();
    assert_eq!(reply, json!({ "DecodedMessage": "opened" }));
    let refusal = lab.sts_as(&admin, "DecodeAuthorizationMessage", read("sealed 999999999999")).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.status), ("InvalidAuthorizationMessageException", 400));
    let refusal = lab.sts_as(&ann, "DecodeAuthorizationMessage", read("sealed 123456789012")).await.unwrap_err();
    assert_eq!(refusal.code, "AccessDenied");
}
