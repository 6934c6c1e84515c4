//! The way outward: from the one that asks to the one that is asked, stop by stop.

use crate::ground::Ground;
use crate::name::Resolution;
use crate::packet::Packet;
use crate::question::{Listening, Question, Source, Target};
use crate::trace::*;
use crate::{
    appliance, endpoint, instance, internet_gateway, nat_gateway, network_acl_in, network_acl_out, route_table,
};
use crate::{peering, security_group_in, security_group_out, service};
use postern_model::{InterfaceKind, NetworkInterface};
use postern_names::*;
use std::net::{IpAddr, Ipv4Addr};

/// More gateways than this in a row is a circle.
pub(crate) const GATEWAYS_MAX: usize = 20;

/// A packet on its way, with what it met.
pub(crate) struct Walk<'g, 'w> {
    pub ground: &'g Ground<'w>,
    pub listening: &'g Listening,
    pub way: Way,
    pub steps: Vec<Step>,
}

/// Who asks.
#[derive(Clone, Copy)]
pub(crate) enum Asker<'w> {
    Interface(&'w NetworkInterface),
    Internet,
}

/// Where the question got to, with what an answer needs to find back.
pub(crate) struct Reached<'w> {
    pub who: Who,
    pub packet: Packet,
    /// The interface that an answer leaves by; `None` when a service answers.
    pub by: Option<&'w NetworkInterface>,
    /// The interface that last sent the question: an endpoint's answer goes there directly.
    pub sender: Option<&'w NetworkInterface>,
    /// NAT gateways passed, with the source that each one replaced.
    pub nats: Vec<(&'w NetworkInterface, IpAddr)>,
}

impl<'g, 'w> Walk<'g, 'w> {
    pub fn new(ground: &'g Ground<'w>, listening: &'g Listening) -> Self {
        Self { ground, listening, way: Way::Outward, steps: Vec::with_capacity(16) }
    }

    /// Notes a stop.
    pub fn meet(&mut self, stop: Stop, place: Place, packet: Packet, cause: Option<Cause>) {
        self.steps.push(Step { way: self.way, stop, place, packet, cause });
    }

    pub fn is_barred(&self) -> bool {
        self.steps.iter().any(|step| step.cause.is_some())
    }

    /// The answer when there is no address to send to.
    pub fn nowhere(question: &Question, name: Option<Resolution>) -> Trace {
        let unspecified = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let packet = question.what.packet(unspecified, unspecified);
        let (stop, place, cause) = match &name {
            Some(name) => name.bar(),
            None => (Stop::Instance, Place::Nowhere, Cause::NobodyThere),
        };
        let steps = vec![Step { way: Way::Outward, stop, place, packet, cause: Some(cause) }];
        Trace { question: question.clone(), name, steps, arrival: None, is_answered: false }
    }

    pub fn ask(mut self, question: &Question, name: Option<Resolution>, to: IpAddr) -> Trace {
        let (asker, source) = match question.from {
            Source::Internet(address) => (Some(Asker::Internet), address),
            Source::Host => (Some(Asker::Internet), IpAddr::V4(Ipv4Addr::LOCALHOST)),
            from => {
                let eni = self.ground.interface_of(from);
                let family = IpFamily::of(to);
                let source = self.ground.assumed.source.or(eni.and_then(|eni| eni.first_address(family)));
                (eni.map(Asker::Interface), source.unwrap_or(family.unspecified()))
            }
        };
        let mut packet = question.what.packet(source, to);
        if packet.icmp.is_none() {
            packet.source_port = self.ground.assumed.source_port;
        }
        if let Some(name) = &name {
            name.step(&mut self, packet);
        }
        let reached = match asker {
            None => {
                self.meet(Stop::Instance, Place::Nowhere, packet, Some(Cause::NotAttached));
                None
            }
            Some(Asker::Interface(eni)) => {
                instance::send(&mut self, eni, packet);
                match service::of_router(&mut self, eni, packet) {
                    Some(reached) => reached,
                    None => self.leave(eni, packet, vec![]),
                }
            }
            Some(Asker::Internet) if question.from == Source::Host => service::from_host(&mut self, packet),
            Some(Asker::Internet) => self.internet(None, packet, vec![]),
        };
        self.check_wanted(question, packet, reached.as_ref());
        let arrival = reached
            .as_ref()
            .map(|reached| Arrival { who: reached.who, source: reached.packet.source })
            .filter(|_| self.steps.iter().all(|step| step.cause.is_none_or(|cause| cause == Cause::HandedOver)));
        let mut is_answered = false;
        if let (Some(asker), Some(reached)) = (asker, reached) {
            self.way = Way::Back;
            is_answered = self.answer(asker, packet, reached) && !self.is_barred();
        }
        Trace { question: question.clone(), name, steps: self.steps, arrival, is_answered }
    }

    /// Whether it is the endpoint that was asked for which gets the packet.
    fn check_wanted(&mut self, question: &Question, packet: Packet, reached: Option<&Reached<'w>>) {
        let Target::Endpoint(wanted) = question.to else { return };
        let got = reached.map(|reached| reached.who);
        if got.is_some_and(|who| who != Who::Endpoint(wanted)) {
            let place = Place::Endpoint { id: Some(wanted), interface: None };
            self.meet(Stop::Endpoint, place, packet, Some(Cause::AnotherWay));
        }
    }

