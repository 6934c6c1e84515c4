//! The truth run: for random Worlds and questions, the explanation and the simulated program say the same: who gets the
//! packet and as whom it is seen, whether the answer comes back, and which stop bars the way.

use postern_compiler::compile;
use postern_explain::*;
use postern_model::{NetworkInterface, SITES, World};
use postern_names::*;
use postern_program::simulate::{self, Fate, Loss, Outcome, Receiver, Simulator};
use postern_program::{Namespace, Packet, Role};
use postern_worlds::{Dice, questions, random, world};
use std::net::{IpAddr, Ipv4Addr};

const WORLDS: u64 = 20_000;
const QUESTIONS: usize = 20;
const INNER_TABLE: u32 = 50;

/// A site by both its addresses, and S3's address in us-east-1.
const SERVED: [IpAddr; 3] =
    [IpAddr::V4(SITES[0].address), IpAddr::V6(SITES[0].ipv6.unwrap()), IpAddr::V4(Ipv4Addr::new(52, 216, 1, 1))];

/// Seeds that once disagreed.
const KEPT: &[u64] = &[2, 12, 86, 817, 849, 1222, 2301, 3048, 3078, 4756, 7964, 8834];

#[test]
fn explanation_and_simulation_agree() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let count = std::thread::scope(|scope| {
        let run = move |part: u64| {
            let mut count = Count::default();
            (part..WORLDS).step_by(threads as usize).for_each(|seed| one_world(seed, &mut count));
            count
        };
        let parts: Vec<_> = (0..threads).map(|part| scope.spawn(move || run(part))).collect();
        parts.into_iter().map(|part| part.join().unwrap()).fold(Count::default(), Count::with)
    });
    let Count { asked, answered, disagreements } = &count;
    println!("{WORLDS} worlds, {asked} questions, {answered} answered, {} disagreements", disagreements.len());
    count.assert_none();
    assert!(answered * 6 > *asked, "one-sided questions tell little: {answered} of {asked} answered");
}

#[test]
fn kept_seeds_agree() {
    let mut count = Count::default();
    KEPT.iter().for_each(|seed| one_world(*seed, &mut count));
    count.assert_none();
}

#[derive(Default)]
struct Count {
    asked: usize,
    answered: usize,
    disagreements: Vec<String>,
}

impl Count {
    fn with(mut self, other: Count) -> Count {
        self.asked += other.asked;
        self.answered += other.answered;
        self.disagreements.extend(other.disagreements);
        self
    }
    fn assert_none(&self) {
        let shown = self.disagreements.iter().take(40).cloned().collect::<Vec<_>>().join("\n\n");
        assert!(self.disagreements.is_empty(), "{} disagreements:\n{shown}", self.disagreements.len());
    }
}

fn one_world(seed: u64, count: &mut Count) {
    let text = random(seed);
    let world = world(&text);
    let program = compile(&world);
    let (simulator, ground) = (Simulator::new(&program), Ground::new(&world));
    let places = questions(&world);
    let mut dice = Dice::new(seed ^ 0x5eed);
    for _ in 0..QUESTIONS {
        let Some(question) = question(&mut dice, &world, &places) else { return };
        let trace = ground.explain(&question, &Listening::new());
        let (namespace, packet) = sent(&world, &question);
        let outcome = simulator.ask(namespace, packet);
        if let Err(difference) = compare(&world, &trace, &outcome) {
            let line = |step: &Step| format!("  {:?} {} {}", step.way, step.stop, sentence(&ground, step));
            let steps = trace.steps.iter().map(line).collect::<Vec<_>>().join("\n");
            count.disagreements.push(format!(
                "seed {seed}: {question}\n{difference}\nsimulated: {outcome}\nexplained:\n{steps}\n{text}"
            ));
        }
        count.asked += 1;
        count.answered += usize::from(trace.is_answered);
    }
}

