//! Bad input gets AWS's error and harms nothing.

use crate::common::*;
use crate::with_bucket;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn broken_documents_are_refused() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    for (target, body) in [
        ("/logs?versioning=", "<VersioningConfiguration><Status>Enabled"),
        ("/logs?versioning=", "<VersioningConfiguration><Status>Maybe</Status></VersioningConfiguration>"),
        ("/logs?versioning=", "not xml at all"),
        ("/logs?tagging=", "<Tagging><TagSet><Tag><Key>only</Key></Tag></TagSet></Tagging>"),
        ("/logs?publicAccessBlock=", "<html/>"),
        (
            "/logs?ownershipControls=",
            "<OwnershipControls><Rule><ObjectOwnership>Nobody</ObjectOwnership></Rule></OwnershipControls>",
        ),
        ("/new-bucket", "<CreateBucketConfiguration><LocationConstraint>"),
    ] {
        assert_eq!(admin.send("PUT", target, &[], body).await.error(400), "MalformedXML", "{target} {body}");
    }
    let none = admin.send("POST", "/logs?delete=", &[], "<Delete></Delete>").await;
    assert_eq!(none.error(400), "MalformedXML");
    let huge = "<Delete>".to_owned() + &"<Object><Key>k</Key></Object>".repeat(1001) + "</Delete>";
    assert_eq!(admin.send("POST", "/logs?delete=", &[], huge).await.error(400), "MalformedXML");
}

#[tokio::test]
async fn wrong_arguments_are_named() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    for target in [
        "/logs?max-keys=-5",
        "/logs?max-keys=many",
        "/logs?encoding-type=rot13",
        "/logs?list-type=2&continuation-token=%21",
    ] {
        assert_eq!(admin.get(target).await.error(400), "InvalidArgument", "{target}");
    }
    let missing = admin.send("PUT", "/logs/k?partNumber=0&uploadId=x", &[], "").await;
    assert_eq!(missing.error(400), "InvalidArgument");
    assert_eq!(admin.send("PUT", "/logs/k?partNumber=1&uploadId=x", &[], "").await.error(404), "NoSuchUpload");
    assert_eq!(
        admin.send("PUT", "/logs/k", &[("x-amz-copy-source", "nonsense")], "").await.error(400),
        "InvalidArgument"
    );
    assert_eq!(admin.send("PUT", "/logs/k", &[("content-md5", "x")], "").await.error(400), "InvalidDigest");
    let two = [("x-amz-checksum-crc32", "y/Q5Jg=="), ("x-amz-checksum-sha1", "98O8HYCOBHMqL3YNqPBWrC0wUvg=")];
    assert_eq!(admin.send("PUT", "/logs/k", &two, "").await.error(400), "InvalidRequest");
    assert_eq!(admin.send("POST", "/logs/k?restore=", &[], "<RestoreRequest/>").await.error(501), "NotImplemented");
    assert_eq!(admin.send("PATCH", "/logs/k", &[], "").await.error(405), "MethodNotAllowed");
    let preflight = [("origin", "http://a"), ("access-control-request-method", "GET")];
    assert_eq!(
        Client::anonymous(admin.address).send("OPTIONS", "/logs/k", &preflight, "").await.error(403),
        "AccessForbidden"
    );
}

/// Sends bytes, then closes this side, and reads what comes.
async fn raw(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // A reset says as little as an empty answer.
    if stream.read_to_end(&mut answer).await.is_err() {
        answer.clear();
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_cut_short_stores_nothing() {
    let (dir, _world, admin) = with_bucket("logs").await;
    for (length, sent) in [(10, 5), (500_000, 300_000)] {
        let request =
            admin.request("PUT", "/logs/k", &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], vec![0; length].into());
        let mut text = format!("PUT {} HTTP/1.1\r\ncontent-length: {length}\r\n", request.uri());
        for (name, value) in request.headers() {
            text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        let mut bytes = (text + "\r\n").into_bytes();
        bytes.resize(bytes.len() + sent, b'x');
        let answer = raw(admin.address, &bytes).await;
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(admin.get("/logs/k").await.error(404), "NoSuchKey");
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while crate::objects::blobs(dir.path()) > 0 {
        assert!(std::time::Instant::now() < deadline, "a cut body stays");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn nonsense_is_answered() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    for (line, status) in [
        ("GET /logs/%ff HTTP/1.1", "400"),
        ("GET /logs?X-Amz-Signature=1&X-Amz-Credential=none HTTP/1.1", "400"),
        ("GET /logs?X-Amz-Signature=1 HTTP/1.1", "400"),
        ("POST / HTTP/1.1", "501"),
        ("GET /logs?versionId HTTP/1.1", "403"),
    ] {
        let answer = raw(admin.address, format!("{line}\r\nhost: s3.amazonaws.com\r\n\r\n").as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{line}: {answer}");
    }
    let form = "POST /logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 5\r\n\r\n--b--";
    assert!(raw(admin.address, form.as_bytes()).await.starts_with("HTTP/1.1 400"));
    admin.get("/logs").await.ok();
}
