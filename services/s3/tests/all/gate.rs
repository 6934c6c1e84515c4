//! Who gets in: identities, sessions, endpoints, bucket policies, strangers.

use crate::common::*;
use crate::with_bucket;
use postern_names::{AccountId, Via, VpcEndpointId, VpcId};

fn endpoint(bits: u64) -> Via {
    Via::Endpoint {
        id: VpcEndpointId::from_bits(bits),
        vpc: VpcId::from_bits(7),
        source: [10, 0, 0, 5].into(),
        account: AccountId::DEFAULT,
    }
}

#[tokio::test]
async fn identities_are_asked_for_every_action() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    admin.put("/logs/k", "v").await.ok();
    let nobody = Client::new(admin.address, NOBODY);
    let denied = nobody.get("/logs/k").await;
    assert_eq!(denied.error(403), "AccessDenied");
    let sentence = denied.element("Message").replace("&quot;", "\"");
    assert_eq!(
        sentence,
        "User: arn:aws:iam::123456789012:user/nobody is not authorized to perform: s3:GetObject on resource: \
         \"arn:aws:s3:::logs/k\" because no identity-based policy allows the s3:GetObject action"
    );
    assert_eq!(nobody.get("/").await.error(403), "AccessDenied");
    assert_eq!(nobody.get("/logs").await.error(403), "AccessDenied");
    let reader = Client::new(admin.address, READER);
    assert_eq!(reader.get("/logs/k").await.ok().text(), "v");
    assert!(reader.get("/").await.ok().text().contains("<Name>logs</Name>"));
    assert_eq!(reader.delete("/logs/k").await.error(403), "AccessDenied");
    // What is missing is hidden from whoever may not list.
    let hidden = reader.get("/logs/none").await;
    assert_eq!(hidden.error(403), "AccessDenied");
    assert!(hidden.text().contains("s3:ListBucket"), "{}", hidden.text());
    assert_eq!(admin.get("/logs/none").await.error(404), "NoSuchKey");
}

