//! S3 alone on a loopback port, with the keys of the tests: `cargo run -p postern-s3 --example serve -- DIR [PORT]`.

#[path = "../tests/all/common.rs"]
mod common;

use tokio::net::TcpListener;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().expect("usage: serve DIR [PORT]");
    let port = arguments.next().map_or(0, |p| p.parse().expect("a port"));
    let world = common::World::open(dir.as_ref());
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a loopback port");
    println!("http://{} {} {}", listener.local_addr().expect("its address"), common::ADMIN, common::SECRET);
    common::accept(listener, world.s3.service(), common::host()).await;
}
