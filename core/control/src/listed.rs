//! What the Describe calls have in common: ids that must exist, filters by name, tags, the caller's own things only.

use crate::page::Page;
use crate::verbs::is_visible;
use crate::{Context, Filters, Request, refuse};
use postern_call::{Answer, Refusal};
use postern_model::{Tags, World};
use postern_names::{AccountId, MalformedId, Region};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// What a thing has under one filter's name.
pub type FilterValues<E> = fn(&World, &E) -> Vec<String>;

/// A kind of entity that accounts own in a region and that calls name by id.
pub trait Listed: Sized + 'static {
    type Id: Copy + Ord + Display + FromStr<Err = MalformedId>;
    /// The id's word before the hyphen.
    const PREFIX: &'static str;
    /// Filter names with the values that a thing has under them; tag filters are common to all kinds.
    const FILTERS: &'static [(&'static str, FilterValues<Self>)];
    fn all(world: &World) -> &BTreeMap<Self::Id, Self>;
    fn owner(&self) -> AccountId;
    fn region(&self) -> &Region;
    fn tags(&self) -> &Tags;
}

/// The caller's thing of that id, or AWS's `...NotFound`.
pub fn find<'w, E: Listed>(world: &'w World, context: &Context<'_>, id: E::Id) -> Result<&'w E, Refusal> {
    E::all(world)
        .get(&id)
        .filter(|e| is_visible(context, e.owner(), e.region()))
        .ok_or_else(|| refuse::not_found(E::PREFIX, id))
}

/// The caller's things that `ids_member` and the filters choose, by id in order.
pub fn select<'w, E: Listed>(
    world: &'w World,
    context: &Context<'_>,
    request: &Request<'_>,
    ids_member: &str,
) -> Result<Vec<&'w E>, Refusal> {
    let ids: Vec<E::Id> = request.ids(ids_member)?;
    let filters = Filters::of(request);
    filters.check_names(|name| E::FILTERS.iter().any(|(known, _)| *known == name))?;
    let candidates: Vec<&E> = if ids.is_empty() {
        E::all(world).values().filter(|e| is_visible(context, e.owner(), e.region())).collect()
    } else {
        let found = ids.into_iter().map(|id| find(world, context, id).map(|e| (id, e)));
        found.collect::<Result<BTreeMap<_, _>, _>>()?.into_values().collect()
    };
    let mut chosen = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let values = |name: &str| {
            E::FILTERS.iter().find(|(known, _)| *known == name).map(|(_, values)| values(world, candidate))
        };
        if filters.pass(candidate.tags(), values)? {
            chosen.push(candidate);
        }
    }
    Ok(chosen)
}

/// A whole Describe call with pages of 5 to 1000.
pub fn describe<E: Listed, V: Into<Answer>>(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    (ids_member, reply_member): (&str, &'static str),
    view: impl Fn(&World, &E) -> V,
) -> Result<Answer, Refusal> {
    let chosen = select::<E>(world, context, request, ids_member)?;
    let page = Page::of(request, chosen.len(), 5, 1000)?;
    let shown = Answer::list(chosen.into_iter().skip(page.start).take(page.length).map(|e| view(world, e)));
    let mut reply = vec![(reply_member, shown)];
    reply.extend(page.next.map(|token| ("NextToken", token.into())));
    Ok(Answer::Members(reply.into()))
}

/// Text of a flag, as filters compare it.
pub fn flag(value: bool) -> Vec<String> {
    vec![value.to_string()]
}

/// One value, as filters compare it.
pub fn one(value: impl Display) -> Vec<String> {
    vec![value.to_string()]
}
