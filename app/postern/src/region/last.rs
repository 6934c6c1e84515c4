//! `postern explain --last i-...`: what an instance's last call and the connections that it is trying came to, from the door's
//! records, the instance's sockets and the data plane's drop counters, each beside what the model says of it.

use super::explain::{Explanations, brief, whole};
use crate::control::{CallQuestion, WayQuestion};
use crate::say::Trouble;
use postern_door::Record;
use postern_explain::*;
use postern_model::{AclAction, Instance, World, public_services};
use postern_names::{InstanceId, SecurityGroupId, Stop, Via, VpcEndpointId};
use postern_program::Namespace;
use postern_serve::{Judged, deciding};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// A connection is tried again after one second, then two, then four.
const COUNTER_MOVES_WITHIN: Duration = Duration::from_secs(4);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A connection that nobody has answered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attempt {
    to: Ipv4Addr,
    port: u16,
    /// How often the first packet was sent again.
    retries: u32,
}

impl Explanations {
    pub fn last_of(&self, words: &str) -> Result<Value, Trouble> {
        let world = self.ways.world();
        let id: InstanceId = words.parse().map_err(|_| Trouble::new(format!("`{words}` is no instance")))?;
        let instance = world.instances.get(&id).ok_or_else(|| Trouble::new(format!("there is no {id}")))?;
        let table = |name: &str| std::fs::read_to_string(format!("/proc/thread-self/net/{name}")).unwrap_or_default();
        let read = || {
            let mut found = attempts(&table("tcp"));
            found.extend(attempts(&table("tcp6")));
            (found, given_up(&table("snmp"), &table("netstat")))
        };
        // A stopped instance tries nothing.
        let (trying, given) = self.ways.host.in_namespace(Namespace::Instance(id), read).unwrap_or_default();
        let mut told = BTreeSet::new();
        let trying: Vec<Value> = trying
            .iter()
            .filter(|one| told.insert((one.to, one.port)))
            .map(|one| self.attempt(&world, instance, one))
            .collect();
        let requests = self.door.records().latest(usize::MAX);
        let mut own = requests.iter().rev().filter(|record| is_of(&world, instance, record));
        let last = own.clone().next().map(brief);
        let refused = own.find(|record| record.status >= 400).map(|record| self.refused(&world, instance, record));
        Ok(json!({
            "instance": id,
            "trying": trying,
            "failed_attempts": given.refused + given.unanswered,
            "refused_attempts": given.refused,
            "unanswered_attempts": given.unanswered,
            "sent_again": given.sent_again,
            "dropped": self.dropped(&world, instance),
            "last_request": last,
            "refused": refused,
        }))
    }

    /// The stops on the way out of the instance's interfaces that have dropped packets, with how many. Instances of the same groups or
    /// subnet share them.
    fn dropped(&self, world: &World, instance: &Instance) -> Vec<Value> {
        let own = own_stops(world, instance);
        let counters = self.ways.host.counters(Namespace::Vpc(instance.vpc));
        let all = counters
            .inspect_err(|error| tracing::warn!(vpc = %instance.vpc, %error, "its drop counters cannot be read"))
            .unwrap_or_default();
        let is_own = |comment: &str| own.iter().any(|stop| comment == stop);
        let dropped = all.into_iter().filter(|(comment, packets)| *packets > 0 && is_own(comment));
        dropped.map(|(of, packets)| json!({ "of": of, "packets": packets })).collect()
    }

    /// What the model says of the connection, and whether the counter of the stop that it names moves.
    fn attempt(&self, world: &World, instance: &Instance, attempt: &Attempt) -> Value {
        let (to, what) = (Target::Address(attempt.to.into()), What::Tcp(attempt.port));
        let question = Question { from: Source::Instance(instance.id), to, what };
        let ground = Ground::new(world);
        let listening = self.ways.listening(&ground.explain(&question, &Listening::new()));
        let trace = ground.explain(&question, &listening);
        let mut model = json(&ground, &trace);
        let change = remedies(world, &question, &listening).into_iter().map(|remedy| remedy.commands);
        model["change"] = change.collect();
        let counter = trace.barred_at().and_then(|bar| counter_of(world, bar));
        let counter = counter.and_then(|named| self.watch(instance, &named));
        json!({
            "to": format!("{}:{}", attempt.to, attempt.port),
            "retries": attempt.retries,
            "counter": counter,
            "model": model,
        })
    }

    /// The counter whose comment begins so, and whether it moves while the connection is tried again.
    fn watch(&self, instance: &Instance, named: &str) -> Option<Value> {
        let read = || -> Option<(String, u64)> {
            let all = self.ways.host.counters(Namespace::Vpc(instance.vpc)).ok()?;
            all.into_iter().find(|(comment, _)| comment.starts_with(named))
        };
        let (comment, before) = read()?;
        let begun = Instant::now();
        let mut now = before;
        while now == before && begun.elapsed() < COUNTER_MOVES_WITHIN {
            std::thread::sleep(LOOK_EVERY);
            now = read()?.1;
        }
        Some(json!({ "of": comment, "packets": now, "moved": now > before }))
    }