#[tokio::test]
async fn copies_ask_for_both_sides() {
    let (_dir, _world, admin) = with_bucket("from").await;
    admin.put("/target", "").await.ok();
    admin.put("/from/k", "v").await.ok();
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::from/*"}}"#;
    let copy = [("x-amz-copy-source", "from/k")];
    admin.send("PUT", "/target/k", &copy, "").await.ok();
    admin.send("PUT", "/from?policy=", &[], policy).await.ok();
    let denied = admin.send("PUT", "/target/k2", &copy, "").await;
    assert_eq!(denied.error(403), "AccessDenied");
    assert!(denied.text().contains("s3:GetObject"));
    assert_eq!(admin.get("/target/k2").await.error(404), "NoSuchKey");
}

#[tokio::test]
async fn sessions_bring_their_token() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    let mut session = Client::new(admin.address, SESSION);
    assert_eq!(session.get("/logs").await.error(403), "InvalidAccessKeyId");
    session.token = Some("another".into());
    assert_eq!(session.get("/logs").await.error(400), "InvalidToken");
    session.token = Some(TOKEN.into());
    session.get("/logs").await.ok();
    session.key = Some(EXPIRED.into());
    assert_eq!(session.get("/logs").await.error(400), "ExpiredToken");
    let mut wrong = admin.clone();
    wrong.token = Some(TOKEN.into());
    assert_eq!(wrong.get("/logs").await.error(400), "InvalidToken");
    wrong = admin.clone();
    wrong.secret = "not the secret".into();
    assert_eq!(wrong.get("/logs").await.error(403), "SignatureDoesNotMatch");
    wrong.key = Some("AKIANOSUCHKEY".into());
    assert_eq!(wrong.get("/logs").await.error(403), "InvalidAccessKeyId");
}

#[tokio::test]
async fn a_bucket_for_one_endpoint() {
    let (_dir, world, admin) = with_bucket("logs").await;
    let through = Client::new(world.serve(endpoint(1)).await, ADMIN);
    let other = Client::new(world.serve(endpoint(2)).await, ADMIN);
    let id = VpcEndpointId::from_bits(1);
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Sid":"OnlyOne","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"],"Condition":{{"StringNotEquals":{{"aws:SourceVpce":"{id}"}}}}}}}}"#
    );
    other.get("/logs").await.ok();
    admin.send("PUT", "/logs?policy=", &[], policy).await.ok();
    let denied = admin.get("/logs").await;
    assert_eq!(denied.error(403), "AccessDenied");
    assert!(denied.text().contains("with an explicit deny in a resource-based policy"), "{}", denied.text());
    assert!(denied.header("x-postern-hint").contains("`OnlyOne`"), "{:?}", denied.headers);
    assert_eq!(other.get("/logs").await.error(403), "AccessDenied");
    through.put("/logs/k", "v").await.ok();
    // The endpoint's own policy is a gate by itself.
    *world.judge.endpoint.lock().unwrap() = Some(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}}"#.into(),
    );
    through.get("/logs/k").await.ok();
    let denied = through.get("/logs").await;
    assert_eq!(denied.error(403), "AccessDenied");
    let reason = "because no VPC endpoint policy allows the s3:ListBucket action";
    assert!(denied.text().contains(reason), "{}", denied.text());
}

#[tokio::test]
async fn strangers_hear_little() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    admin.put("/logs/k", "v").await.ok();
    let stranger = Client::new(admin.address, STRANGER);
    let denied = stranger.get("/logs/k").await;
    assert_eq!((denied.error(403), denied.element("Message")), ("AccessDenied".into(), "Access Denied".into()));
    assert_eq!(stranger.put("/logs", "").await.error(409), "BucketAlreadyExists");
    assert!(!stranger.get("/").await.ok().text().contains("logs"));
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}}"#;
    admin.send("PUT", "/logs?policy=", &[], policy).await.ok();
    assert_eq!(stranger.get("/logs/k").await.ok().text(), "v");
    assert_eq!(stranger.put("/logs/k", "x").await.error(403), "AccessDenied");
    assert_eq!(Client::anonymous(admin.address).get("/logs/k").await.error(403), "AccessDenied");
}

#[tokio::test]
async fn conditions_see_the_request() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    admin.send("PUT", "/logs/red", &[("x-amz-tagging", "colour=red")], "v").await.ok();
    admin.put("/logs/plain", "v").await.ok();
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/colour":"red"}}},
        {"Effect":"Deny","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::logs","Condition":{"StringNotLike":{"s3:prefix":"home/*"}}},
        {"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*","Condition":{"StringEquals":{"s3:RequestObjectTag/colour":"blue"}}}]}"#;
    admin.send("PUT", "/logs?policy=", &[], policy).await.ok();
    assert_eq!(admin.get("/logs/red").await.error(403), "AccessDenied");
    admin.get("/logs/plain").await.ok();
    assert_eq!(admin.get("/logs?list-type=2").await.error(403), "AccessDenied");
    admin.get("/logs?list-type=2&prefix=home%2Fme").await.ok();
    let blue = [("x-amz-tagging", "colour=blue")];
    assert_eq!(admin.send("PUT", "/logs/blue", &blue, "v").await.error(403), "AccessDenied");
    admin.send("PUT", "/logs/green", &[("x-amz-tagging", "colour=green")], "v").await.ok();
}

#[tokio::test]
async fn a_new_bucket_is_judged_with_its_region() {
    let (_dir, world, _admin) = with_bucket("logs").await;
    let through = Client::new(world.serve(endpoint(1)).await, ADMIN);
    *world.judge.endpoint.lock().unwrap() = Some(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},
            {"Effect":"Deny","Principal":"*","Action":"s3:CreateBucket","Resource":"*","Condition":{"StringEquals":{"s3:LocationConstraint":"eu-west-1"}}}]}"#
            .into(),
    );
    let in_region = |region: &str| {
        format!(
            "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        )
    };
    let denied = through.put("/in-europe", in_region("eu-west-1")).await;
    assert_eq!(denied.error(403), "AccessDenied");
    assert!(denied.text().contains("with an explicit deny in a VPC endpoint policy"), "{}", denied.text());
    through.put("/in-oregon", in_region("us-west-2")).await.ok();
    assert_eq!(Client::anonymous(through.address).put("/for-nobody", "").await.error(403), "AccessDenied");
    assert_eq!(Client::new(through.address, NOBODY).put("/for-nobody", "").await.error(403), "AccessDenied");
}
