//! Managed prefix lists: create, modify, restore, delete.

use crate::{Context, Draft, Request, refuse, tags, view};
use postern_call::Refusal;
use postern_model::*;
use postern_names::{Ipv4Cidr, PrefixListId};
use serde_json::{Value, json};

/// Most entries in a list, and in one call.
const ENTRIES_MAX: i64 = 1000;
const ENTRIES_PER_CALL_MAX: usize = 100;

/// A list of the caller, or one of AWS's own; `InvalidPrefixListID.NotFound` otherwise.
pub fn find_any(world: &World, context: &Context<'_>, id: PrefixListId) -> Result<ManagedPrefixList, Refusal> {
    world
        .prefix_list(context.region, id)
        .filter(|l| l.region == *context.region && l.owner.is_none_or(|owner| owner == context.account))
        .ok_or_else(|| refuse::not_found(PrefixListId::PREFIX, id))
}

/// A list that the caller may change.
pub fn find_own(world: &World, context: &Context<'_>, id: PrefixListId) -> Result<ManagedPrefixList, Refusal> {
    let list = find_any(world, context, id)?;
    match list.owner {
        Some(_) => Ok(list),
        None => Err(Refusal::new(
            "OperationNotPermitted",
            format!("The prefix list '{id}' is managed by AWS and cannot be used with this operation."),
        )),
    }
}

pub fn create_managed_prefix_list(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let name = checked_name(request.required_text("PrefixListName")?)?;
    match request.required_text("AddressFamily")? {
        "IPv4" => {}
        "IPv6" => return Err(refuse::not_served("IPv6")),
        other => return Err(refuse::invalid_value("AddressFamily", other, "Valid values are IPv4 and IPv6.")),
    }
    let max_entries = request.number("MaxEntries").ok_or_else(|| refuse::missing_parameter("MaxEntries"))?;
    let max_entries = checked_max(max_entries)?;
    let mut entries = Vec::new();
    add_entries(&mut entries, &request.parts("Entries"))?;
    check_count(&entries, max_entries)?;
    let list = ManagedPrefixList {
        id: PrefixListId::from_bits(context.outside.bits()),
        owner: Some(context.account),
        region: context.region.clone(),
        name,
        max_entries: Some(max_entries),
        version: Some(1),
        state: PrefixListState::CreateComplete,
        entries,
        history: Vec::new(),
        tags: tags::specified(request, "prefix-list", &[])?,
    };
    let reply = view::prefix_list::managed(&list, "create-in-progress");
    draft.put(list);
    Ok(json!({ "PrefixList": reply }))
}

fn checked_name(name: &str) -> Result<String, Refusal> {
    if name.is_empty() || name.chars().count() > 255 || name.starts_with("com.amazonaws") {
        return Err(refuse::invalid_value(
            "PrefixListName",
            name,
            "A name has up to 255 characters and does not start with com.amazonaws.",
        ));
    }
    Ok(name.to_owned())
}

fn checked_max(max_entries: i64) -> Result<u32, Refusal> {
    u32::try_from(max_entries).ok().filter(|_| (1..=ENTRIES_MAX).contains(&max_entries)).ok_or_else(|| {
        refuse::invalid_value("MaxEntries", max_entries, &format!("The value must be between 1 and {ENTRIES_MAX}."))
    })
}

fn check_count(entries: &[PrefixListEntry], max_entries: u32) -> Result<(), Refusal> {
    if entries.len() > max_entries as usize {
        return Err(Refusal::new(
            "PrefixListMaxEntriesExceeded",
            "You've reached the maximum number of entries for the prefix list.",
        ));
    }
    Ok(())
}

