//! One analysis: the path as a question, the ports that it leaves open tried, the trace told.

use crate::component::{arn, component, id_of, owner};
use crate::endpoints::{End, end};
use crate::explanation::{bars, explanation};
use crate::path::components;
use crate::ports::{Open, candidates};
use postern_explain::*;
use postern_model::{InsightsPath, NetworkInterface, PathFilter, World};
use postern_names::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

/// Somebody on the internet, where the path does not say who (RFC 5737).
const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
/// Ports that are tried before others.
const LIKELY: [u16; 3] = [443, 80, 22];
const CLIENT_PORT: u16 = 40_000;
/// Questions that one analysis asks at most.
const QUESTIONS_MAX: usize = 2_000;

/// What follows from a path: whether there is a way, and the reply's members that tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    pub is_found: bool,
    /// `ForwardPathComponents`, `ReturnPathComponents`, `Explanations`, `AlternatePathHints`, `SuggestedAccounts`.
    pub answer: Value,
}

impl Analysis {
    fn barred(explanations: Vec<Value>) -> Self {
        Self { is_found: false, answer: json!({ "Explanations": explanations }) }
    }
}

/// What an analysis is bound to besides its path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// ARNs of what the way must pass.
    pub filter_in: Vec<String>,
    /// ARNs of what it must not.
    pub filter_out: Vec<String>,
    /// The accounts besides the path's owner whose things may be on the way.
    pub accounts: BTreeSet<AccountId>,
}

impl Bounds {
    /// The owners of the path's ends and the accounts that the call names may be on the way, as far as they are `readable`.
    pub fn of(
        world: &World,
        path: &InsightsPath,
        (filter_in, filter_out): (Vec<String>, Vec<String>),
        named: &[AccountId],
        readable: &BTreeSet<AccountId>,
    ) -> Self {
        let ends = [Some(&path.source), path.destination.as_ref()].into_iter().flatten();
        let of_ends = ends.filter_map(|id| owner(world, id)).map(|(owner, _)| owner);
        let accounts = of_ends.chain(named.iter().copied()).filter(|account| readable.contains(account)).collect();
        Self { filter_in, filter_out, accounts }
    }
}

/// Analyses a path in the World as it is.
pub fn analyse(world: &World, path: &InsightsPath, bounds: &Bounds) -> Analysis {
    let (Some(from), to) = (end(world, &path.source), path.destination.as_deref().map(|id| end(world, id))) else {
        return gone(&path.source);
    };
    if let (Some(None), Some(id)) = (to, &path.destination) {
        return gone(id);
    }
    let asked = Asked { world, path, from, to: to.flatten() };
    if let Some(refusal) = asked.beforehand() {
        return Analysis::barred(refusal);
    }
    let Some(best) = asked.best() else {
        return Analysis::barred(vec![json!({ "ExplanationCode": "NO_SOURCE_OR_DESTINATION" })]);
    };
    let owners = best.foreign(world, path.owner, &bounds.accounts);
    if !owners.is_empty() {
        let unknown = |account: &AccountId| json!({ "ExplanationCode": "UNKNOWN_RESOURCE", "ComponentAccount": account.to_string() });
        let mut told = Analysis::barred(owners.iter().map(unknown).collect());
        told.answer["SuggestedAccounts"] = owners.iter().map(AccountId::to_string).collect();
        return told;
    }
    if !best.is_found() {
        let mut told = Analysis::barred(best.explanations(&asked));
        if let Some(hint) = best.hint(&asked) {
            told.answer["AlternatePathHints"] = json!([hint]);
        }
        return told;
    }
    filtered(world, best.told(&asked), bounds)
}

fn gone(id: &str) -> Analysis {
    Analysis::barred(vec![json!({ "ExplanationCode": "NO_SOURCE_OR_DESTINATION", "MissingComponent": id })])
}

/// The way must meet each of the first, and none of the second.
fn filtered(world: &World, told: Analysis, bounds: &Bounds) -> Analysis {
    let ways = ["ForwardPathComponents", "ReturnPathComponents"];
    let all = ways.iter().filter_map(|way| told.answer.get(*way)?.as_array()).flatten();
    let met: BTreeSet<&str> = all.filter_map(|one| one.get("Component")?.get("Id")?.as_str()).collect();
    let missing = bounds.filter_in.iter().filter(|arn| !met.contains(id_of(arn)));
    let unwanted = bounds.filter_out.iter().filter(|arn| met.contains(id_of(arn)));
    let restriction = |arn: &String| json!({ "ExplanationCode": "COMPONENT_FILTER_RESTRICTION", "Component": component(world, id_of(arn)) });
    let refused: Vec<Value> = missing.chain(unwanted).map(restriction).collect();
    if refused.is_empty() { told } else { Analysis::barred(refused) }
}

