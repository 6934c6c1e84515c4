//! Each stop: a World as text in, the lines of the program that the stop is about out.

use expect_test::{Expect, expect};
use postern_compiler::{compile, compile_internet};
use postern_program::check;
use postern_worlds::world;

/// Prints the lines that begin with one of the words, and the blocks that follow a `set`, `map` or `chain` of the name.
fn check_lines(text: &str, wanted: &[&str], expected: Expect) {
    let program = compile(&world(text));
    assert_eq!(check(&program), vec![]);
    expected.assert_eq(&lines(&program.text(), wanted));
}

fn lines(text: &str, wanted: &[&str]) -> String {
    let mut found = String::new();
    let mut namespace = "";
    let mut block: Option<usize> = None;
    let mut shown = "";
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        if depth == 0 {
            namespace = line;
        }
        let begins = wanted.iter().any(|words| line.trim_start().starts_with(words));
        if block.is_some() || begins {
            if shown != namespace {
                found += &format!("{namespace}\n");
                shown = namespace;
            }
            found += &format!("{line}\n");
        }
        match block {
            None if begins && line.ends_with('{') => block = Some(depth),
            Some(at) if at == depth => block = None,
            _ => {}
        }
    }
    found
}

const VPC: &str = "
    vpc 1 10.0.0.0/16
    subnet 1 vpc 1 10.0.1.0/24
    subnet 2 vpc 1 10.0.2.0/24
    group 1 vpc 1
    group 2 vpc 1
    rule 1 in tcp:443 0.0.0.0/0
    rule 1 in tcp:443 0.0.0.0/0
    rule 1 out all 0.0.0.0/0
    rule 2 in tcp:8000-8999 group:1
    rule 2 in icmp:8 10.0.0.0/16
    rule 2 out tcp:443 s3
    rule 2 out udp 10.0.0.7/32
    instance 1 subnet 1 10.0.1.5 groups 1
    instance 2 subnet 2 10.0.2.5 groups 2 1
    instance 3 subnet 2 10.0.2.6 groups 1 2 unchecked
    instance 4 subnet 2 10.0.2.7 groups 1 stopped";

