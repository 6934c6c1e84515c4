//! What to change so that a packet arrives: `aws` commands, the smallest change first. Each is offered only after the change
//! was made to a copy of the World and the question was answered there.

mod acl;
mod group;
mod name;
mod other;
mod route;
mod through;

use crate::ground::Ground;
use crate::question::{Listening, Question};
use crate::trace::*;
use postern_model::{Change, Entity, World};
use postern_names::{IpFamily, Stop};

/// Commands that open the way together, in the order in which to run them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    pub commands: Vec<String>,
    cost: u32,
}

/// One change that may help.
pub(crate) struct Candidate {
    pub command: String,
    /// Greater changes cost more: one rule is 1, a new component 3.
    pub cost: u32,
    pub changes: Vec<Change>,
}

impl Candidate {
    pub fn new(cost: u32, command: String, entity: impl Into<Entity>) -> Self {
        Self { command, cost, changes: vec![Change::Put(Box::new(entity.into()))] }
    }
}

/// More changes than this in a row are another network.
const CHANGES_MAX: usize = 6;
/// Worlds that are tried.
const TRIES_MAX: usize = 60;
const OFFERED_MAX: usize = 3;

/// The ways to open the way that a question is about; none if it is open, or if no `aws` command helps.
pub fn remedies(world: &World, question: &Question, listening: &Listening) -> Vec<Remedy> {
    remedies_until(world, question, listening, |_, _| true).into_iter().map(|(remedy, _)| remedy).collect()
}

/// The same until something holds of an open way besides: that it leads through an endpoint, say. Each with the World that
/// it makes.
pub fn remedies_until(
    world: &World,
    question: &Question,
    listening: &Listening,
    holds: impl Fn(&World, &Trace) -> bool,
) -> Vec<(Remedy, World)> {
    let mut found: Vec<(Remedy, World)> = Vec::new();
    // One World for all tries: each makes its changes and takes them back.
    let mut world = world.clone();
    let mut open = vec![Try { remedy: Remedy { commands: vec![], cost: 0 }, changes: vec![] }];
    for _ in 0..TRIES_MAX {
        // The cheapest of what is not tried yet.
        let Some(place) = (0..open.len()).min_by_key(|n| open.get(*n).map(|one| one.remedy.cost)) else { break };
        let Try { remedy, changes } = open.swap_remove(place);
        let undo: Vec<Change> = changes.iter().map(|change| world.apply(change.clone())).collect();
        let ground = Ground::new(&world);
        let trace = ground.explain(question, listening);
        let is_open = trace.is_answered && holds(&world, &trace);
        if is_open && !remedy.commands.is_empty() {
            found.push((remedy.clone(), world.clone()));
        }
        if found.len() == OFFERED_MAX {
            break;
        }
        if !is_open && remedy.commands.len() < CHANGES_MAX {
            let next =
                if trace.is_answered { through::candidates(&ground, &trace) } else { candidates(&ground, &trace) };
            let is_new = |one: &Candidate| !remedy.commands.contains(&one.command);
            open.extend(next.into_iter().filter(is_new).map(|one| Try::after(&remedy, &changes, one)));
        }
        undo.into_iter().rev().for_each(|change| drop(world.apply(change)));
    }
    found
}

/// Changes to make together, and the commands that would make them.
struct Try {
    remedy: Remedy,
    changes: Vec<Change>,
}

impl Try {
    fn after(remedy: &Remedy, changes: &[Change], one: Candidate) -> Self {
        let mut next = Self { remedy: remedy.clone(), changes: changes.to_vec() };
        next.remedy.commands.push(one.command);
        next.remedy.cost += one.cost;
        next.changes.extend(one.changes);
        next
    }
}

fn candidates(ground: &Ground<'_>, trace: &Trace) -> Vec<Candidate> {
    let Some(bar) = trace.barred_at() else { return vec![] };
    let world = ground.world;
    let mut all = match bar.stop {
        Stop::SecurityGroupIn | Stop::SecurityGroupOut => group::candidates(ground, trace, bar),
        Stop::NetworkAclIn | Stop::NetworkAclOut => acl::candidates(world, bar),
        Stop::RouteTable => route::candidates(ground, bar),
        Stop::InternetGateway => other::public_address(ground, trace, bar),
        Stop::Instance => other::instance(ground, trace, bar),
        Stop::Name => name::resolver(world, bar),
        Stop::Endpoint => other::endpoint(ground, trace, bar),
        Stop::NatGateway | Stop::Peering | Stop::Appliance => route::without_the_last(ground, trace, bar),
        // What a policy refuses no route opens, and a service answers on its own ports.
        Stop::EndpointPolicy | Stop::IdentityPolicy | Stop::ResourcePolicy | Stop::Service => vec![],
    };
    all.extend(name::private_dns(world, trace));
    all
}

/// What the options of AWS's commands say before `cidr-block` for a range of IPv6.
fn of_family(family: IpFamily) -> &'static str {
    match family {
        IpFamily::V4 => "",
        IpFamily::V6 => "ipv6-",
    }
}
