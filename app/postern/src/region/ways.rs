//! Ways through the network: the question in words, the World as it is, and what listens in the instance that is asked.

use crate::control::WayQuestion;
use crate::say::Trouble;
use postern_explain::*;
use postern_linux::Host;
use postern_model::World;
use postern_names::{Stop, VpcEndpointId};
use postern_program::Namespace;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, RwLock, RwLockReadGuard};

/// The port of services, where a question names none.
const HTTPS: u16 = 443;

/// What is asked for the answer.
pub struct Ways {
    pub world: Arc<RwLock<World>>,
    pub host: Arc<Host>,
}

impl Ways {
    /// The trace, and what would open the way.
    pub fn explain(&self, asked: &WayQuestion) -> Result<Value, Trouble> {
        let question = question(asked)?;
        let unheard = {
            let world = self.read();
            known(&world, &question)?;
            Ground::new(&world).explain(&question, &Listening::new())
        };
        let listening = self.listening(&unheard);
        // What one question takes, others can wait for; looking for what opens a way works on a copy.
        let (mut told, barred) = {
            let world = self.read();
            let ground = Ground::new(&world);
            let trace = ground.explain(&question, &listening);
            (json(&ground, &trace), (!trace.is_answered).then(|| world.clone()))
        };
        let remedies = barred.map(|world| remedies(&world, &question, &listening)).unwrap_or_default();
        told["change"] = remedies.into_iter().map(|remedy| remedy.commands).collect();
        Ok(told)
    }

    /// The World as it is, and the question if everything in it is there.
    pub fn ready(&self, asked: &WayQuestion) -> Result<(World, Question), Trouble> {
        let world = self.world();
        let question = question(asked)?;
        known(&world, &question)?;
        Ok((world, question))
    }

    /// Whether each of a kind answers each on the port.
    pub fn matrix(&self, of: &str, port: u16) -> Result<Value, Trouble> {
        let Some(kind) = Of::parse(of) else {
            return Err(Trouble::new(format!("`{of}` is none of `instances`, `subnets` and `endpoints`")));
        };
        let world = self.world();
        let ground = Ground::new(&world);
        let found = matrix(&ground, kind, What::Tcp(port));
        let row = |(from, cells): (&Source, &Vec<Option<Stop>>)| {
            let cells: Vec<&str> = cells.iter().map(|bar| bar.map_or("yes", Stop::word)).collect();
            json!({ "from": from.to_string(), "reaches": cells })
        };
        let rows: Vec<Value> = found.from.iter().zip(&found.rows).map(row).collect();
        let names: Vec<&String> = found.to.iter().map(|(name, _)| name).collect();
        Ok(json!({ "of": of, "to": names, "port": port, "rows": rows }))
    }

    /// Both ways between two places. One that cannot ask has no way of its own.
    pub fn between(&self, a: &str, b: &str, protocol: &str, port: u16) -> Result<Value, Trouble> {
        let way = |from: &str, to: &str| {
            let to = if protocol == "icmp" { to.to_owned() } else { format!("{to}:{port}") };
            self.explain(&WayQuestion { from: from.to_owned(), to, protocol: protocol.to_owned() })
        };
        let ways: Vec<Result<Value, Trouble>> = vec![way(a, b), way(b, a)];
        if ways.iter().all(Result::is_err) {
            return ways.into_iter().next().unwrap_or_else(|| Ok(Value::Null));
        }
        let told = |way: Result<Value, Trouble>| way.unwrap_or_else(|trouble| json!({ "not_asked": trouble.what }));
        Ok(json!({ "between": [a, b], "ways": ways.into_iter().map(told).collect::<Vec<_>>() }))
    }

    /// The World as it is: it goes on while the question is worked out.
    pub fn world(&self) -> World {
        self.read().clone()
    }

    fn read(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(|e| e.into_inner())
    }

    /// What listens in the instance that gets the packet.
    pub fn listening(&self, trace: &Trace) -> Listening {
        let Some(Arrival { who: Who::Instance(id), .. }) = trace.arrival else { return Listening::new() };
        let read = || {
            let table =
                |name: &str| std::fs::read_to_string(format!("/proc/thread-self/net/{name}")).unwrap_or_default();
            let tables = [("tcp", true), ("tcp6", true), ("udp", false), ("udp6", false)];
            tables.iter().flat_map(|(name, is_tcp)| sockets(&table(name), *is_tcp)).collect::<BTreeSet<What>>()
        };
        match self.host.in_namespace(Namespace::Instance(id), read) {
            Ok(sockets) => Listening::from([(id, sockets)]),
            // It stopped meanwhile: what it listened to is not known.
            Err(_) => Listening::new(),
        }
    }
}

