//! Packet filters: the whole ruleset of a namespace in one transaction of `nft`.

use crate::error::{Failure, Named, Outcome};
use crate::netlink::Netlink;
use rustix::event::{PollFd, PollFlags, poll};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};

const NFNLGRP_NFTABLES: i32 = 7;
/// `NFT_MSG_NEWGEN` of the nftables subsystem: a transaction has taken force.
const NEW_GENERATION: u16 = 10 << 8 | 15;

/// Runs `nft` in namespaces. When a transaction is in force the program still has to end, and the kernel holds its end up
/// until the former rules are cleared away; nobody needs to wait for that, so a thread of its own does.
pub(crate) struct Filters {
    ending: Sender<Child>,
}

impl Filters {
    pub fn new() -> Outcome<Self> {
        let (ending, ended) = channel::<Child>();
        let reap = move || {
            for mut child in ended {
                // It did its work; how it ends is of no matter.
                let _ = child.wait();
            }
        };
        std::thread::Builder::new().name("nft-reaper".into()).spawn(reap).named("clone")?;
        Ok(Self { ending })
    }

    /// Gives a script to `nft` in the calling thread's namespace, where a child begins too. A packet meets the old rules or
    /// the new ones, never part of them; the new ones are in force on return. `news` is the namespace's.
    pub fn run(&self, news: &mut Netlink, script: &str) -> Outcome<()> {
        news.news();
        let mut child = spawn()?;
        // A child that died early says why on its standard error; the broken pipe says less.
        let written = child.stdin.take().map(|mut stdin| stdin.write_all(script.as_bytes()));
        if in_force_before_end(news, &child)? {
            // The thread lives as long as the channel.
            let _ = self.ending.send(child);
            return Ok(());
        }
        let mut words = String::new();
        if let Some(mut errors) = child.stderr.take() {
            errors.read_to_string(&mut words).named("read(nft)")?;
        }
        let status = child.wait().named("wait(nft)")?;
        if !status.success() {
            let words = if words.trim().is_empty() { status.to_string() } else { words.trim().to_owned() };
            return Err(Failure::new("nft", words));
        }
        written.transpose().named("write(nft)").map(|_| ())
    }
}

/// A socket that hears of transactions in the calling thread's namespace. To be kept: closing it waits like the program's end.
pub(crate) fn news() -> Outcome<Netlink> {
    Netlink::netfilter_news(NFNLGRP_NFTABLES)
}

fn spawn() -> Outcome<Child> {
    let Some(nft) = find() else {
        return Err(Failure::new("nft", "not found in PATH or /usr/sbin: install the package nftables"));
    };
    Command::new(nft)
        .args(["-f", "-"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .named("spawn(nft)")
}

/// Waits for the news that a transaction took force, which can only be this child's, or for the child's words or end. Lost
/// news costs time only: then the end is waited for.
fn in_force_before_end(news: &mut Netlink, child: &Child) -> Outcome<bool> {
    let Some(errors) = &child.stderr else { return Ok(false) };
    loop {
        let mut events = [PollFd::new(&*news, PollFlags::IN), PollFd::new(errors, PollFlags::IN)];
        match poll(&mut events, None) {
            Err(rustix::io::Errno::INTR) => continue,
            outcome => outcome.named("poll")?,
        };
        let [heard, spoke] = events.map(|event| !event.revents().is_empty());
        if heard && news.news().contains(&NEW_GENERATION) {
            return Ok(true);
        }
        if spoke {
            return Ok(false);
        }
    }
}

/// The `nft` program.
pub(crate) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(usual).map(|folder| folder.join("nft")).find(|file| file.is_file())
}
