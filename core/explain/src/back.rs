//! The way back: whether the answer finds the one that asked, from the address that was asked. Groups do not look at answers.

use crate::packet::Packet;
use crate::route_table;
use crate::trace::*;
use crate::walk::{Asker, GATEWAYS_MAX, Reached, Walk};
use crate::{appliance, instance, internet_gateway, nat_gateway, network_acl_in, network_acl_out, peering};
use postern_model::{InterfaceKind, NetworkInterface};
use postern_names::Stop;

/// Where an answer is.
#[derive(Clone, Copy)]
enum At<'w> {
    Interface(&'w NetworkInterface),
    /// With somebody outside.
    Outside,
}

impl<'w> Walk<'_, 'w> {
    pub fn answer(&mut self, asker: Asker<'w>, asked: Packet, reached: Reached<'w>) -> bool {
        let Reached { who, packet, by, sender, mut nats } = reached;
        let mut back = packet.reply();
        let begin = match who {
            Who::Appliance(_) => return false,
            Who::Resolver | Who::Metadata => return true,
            // An endpoint answers the one that sent the packet, by no route table.
            Who::Endpoint(_) => sender.map(|sender| {
                match by {
                    // To another VPC it goes as the table of its subnet leads.
                    Some(by) if by.vpc != sender.vpc => peering::answer(self, by, sender, back),
                    Some(by) => self.borders(by, sender, back),
                    None => network_acl_in::check(self, sender.subnet, back),
                }
                At::Interface(sender)
            }),
            Who::Service | Who::Site | Who::Internet => self.come_in(asker, &mut back),
            Who::Instance(_) => by.and_then(|by| self.onward(asker, by, &mut back)),
        };
        let Some(mut at) = begin else { return false };
        for _ in 0..GATEWAYS_MAX {
            let eni = match at {
                At::Outside => {
                    return matches!(asker, Asker::Internet) && self.is_expected(back, asked, None);
                }
                At::Interface(eni) => eni,
            };
            if eni.kind != InterfaceKind::NatGateway {
                let is_asker = matches!(asker, Asker::Interface(own) if own.id == eni.id);
                return is_asker && self.is_expected(back, asked, Some(eni)) || self.astray(back, eni);
            }
            // Back through the gateway that the question passed last, and no other.
            let asked_for = nats.pop().filter(|(nat, _)| nat.id == eni.id);
            let Some(source) = nat_gateway::give_back(self, eni, back, asked_for.map(|(_, source)| source)) else {
                return false;
            };
            back.destination = source;
            match self.onward(asker, eni, &mut back) {
                Some(next) => at = next,
                None => return false,
            }
        }
        self.meet(Stop::RouteTable, Place::Nowhere, back, Some(Cause::Circle));
        false
    }

    fn is_expected(&mut self, back: Packet, asked: Packet, eni: Option<&NetworkInterface>) -> bool {
        let is_good = back.source == asked.destination && back.destination == asked.source;
        match eni {
            Some(eni) if is_good => instance::take_answer(self, eni, back),
            None if !is_good => self.meet(Stop::Service, Place::Nowhere, back, Some(Cause::AnswerAstray)),
            _ => {}
        }
        is_good
    }

    fn astray(&mut self, back: Packet, eni: &NetworkInterface) -> bool {
        if !self.steps.iter().any(|step| step.way == Way::Back && step.stop == Stop::Instance) {
            let instance = eni.attachment.as_ref().and_then(|a| a.instance);
            let place = Place::Interface { id: eni.id, instance };
            self.meet(Stop::Instance, place, back, Some(Cause::AnswerAstray));
        }
        false
    }

    /// One step of an answer: out of an interface, to the one that has the address.
    fn onward(&mut self, asker: Asker<'w>, from: &'w NetworkInterface, back: &mut Packet) -> Option<At<'w>> {
        let has_it = |eni: &NetworkInterface| eni.has_address(back.destination);
        let to = match route_table::choose(self, from, *back)? {
            Next::Local => instance::holder(self, from.vpc, *back)?,
            Next::NatGateway(id) => {
                let interface = self.ground.world.nat_gateways.get(&id)?.interface?;
                self.ground.world.network_interfaces.get(&interface)?
            }
            Next::Interface(id) => self.ground.world.network_interfaces.get(&id)?,
            Next::Endpoint(id) => {
                let place = Place::Endpoint { id: Some(id), interface: None };
                network_acl_out::check(self, from.subnet, *back);
                self.meet(Stop::Endpoint, place, *back, Some(Cause::AnswerAstray));
                return None;
            }
            Next::InternetGateway(id) => {
                network_acl_out::check(self, from.subnet, *back);
                back.source = internet_gateway::leave(self, id, from, *back);
                return self.come_in(asker, back);
            }
            Next::Peering(id) => {
                let far = peering::pass(self, id, from.vpc, *back)?;
                network_acl_out::check(self, from.subnet, *back);
                peering::arrive(self, id, far, *back)?;
                let to = instance::holder(self, far, *back)?;
                network_acl_in::check(self, to.subnet, *back);
                return Some(At::Interface(to));
            }
            Next::Never => return None,
        };
        let is_own = has_it(to);
        appliance::destination_check(self, to, *back);
        instance::check_zone(self, to, *back);
        self.borders(from, to, *back);
        if !is_own && to.kind == InterfaceKind::Interface {
            appliance::hand_over(self, to, *back);
            return None;
        }
        if !is_own {
            nat_gateway::refuse(self, to, *back);
            return None;
        }
        Some(At::Interface(to))
    }

    fn come_in(&mut self, asker: Asker<'w>, back: &mut Packet) -> Option<At<'w>> {
        if self.ground.behind_public(back.destination).is_none() && matches!(asker, Asker::Internet) {
            return Some(At::Outside);
        }
        let (to, private) = internet_gateway::enter(self, *back)?;
        back.destination = private;
        network_acl_in::check(self, to.subnet, *back);
        Some(At::Interface(to))
    }
}