/// The ports of a table of the kernel (`/proc/net/tcp`) that others than the machine itself can speak to.
fn sockets(table: &str, is_tcp: bool) -> Vec<What> {
    const LISTEN: &str = "0A";
    let one = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (address, port) = words.get(1)?.rsplit_once(':')?;
        let is_open = !is_tcp || *words.get(3)? == LISTEN;
        // Bytes of the first word as the machine has them: 127.x.x.x ends in 7F, ::1 in 01000000.
        let is_own =
            address.len() == 8 && address.ends_with("7F") || address.len() == 32 && address.ends_with("01000000");
        let port = u16::from_str_radix(port, 16).ok().filter(|_| is_open && !is_own)?;
        Some(if is_tcp { What::Tcp(port) } else { What::Udp(port) })
    };
    table.lines().skip(1).filter_map(one).collect()
}

fn question(asked: &WayQuestion) -> Result<Question, Trouble> {
    let malformed = |words: MalformedQuestion| Trouble::new(words.0);
    let from = Source::parse(&asked.from).map_err(malformed)?;
    let (to, port) = Target::parse(&asked.to).map_err(malformed)?;
    let is_service = matches!(to, Target::Name(_) | Target::Endpoint(_));
    let port = port.or(is_service.then_some(HTTPS));
    let what = match (asked.protocol.as_str(), port) {
        ("icmp", _) => What::Ping,
        ("tcp", Some(port)) => What::Tcp(port),
        ("udp", Some(port)) => What::Udp(port),
        ("tcp" | "udp", None) => {
            let to = if asked.to.contains(':') { format!("[{}]", asked.to) } else { asked.to.clone() };
            return Err(Trouble::new("which port?").hint(format!("--to {to}:443, or --protocol icmp")));
        }
        (other, _) => return Err(Trouble::new(format!("`{other}` is none of tcp, udp and icmp"))),
    };
    Ok(Question { from, to, what })
}

/// Whether everything that is named is there.
fn known(world: &World, question: &Question) -> Result<(), Trouble> {
    let is_known = match question.from {
        Source::Instance(id) => world.instances.contains_key(&id),
        Source::Interface(id) => world.network_interfaces.contains_key(&id),
        Source::Subnet(id) => world.subnets.contains_key(&id),
        Source::Internet(_) | Source::Host => true,
    };
    let gone = |what: &dyn std::fmt::Display| Trouble::new(format!("there is no {what}"));
    if !is_known {
        return Err(gone(&question.from));
    }
    let is_known = match &question.to {
        Target::Instance(id) => world.instances.contains_key(id),
        Target::Interface(id) => world.network_interfaces.contains_key(id),
        Target::Endpoint(id) => endpoint_is_known(world, *id),
        Target::Name(_) | Target::Address(_) => true,
    };
    if is_known { Ok(()) } else { Err(gone(&question.to)) }
}

fn endpoint_is_known(world: &World, id: VpcEndpointId) -> bool {
    world.endpoints.contains_key(&id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_can_speak_to_listens() {
        let table = "  sl  local_address rem_address   st\n\
            0: 00000000:1F90 00000000:0000 0A 00000000:00000000\n\
            1: 0100007F:0016 00000000:0000 0A 00000000:00000000\n\
            2: 0501000A:01BB 0601000A:9C40 01 00000000:00000000\n";
        assert_eq!(sockets(table, true), [What::Tcp(8080)]);
        let six =
            "head\n 0: 00000000000000000000000000000000:0050 x 0A\n 1: 00000000000000000000000001000000:0051 x 0A\n";
        assert_eq!(sockets(six, true), [What::Tcp(80)]);
    }

    #[test]
    fn a_question_needs_a_port_where_none_goes_without_saying() {
        let ask = |to: &str, protocol: &str| {
            question(&WayQuestion { from: "host".into(), to: to.into(), protocol: protocol.into() })
        };
        assert_eq!(ask("s3.us-east-1.amazonaws.com", "tcp").unwrap().what, What::Tcp(443));
        assert_eq!(ask("10.0.1.5:22", "tcp").unwrap().what, What::Tcp(22));
        assert_eq!(ask("10.0.1.5", "icmp").unwrap().what, What::Ping);
        assert_eq!(ask("10.0.1.5", "tcp").unwrap_err().what, "which port?");
        assert!(ask("10.0.1.5:x", "tcp").is_err() && ask("vpc-1", "tcp").is_err());
    }
}
