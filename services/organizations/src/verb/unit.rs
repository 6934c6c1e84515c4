//! Organizational units.

use super::{Request, nothing};
use crate::ids;
use crate::organizations::Desk;
use crate::page::page;
use crate::refuse;
use crate::state::{Organization, State, Unit};
use postern_call::Refusal;
use serde_json::{Value, json};

/// Levels of units below the root.
const DEPTH_MAX: usize = 5;
const UNITS_MAX: usize = 2000;

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(desk.state)?;
    let parent = request.input.required("ParentId")?;
    let name = request.input.required("Name")?;
    let tags = request.input.tags()?;
    if !organization.is_parent(parent) {
        return Err(refuse::no_parent());
    }
    unused(organization, parent, name)?;
    if organization.above(parent).len() > DEPTH_MAX {
        let message = "You attempted to create an OU tree that is too many levels deep.";
        return Err(refuse::constraint("OU_DEPTH_LIMIT_EXCEEDED", message));
    }
    if organization.units.len() >= UNITS_MAX {
        let message = "You attempted to exceed the number of OUs that you can have in an organization.";
        return Err(refuse::constraint("OU_NUMBER_LIMIT_EXCEEDED", message));
    }
    let id = ids::unit(&organization.root)?;
    let organization = desk.organization(request.organization)?;
    let unit = Unit { name: name.to_owned(), parent: parent.to_owned(), tags };
    organization.units.insert(id.clone(), unit);
    organization.attach_full_access(&id);
    shape(organization, &id)
}

pub fn describe(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    shape(request.of(state)?, request.input.required("OrganizationalUnitId")?)
}

pub fn update(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(desk.state)?;
    let id = request.input.required("OrganizationalUnitId")?;
    let unit = organization.unit(id)?;
    if let Some(name) = request.input.text("Name").filter(|name| *name != unit.name) {
        unused(organization, &unit.parent.clone(), name)?;
        if let Some(unit) = desk.organization(request.organization)?.units.get_mut(id) {
            unit.name = name.to_owned();
        }
    }
    shape(request.of(desk.state)?, id)
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(desk.state)?;
    let id = request.input.required("OrganizationalUnitId")?;
    organization.unit(id)?;
    let has_accounts = desk.state.members(request.organization).any(|(_, _, member)| member.parent == id);
    if has_accounts || organization.units.values().any(|unit| unit.parent == id) {
        let message = "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and try the operation again.";
        return Err(refuse::other("OrganizationalUnitNotEmptyException", message));
    }
    let organization = desk.organization(request.organization)?;
    organization.units.remove(id);
    organization.attached.remove(id);
    nothing()
}

pub fn list(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(state)?;
    let parent = request.input.required("ParentId")?;
    if !organization.is_parent(parent) {
        return Err(refuse::no_parent());
    }
    let below = organization.units.iter().filter(|(_, unit)| unit.parent == parent);
    let units = below.map(|(id, unit)| (id.clone(), members(organization, id, unit))).collect();
    page(request.input, "OrganizationalUnits", units)
}

fn unused(organization: &Organization, parent: &str, name: &str) -> Result<(), Refusal> {
    if organization.units.values().any(|unit| unit.parent == parent && unit.name == name) {
        return Err(refuse::other("DuplicateOrganizationalUnitException", "An OU with the same name already exists."));
    }
    Ok(())
}

fn shape(organization: &Organization, id: &str) -> Result<Value, Refusal> {
    Ok(json!({ "OrganizationalUnit": members(organization, id, organization.unit(id)?) }))
}

fn members(organization: &Organization, id: &str, unit: &Unit) -> Value {
    json!({ "Id": id, "Arn": organization.arn(id), "Name": unit.name, "Path": organization.path(id) })
}
