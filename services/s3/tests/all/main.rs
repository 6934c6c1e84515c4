//! The service over HTTP on loopback, with requests signed by hand.

mod common;
mod crash;
mod gate;
mod names;
mod objects;
mod wrong;

use common::{ADMIN, Client, World};

/// A world with one bucket, and its administrator's client.
async fn with_bucket(name: &str) -> (tempfile::TempDir, World, Client) {
    let dir = tempfile::tempdir().expect("a directory");
    let world = World::open(dir.path());
    let client = Client::new(world.serve(common::host()).await, ADMIN);
    client.put(&format!("/{name}"), "").await.ok();
    (dir, world, client)
}
