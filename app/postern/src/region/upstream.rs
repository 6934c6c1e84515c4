//! Other servers behind services' names: in the region's catalogue, and behind the door.

use super::Settings;
use super::gate::Gate;
use crate::say::Trouble;
use async_trait::async_trait;
use http_body_util::BodyExt;
use postern_door::{Arrival, RawService, Reply, RequestBody, Told};
use postern_model::{have_further_interface_services, have_further_services};
use postern_serve::Keys;
use postern_upstream::{Target, Upstream};
use std::collections::HashMap;
use std::sync::Arc;

/// Gives the services public addresses, names and interface endpoints. Before the World is loaded.
pub fn enter(upstreams: &[Target]) {
    let names: Vec<String> = upstreams.iter().map(|target| target.service.clone()).collect();
    have_further_services(&names);
    have_further_interface_services(&names);
}

/// The services by both their names.
pub fn services<K: Keys + 'static>(
    settings: &Settings,
    keys: &Arc<K>,
    gate: &Arc<Gate>,
) -> Result<HashMap<String, Arc<dyn RawService>>, Trouble> {
    let mut services: HashMap<String, Arc<dyn RawService>> = HashMap::new();
    for target in &settings.upstreams {
        let upstream = Upstream::new(target.clone(), Arc::clone(keys) as Arc<dyn Keys>, gate.clone());
        let upstream = upstream.map_err(Trouble::at(format!("upstream {}", target.service)))?;
        let (service, signing) = (upstream.service().to_owned(), upstream.signing_name().to_owned());
        let behind = Arc::new(Behind { upstream, default_region: settings.region.to_string() });
        services.insert(service, behind.clone());
        services.entry(signing).or_insert(behind);
    }
    Ok(services)
}

struct Behind {
    upstream: Upstream,
    default_region: String,
}

#[async_trait]
impl RawService for Behind {
    async fn call(&self, request: http::Request<RequestBody>, arrival: Arrival) -> Reply {
        let region = arrival.region.map_or_else(|| self.default_region.clone(), |region| region.to_string());
        let arrival = postern_upstream::Arrival {
            via: arrival.via,
            secure: arrival.tls.is_some(),
            request_id: arrival.request_id,
            default_region: region,
        };
        let (mut reply, told) = self.upstream.call(request.map(BodyExt::boxed_unsync), arrival).await;
        let postern_upstream::Told { operation, caller, refusal } = told;
        reply.extensions_mut().insert(Told { operation, caller, refusal });
        reply.map(|body| body.boxed_unsync())
    }
}