/// What is asked, with the ends that a trace is measured by.
pub(crate) struct Asked<'a> {
    pub world: &'a World,
    pub path: &'a InsightsPath,
    pub from: End,
    pub to: Option<End>,
}

/// A trace with what it must be measured by.
pub(crate) struct Tried {
    pub trace: Trace,
    /// What bars it, in the network and as the path has it.
    barred: Vec<Step>,
    /// The filter that the packet does not pass at its destination.
    misfit: Option<&'static str>,
    is_wanted: bool,
    /// Answers of what went through a NAT gateway are not looked at.
    is_one_way: bool,
    source_port: u16,
}

impl Asked<'_> {
    fn at_source(&self) -> PathFilter {
        self.path.at_source.unwrap_or_default()
    }
    fn at_destination(&self) -> PathFilter {
        self.path.at_destination.unwrap_or_default()
    }

    /// What no packet has to be followed for.
    fn beforehand(&self) -> Option<Vec<Value>> {
        let world = self.world;
        let one =
            |code: &str, id: &str| Some(vec![json!({ "ExplanationCode": code, "Component": component(world, id) })]);
        if let End::Endpoint(_) = self.from {
            return one("VPCE_INTRA_VPC_TRAFFIC", &self.path.source);
        }
        for (end, id) in [(Some(self.from), Some(&self.path.source)), (self.to, self.path.destination.as_ref())] {
            if let (Some(end @ End::InternetGateway(_)), Some(id)) = (end, id)
                && end.vpc(world).is_none()
            {
                return one("UNASSOCIATED_COMPONENT", id);
            }
        }
        let wanted = self.path.source_ip.or(self.at_source().source_address);
        if let (Some(eni), Some(address)) = (self.interface(), wanted)
            && !eni.addresses.iter().any(|own| own.address == address)
        {
            return Some(vec![json!({
                "ExplanationCode": "ENI_ADDRESS_RESTRICTION",
                "Address": address.to_string(),
                "NetworkInterface": component(world, eni.id),
                "Direction": "egress",
            })]);
        }
        if self.destination_ports().is_none() {
            return Some(vec![json!({ "ExplanationCode": "FILTER_AT_DESTINATION_DESTINATION_PORT_RANGE" })]);
        }
        self.source_ports()
            .is_none()
            .then(|| vec![json!({ "ExplanationCode": "FILTER_AT_DESTINATION_SOURCE_PORT_RANGE" })])
    }

    /// The interface that the question leaves by.
    fn interface(&self) -> Option<&NetworkInterface> {
        match self.from {
            End::Interface(id) => self.world.network_interfaces.get(&id),
            End::Instance(id) => self.world.interfaces_of_instance(id).into_iter().next(),
            _ => None,
        }
    }

    fn destination_ports(&self) -> Option<PortRange> {
        let exact = self.path.destination_port.map(|port| PortRange { first: port, last: port });
        both(both(exact, self.at_source().destination_ports)?, self.at_destination().destination_ports)?
            .or(Some(PortRange::ALL))
    }
    fn source_ports(&self) -> Option<PortRange> {
        both(self.at_source().source_ports, self.at_destination().source_ports)?.or(Some(PortRange::ALL))
    }

    fn source(&self) -> Source {
        let address = self.path.source_ip.or(self.at_source().source_address).map(IpAddr::V4);
        match self.from {
            End::Instance(id) => Source::Instance(id),
            End::Interface(id) => Source::Interface(id),
            _ => Source::Internet(address.unwrap_or(SOMEBODY)),
        }
    }

    fn target(&self) -> Option<Target> {
        let address = self.at_source().destination_address.or(self.path.destination_ip);
        if let Some(address) = address {
            return Some(Target::Address(address.into()));
        }
        Some(match self.to? {
            End::Instance(id) => Target::Instance(id),
            End::Interface(id) => Target::Interface(id),
            End::Endpoint(id) => Target::Endpoint(id),
            End::InternetGateway(_) => Target::Address(SOMEBODY),
            End::Peering(id) => {
                let peering = self.world.peerings.get(&id)?;
                let sides = [peering.requester.vpc, peering.accepter.vpc];
                let far = sides.into_iter().find(|vpc| Some(*vpc) != self.from.vpc(self.world))?;
                let range = self.world.vpcs.get(&far)?.cidrs.first()?.cidr;
                let there = self.world.network_interfaces.values().find(|eni| eni.vpc == far);
                Target::Address(there.and_then(NetworkInterface::primary_address).or(range.nth(10))?.into())
            }
        })
    }

    /// The first open way, or else the one that the fewest stops bar.
    fn best(&self) -> Option<Tried> {
        let (world, target) = (self.world, self.target()?);
        let vpcs: BTreeSet<VpcId> =
            [Some(self.from), self.to].into_iter().flatten().filter_map(|end| end.vpc(world)).collect();
        let ports = candidates(world, &vpcs, self.destination_ports()?, &LIKELY);
        let sources = candidates(world, &vpcs, self.source_ports()?, &[CLIENT_PORT]);
        let mut ground = Ground::new(world);
        let mut best: Option<Tried> = None;
        let mut left = QUESTIONS_MAX;
        for port in ports {
            for source_port in &sources {
                let source = self.path.source_ip.or(self.at_source().source_address).map(IpAddr::V4);
                ground.assume(Assumed { source, source_port: *source_port, internet_answers: true });
                let what = if self.path.protocol == Protocol::Udp { What::Udp(port) } else { What::Tcp(port) };
                let question = Question { from: self.source(), to: target.clone(), what };
                let tried = self.tried(ground.explain(&question, &Listening::new()), *source_port);
                left -= 1;
                if tried.is_found() || left == 0 {
                    return if tried.is_found() { Some(tried) } else { best.or(Some(tried)) };
                }
                let is_hopeless = tried.barred.iter().any(|step| step.way == Way::Outward);
                if best.as_ref().is_none_or(|best| tried.badness() < best.badness()) {
                    best = Some(tried);
                }
                // Only answers look at the port that the question came from.
                if is_hopeless {
                    break;
                }
            }
        }
        best
    }

    pub fn tried(&self, mut trace: Trace, source_port: u16) -> Tried {
        if let Some(End::Peering(id)) = self.to {
            let there = trace.steps.iter().position(|step| step.place == Place::Peering(id));
            // Groups and ACL of the side that asks are noted behind the connection.
            let leaving = |step: &&Step| matches!(step.stop, Stop::SecurityGroupOut | Stop::NetworkAclOut);
            let end = there.map(|place| place + 1 + trace.steps.iter().skip(place + 1).take_while(leaving).count());
            trace.steps.truncate(end.unwrap_or(trace.steps.len()));
        }
        let is_one_way = trace.steps.iter().any(|step| step.way == Way::Outward && step.stop == Stop::NatGateway);
        let counts = |step: &&Step| bars(step) && !(is_one_way && step.way == Way::Back);
        let barred: Vec<Step> = trace.steps.iter().filter(counts).copied().collect();
        let is_wanted = self.begins_well(&trace) && self.ends_well(&trace);
        let misfit = self.misfit(&trace);
        Tried { trace, barred, misfit, is_wanted, is_one_way, source_port }
    }

    fn begins_well(&self, trace: &Trace) -> bool {
        let End::InternetGateway(id) = self.from else { return true };
        let met = trace.steps.iter().find_map(|step| match step.place {
            Place::InternetGateway { id, .. } if step.way == Way::Outward => id,
            _ => None,
        });
        met == Some(id)
    }

    /// Whether the one that gets the packet is the one that it is for.
    fn ends_well(&self, trace: &Trace) -> bool {
        let outward = || trace.steps.iter().filter(|step| step.way == Way::Outward);
        let last = outward().next_back().map(|step| step.place);
        match self.to {
            None => true,
            Some(End::Instance(id)) => matches!(last, Some(Place::Interface { instance, .. }) if instance == Some(id)),
            Some(End::Interface(id)) => matches!(last, Some(Place::Interface { id: got, .. }) if got == id),
            Some(End::Endpoint(id)) => matches!(last, Some(Place::Endpoint { id: got, .. }) if got == Some(id)),
            Some(End::InternetGateway(id)) => {
                matches!(last, Some(Place::InternetGateway { id: got, .. }) if got == Some(id)) && outward().count() > 1
            }
            Some(End::Peering(id)) => outward().any(|step| step.place == Place::Peering(id)),
        }
    }

    /// The filter at the destination that the packet as it arrives does not pass.
    fn misfit(&self, trace: &Trace) -> Option<&'static str> {
        let filter = self.path.at_destination?;
        let last = trace.steps.iter().rfind(|step| step.way == Way::Outward)?;
        let source = trace.arrival.map_or(last.packet.source, |arrival| arrival.source);
        let differs = |wanted: Option<Ipv4Addr>, found| wanted.is_some_and(|wanted| IpAddr::V4(wanted) != found);
        if differs(filter.source_address, source) {
            return Some("FILTER_AT_DESTINATION_SOURCE_ADDRESS");
        }
        differs(filter.destination_address, last.packet.destination)
            .then_some("FILTER_AT_DESTINATION_DESTINATION_ADDRESS")
    }
}

