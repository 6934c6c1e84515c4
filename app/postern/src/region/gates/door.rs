//! Where a packet arrives at a service: by which way the request on it is known to have come, and whether the name that the
//! client asks for lives there.

use postern_explain::{Question, Source, Target, Trace, What, Who};
use postern_model::{World, public_services};
use postern_names::{Region, Via, VpcEndpointId};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};

const HTTPS: u16 = 443;

/// A service's door, and how the request came to it.
#[derive(Debug, Clone)]
pub struct Door {
    pub via: Via,
    pub endpoint: Option<VpcEndpointId>,
    /// As endpoint services are called: `s3`, `ecr.api`.
    pub service: String,
    pub region: Region,
}

pub fn is_secure(question: &Question) -> bool {
    question.what == What::Tcp(HTTPS)
}

/// `None`: the packet does not get there, or it is no service that gets it.
pub fn of(world: &World, question: &Question, trace: &Trace) -> Option<Door> {
    let arrival = trace.arrival?;
    match arrival.who {
        Who::Endpoint(id) => {
            let endpoint = world.endpoints.get(&id)?;
            let via = Via::Endpoint { id, vpc: endpoint.vpc, source: arrival.source, account: endpoint.owner };
            let service = endpoint.service().to_owned();
            Some(Door { via, endpoint: Some(id), service, region: endpoint.region.clone() })
        }
        Who::Service => {
            let last = trace.steps.iter().find_map(|step| match step.place {
                postern_explain::Place::Service(address) => Some(address),
                _ => None,
            });
            let (service, region) = service_at(world, last?)?;
            let via = match question.from {
                Source::Host => Via::Host { peer: IpAddr::V4(Ipv4Addr::LOCALHOST) },
                _ => Via::Internet { public: arrival.source },
            };
            Some(Door { via, endpoint: None, service, region })
        }
        _ => None,
    }
}

fn service_at(world: &World, address: IpAddr) -> Option<(String, Region)> {
    world.regions().into_iter().find_map(|region| {
        let service = public_services(&region).into_iter().find(|service| service.address == address)?;
        Some((service.name.to_owned(), region))
    })
}

impl Door {
    /// Whether the TLS handshake succeeds for the name that is asked for.
    pub fn name(&self, question: &Question) -> Value {
        let told =
            |name: Option<&str>, passes: bool, why: String| json!({ "name": name, "passes": passes, "why": why });
        let Door { service, region, .. } = self;
        match &question.to {
            _ if !is_secure(question) => {
                told(None, true, "nothing is encrypted on this port: no name is checked".into())
            }
            Target::Name(name) if postern_door::is_name_of(name, service, region) => {
                told(Some(name), true, format!("{service} in {region} has a certificate for {name}"))
            }
            Target::Name(name) => told(
                Some(name),
                false,
                format!("the handshake fails: {name} is no name of {service} in {region}, which answers there"),
            ),
            _ => {
                told(None, true, format!("a client that asks for a name of {service} in {region} gets its certificate"))
            }
        }
    }
}
