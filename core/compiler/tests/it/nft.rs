//! Compiled rulesets as nft itself reads them, each in a network namespace of its own.

use postern_compiler::compile;
use postern_program::{Part, nft};
use postern_worlds::world;
use std::io::Write;
use std::process::{Command, Stdio};

/// Loads a script in a fresh namespace that has a link for a netdev chain.
fn load(script: &str) -> Result<(), String> {
    let is_root = std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"));
    let namespace = if is_root { "-n" } else { "-Urn" };
    let mut child = Command::new("unshare")
        .args([namespace, "sh", "-c", "ip link add igw type veth peer name far && nft -f -"])
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this test needs unshare(1)");
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn loads(text: &str) {
    for (key, part) in &compile(&world(text)).parts {
        if let Part::Ruleset(ruleset) = part {
            let script = nft::script(ruleset);
            if let Err(words) = load(&script) {
                panic!("needs network namespaces, ip(8) and nft(8); {key}:\n{words}\n{script}");
            }
        }
    }
}

#[test]
fn nft_takes_the_kept_worlds() {
    include_str!("kept.txt").split("\n\n").filter(|text| !text.trim().is_empty()).for_each(loads);
}

/// Many groups on one interface, lists whose ranges nest, touch or cover everything, groups that have no member.
#[test]
fn nft_takes_the_limits() {
    let mut text = String::from(
        "vpc 1 10.0.0.0/16 10.1.0.0/16
        subnet 1 vpc 1 10.0.1.0/24
        subnet 2 vpc 1 10.1.1.0/24
        igw 1 vpc 1
        list 1 0.0.0.0/0 10.0.0.0/8
        list 2 10.0.0.0/25 10.0.0.128/25 10.0.0.128/26 10.0.1.0/32
        list 3\n",
    );
    for n in 1..=16 {
        text += &format!("group {n} vpc 1\nrule {n} in tcp:{n} list:{}\nrule {n} out udp group:17\n", n % 3 + 1);
        text += &format!("rule {n} in 47 10.0.0.0/8\nrule {n} in icmp:8 0.0.0.0/0\nrule {n} out icmp 0.0.0.0/0\n");
    }
    let groups: Vec<String> = (1..=16).map(|n| n.to_string()).collect();
    text += &format!(
        "group 17 vpc 1
        instance 1 subnet 1 10.0.1.5 groups {} public 3.0.0.1
        instance 2 subnet 2 10.1.1.5 groups {}",
        groups.join(" "),
        groups[..8].join(" ")
    );
    loads(&text);
    loads("vpc 1 10.0.0.0/16");
}

#[test]
fn a_ruleset_that_is_wrong_does_not_load() {
    assert!(load("table ip t { chain c { jump nowhere; }; }").is_err());
}