/// What is in both; the outer `None`: nothing. No range is every port.
fn both(a: Option<PortRange>, b: Option<PortRange>) -> Option<Option<PortRange>> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let both = PortRange { first: a.first.max(b.first), last: a.last.min(b.last) };
            (both.first <= both.last).then_some(Some(both))
        }
        (one, other) => Some(one.or(other)),
    }
}

impl Tried {
    fn is_found(&self) -> bool {
        self.barred.is_empty() && self.misfit.is_none() && self.is_wanted
    }

    /// Whether the question arrives, whatever becomes of an answer.
    pub fn arrives(&self) -> bool {
        self.is_wanted && !self.barred.iter().any(|step| step.way == Way::Outward)
    }

    fn badness(&self) -> usize {
        self.barred.len()
    }

    /// Accounts other than the path's and the `known` ones that own something on the way.
    pub fn foreign(&self, world: &World, own: AccountId, known: &BTreeSet<AccountId>) -> BTreeSet<AccountId> {
        let ids = self.trace.steps.iter().filter_map(|step| match step.place {
            Place::Interface { id, .. } | Place::Groups { interface: id, .. } => Some(id.to_string()),
            Place::Acl { acl, .. } => Some(acl.to_string()),
            Place::Table { table, .. } => Some(table.to_string()),
            _ => None,
        });
        let owners = ids.filter_map(|id| owner(world, &id)).map(|(owner, _)| owner);
        owners.filter(|owner| *owner != own && !known.contains(owner)).collect()
    }