fn add_entries(entries: &mut Vec<PrefixListEntry>, given: &[Request<'_>]) -> Result<(), Refusal> {
    if given.len() > ENTRIES_PER_CALL_MAX {
        let message = format!("A request cannot have more than {ENTRIES_PER_CALL_MAX} prefix list entries.");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    for part in given {
        let cidr = entry_cidr(part)?;
        let description = part.text("Description").filter(|d| !d.is_empty()).map(str::to_owned);
        if description.as_ref().is_some_and(|d| d.chars().count() > 255) {
            return Err(Refusal::new("InvalidParameterValue", "A description has at most 255 characters."));
        }
        match entries.iter_mut().find(|e| e.cidr == cidr) {
            // Adding a range that is there already gives it the new description.
            Some(entry) => entry.description = description,
            None => entries.push(PrefixListEntry { cidr, description }),
        }
    }
    entries.sort_by_key(|e| e.cidr);
    Ok(())
}

fn entry_cidr(part: &Request<'_>) -> Result<Ipv4Cidr, Refusal> {
    let text = part.required_text("Cidr")?;
    text.parse().map_err(|_| refuse::invalid_cidr("Cidr", text))
}

/// Changed entries make a new version; `CurrentVersion` must be the one that was read.
pub fn modify_managed_prefix_list(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut list = find_own(draft, context, request.id("PrefixListId")?)?;
    let (added, removed) = (request.parts("AddEntries"), request.parts("RemoveEntries"));
    let changes_entries = !added.is_empty() || !removed.is_empty();
    if let Some(name) = request.text("PrefixListName") {
        list.name = checked_name(name)?;
    }
    if let Some(max_entries) = request.number("MaxEntries") {
        if changes_entries {
            return Err(refuse::invalid_combination(
                "You cannot modify the entries and the maximum entries for the prefix list in the same request.",
            ));
        }
        let max_entries = checked_max(max_entries)?;
        check_count(&list.entries, max_entries)?;
        list.max_entries = Some(max_entries);
    }
    if changes_entries {
        check_version(&list, request)?;
        let mut entries = list.entries.clone();
        for part in &removed {
            let cidr = entry_cidr(part)?;
            let place = entries.iter().position(|e| e.cidr == cidr).ok_or_else(|| {
                let message = format!("The prefix list '{}' has no entry for {cidr}.", list.id);
                Refusal::new("InvalidPrefixListModification", message)
            })?;
            entries.remove(place);
        }
        add_entries(&mut entries, &added)?;
        check_count(&entries, list.max_entries.unwrap_or_default())?;
        new_version(&mut list, entries);
    }
    list.state = PrefixListState::ModifyComplete;
    let reply = view::prefix_list::managed(&list, "modify-in-progress");
    draft.put(list);
    Ok(json!({ "PrefixList": reply }))
}

fn check_version(list: &ManagedPrefixList, request: &Request<'_>) -> Result<(), Refusal> {
    let given = request.number("CurrentVersion").ok_or_else(|| refuse::missing_parameter("CurrentVersion"))?;
    if list.version.and_then(|v| i64::try_from(v).ok()) != Some(given) {
        return Err(Refusal::new("PrefixListVersionMismatch", "The prefix list has the incorrect version number."));
    }
    Ok(())
}

fn new_version(list: &mut ManagedPrefixList, entries: Vec<PrefixListEntry>) {
    let version = list.version.unwrap_or_default();
    let former = std::mem::replace(&mut list.entries, entries);
    list.history.push((version, former));
    list.version = Some(version + 1);
}

/// The entries of an earlier version become those of a new one.
pub fn restore_managed_prefix_list_version(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut list = find_own(draft, context, request.id("PrefixListId")?)?;
    check_version(&list, request)?;
    let previous = request.number("PreviousVersion").ok_or_else(|| refuse::missing_parameter("PreviousVersion"))?;
    let entries = entries_of_version(&list, previous)?.to_vec();
    check_count(&entries, list.max_entries.unwrap_or_default())?;
    new_version(&mut list, entries);
    list.state = PrefixListState::RestoreComplete;
    let reply = view::prefix_list::managed(&list, "restore-in-progress");
    draft.put(list);
    Ok(json!({ "PrefixList": reply }))
}

/// The entries that a list had in a version, the current one included.
pub fn entries_of_version(list: &ManagedPrefixList, version: i64) -> Result<&[PrefixListEntry], Refusal> {
    let is_it = |v: u64| i64::try_from(v) == Ok(version);
    if list.version.is_some_and(is_it) {
        return Ok(&list.entries);
    }
    let former = list.history.iter().find(|(v, _)| is_it(*v));
    former
        .map(|(_, entries)| entries.as_slice())
        .ok_or_else(|| Refusal::new("PrefixListVersionNotFound", "The specified prefix list version does not exist."))
}

/// Refused while a route or a group's rule names the list.
pub fn delete_managed_prefix_list(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let list = find_own(draft, context, request.id("PrefixListId")?)?;
    if !super::describe_prefix_lists::users(draft, list.id).is_empty() {
        let message = format!("The prefix list '{}' has dependencies and cannot be deleted.", list.id);
        return Err(refuse::dependency_violation(message));
    }
    draft.remove(list.id);
    Ok(json!({ "PrefixList": view::prefix_list::managed(&list, "delete-in-progress") }))
}
