//! ListResourceRecordSets: in the order of names from the last label to the first.

use super::list::most;
use super::{Request, own_zone};
use crate::{name, refuse, view};
use postern_call::Refusal;
use postern_model::World;
use serde_json::{Value, json};

const MOST: usize = 300;

pub fn list(world: &World, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let zone = own_zone(world, request, input.required("HostedZoneId")?)?;
    let most = most(request, MOST)?;
    let begin = match (input.text("StartRecordName"), input.text("StartRecordType")) {
        (None, None) => 0,
        (None, Some(_)) => return Err(refuse::invalid("StartRecordType needs StartRecordName.")),
        (Some(text), kind) => {
            let name = name::read(text).ok_or_else(|| refuse::bad_name(text))?;
            zone.find(&name, kind.unwrap_or_default()).unwrap_or_else(|place| place)
        }
    };
    let rest = zone.records.get(begin..).unwrap_or_default();
    let shown: Vec<Value> = rest.iter().take(most).map(view::record_set).collect();
    let next = rest.get(most);
    let mut reply = json!({ "ResourceRecordSets": shown, "IsTruncated": next.is_some(), "MaxItems": most.to_string() });
    if let Some(next) = next {
        reply["NextRecordName"] = json!(name::write(&next.name));
        reply["NextRecordType"] = json!(next.kind);
    }
    Ok(reply)
}
