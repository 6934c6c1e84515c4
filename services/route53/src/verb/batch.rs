//! ChangeResourceRecordSets: all changes of a batch happen, or none.

use super::zone::is_required;
use super::{Request, own_zone};
use crate::{name, record, refuse};
use postern_call::Refusal;
use postern_control::Draft;
use postern_kit::Input;
use postern_model::{HostedZone, RecordSet};
use postern_names::HostedZoneId;
use serde_json::{Value, json};

const CHANGES_MAX: usize = 1_000;

pub fn change(draft: &mut Draft<'_>, request: &Request<'_>, _id: HostedZoneId) -> Result<Value, Refusal> {
    let mut zone = own_zone(draft, request, request.input.required("HostedZoneId")?)?.clone();
    let batch = request.input.within("ChangeBatch").ok_or_else(|| refuse::invalid("A ChangeBatch is required."))?;
    let changes = batch.list("Changes");
    if changes.is_empty() {
        return Err(refuse::invalid("The ChangeBatch must contain at least one change."));
    }
    if changes.len() > CHANGES_MAX {
        return Err(refuse::batch(&[format!("Number of records limit of {CHANGES_MAX} exceeded.")]));
    }
    let mut reasons = Vec::new();
    for change in changes {
        let change = Input(change);
        let set = change.get("ResourceRecordSet").ok_or_else(|| refuse::invalid("A ResourceRecordSet is required."))?;
        let set = record::read(set)?;
        let flaws = record::flaws(&zone, &set);
        let action = change.required("Action")?;
        // What is to go may be as wrong as it is.
        if flaws.is_empty() || action == "DELETE" {
            reasons.extend(one(&mut zone, action, set));
        } else {
            reasons.extend(flaws);
        }
    }
    if !reasons.is_empty() {
        return Err(refuse::batch(&reasons));
    }
    draft.put(zone);
    Ok(json!({}))
}

/// Does one change; gives the reason why not.
fn one(zone: &mut HostedZone, action: &str, set: RecordSet) -> Option<String> {
    let shown = format!("resource record set [name='{}', type='{}']", name::write(&set.name), set.kind);
    let place = zone.find(&set.name, &set.kind);
    match (action, place) {
        ("CREATE", Ok(_)) => Some(format!("Tried to create {shown} but it already exists")),
        ("CREATE" | "UPSERT", Err(at)) => match beside_canonical(zone, &set) {
            Some(reason) => Some(reason),
            None => {
                zone.records.insert(at, set);
                None
            }
        },
        ("UPSERT", Ok(at)) => {
            zone.records[at] = set;
            None
        }
        ("DELETE", Err(_)) => Some(format!("Tried to delete {shown} but it was not found")),
        ("DELETE", Ok(at)) if zone.records[at] != set => {
            Some(format!("Tried to delete {shown} but the values provided do not match the current values"))
        }
        ("DELETE", Ok(at)) if is_required(zone, &zone.records[at]) => {
            let whole = name::write(&zone.name);
            Some(format!("A HostedZone must contain at least one {} record for the zone itself ({whole})", set.kind))
        }
        ("DELETE", Ok(at)) => {
            zone.records.remove(at);
            None
        }
        (other, _) => Some(format!("Invalid action {other}")),
    }
}

/// A name that stands for another one has no other records.
fn beside_canonical(zone: &HostedZone, set: &RecordSet) -> Option<String> {
    let others = zone.records_of(&set.name);
    let conflicts = match set.kind.as_str() {
        "CNAME" => !others.is_empty(),
        _ => others.iter().any(|other| other.kind == "CNAME"),
    };
    conflicts.then(|| {
        format!(
            "RRSet of type {} with DNS name {} is not permitted as it conflicts with other records with the same DNS name in zone {}",
            set.kind,
            name::write(&set.name),
            name::write(&zone.name)
        )
    })
}
