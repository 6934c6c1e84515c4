//! Names and regions: virtual hosts, redirects, what a bucket may be called.

use crate::common::*;
use crate::with_bucket;

#[tokio::test]
async fn a_bucket_is_reached_by_every_name() {
    let (_dir, _world, admin) = with_bucket("my.logs").await;
    admin.put("/my.logs/dir/k", "v").await.ok();
    for host in [
        "my.logs.s3.us-east-1.amazonaws.com",
        "my.logs.s3.amazonaws.com",
        "my.logs.s3.dualstack.us-east-1.amazonaws.com:443",
        "my.logs.bucket.vpce-0a1b2c3d4e5f67890-abcdefgh.s3.us-east-1.vpce.amazonaws.com",
        "my.logs.localhost:4566",
    ] {
        let client = Client { host: host.into(), ..admin.clone() };
        assert_eq!(client.get("/dir/k").await.ok().text(), "v", "{host}");
    }
    for host in ["s3.us-east-1.amazonaws.com", "s3.amazonaws.com", "localhost:4566", "lab"] {
        let client = Client { host: host.into(), ..admin.clone() };
        assert_eq!(client.get("/my.logs/dir/k").await.ok().text(), "v", "{host}");
    }
    assert_eq!(Client { host: "none.s3.amazonaws.com".into(), ..admin }.get("/k").await.error(404), "NoSuchBucket");
}

#[tokio::test]
async fn a_bucket_elsewhere_names_its_region() {
    let (_dir, _world, admin) = with_bucket("home").await;
    let europe =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    admin.put("/far", europe).await.ok();
    let wrong = admin.get("/far").await;
    assert_eq!(wrong.error(400), "AuthorizationHeaderMalformed");
    assert_eq!((wrong.element("Region").as_str(), wrong.header("x-amz-bucket-region")), ("eu-west-1", "eu-west-1"));
    let regional = Client { host: "s3.us-east-1.amazonaws.com".into(), ..admin.clone() };
    let moved = regional.get("/far").await;
    assert_eq!(moved.error(301), "PermanentRedirect");
    assert_eq!(moved.element("Endpoint"), "far.s3.eu-west-1.amazonaws.com");
    let head = regional.send("HEAD", "/far", &[], "").await;
    assert_eq!((head.status, head.header("x-amz-bucket-region"), head.body.len()), (301, "eu-west-1", 0));
    let nobody = Client { region: "eu-west-1".into(), ..Client::anonymous(admin.address) };
    let refused = nobody.send("HEAD", "/far", &[], "").await;
    assert_eq!((refused.status, refused.header("x-amz-bucket-region")), (403, "eu-west-1"));
    let europe = Client { region: "eu-west-1".into(), ..admin.clone() };
    europe.get("/far").await.ok();
    let there = Client { host: "far.s3.eu-west-1.amazonaws.com".into(), ..europe.clone() };
    there.get("/").await.ok();
    let crossed = Client { host: "far.s3.eu-west-1.amazonaws.com".into(), ..admin.clone() };
    assert_eq!(crossed.get("/").await.error(400), "AuthorizationHeaderMalformed");
    assert_eq!(europe.put("/new-one", "").await.error(400), "IllegalLocationConstraintException");
    assert!(admin.get("/far?location=").await.ok().text().contains("eu-west-1"));
}

#[tokio::test]
async fn names_are_checked() {
    let (_dir, _world, admin) = with_bucket("home").await;
    for bad in ["/ab", "/UPPER", "/under_score", "/192.168.0.1", "/a..b", "/xn--bucket", "/name-s3alias"] {
        assert_eq!(admin.put(bad, "").await.error(400), "InvalidBucketName", "{bad}");
    }
}