    /// What happened to the request, and what the model says of the same call now.
    fn refused(&self, world: &World, instance: &Instance, record: &Record) -> Value {
        let happened = whole(record);
        let now = deciding(&record.decisions).and_then(|judged| self.again(world, instance, record, judged).ok());
        let same = now.as_ref().map(|now| {
            let first = happened["asked"].as_array().and_then(|all| all.last());
            let policies = &now["call"]["policies"];
            first.is_some_and(|first| first["decision"] == policies["decision"] && first["by"] == policies["by"])
        });
        json!({ "happened": happened, "model": now, "is_same": same })
    }

    fn again(&self, world: &World, instance: &Instance, record: &Record, judged: &Judged) -> Result<Value, Trouble> {
        let to = match &record.via {
            Via::Endpoint { id, .. } => named(world, *id, record),
            _ => public_name(&record.service, instance),
        };
        let way = WayQuestion { from: instance.id.to_string(), to, protocol: "tcp".to_owned() };
        let resource = Some(judged.resource.clone()).filter(|resource| resource != "*");
        let caller = caller(&judged.caller, instance);
        self.calls.explain(&self.ways, &way, &CallQuestion { caller, action: Some(judged.action.clone()), resource })
    }
}

/// A service's name through the endpoint, or the endpoint itself where it has no such name.
fn named(world: &World, id: VpcEndpointId, record: &Record) -> String {
    match world.endpoints.get(&id) {
        Some(endpoint) => format!("{}.{}.amazonaws.com", endpoint.service(), endpoint.region),
        None => format!("{}.us-east-1.amazonaws.com", record.service),
    }
}

fn public_name(signing_name: &str, instance: &Instance) -> String {
    let services = public_services(&instance.region);
    let service = services.iter().find(|service| service.signing_name == signing_name);
    format!("{}.{}.amazonaws.com", service.map_or(signing_name, |service| service.name), instance.region)
}

/// As `--as` has it: a role's session by its role, the instance's own role by nothing.
fn caller(arn: &str, instance: &Instance) -> Option<String> {
    let Some((account, rest)) = arn.strip_prefix("arn:aws:sts::").and_then(|rest| rest.split_once(":assumed-role/"))
    else {
        return Some(arn.to_owned());
    };
    let (role, session) = rest.split_once('/').unwrap_or((rest, ""));
    let is_own = session == instance.id.to_string() && instance.profile.is_some();
    (!is_own).then(|| format!("arn:aws:iam::{account}:role/{role}"))
}

/// Whether the request came from the instance: by its address, or with its role's credentials.
fn is_of(world: &World, instance: &Instance, record: &Record) -> bool {
    let interfaces = world.interfaces_of_instance(instance.id);
    let has = |wanted: &IpAddr| {
        let mut all = interfaces.iter().flat_map(|eni| eni.addresses.iter().map(move |a| (eni.id, a.address)));
        all.any(|(eni, address)| {
            *wanted == IpAddr::V4(address)
                || world.public_address(eni, address).is_some_and(|p| *wanted == IpAddr::V4(p))
        })
    };
    match &record.via {
        Via::Endpoint { vpc, source, .. } if *vpc == instance.vpc => has(source),
        Via::Internet { public } if has(public) => true,
        _ => record.caller.ends_with(&format!("/{}", instance.id)),
    }
}

/// How the comment of the counter begins where a stop drops; `None` where routing does, which counts nothing.
fn counter_of(world: &World, bar: &Step) -> Option<String> {
    let words = match (bar.place, bar.cause?) {
        (_, Cause::NoRoute | Cause::BlackHole | Cause::NobodyThere | Cause::NotRunning | Cause::NotAttached) => {
            return None;
        }
        (_, Cause::AnswerAstray | Cause::Circle | Cause::HandedOver | Cause::NoListener) => return None,
        (_, Cause::NotItsAddress) => "gets no packet".to_owned(),
        (_, Cause::ZoneDown) => "the zone is down".to_owned(),
        (Place::Groups { interface, .. }, _) => {
            let mut groups = world.network_interfaces.get(&interface)?.groups.clone();
            groups.sort();
            groups.iter().take(4).map(SecurityGroupId::to_string).collect::<Vec<_>>().join(" ")
        }
        (Place::Acl { acl, entry, .. }, _) => format!("{acl} {}", entry.map_or("*".to_owned(), |n| n.to_string())),
        (Place::InternetGateway { id: Some(id), .. }, _) => id.to_string(),
        (Place::NatGateway { id, .. }, _) => id.to_string(),
        (Place::Table { .. }, _) => return None,
        _ => String::new(),
    };
    Some(format!("{} {words}", bar.stop))
}

