//! The instances of one RunInstances call in replies.

use crate::view::instance::{self, Interfaces};
use postern_model::{Instance, World};
use serde_json::{Value, json};

/// `instances` are of the same reservation.
pub fn reservation(world: &World, interfaces: &Interfaces<'_>, instances: &[&Instance]) -> Value {
    let mut reply = json!({ "ReservationId": "", "OwnerId": "", "Groups": [] });
    if let Some(first) = instances.first() {
        reply["ReservationId"] = json!(first.reservation.to_string());
        reply["OwnerId"] = json!(first.owner.to_string());
    }
    reply["Instances"] = instances.iter().map(|i| instance::instance(world, interfaces, i)).collect();
    reply
}