#[test]
fn instance() {
    check_lines(
        VPC,
        &["link", "address ens5", "route table 254", "set s_own", "set s_unchecked", "chain c_pre"],
        expect![[r#"
            namespace vpc-00000000000000001
              link eni000000000001 group 1 mac fe:00:00:00:00:01 proxy-arp -- i-00000000000000001 ens5 mac 0a:00:00:00:00:01 mtu 9001
              link eni000000000002 group 2 mac fe:00:00:00:00:02 proxy-arp -- i-00000000000000002 ens5 mac 0a:00:00:00:00:02 mtu 9001
              link eni000000000003 group 2 mac fe:00:00:00:00:03 proxy-arp -- i-00000000000000003 ens5 mac 0a:00:00:00:00:03 mtu 9001
                  set s_own {
                      type ifname . ipv4_addr;
                      elements = {
                          "eni000000000001" . 10.0.1.5,
                          "eni000000000002" . 10.0.2.5,
                          "eni000000000003" . 10.0.2.6,
                      }
                  }
                  set s_unchecked {
                      type ifname;
                      elements = {
                          "eni000000000003",
                      }
                  }
                  chain c_pre {
                      type filter hook prerouting priority -300; policy drop;
                      iifname "lo" accept
                      iifname . ip saddr @s_own accept
                      iifname @s_unchecked accept
                      counter drop comment "instance sends from an address that is not its own"
                  }
            namespace i-00000000000000001
              address ens5 10.0.1.5/24
              route table 254 0.0.0.0/0 via 10.0.1.1 on ens5
            namespace i-00000000000000002
              address ens5 10.0.2.5/24
              route table 254 0.0.0.0/0 via 10.0.2.1 on ens5
            namespace i-00000000000000003
              address ens5 10.0.2.6/24
              route table 254 0.0.0.0/0 via 10.0.2.1 on ens5
        "#]],
    );
}

#[test]
fn the_order_of_stops() {
    check_lines(
        VPC,
        &["chain c_fwd", "chain c_in", "chain c_out ", "chain c_known", "chain c_acl {"],
        expect![[r#"
            namespace internet
                  chain c_in {
                      type filter hook input priority 0; policy drop;
                      iifname "lo" accept
                      ct state established,related accept
                      ip daddr != @s_service counter drop comment "service not a public address"
                      meta l4proto 6 th dport 443 accept
                      meta l4proto 6 th dport 80 accept
                      meta l4proto 1 icmp type 8 accept
                      counter drop comment "service not served"
                  }
            namespace vpc-00000000000000001
                  chain c_fwd {
                      type filter hook forward priority 0; policy drop;
                      oifname . ip daddr != @s_own oifname != @s_unchecked counter drop comment "instance gets no packet for an address that is not its own"
                      ct state invalid counter drop comment "security_group_in of no connection"
                      ct state established,related goto c_known
                      iifname vmap @m_sg_out
                      jump c_acl
                      oifname vmap @m_sg_in
                      accept
                  }
                  chain c_in {
                      type filter hook input priority 0; policy drop;
                      iifname "lo" accept
                      ip daddr 10.0.0.2/32 meta l4proto 17 th dport 53 accept
                      ip daddr 10.0.0.2/32 meta l4proto 6 th dport 53 accept
                      ip daddr 169.254.169.253/32 meta l4proto 17 th dport 53 accept
                      ip daddr 169.254.169.253/32 meta l4proto 6 th dport 53 accept
                      ip daddr 169.254.169.254/32 meta l4proto 6 th dport 80 accept
                      ip daddr @s_router counter drop comment "service not served at the router's address"
                      ct state invalid counter drop comment "security_group_in of no connection"
                      ct state established,related goto c_in_known
                      iifname vmap @m_sg_out
                      jump c_in_acl
                      ip daddr vmap @m_sg_in_endpoint
                      meta l4proto 6 th dport 443 accept
                      meta l4proto 6 th dport 80 ip daddr != @s_https_only accept
                      counter drop comment "endpoint serves TCP 443, and 80 where its service does"
                  }
                  chain c_out {
                      type filter hook output priority 0; policy accept;
                      oifname "lo" accept
                      ip saddr @s_router accept
                      oifgroup . ip saddr @s_endpoint_subnet accept
                      ip saddr vmap @m_acl_out_endpoint
                      oifgroup vmap @m_acl_in
                  }
                  chain c_known {
                      jump c_acl
                      accept
                  }
                  chain c_in_known {
                      jump c_in_acl
                      accept
                  }
                  chain c_acl {
                      iifgroup . oifgroup @s_same_subnet return
                      iifgroup vmap @m_acl_out
                      oifgroup vmap @m_acl_in
                  }
                  chain c_in_acl {
                      iifgroup . ip daddr @s_endpoint_subnet return
                      iifgroup vmap @m_acl_out
                      ip daddr vmap @m_acl_in_endpoint
                  }
        "#]],
    );
}

#[test]
fn security_groups() {
    check_lines(
        VPC,
        &["set s_sg", "set s_pl", "map m_sg", "chain c_sg"],
        expect![[r#"
            namespace vpc-00000000000000001
                  set s_pl_63a5400a {
                      type ipv4_addr;
                      flags interval;
                      elements = {
                          3.5.0.0/19,
                          52.216.0.0/15,
                          54.231.0.0/16,
                      }
                  }
                  set s_sg_00000000000000001 {
                      type ipv4_addr;
                      elements = {
                          10.0.1.5,
                          10.0.2.5,
                          10.0.2.6,
                      }
                  }
                  map m_sg_out {
                      type ifname : verdict;
                      elements = {
                          "eni000000000001" : jump c_sg_out_00000000000000001,
                          "eni000000000002" : jump c_sg_out_00000000000000001_00000000000000002,
                          "eni000000000003" : jump c_sg_out_00000000000000001_00000000000000002,
                      }
                  }
                  map m_sg_in {
                      type ifname : verdict;
                      elements = {
                          "eni000000000001" : jump c_sg_in_00000000000000001,
                          "eni000000000002" : jump c_sg_in_00000000000000001_00000000000000002,
                          "eni000000000003" : jump c_sg_in_00000000000000001_00000000000000002,
                      }
                  }
                  map m_sg_in_endpoint {
                      type ipv4_addr : verdict;
                  }
                  chain c_sg_out_00000000000000001 {
                      return comment "security_group_out sgr-00000000000000003"
                      counter drop comment "security_group_out sg-00000000000000001"
                  }
                  chain c_sg_out_00000000000000001_00000000000000002 {
                      return comment "security_group_out sgr-00000000000000003"
                      ip daddr @s_pl_63a5400a meta l4proto 6 th dport 443 return comment "security_group_out sgr-00000000000000006"
                      ip daddr 10.0.0.7/32 meta l4proto 17 return comment "security_group_out sgr-00000000000000007"
                      counter drop comment "security_group_out sg-00000000000000001 sg-00000000000000002"
                  }
                  chain c_sg_in_00000000000000001 {
                      meta l4proto 6 th dport 443 return comment "security_group_in sgr-00000000000000001"
                      counter drop comment "security_group_in sg-00000000000000001"
                  }
                  chain c_sg_in_00000000000000001_00000000000000002 {
                      meta l4proto 6 th dport 443 return comment "security_group_in sgr-00000000000000001"
                      ip saddr @s_sg_00000000000000001 meta l4proto 6 th dport 8000-8999 return comment "security_group_in sgr-00000000000000004"
                      ip saddr 10.0.0.0/16 meta l4proto 1 icmp type 8 return comment "security_group_in sgr-00000000000000005"
                      counter drop comment "security_group_in sg-00000000000000001 sg-00000000000000002"
                  }
        "#]],
    );
}

#[test]
fn network_acls() {
    let acl = "
        acl 1 vpc 1 subnets 2
        entry 1 200 in allow all 10.0.0.0/16
        entry 1 100 in deny tcp:22 0.0.0.0/0
        entry 1 100 out allow tcp:1024-65535 0.0.0.0/0";
    check_lines(
        &format!("{VPC}{acl}"),
        &["set s_same_subnet", "map m_acl", "chain c_acl_"],
        expect![[r#"
            namespace vpc-00000000000000001
                  set s_same_subnet {
                      type devgroup . devgroup;
                      elements = {
                          1 . 1,
                          2 . 2,
                      }
                  }
                  map m_acl_out {
                      type devgroup : verdict;
                      elements = {
                          1 : jump c_acl_out_00000000000000385,
                          2 : jump c_acl_out_00000000000000001,
                      }
                  }
                  map m_acl_out_endpoint {
                      type ipv4_addr : verdict;
                  }
                  map m_acl_in {
                      type devgroup : verdict;
                      elements = {
                          1 : jump c_acl_in_00000000000000385,
                          2 : jump c_acl_in_00000000000000001,
                      }
                  }
                  map m_acl_in_endpoint {
                      type ipv4_addr : verdict;
                  }
                  chain c_acl_out_00000000000000001 {
                      meta l4proto 6 th dport 1024-65535 return comment "network_acl_out acl-00000000000000001 100"
                      counter drop comment "network_acl_out acl-00000000000000001 *"
                  }
                  chain c_acl_out_00000000000000385 {
                      return comment "network_acl_out acl-00000000000000385 100"
                      counter drop comment "network_acl_out acl-00000000000000385 *"
                  }
                  chain c_acl_in_00000000000000001 {
                      meta l4proto 6 th dport 22 counter drop comment "network_acl_in acl-00000000000000001 100"
                      ip saddr 10.0.0.0/16 return comment "network_acl_in acl-00000000000000001 200"
                      counter drop comment "network_acl_in acl-00000000000000001 *"
                  }
                  chain c_acl_in_00000000000000385 {
                      return comment "network_acl_in acl-00000000000000385 100"
                      counter drop comment "network_acl_in acl-00000000000000385 *"
                  }
        "#]],
    );
}

#[test]
fn route_tables() {
    let tables = "
        igw 1 vpc 1
        list 1 10.9.0.0/16 52.216.0.0/15
        table 1 vpc 1 main
        table 2 vpc 1 subnets 2
        nat 1 subnet 1 10.0.1.9
        endpoint 1 vpc 1 s3 tables 1 2
        route 1 0.0.0.0/0 nat:1
        route 2 0.0.0.0/0 igw:1
        route 2 52.216.0.0/15 igw:1
        route 2 52.216.9.0/24 eni:4
        route 2 10.0.1.0/24 eni:3
        route 2 10.0.2.0/24 eni:3
        route 1 list:1 eni:3";
    check_lines(
        &format!("{VPC}{tables}"),
        &["route table 50", "route table 10", "rule ", "map m_table", "map m_own", "chain c_own", "chain c_route"],
        expect![[r#"
            namespace internet
              route table 50 0.0.0.0/0 blackhole
              rule 1000000 table 50
            namespace vpc-00000000000000001
                  map m_own_subnet {
                      type devgroup : verdict;
                      elements = {
                          2 : jump c_own_2,
                      }
                  }
                  map m_table {
                      type devgroup : mark;
                      elements = {
                          1 : 0x00000001,
                          2 : 0x00000002,
                      }
                  }
                  chain c_route {
                      type filter hook prerouting priority -150; policy accept;
                      iifgroup vmap @m_own_subnet
                      meta mark set iifgroup map @m_table
                  }
                  chain c_own_2 {
                      ip daddr 10.0.2.0/24 accept
                  }
              route table 50 0.0.0.0/0 blackhole
              route table 50 10.0.0.0/16 blackhole
              route table 50 10.0.1.5/32 on eni000000000001
              route table 50 10.0.1.9/32 on eni000000000f01
              route table 50 10.0.2.5/32 on eni000000000002
              route table 50 10.0.2.6/32 on eni000000000003
              route table 1001 0.0.0.0/0 via 10.0.1.9 on eni000000000f01
              route table 1001 3.5.0.0/19 local
              route table 1001 10.0.0.0/16 throw
              route table 1001 10.9.0.0/16 via 10.0.2.6 on eni000000000003
              route table 1001 52.216.0.0/15 via 10.0.2.6 on eni000000000003
              route table 1001 54.231.0.0/16 local
              route table 1001 169.254.0.0/16 blackhole
              route table 1001 169.254.168.0/22 blackhole
              route table 1002 0.0.0.0/0 via 169.254.1.1 on igw
              route table 1002 3.5.0.0/19 local
              route table 1002 10.0.0.0/16 throw
              route table 1002 10.0.1.0/24 via 10.0.2.6 on eni000000000003
              route table 1002 10.0.2.0/24 via 10.0.2.6 on eni000000000003
              route table 1002 52.216.0.0/15 via 169.254.1.1 on igw
              route table 1002 52.216.9.0/24 blackhole
              route table 1002 54.231.0.0/16 local
              route table 1002 169.254.0.0/16 blackhole
              route table 1002 169.254.168.0/22 blackhole
              rule 1001 mark 0x1 table 1001
              rule 1002 mark 0x2 table 1002
              rule 1000000 table 50
            namespace nat-00000000000000001
              route table 50 0.0.0.0/0 via 10.0.1.1 on ens5
              rule 1000000 table 50
        "#]],
    );
}

#[test]
fn internet_gateway() {
    let gateway = "
        igw 1 vpc 1
        instance 5 subnet 1 10.0.1.8 groups 1 public 3.0.0.5
        nat 1 subnet 1 10.0.1.9 public 3.0.0.9";
    check_lines(
        &format!("{VPC}{gateway}"),
        &["link igw", "address lo 169.254.1", "route table 50 3.", "table netdev"],
        expect![[r#"
            namespace internet
              address lo 169.254.1.1/32
              route table 50 3.0.0.5/32 via 169.254.1.2 on vpc000000000001
              route table 50 3.0.0.9/32 via 169.254.1.2 on vpc000000000001
            namespace vpc-00000000000000001
              link igw mac 02:00:00:00:00:01 -- internet vpc000000000001 mac 06:00:00:00:00:01 mtu 1500
              table netdev t_igw {
                  set s_private {
                      type ipv4_addr;
                      elements = {
                          10.0.1.8,
                          10.0.1.9,
                      }
                  }
                  set s_public {
                      type ipv4_addr;
                      elements = {
                          3.0.0.5,
                          3.0.0.9,
                      }
                  }
                  map m_to_public {
                      type ipv4_addr : ipv4_addr;
                      elements = {
                          10.0.1.8 : 3.0.0.5,
                          10.0.1.9 : 3.0.0.9,
                      }
                  }
                  map m_to_private {
                      type ipv4_addr : ipv4_addr;
                      elements = {
                          3.0.0.5 : 10.0.1.8,
                          3.0.0.9 : 10.0.1.9,
                      }
                  }
                  chain c_leave {
                      type filter hook egress device "igw" priority 0; policy accept;
                      meta protocol ip ip saddr != @s_private counter drop comment "internet_gateway igw-00000000000000001 no public address"
                      meta protocol ip ip saddr set ip saddr map @m_to_public
                  }
                  chain c_enter {
                      type filter hook ingress device "igw" priority 0; policy accept;
                      meta protocol ip ip daddr != @s_public counter drop comment "internet_gateway igw-00000000000000001 nobody has the public address"
                      meta protocol ip ip daddr set ip daddr map @m_to_private
                  }
              }
              address lo 169.254.1.2/32
              address lo 169.254.169.253/32
              address lo 169.254.169.254/32
        "#]],
    );
}

#[test]
fn nat_gateway() {
    let program = compile(&world(&format!("{VPC}\nnat 1 subnet 1 10.0.1.9")));
    let text = program.text();
    let nat = text.split("namespace ").find(|part| part.starts_with("nat-")).unwrap();
    expect![[r#"
        nat-00000000000000001
          sysctl net.ipv4.ip_forward = 1
          sysctl net.netfilter.nf_conntrack_tcp_loose = 0
          sysctl net.netfilter.nf_conntrack_tcp_timeout_established = 350
          sysctl net.netfilter.nf_conntrack_udp_timeout = 350
          sysctl net.netfilter.nf_conntrack_udp_timeout_stream = 350
          table ip t_nat {
              chain c_in {
                  type filter hook input priority 0; policy drop;
                  iifname "lo" accept
                  counter drop comment "nat_gateway nat-00000000000000001 nobody asked for it"
              }
              chain c_fwd {
                  type filter hook forward priority 0; policy drop;
                  ct state invalid counter drop comment "nat_gateway nat-00000000000000001 of no connection"
                  meta l4proto 6 accept
                  meta l4proto 17 accept
                  meta l4proto 1 accept
                  counter drop comment "nat_gateway nat-00000000000000001 neither TCP, UDP nor ICMP"
              }
              chain c_nat {
                  type nat hook postrouting priority 100; policy accept;
                  oifname "ens5" snat to 10.0.1.9
              }
          }
          address ens5 10.0.1.9/32
          route table 50 0.0.0.0/0 via 10.0.1.1 on ens5
          rule 1000000 table 50
    "#]]
    .assert_eq(nat);
}

#[test]
fn endpoint_name_and_metadata() {
    check_lines(
        VPC,
        &["listener", "address lo"],
        expect![[r#"
        namespace internet
          address lo 52.46.127.10/32
          address lo 52.46.128.10/32
          address lo 52.46.128.11/32
          address lo 52.46.128.12/32
          address lo 52.46.128.13/32
          address lo 52.46.128.14/32
          address lo 52.46.128.15/32
          address lo 52.46.128.16/32
          address lo 52.46.128.17/32
          address lo 52.46.128.18/32
          address lo 52.46.128.19/32
          address lo 52.46.128.20/32
          address lo 52.46.128.21/32
          address lo 52.46.128.22/32
          address lo 52.46.128.23/32
          address lo 52.46.128.24/32
          address lo 52.46.128.25/32
          address lo 52.46.128.26/32
          address lo 52.46.128.27/32
          address lo 52.46.128.28/32
          address lo 52.46.128.29/32
          address lo 52.46.128.30/32
          address lo 52.46.128.31/32
          address lo 52.46.128.32/32
          address lo 52.119.225.1/32
          address lo 52.216.1.1/32
          address lo 93.184.215.14/32
          address lo 169.254.1.1/32
          listener tcp 0.0.0.0:80 door-plain
          listener tcp 0.0.0.0:443 door-tls
          listener tcp 52.46.127.10:80 site
          listener tcp 93.184.215.14:80 site
        namespace vpc-00000000000000001
          address lo 10.0.0.2/32
          address lo 10.0.1.1/32
          address lo 10.0.2.1/32
          address lo 169.254.169.253/32
          address lo 169.254.169.254/32
          listener tcp 0.0.0.0:80 door-plain transparent
          listener tcp 0.0.0.0:443 door-tls transparent
          listener tcp 10.0.0.2:53 resolver
          listener tcp 169.254.169.253:53 resolver
          listener tcp 169.254.169.254:80 metadata
          listener udp 10.0.0.2:53 resolver
          listener udp 169.254.169.253:53 resolver
    "#]],
    );
    check_lines(
        "vpc 1 10.0.0.0/16 no-dns\nsubnet 1 vpc 1 10.0.1.0/24\ngroup 1 vpc 1\ninstance 1 subnet 1 10.0.1.5 groups 1",
        &["listener"],
        expect![[r#"
        namespace internet
          listener tcp 0.0.0.0:80 door-plain
          listener tcp 0.0.0.0:443 door-tls
          listener tcp 52.46.127.10:80 site
          listener tcp 93.184.215.14:80 site
        namespace vpc-00000000000000001
          listener tcp 0.0.0.0:80 door-plain transparent
          listener tcp 0.0.0.0:443 door-tls transparent
          listener tcp 169.254.169.254:80 metadata
    "#]],
    );
}

/// Without an interface there is no packet: the namespace comes with the first and goes with the last.
#[test]
fn a_vpc_without_interfaces_is_nothing() {
    let subnet = "vpc 1 10.0.0.0/16\nsubnet 1 vpc 1 10.0.1.0/24\nigw 1 vpc 1\ngroup 1 vpc 1\n\
                  table 1 vpc 1 main\nendpoint 1 vpc 1 s3 tables 1";
    assert_eq!(compile(&world(subnet)), compile_internet(&world(subnet)));
    let stopped = format!("{subnet}\ninstance 1 subnet 1 10.0.1.5 groups 1 stopped");
    assert_eq!(compile(&world(&stopped)), compile_internet(&world(&stopped)));
    let running = format!("{subnet}\ninstance 1 subnet 1 10.0.1.5 groups 1");
    assert_ne!(compile(&world(&running)), compile_internet(&world(&running)));
}

#[test]
fn service() {
    let text = compile_internet(&world("")).text();
    let shown = lines(&text, &["sysctl", "rule", "route", "listener", "chain", "address lo 93", "address lo 169"]);
    expect![[r#"
        namespace internet
          sysctl net.ipv4.ip_forward = 1
          sysctl net.ipv4.icmp_ratelimit = 0
              chain c_in {
                  type filter hook input priority 0; policy drop;
                  iifname "lo" accept
                  ct state established,related accept
                  ip daddr != @s_service counter drop comment "service not a public address"
                  meta l4proto 6 th dport 443 accept
                  meta l4proto 6 th dport 80 accept
                  meta l4proto 1 icmp type 8 accept
                  counter drop comment "service not served"
              }
          address lo 93.184.215.14/32
          address lo 169.254.1.1/32
          route table 50 0.0.0.0/0 blackhole
          rule 1000000 table 50
          listener tcp 0.0.0.0:80 door-plain
          listener tcp 0.0.0.0:443 door-tls
          listener tcp 52.46.127.10:80 site
          listener tcp 93.184.215.14:80 site
    "#]]
    .assert_eq(&shown);
    let two_regions = compile_internet(&world("vpc 1 10.0.0.0/16 in eu-west-1"));
    assert!(two_regions.parts.len() > compile_internet(&world("")).parts.len() + 20);
}

#[test]
fn interface_endpoint() {
    check_lines(
        "vpc 1 10.0.0.0/16
        subnet 1 vpc 1 10.0.1.0/24
        subnet 2 vpc 1 10.0.2.0/24
        group 1 vpc 1
        group 2 vpc 1
        rule 1 out tcp:443 group:2
        rule 2 in tcp:443 group:1
        instance 1 subnet 1 10.0.1.5 groups 1
        interface-endpoint 1 vpc 1 sts groups 2 at 1 10.0.1.9 2 10.0.2.9
        interface-endpoint 2 vpc 1 s3 groups 2 at 2 10.0.2.10",
        &[
            "route table 50 10.0.1.9",
            "route table 50 10.0.2",
            "chain c_in_acl",
            "chain c_out ",
            "chain c_sg",
            "map m_sg_in_endpoint",
            "map m_acl_in_endpoint",
            "map m_acl_out_endpoint",
            "set s_endpoint_subnet",
            "set s_https_only",
            "set s_sg_",
            "chain c_in {",
        ],
        expect![[r#"
            namespace internet
                  chain c_in {
                      type filter hook input priority 0; policy drop;
                      iifname "lo" accept
                      ct state established,related accept
                      ip daddr != @s_service counter drop comment "service not a public address"
                      meta l4proto 6 th dport 443 accept
                      meta l4proto 6 th dport 80 accept
                      meta l4proto 1 icmp type 8 accept
                      counter drop comment "service not served"
                  }
            namespace vpc-00000000000000001
                  set s_endpoint_subnet {
                      type devgroup . ipv4_addr;
                      elements = {
                          1 . 10.0.1.9,
                          2 . 10.0.2.9,
                          2 . 10.0.2.10,
                      }
                  }
                  set s_https_only {
                      type ipv4_addr;
                      elements = {
                          10.0.1.9,
                          10.0.2.9,
                      }
                  }
                  set s_sg_00000000000000001 {
                      type ipv4_addr;
                      elements = {
                          10.0.1.5,
                      }
                  }
                  set s_sg_00000000000000002 {
                      type ipv4_addr;
                      elements = {
                          10.0.1.9,
                          10.0.2.9,
                          10.0.2.10,
                      }
                  }
                  map m_acl_out_endpoint {
                      type ipv4_addr : verdict;
                      elements = {
                          10.0.1.9 : jump c_acl_out_00000000000000385,
                          10.0.2.9 : jump c_acl_out_00000000000000385,
                          10.0.2.10 : jump c_acl_out_00000000000000385,
                      }
                  }
                  map m_acl_in_endpoint {
                      type ipv4_addr : verdict;
                      elements = {
                          10.0.1.9 : jump c_acl_in_00000000000000385,
                          10.0.2.9 : jump c_acl_in_00000000000000385,
                          10.0.2.10 : jump c_acl_in_00000000000000385,
                      }
                  }
                  map m_sg_in_endpoint {
                      type ipv4_addr : verdict;
                      elements = {
                          10.0.1.9 : jump c_sg_in_00000000000000002,
                          10.0.2.9 : jump c_sg_in_00000000000000002,
                          10.0.2.10 : jump c_sg_in_00000000000000002,
                      }
                  }
                  chain c_in {
                      type filter hook input priority 0; policy drop;
                      iifname "lo" accept
                      ip daddr 10.0.0.2/32 meta l4proto 17 th dport 53 accept
                      ip daddr 10.0.0.2/32 meta l4proto 6 th dport 53 accept
                      ip daddr 169.254.169.253/32 meta l4proto 17 th dport 53 accept
                      ip daddr 169.254.169.253/32 meta l4proto 6 th dport 53 accept
                      ip daddr 169.254.169.254/32 meta l4proto 6 th dport 80 accept
                      ip daddr @s_router counter drop comment "service not served at the router's address"
                      ct state invalid counter drop comment "security_group_in of no connection"
                      ct state established,related goto c_in_known
                      iifname vmap @m_sg_out
                      jump c_in_acl
                      ip daddr vmap @m_sg_in_endpoint
                      meta l4proto 6 th dport 443 accept
                      meta l4proto 6 th dport 80 ip daddr != @s_https_only accept
                      counter drop comment "endpoint serves TCP 443, and 80 where its service does"
                  }
                  chain c_out {
                      type filter hook output priority 0; policy accept;
                      oifname "lo" accept
                      ip saddr @s_router accept
                      oifgroup . ip saddr @s_endpoint_subnet accept
                      ip saddr vmap @m_acl_out_endpoint
                      oifgroup vmap @m_acl_in
                  }
                  chain c_in_acl {
                      iifgroup . ip daddr @s_endpoint_subnet return
                      iifgroup vmap @m_acl_out
                      ip daddr vmap @m_acl_in_endpoint
                  }
                  chain c_sg_out_00000000000000001 {
                      ip daddr @s_sg_00000000000000002 meta l4proto 6 th dport 443 return comment "security_group_out sgr-00000000000000001"
                      counter drop comment "security_group_out sg-00000000000000001"
                  }
                  chain c_sg_in_00000000000000001 {
                      counter drop comment "security_group_in sg-00000000000000001"
                  }
                  chain c_sg_in_00000000000000002 {
                      ip saddr @s_sg_00000000000000001 meta l4proto 6 th dport 443 return comment "security_group_in sgr-00000000000000002"
                      counter drop comment "security_group_in sg-00000000000000002"
                  }
              route table 50 10.0.1.9/32 local
              route table 50 10.0.2.9/32 local
              route table 50 10.0.2.10/32 local
        "#]],
    );
}