/// The sockets of a table of the kernel (`/proc/net/tcp`, `tcp6`) that wait for the first answer.
fn attempts(table: &str) -> Vec<Attempt> {
    const SYN_SENT: &str = "02";
    const MAPPED: &str = "0000000000000000FFFF0000";
    let one = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (address, port) = words.get(2)?.rsplit_once(':')?;
        let address = if address.len() == 8 { address } else { address.strip_prefix(MAPPED)? };
        // The bytes of the address as the machine has them in a word.
        let to = Ipv4Addr::from(u32::from_str_radix(address, 16).ok()?.to_ne_bytes());
        let retries = u32::from_str_radix(words.get(6)?, 16).ok()?;
        let port = u16::from_str_radix(port, 16).ok()?;
        (*words.get(3)? == SYN_SENT).then_some(Attempt { to, port, retries })
    };
    table.lines().skip(1).filter_map(one).collect()
}

/// `AttemptFails` of `/proc/net/snmp`: connections that came to nothing since the instance began.
/// Connections that came to nothing since the instance began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Given {
    /// Somebody answered that there is no way or nobody listens.
    refused: u64,
    /// The kernel gave up waiting.
    unanswered: u64,
    /// First packets that were sent again since nobody had answered, whoever gave up then.
    sent_again: u64,
}

/// From `/proc/net/snmp` and `/proc/net/netstat`.
fn given_up(snmp: &str, netstat: &str) -> Given {
    let failed = counted(snmp, "Tcp: ", "AttemptFails");
    let unanswered = counted(netstat, "TcpExt: ", "TCPAbortOnTimeout").min(failed);
    let sent_again = counted(netstat, "TcpExt: ", "TCPSynRetrans");
    Given { refused: failed - unanswered, unanswered, sent_again }
}

/// The kernel's counters stand in pairs of lines: names, then numbers.
fn counted(table: &str, head: &str, name: &str) -> u64 {
    let mut lines = table.lines().filter_map(|line| line.strip_prefix(head));
    let place = lines.next().and_then(|names| names.split(' ').position(|known| known == name));
    let number = place.and_then(|place| lines.next()?.split(' ').nth(place)?.parse().ok());
    number.unwrap_or_default()
}

/// The comments of the counters that drop what the instance's interfaces send.
fn own_stops(world: &World, instance: &Instance) -> Vec<String> {
    let mut found = Vec::new();
    for eni in world.interfaces_of_instance(instance.id) {
        let mut groups = eni.groups.clone();
        groups.sort();
        let more = groups.len().saturating_sub(4);
        let mut groups: Vec<String> = groups.iter().take(4).map(SecurityGroupId::to_string).collect();
        groups.extend((more > 0).then(|| format!("and {more} more")));
        found.push(format!("{} {}", Stop::SecurityGroupOut, groups.join(" ")));
        if let Some(acl) = world.acl_of_subnet(eni.subnet) {
            let denies = acl.entries.iter().filter(|entry| entry.egress && entry.action == AclAction::Deny);
            let numbers = denies.map(|entry| entry.number.to_string()).chain(["*".to_owned()]);
            found.extend(numbers.map(|number| format!("{} {} {number}", Stop::NetworkAclOut, acl.id)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_is_read_from_the_kernels_table() {
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
        let line = |remote: &str, state: &str| {
            format!("   0: 0501000A:9C40 {remote} {state} 00000001:00000000 01:00000064 00000003     0        0 7 2\n")
        };
        let words = u32::from_ne_bytes([10, 0, 2, 7]);
        let tried = Attempt { to: Ipv4Addr::new(10, 0, 2, 7), port: 443, retries: 3 };
        let table = format!("{head}{}{}", line(&format!("{words:08X}:01BB"), "02"), line("0501000A:01BB", "01"));
        assert_eq!(attempts(&table), std::slice::from_ref(&tried));
        let six = format!("{head}{}", line(&format!("0000000000000000FFFF0000{words:08X}:01BB"), "02"));
        assert_eq!(attempts(&six), [tried]);
    }

    #[test]
    fn what_was_given_up_is_told_apart() {
        let snmp = "Ip: a\nIp: 1\nTcp: ActiveOpens AttemptFails\nTcp: 9 4\n";
        let netstat = "TcpExt: TCPAbortOnTimeout TCPSynRetrans\nTcpExt: 1 7\nIpExt: x\nIpExt: 1\n";
        assert_eq!(given_up(snmp, netstat), Given { refused: 3, unanswered: 1, sent_again: 7 });
        assert_eq!(given_up("", ""), Given::default());
    }
}
