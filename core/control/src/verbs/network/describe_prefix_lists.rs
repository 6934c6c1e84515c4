//! DescribePrefixLists, DescribeManagedPrefixLists, GetManagedPrefixListEntries, GetManagedPrefixListAssociations.

use super::prefix_list::{entries_of_version, find_any, find_own};
use crate::verbs::is_visible;
use crate::{Context, Draft, Filters, Request, page, view};
use postern_call::Refusal;
use postern_model::*;
use postern_names::{AccountId, PrefixListId};
use serde_json::{Value, json};

/// AWS's own lists with their ranges.
pub fn describe_prefix_lists(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let lists = select(draft, context, request, &["prefix-list-id", "prefix-list-name"])?;
    let items = lists
        .into_iter()
        .filter(|list| list.owner.is_none())
        .map(|list| {
            let cidrs: Vec<String> = list.entries.iter().map(|e| e.cidr.to_string()).collect();
            json!({ "Cidrs": cidrs, "PrefixListId": list.id.to_string(), "PrefixListName": list.name })
        })
        .collect();
    page(request, "PrefixLists", items, 5, 1000)
}

/// AWS's lists first, then the account's.
pub fn describe_managed_prefix_lists(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let lists = select(draft, context, request, &["owner-id", "prefix-list-id", "prefix-list-name"])?;
    let items =
        lists.iter().map(|list| view::prefix_list::managed(list, view::prefix_list::state(list.state))).collect();
    page(request, "PrefixLists", items, 1, 100)
}

fn select(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    names: &[&str],
) -> Result<Vec<ManagedPrefixList>, Refusal> {
    let filters = Filters::of(request);
    filters.check_names(|name| names.contains(&name))?;
    let ids: Vec<PrefixListId> = request.ids("PrefixListIds")?;
    let candidates: Vec<ManagedPrefixList> = if ids.is_empty() {
        let is_own = |l: &&ManagedPrefixList| l.owner.is_some_and(|owner| is_visible(context, owner, &l.region));
        let own = world.prefix_lists.values().filter(is_own).cloned();
        aws_prefix_lists(context.region).into_iter().chain(own).collect()
    } else {
        ids.into_iter().map(|id| find_any(world, context, id)).collect::<Result<_, _>>()?
    };
    let mut chosen = Vec::new();
    for list in candidates {
        let values = |name: &str| {
            Some(vec![match name {
                "owner-id" => view::prefix_list::owner(&list),
                "prefix-list-id" => list.id.to_string(),
                "prefix-list-name" => list.name.clone(),
                _ => return None,
            }])
        };
        if filters.pass(&list.tags, values)? {
            chosen.push(list);
        }
    }
    Ok(chosen)
}

pub fn get_managed_prefix_list_entries(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let list = find_any(draft, context, request.id("PrefixListId")?)?;
    let entries = match request.number("TargetVersion") {
        Some(version) => entries_of_version(&list, version)?,
        None => &list.entries,
    };
    let items = entries
        .iter()
        .map(|entry| {
            let mut item = json!({ "Cidr": entry.cidr.to_string() });
            if let Some(description) = &entry.description {
                item["Description"] = json!(description);
            }
            item
        })
        .collect();
    page(request, "Entries", items, 1, 100)
}

pub fn get_managed_prefix_list_associations(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let list = find_own(draft, context, request.id("PrefixListId")?)?;
    let items = users(draft, list.id)
        .into_iter()
        .map(|(id, owner)| json!({ "ResourceId": id, "ResourceOwner": owner.to_string() }))
        .collect();
    page(request, "PrefixListAssociations", items, 5, 255)
}

/// The route tables and groups that name a list.
pub fn users(world: &World, list: PrefixListId) -> Vec<(String, AccountId)> {
    let by_route = |t: &&RouteTable| t.routes.iter().any(|r| r.destination == RouteDestination::PrefixList(list));
    let by_rule = |g: &&SecurityGroup| g.rules.iter().any(|r| r.peer == GroupPeer::PrefixList(list));
    let tables = world.route_tables.values().filter(by_route).map(|t| (t.id.to_string(), t.owner));
    let groups = world.security_groups.values().filter(by_rule).map(|g| (g.id.to_string(), g.owner));
    tables.chain(groups).collect()
}
