//! Objects over the wire: what only raw HTTP shows.

use crate::common::*;
use crate::with_bucket;

#[tokio::test]
async fn every_reply_has_its_ids() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    for reply in [admin.get("/logs").await, admin.get("/none").await, admin.send("HEAD", "/logs/none", &[], "").await] {
        assert_eq!(reply.header("x-amz-request-id"), "11111111-2222-4333-8444-555555555555");
        assert_eq!(reply.header("x-amz-id-2").len(), 76);
        assert_eq!(reply.header("server"), "AmazonS3");
        assert!(reply.headers.get("x-postern-error-members").is_none());
    }
    let error = admin.get("/none").await;
    assert_eq!(error.element("BucketName"), "none");
    assert_eq!(error.element("RequestId"), error.header("x-amz-request-id"));
    assert_eq!(error.element("HostId"), error.header("x-amz-id-2"));
    assert_eq!(error.header("content-type"), "application/xml");
}

#[tokio::test]
async fn a_chunked_upload_with_a_trailer() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    let send = |crc: &'static str| {
        let body = format!("9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n");
        let admin = admin.clone();
        async move {
            let headers = [
                ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
                ("x-amz-decoded-content-length", "9"),
                ("x-amz-trailer", "x-amz-checksum-crc32"),
                ("content-encoding", "aws-chunked"),
            ];
            admin.send("PUT", "/logs/k", &headers, body).await
        }
    };
    assert_eq!(send("AAAAAA==").await.error(400), "BadDigest");
    assert_eq!(admin.get("/logs/k").await.error(404), "NoSuchKey");
    assert_eq!(send("y/Q5Jg==").await.ok().header("x-amz-checksum-crc32"), "y/Q5Jg==");
    let got = admin.get("/logs/k").await.ok();
    assert_eq!((got.text().as_str(), got.header("content-encoding")), ("123456789", ""));
}

/// A body in signed chunks, each signature made from the one before.
fn in_signed_chunks(client: &Client, chunks: &[&str]) -> http::Request<http_body_util::Full<bytes::Bytes>> {
    let length = chunks.iter().map(|c| c.len()).sum::<usize>().to_string();
    let headers = [
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-decoded-content-length", length.as_str()),
        ("content-encoding", "aws-chunked"),
    ];
    let request = client.request("PUT", "/logs/k", &headers, bytes::Bytes::new());
    let header = |name: &str| request.headers()[name].to_str().expect("text").to_owned();
    let date = header("x-amz-date");
    let day = &date[..8];
    let mut before = header("authorization").rsplit_once('=').expect("a signature").1.to_owned();
    let mut body = String::new();
    let hash = |text: &str| hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text));
    for chunk in chunks.iter().copied().chain([""]) {
        let scope = format!("{day}/{}/s3/aws4_request", client.region);
        let text = format!("AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{before}\n{}\n{}", hash(""), hash(chunk));
        before = client.sign(day, &text);
        body.push_str(&format!("{:x};chunk-signature={before}\r\n{chunk}\r\n", chunk.len()));
    }
    request.map(|_| http_body_util::Full::new(body.into()))
}

#[tokio::test]
async fn signed_chunks_are_verified_one_by_one() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    let first = "a".repeat(100_000);
    admin.deliver(in_signed_chunks(&admin, &[&first, "the end"])).await.unwrap().ok();
    assert_eq!(admin.get("/logs/k").await.ok().body.len(), 100_007);
    let wrong = Client { secret: "another".into(), ..admin.clone() };
    let (good, bad) = (in_signed_chunks(&admin, &["one", "two"]), in_signed_chunks(&wrong, &["one", "two"]));
    let mixed = http::Request::from_parts(good.into_parts().0, bad.into_body());
    assert_eq!(admin.deliver(mixed).await.unwrap().error(403), "SignatureDoesNotMatch");
    assert_eq!(admin.get("/logs/k").await.ok().body.len(), 100_007);
}