    fn explanations(&self, asked: &Asked<'_>) -> Vec<Value> {
        let world = asked.world;
        let mut all: Vec<Value> = Vec::new();
        // What bars the question is told, and not what would bar an answer from nobody.
        let is_outward = self.barred.iter().any(|step| step.way == Way::Outward);
        let told =
            self.barred.iter().filter(|step| !(is_outward && step.way == Way::Back && step.stop == Stop::Service));
        for one in told.map(|step| explanation(world, step)) {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        if let Some(code) = self.misfit {
            all.push(json!({ "ExplanationCode": code }));
        }
        let (from, to) = (asked.from.vpc(world), asked.to.and_then(|to| to.vpc(world)));
        if let (Some(from), Some(to)) = (from, to)
            && from != to
            && world.peering_between(from, to).is_none()
            && self.trace.arrival.is_none()
        {
            all.push(json!({
                "ExplanationCode": "DISCONNECTED_VPCS",
                "SourceVpc": component(world, from),
                "DestinationVpc": component(world, to),
            }));
        }
        if all.is_empty() {
            let mut told = json!({ "ExplanationCode": "NO_PATH" });
            if let Some(id) = &asked.path.destination {
                told["Destination"] = component(world, id);
            }
            all.push(told);
        }
        all
    }

    /// The gateway that the packet takes in the place of the component that was asked for.
    fn hint(&self, asked: &Asked<'_>) -> Option<Value> {
        let taken =
            self.trace.steps.iter().filter(|step| step.way == Way::Outward).find_map(|step| match step.place {
                Place::InternetGateway { id, .. } => id.map(|id| id.to_string()),
                Place::NatGateway { id, .. } => Some(id.to_string()),
                Place::Endpoint { id, .. } if step.cause.is_none() => id.map(|id| id.to_string()),
                _ => None,
            })?;
        let is_asked = [Some(&asked.path.source), asked.path.destination.as_ref()].contains(&Some(&taken));
        let is_elsewhere = !self.is_wanted || self.barred.iter().any(|step| step.cause == Some(Cause::AnotherWay));
        (!is_asked && is_elsewhere).then(|| json!({ "ComponentId": taken, "ComponentArn": arn(asked.world, &taken) }))
    }

    fn told(&self, asked: &Asked<'_>) -> Analysis {
        let world = asked.world;
        let narrow = |range: PortRange, port: u16| {
            if range.contains(port) { range } else { PortRange { first: port, last: port } }
        };
        let source = narrow(asked.source_ports().unwrap_or(PortRange::ALL), self.source_port);
        let open = Open::of(world, &self.trace, source, asked.destination_ports().unwrap_or(PortRange::ALL));
        let mut answer = json!({ "ForwardPathComponents": components(world, &self.trace, Way::Outward, &open) });
        let has_answer = self.trace.steps.iter().any(|step| step.way == Way::Back);
        if !self.is_one_way && has_answer {
            answer["ReturnPathComponents"] = components(world, &self.trace, Way::Back, &open).into();
        }
        Analysis { is_found: true, answer }
    }
}
