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

/// A small generator, the same numbers every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

const VALUES: &[&str] = &[
    "",
    "0",
    "-1",
    "1",
    "99999999999999999999",
    "bytes=0-",
    "bytes=5-2",
    "bytes=-0",
    "*",
    "\"x\"",
    "W/\"\"",
    "%",
    "%ff",
    "a/b",
    "/logs/k",
    "logs/k?versionId=",
    "arn:aws:s3:::x",
    "application/xml",
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "20250101T000000Z",
    "UNSIGNED-PAYLOAD",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "CRC32",
    "a=b&a=b",
    "AES256",
    "null",
    "\u{e9}",
    "AWS4-HMAC-SHA256 Credential=a/b/c/s3/aws4_request,SignedHeaders=host,Signature=0",
    "AWS4-HMAC-SHA256",
    "AWS x:y",
];
const HEADERS: &[&str] = &[
    "authorization",
    "content-type",
    "content-md5",
    "content-length",
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-copy-source-range",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-tagging",
    "x-amz-checksum-crc32",
    "x-amz-trailer",
    "x-amz-decoded-content-length",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-meta-a",
    "x-amz-storage-class",
    "x-amz-server-side-encryption",
    "x-amz-mp-object-size",
    "expires",
    "x-amz-object-attributes",
];
const QUERIES: &[&str] = &[
    "acl",
    "policy",
    "versioning",
    "versions",
    "uploads",
    "uploadId",
    "partNumber",
    "tagging",
    "delete",
    "list-type",
    "max-keys",
    "prefix",
    "delimiter",
    "marker",
    "key-marker",
    "version-id-marker",
    "continuation-token",
    "encoding-type",
    "versionId",
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "Signature",
    "AWSAccessKeyId",
    "Expires",
    "attributes",
    "publicAccessBlock",
    "encryption",
    "location",
    "select",
    "restore",
    "website",
    "cors",
    "response-content-type",
    "session",
];
const BODIES: &[&str] = &[
    "",
    "x",
    "<",
    "<a>",
    "<Delete/>",
    "<Tagging><TagSet/></Tagging>",
    "{}",
    "--b--\r\n",
    "--b\r\n\r\n\r\n--b--\r\n",
    "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b--\r\n",
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--b--\r\n",
    "--b\r\nContent-Disposition: form-data; name=\"policy\"\r\n\r\ne30=\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx",
    "1\r\nx\r\n0\r\n\r\n",
    "ffffffffffffffffff\r\n",
    "5;chunk-signature=0\r\nhello\r\n0;chunk-signature=0\r\n\r\n",
];

/// Whatever comes, an answer goes out: a handler that panicked would only hang up.
#[tokio::test]
async fn any_request_is_answered() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    admin.put("/logs/kept", "so that the bucket is not deleted").await.ok();
    let mut dice = Dice(20_261_121);
    for round in 0..3_000 {
        let method = dice.pick(&["GET", "HEAD", "PUT", "POST", "DELETE"]);
        let path = dice.pick(&[
            "/",
            "/logs",
            "/logs/",
            "/logs/k",
            "/logs//",
            "/logs/%00",
            "/none/k",
            "/%2F",
            "/logs/k%ff",
            "//",
        ]);
        let query: Vec<String> =
            (0..dice.roll(4)).map(|_| format!("{}={}", dice.pick(QUERIES), encode(dice.pick(VALUES), true))).collect();
        let body = dice.pick(BODIES);
        let headers: Vec<(&str, &str)> = (0..dice.roll(4)).map(|_| (dice.pick(HEADERS), dice.pick(VALUES))).collect();
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) };
        let signed = dice.roll(2) == 0 && !headers.iter().any(|(n, v)| *n == "authorization" || !v.is_ascii());
        let text = if signed {
            let headers: Vec<_> =
                headers.into_iter().filter(|(n, _)| *n != "content-length" && *n != "x-amz-date").collect();
            let request = admin.request(method, &target.replace('%', ""), &headers, body.into());
            let lines = request.headers().iter().map(|(n, v)| format!("{n}: {}\r\n", v.to_str().expect("text")));
            format!(
                "{method} {} HTTP/1.1\r\n{}content-length: {}\r\n",
                request.uri(),
                lines.collect::<String>(),
                body.len()
            )
        } else {
            let with_length = headers.iter().any(|(n, _)| *n == "content-length");
            let lines: String = headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
            let length = if with_length { String::new() } else { format!("content-length: {}\r\n", body.len()) };
            format!("{method} {target} HTTP/1.1\r\nhost: s3.amazonaws.com\r\n{lines}{length}")
        };
        let whole = format!("{text}connection: close\r\n\r\n{body}");
        let answer = raw(admin.address, whole.as_bytes()).await;
        let cut = text.contains("content-length: 1\r\n") || text.contains("content-length: 99999");
        assert!(answer.starts_with("HTTP/1.1 ") || cut, "round {round}: {whole:?} got {answer:?}");
        assert!(!answer.starts_with("HTTP/1.1 500"), "round {round}: {whole:?} got {answer:?}");
    }
    admin.get("/logs/kept").await.ok();
}