/// A question of a running instance, or now and then of the internet.
fn question(dice: &mut Dice, world: &World, places: &[IpAddr]) -> Option<Question> {
    let running: Vec<InstanceId> =
        world.instances.values().filter(|i| i.has_links()).map(|instance| instance.id).collect();
    let from = if running.is_empty() || dice.is(10) {
        Source::Internet(dice.pick(&SITES.iter().flat_map(|site| site.addresses()).collect::<Vec<_>>()))
    } else {
        Source::Instance(dice.pick(&running))
    };
    let near: Vec<IpAddr> = match from {
        Source::Instance(id) => {
            let home = world.instances[&id].vpc;
            let is_near = |eni: &&NetworkInterface| eni.vpc == home || world.peering_between(home, eni.vpc).is_some();
            let inside = world.network_interfaces.values().filter(is_near);
            inside.flat_map(|eni| eni.every_address()).chain(SERVED).collect()
        }
        _ => vec![],
    };
    let to = match from {
        // Nothing private is on the internet.
        Source::Internet(source) => {
            let is_near = |place: &IpAddr| source.is_ipv4() == place.is_ipv4() && !is_private(*place);
            dice.pick(&places.iter().copied().filter(is_near).collect::<Vec<_>>())
        }
        _ if dice.is(60) => dice.pick(&near),
        _ => dice.pick(places),
    };
    let own = source(world, from, to);
    if own.is_none_or(|own| own == to) || is_link_local(to) && matches!(from, Source::Internet(_)) {
        return question(dice, world, places);
    }
    let what = dice.pick(&[What::Tcp(443), What::Tcp(443), What::Tcp(80), What::Tcp(22), What::Udp(53), What::Ping]);
    Some(Question { from, to: Target::Address(to), what })
}

fn is_private(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_private())
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// The address that is spoken from; an instance may have none of the family.
fn source(world: &World, from: Source, to: IpAddr) -> Option<IpAddr> {
    match from {
        Source::Instance(id) => world.interfaces_of_instance(id)[0].first_address(IpFamily::of(to)),
        Source::Internet(address) => Some(address),
        other => panic!("{other} is not asked"),
    }
}

fn sent(world: &World, question: &Question) -> (Namespace, Packet) {
    let Target::Address(to) = question.to else { panic!("only addresses are asked") };
    let source = source(world, question.from, to).unwrap();
    let namespace = match question.from {
        Source::Instance(id) => Namespace::Instance(id),
        _ => Namespace::Internet,
    };
    let packet = match question.what {
        What::Tcp(port) => Packet::tcp(source, to, port),
        What::Udp(port) => Packet::udp(source, to, port),
        What::Ping => Packet::ping(source, to),
    };
    (namespace, packet)
}

fn compare(world: &World, trace: &Trace, outcome: &Outcome) -> Result<(), String> {
    let bar = trace.barred_at();
    let is_answered = outcome.is_answered || is_back_outside(trace, outcome);
    if trace.is_answered != is_answered {
        return Err(format!("explained as answered: {}", trace.is_answered));
    }
    if trace.is_answered == bar.is_some() {
        return Err("answered and barred, or neither".to_owned());
    }
    match (&outcome.request, trace.arrival) {
        (Fate::Delivered(arrival), Some(explained)) => {
            let same = is_same(world, arrival, explained.who) && arrival.packet.source == explained.source;
            if !same {
                return Err(format!("explained as {explained:?}"));
            }
        }
        (Fate::Delivered(arrival), None) if arrival.receiver == Receiver::Nobody => {
            let is_port = bar.is_some_and(|bar| bar.cause == Some(Cause::NotServed));
            return if is_port { Ok(()) } else { Err("delivered to no listener".to_owned()) };
        }
        (Fate::Delivered(_), None) => return Err("explained as barred".to_owned()),
        (Fate::Dropped(_), Some(explained)) => return Err(format!("explained as {explained:?}")),
        (Fate::Dropped(loss), None) => return barred(bar, Way::Outward, loss),
    }
    match &outcome.reply {
        _ if is_answered => Ok(()),
        Some(Fate::Dropped(loss)) => barred(bar, Way::Back, loss),
        Some(Fate::Delivered(_)) => {
            let astray = [Cause::AnswerAstray, Cause::HandedOver, Cause::NotAskedFor];
            match bar.and_then(|bar| bar.cause) {
                Some(cause) if astray.contains(&cause) => Ok(()),
                other => Err(format!("the answer goes astray, explained as {other:?}")),
            }
        }
        _ => Ok(()),
    }
}