#[tokio::test]
async fn what_is_not_what_was_signed_is_not_stored() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    let other = hex::encode([7_u8; 32]);
    let reply = admin.send("PUT", "/logs/k", &[("x-amz-content-sha256", &other)], "bytes").await;
    assert_eq!(reply.error(400), "XAmzContentSHA256Mismatch");
    let reply = admin.send("PUT", "/logs/k", &[("x-amz-content-sha256", &other)], vec![0; 200_000]).await;
    assert_eq!(reply.error(400), "XAmzContentSHA256Mismatch");
    assert_eq!(admin.get("/logs/k").await.error(404), "NoSuchKey");
}

#[tokio::test]
async fn a_listing_pages_through_folded_prefixes() {
    let (_dir, _world, admin) = with_bucket("logs").await;
    for key in ["a/1", "a/2", "b", "c/1", "c/d/1", "e\u{10ffff}/x", "f"] {
        admin.put(&format!("/logs/{key}"), "").await.ok();
    }
    let mut found = Vec::new();
    let mut marker = String::new();
    loop {
        let target = format!("/logs?delimiter=%2F&marker={}&max-keys=1", encode(&marker, true));
        let page = admin.get(&target).await.ok();
        let entry = [
            page.element("Key"),
            page.text()
                .rsplit_once("<Prefix>")
                .map_or(String::new(), |(_, p)| p.split_once('<').map_or(String::new(), |(p, _)| p.to_owned())),
        ];
        found.push(entry.into_iter().find(|e| !e.is_empty()).expect("an entry"));
        if page.element("IsTruncated") == "false" {
            break;
        }
        marker = page.element("NextMarker");
    }
    assert_eq!(found, ["a/", "b", "c/", "e\u{10ffff}/", "f"]);
}

#[tokio::test]
async fn the_store_is_the_same_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    {
        let world = World::open(dir.path());
        let admin = Client::new(world.serve(host()).await, ADMIN);
        admin.put("/kept", "").await.ok();
        admin.put("/kept/small", "s").await.ok();
        admin.put("/kept/large", vec![b'l'; 300_000]).await.ok();
        let on = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        admin.send("PUT", "/kept?versioning=", &[], on).await.ok();
        let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::kept"}}"#;
        admin.send("PUT", "/kept?policy=", &[], policy).await.ok();
    }
    let world = World::open(dir.path());
    let admin = Client::new(world.serve(host()).await, ADMIN);
    assert_eq!(admin.get("/kept/small").await.ok().text(), "s");
    assert_eq!(admin.get("/kept/large").await.ok().body, vec![b'l'; 300_000]);
    assert!(admin.get("/kept?versioning=").await.ok().text().contains("Enabled"));
    assert_eq!(admin.delete("/kept").await.error(403), "AccessDenied");
    assert!(world.s3.bucket_policy("kept").is_some() && world.s3.bucket_policy("none").is_none());
}

#[tokio::test]
async fn a_reader_keeps_what_is_written_over() {
    let (dir, _world, admin) = with_bucket("logs").await;
    admin.put("/logs/k", vec![b'1'; 4_000_000]).await.ok();
    // The reader takes its time: the head has come, the rest waits in the socket.
    let mut stream = tokio::net::TcpStream::connect(admin.address).await.unwrap();
    let request = admin.request("GET", "/logs/k", &[], bytes::Bytes::new());
    let mut text = format!("GET {} HTTP/1.1\r\nconnection: close\r\n", request.uri());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    text.push_str("\r\n");
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut got = vec![0; 1000];
    stream.read_exact(&mut got).await.unwrap();
    admin.put("/logs/k", vec![b'2'; 4_000_000]).await.ok();
    stream.read_to_end(&mut got).await.unwrap();
    let body = got.split_off(got.len() - 4_000_000);
    assert!(body.iter().all(|b| *b == b'1'));
    drop(stream);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while blobs(dir.path()) != 1 {
        assert!(std::time::Instant::now() < deadline, "the old body stays");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// How many files hold bodies.
pub fn blobs(dir: &std::path::Path) -> usize {
    let shelves = std::fs::read_dir(dir.join("blobs")).expect("the blobs");
    shelves.map(|s| std::fs::read_dir(s.expect("a shelf").path()).expect("a shelf").count()).sum()
}
