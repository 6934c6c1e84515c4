//! kill -9 at any moment: nothing acknowledged is lost, nothing half-made is left.

use crate::common::*;
use crate::objects::blobs;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const DIRECTORY: &str = "POSTERN_S3_CRASH_DIRECTORY";

/// Keys that must have been acknowledged before the first kill.
const ENOUGH: usize = 12;

/// The server in a process of its own: this very test, told so by its environment.
fn start(dir: &Path) -> (Child, std::net::SocketAddr) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "crash::nothing_acknowledged_is_lost", "--nocapture"])
        .env(DIRECTORY, dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let said = lines.map_while(Result::ok).find_map(|l| l.split_once("serving ").map(|(_, a)| a.to_owned()));
    (child, said.expect("the child serves").parse().expect("an address"))
}

async fn serve_forever(dir: String) {
    let world = World::open(dir.as_ref());
    println!("serving {}", world.serve(host()).await);
    std::future::pending::<()>().await;
}

fn content(key: &str, round: usize) -> Vec<u8> {
    let size = if key.starts_with("large") { 200_000 } else { 700 };
    format!("{key} in round {round}; ").into_bytes().into_iter().cycle().take(size).collect()
}

/// Whether the put was acknowledged; a server that dies meanwhile has not.
async fn try_put(client: &Client, target: &str, body: Vec<u8>) -> bool {
    client.try_send("PUT", target, &[], body).await.is_ok_and(|reply| reply.status == 200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost() {
    if let Ok(dir) = std::env::var(DIRECTORY) {
        return serve_forever(dir).await;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let acknowledged: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    for round in 0..4 {
        let (mut child, address) = start(dir.path());
        let admin = Client::new(address, ADMIN);
        if round == 0 {
            admin.put("/kept", "").await.ok();
        }
        let mut writers = Vec::new();
        for writer in 0..6 {
            let (admin, acknowledged) = (admin.clone(), acknowledged.clone());
            writers.push(tokio::spawn(async move {
                for n in 0..10_000 {
                    let kind = if n % 4 == 0 { "large" } else { "small" };
                    let key = format!("{kind}-{writer}-{}", n % 12);
                    if !try_put(&admin, &format!("/kept/{key}"), content(&key, round)).await {
                        return;
                    }
                    acknowledged.lock().expect("unpoisoned").insert(key, round);
                }
            }));
        }
        // At any moment, but not before enough was acknowledged to say something.
        tokio::time::sleep(Duration::from_millis(250 + 170 * round as u64)).await;
        let mut waits = 0;
        while acknowledged.lock().expect("unpoisoned").len() < ENOUGH {
            waits += 1;
            assert!(waits < 2000, "the server acknowledges too little");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        child.kill().expect("killed");
        child.wait().expect("gone");
        for writer in writers {
            writer.await.expect("a writer");
        }
        let so_far = acknowledged.lock().expect("unpoisoned").clone();
        check(dir.path(), &so_far, round).await;
    }
}

/// Every key acknowledged is whole, of its round or of a later put that was under way; no file is without an owner.
async fn check(dir: &Path, acknowledged: &BTreeMap<String, usize>, round: usize) {
    let (mut child, address) = start(dir);
    let admin = Client::new(address, ADMIN);
    let mut large = 0;
    let listed = admin.get("/kept?list-type=2").await.ok().text();
    for key in listed.split("<Key>").skip(1).filter_map(|k| k.split_once('<').map(|(k, _)| k)) {
        let body = admin.get(&format!("/kept/{key}")).await.ok().body;
        let at_least = acknowledged.get(key).copied().unwrap_or(0);
        let good = (at_least..=round).any(|r| body == content(key, r));
        assert!(good, "{key} is not what was put in round {at_least}..={round}");
        large += usize::from(key.starts_with("large"));
    }
    for key in acknowledged.keys() {
        assert!(listed.contains(&format!("<Key>{key}</Key>")), "{key} was acknowledged and is gone");
    }
    let mut waits = 0;
    while blobs(dir) != large {
        waits += 1;
        assert!(waits < 200, "{} files for {large} large objects", blobs(dir));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
}