/// The internet's namespace asks nothing itself, so that it refuses the answer to a question that a test makes it ask; the
/// answer has come back all the same.
fn is_back_outside(trace: &Trace, outcome: &Outcome) -> bool {
    let lost_outside =
        |loss: &Loss| loss.namespace == Namespace::Internet && loss.comment.as_deref() == Some("service not served");
    matches!(trace.question.from, Source::Internet(_))
        && !trace.barred_at().is_some_and(is_sent_on)
        && matches!(&outcome.reply, Some(Fate::Dropped(loss)) if lost_outside(loss))
}

/// To a NAT gateway a datagram that answers nothing of its own is a question, which it sends on under its own address.
fn is_sent_on(bar: &Step) -> bool {
    bar.way == Way::Back && bar.cause == Some(Cause::NotAskedFor) && bar.packet.protocol == Protocol::Udp
}

/// Whether the bar that is named is the one where the packet was lost.
fn barred(bar: Option<&Step>, way: Way, loss: &Loss) -> Result<(), String> {
    let Some(bar) = bar else { return Err("explained as not barred".to_owned()) };
    let lost_at = stops_of(loss);
    if way == Way::Back && is_sent_on(bar) {
        return Ok(());
    }
    if bar.way == way && lost_at.contains(&bar.stop) {
        Ok(())
    } else {
        Err(format!("lost at {lost_at:?} {way:?}, explained as {} {:?}", bar.stop, bar.way))
    }
}

/// The stops that a loss can be called after: the kernel's routing has one word for several of AWS's.
fn stops_of(loss: &Loss) -> Vec<Stop> {
    match &loss.place {
        simulate::Place::Chain(_) => {
            let word = loss.comment.as_deref().unwrap_or_default().split(' ').next().unwrap_or_default();
            let stop = Stop::ALL.into_iter().find(|stop| stop.word() == word);
            // The resolver is one of the services at the router's addresses.
            if stop == Some(Stop::Service) { vec![Stop::Service, Stop::Name] } else { stop.into_iter().collect() }
        }
        simulate::Place::Route(..) if loss.namespace == Namespace::Internet => vec![Stop::Service, Stop::Instance],
        simulate::Place::Route(INNER_TABLE, to) if to.length() > 0 => vec![Stop::Instance],
        simulate::Place::Route(..) => vec![Stop::RouteTable],
        simulate::Place::Neighbour(_) => vec![Stop::Instance],
        simulate::Place::TimeToLive => vec![Stop::RouteTable],
        // Without any VPC that has IPv6.
        simulate::Place::NoRoute if loss.namespace == Namespace::Internet => vec![Stop::Service],
        simulate::Place::NoRoute | simulate::Place::NotForwarding => vec![],
    }
}

fn is_same(world: &World, arrival: &simulate::Arrival, who: Who) -> bool {
    match (arrival.namespace, arrival.receiver, who) {
        (Namespace::Instance(id), Receiver::Guest, Who::Instance(explained)) => id == explained,
        (Namespace::Instance(id), Receiver::Appliance, Who::Appliance(explained)) => id == explained,
        (Namespace::Vpc(vpc), Receiver::Listener(Role::DoorTls | Role::DoorPlain), Who::Endpoint(id)) => {
            world.endpoints.get(&id).is_some_and(|endpoint| endpoint.vpc == vpc)
        }
        (Namespace::Vpc(_), Receiver::Listener(Role::Resolver), Who::Resolver) => true,
        (Namespace::Vpc(_), Receiver::Listener(Role::Metadata), Who::Metadata) => true,
        (Namespace::Internet, Receiver::Listener(Role::Site), Who::Site) => true,
        (Namespace::Internet, Receiver::Listener(Role::DoorTls | Role::DoorPlain), Who::Service | Who::Site) => true,
        (Namespace::Internet, Receiver::Echo, Who::Service | Who::Site) => true,
        (Namespace::Internet, Receiver::Guest, Who::Internet) => true,
        _ => false,
    }
}