    /// The question leaves an interface.
    pub fn leave(
        &mut self,
        eni: &'w NetworkInterface,
        packet: Packet,
        nats: Vec<(&'w NetworkInterface, IpAddr)>,
    ) -> Option<Reached<'w>> {
        match route_table::choose(self, eni, packet)? {
            Next::Local => {
                let to = instance::holder(self, eni.vpc, packet)?;
                self.cross(Some(eni), to, packet, nats)
            }
            Next::NatGateway(id) => {
                let interface = self.ground.world.nat_gateways.get(&id)?.interface?;
                let to = self.ground.world.network_interfaces.get(&interface)?;
                self.cross(Some(eni), to, packet, nats)
            }
            Next::Interface(id) => {
                let to = self.ground.world.network_interfaces.get(&id)?;
                self.cross(Some(eni), to, packet, nats)
            }
            Next::InternetGateway(id) => {
                security_group_out::check(self, eni, None, packet);
                network_acl_out::check(self, eni.subnet, packet);
                let public = internet_gateway::leave(self, id, eni, packet);
                self.internet(Some(eni), Packet { source: public, ..packet }, nats)
            }
            Next::Endpoint(id) => {
                security_group_out::check(self, eni, None, packet);
                network_acl_out::check(self, eni.subnet, packet);
                endpoint::serve_gateway(self, id, packet);
                Some(Reached { who: Who::Endpoint(id), packet, by: None, sender: Some(eni), nats })
            }
            Next::Peering(id) => {
                let far = peering::pass(self, id, eni.vpc, packet)?;
                security_group_out::check(self, eni, Some(far), packet);
                network_acl_out::check(self, eni.subnet, packet);
                peering::arrive(self, id, far, packet)?;
                let to = instance::holder(self, far, packet)?;
                self.take(Some(eni), to, packet, nats)
            }
            Next::Never => None,
        }
    }

    /// From interface to interface, or from the internet to an interface.
    fn cross(
        &mut self,
        from: Option<&'w NetworkInterface>,
        to: &'w NetworkInterface,
        packet: Packet,
        nats: Vec<(&'w NetworkInterface, IpAddr)>,
    ) -> Option<Reached<'w>> {
        appliance::destination_check(self, to, packet);
        instance::check_zone(self, to, packet);
        if let Some(from) = from {
            security_group_out::check(self, from, None, packet);
            if from.subnet != to.subnet {
                network_acl_out::check(self, from.subnet, packet);
            }
        }
        self.take(from, to, packet, nats)
    }

    /// The receiver's side.
    fn take(
        &mut self,
        from: Option<&'w NetworkInterface>,
        to: &'w NetworkInterface,
        packet: Packet,
        mut nats: Vec<(&'w NetworkInterface, IpAddr)>,
    ) -> Option<Reached<'w>> {
        let is_own = to.has_address(packet.destination);
        if from.is_none_or(|from| from.subnet != to.subnet) {
            network_acl_in::check(self, to.subnet, packet);
        }
        if to.kind == InterfaceKind::NatGateway {
            if !is_own && nats.iter().any(|(nat, _)| nat.id == to.id) {
                self.meet(Stop::RouteTable, Place::Nowhere, packet, Some(Cause::Circle));
                return None;
            }
            let translated = nat_gateway::translate(self, to, packet, is_own)?;
            nats.push((to, packet.source));
            return self.leave(to, translated, nats);
        }
        security_group_in::check(self, to, from.map(|from| from.vpc), packet);
        if to.kind == InterfaceKind::VpcEndpoint {
            let id = endpoint::serve_interface(self, to, packet)?;
            return Some(Reached { who: Who::Endpoint(id), packet, by: Some(to), sender: from, nats });
        }
        let id = to.attachment.as_ref()?.instance?;
        if !is_own {
            appliance::hand_over(self, to, packet);
            return Some(Reached { who: Who::Appliance(id), packet, by: None, sender: from, nats });
        }
        instance::receive(self, to, packet);
        Some(Reached { who: Who::Instance(id), packet, by: Some(to), sender: from, nats })
    }

    /// Both subnets' ACLs, unless it is one subnet.
    pub fn borders(&mut self, from: &NetworkInterface, to: &NetworkInterface, packet: Packet) {
        if from.subnet != to.subnet {
            network_acl_out::check(self, from.subnet, packet);
            network_acl_in::check(self, to.subnet, packet);
        }
    }

    /// The question is on the internet.
    fn internet(
        &mut self,
        sender: Option<&'w NetworkInterface>,
        packet: Packet,
        nats: Vec<(&'w NetworkInterface, IpAddr)>,
    ) -> Option<Reached<'w>> {
        let is_ours = self.ground.behind_public(packet.destination).is_some();
        if self.ground.assumed.internet_answers && sender.is_some() && !is_ours {
            return Some(Reached { who: Who::Internet, packet, by: None, sender, nats });
        }
        if let Some(who) = service::serve(self, packet) {
            return Some(Reached { who, packet, by: None, sender, nats });
        }
        let (to, private) = internet_gateway::enter(self, packet)?;
        self.cross(None, to, Packet { destination: private, ..packet }, nats)
    }
}
