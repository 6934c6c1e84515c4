//! The names of interface endpoints: their own, which every VPC can look up, and the service's public names, which inside
//! the endpoint's VPC mean the endpoint while private DNS is on.

use crate::answer::Value;
use postern_model::{EndpointState, Vpc, VpcEndpoint, World};
use postern_names::VpcEndpointId;

/// Seconds, as for AWS's own records of endpoints.
const TTL: u32 = 60;

/// Every address of the endpoint that a name is of: `vpce-<id>-<suffix>.<service>.<region>.vpce.amazonaws.com`, of one zone
/// with the zone's name behind the suffix; in front of an S3 endpoint's name stands a name of the client's own.
/// Lower case, no final dot.
pub(crate) fn own_addresses(world: &World, name: &str) -> Option<(u32, Vec<Value>)> {
    let front = name.strip_suffix(".vpce.amazonaws.com")?;
    let at = label_starts(front).filter(|at| front[*at..].starts_with("vpce-")).last()?;
    let (label, base) = front[at..].split_once('.')?;
    let (endpoint, zone) = of_label(world, label)?;
    let service = endpoint.interface_service()?;
    let is_its = format!("{base}.vpce.amazonaws.com") == service.base_name(&endpoint.region);
    if !is_its || at > 0 && !service.has_names_in_front {
        return None;
    }
    // A wildcard does not cover its own parent, which is there all the same.
    let is_bare = at == 0 && service.has_names_in_front;
    let values = if is_bare { vec![] } else { values(world, endpoint, zone, false) };
    // A zone that the endpoint is not in has no name.
    (zone.is_none() || is_bare || !values.is_empty()).then_some((TTL, values))
}

/// The addresses of the endpoint that stands for a public name in this VPC.
pub(crate) fn private_addresses(world: &World, vpc: &Vpc, name: &str) -> Option<(u32, Vec<Value>)> {
    let endpoint = world.private_dns_endpoint(vpc.id, name)?;
    Some((TTL, values(world, endpoint, None, true)))
}

fn values(world: &World, endpoint: &VpcEndpoint, zone: Option<&str>, is_private_name: bool) -> Vec<Value> {
    let all = world.endpoint_answers(endpoint, zone, is_private_name).into_iter();
    all.map(Value::of).collect()
}

/// Where each label begins.
fn label_starts(name: &str) -> impl Iterator<Item = usize> {
    std::iter::once(0).chain(name.match_indices('.').map(|(dot, _)| dot + 1))
}

/// The endpoint of a label, and the zone that the label ends in.
fn of_label<'w, 'n>(world: &'w World, label: &'n str) -> Option<(&'w VpcEndpoint, Option<&'n str>)> {
    let rest = label.strip_prefix("vpce-")?;
    let (digits, rest) = rest.split_once('-')?;
    let id: VpcEndpointId = format!("vpce-{digits}").parse().ok()?;
    let endpoint = world.endpoints.get(&id).filter(|endpoint| endpoint.state == EndpointState::Available)?;
    let rest = rest.strip_prefix(endpoint.interface()?.suffix.as_str())?;
    if rest.is_empty() { Some((endpoint, None)) } else { Some((endpoint, Some(rest.strip_prefix('-')?))) }
}
