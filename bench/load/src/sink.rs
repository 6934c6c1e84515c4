//! The least that a durable PUT can be: an HTTP server that reads a request, writes the body over in a file of the
//! connection's own, waits until it is on the disk, and says 200. No signature is verified, nothing can be found again.
//! Against the same clients it shows what disk, sockets and processors of the machine allow together.

use crate::Trouble;
use crate::arguments::Arguments;
use crate::disk::prepare;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Each file's size: little, so that it is there before the first request.
const FILE_BYTES: u64 = 256 << 10;

/// Serves until it is killed, or for ten minutes.
pub fn run(arguments: &Arguments) -> Result<Value, Trouble> {
    let dir = PathBuf::from(arguments.text("dir")?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", json!({ "port": listener.local_addr()?.port() }));
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let file = dir.join(format!("sink-{}-{number}", std::process::id()));
            std::thread::spawn(move || {
                if let Err(trouble) = stream.map_err(Trouble::from).and_then(|stream| serve(stream, &file)) {
                    eprintln!("sink: {trouble}");
                }
                // Gone already if it could not be made.
                let _ = std::fs::remove_file(&file);
            });
        }
    });
    std::thread::sleep(Duration::from_secs(600));
    Ok(Value::Null)
}

fn serve(mut stream: TcpStream, path: &Path) -> Result<(), Trouble> {
    stream.set_nodelay(true)?;
    let file = prepare(path, FILE_BYTES)?;
    let (mut buffer, mut filled, mut at) = (vec![0; 64 * 1024], 0, 0);
    loop {
        let whole = loop {
            if let Some(whole) = request(&buffer[..filled])? {
                break whole;
            }
            let read = stream.read(&mut buffer[filled..])?;
            if read == 0 {
                return Ok(());
            }
            filled += read;
        };
        let (head, end) = whole;
        file.write_all_at(&buffer[head..end], at)?;
        file.sync_data()?;
        at = (at + (end - head) as u64) % FILE_BYTES;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        buffer.copy_within(end..filled, 0);
        filled -= end;
    }
}

/// Where the head of the first request ends, and where its body, once all of it is there.
fn request(bytes: &[u8]) -> Result<Option<(usize, usize)>, Trouble> {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes[..head])?;
    let length = text.lines().find_map(|line| line.strip_prefix("Content-Length: ")).ok_or("no length")?;
    let end = head + length.trim().parse::<usize>()?;
    Ok((bytes.len() >= end).then_some((head, end)))
}
