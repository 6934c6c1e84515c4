//! Service-linked roles: made for a service, changed by nobody, deleted by a task.

use super::{Request, role};
use crate::document::Doc;
use crate::entity::{Policies, Role, arn};
use crate::iam::Desk;
use crate::input::Input;
use crate::save::Touched;
use crate::state::key;
use crate::{ids, refuse};
use postern_call::Refusal;
use postern_names::AccountId;
use postern_policy::Document;
use serde_json::{Value, json};

/// Services with what follows `AWSServiceRoleFor`; whether a suffix of one's own may come behind it.
const SERVICES: &[(&str, &str, bool)] = &[
    ("access-analyzer.amazonaws.com", "AccessAnalyzer", false),
    ("autoscaling.amazonaws.com", "AutoScaling", true),
    ("cloudtrail.amazonaws.com", "CloudTrail", false),
    ("ecs.amazonaws.com", "ECS", false),
    ("eks.amazonaws.com", "AmazonEKS", false),
    ("elasticloadbalancing.amazonaws.com", "ElasticLoadBalancing", false),
    ("network-firewall.amazonaws.com", "NetworkFirewall", false),
    ("ops.apigateway.amazonaws.com", "APIGateway", false),
    ("organizations.amazonaws.com", "Organizations", false),
    ("rds.amazonaws.com", "RDS", false),
    ("spot.amazonaws.com", "EC2Spot", false),
    ("ssm.amazonaws.com", "AmazonSSM", false),
    ("transitgateway.amazonaws.com", "VPCTransitGateway", false),
    ("vpc-lattice.amazonaws.com", "VpcLattice", false),
];
/// The path that these roles have and no others.
pub const PATH: &str = "/aws-service-role/";
const DELETIONS_MAX: usize = 100;

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let service = input.required("AWSServiceName")?;
    let description = input.limited("Description", 1000)?.map(str::to_owned);
    let suffix = input.text("CustomSuffix").map(|_| input.name("CustomSuffix", 64)).transpose()?;
    let known = SERVICES.iter().find(|(name, ..)| *name == service);
    let (_, _, may_have_suffix) = known.ok_or_else(|| {
        let names: Vec<&str> = SERVICES.iter().map(|(name, ..)| *name).collect();
        refuse::invalid_input(format!("Service {service} is not known to have a service-linked role."))
            .hint(format!("those known here: {}", names.join(", ")))
    })?;
    if suffix.is_some() && !may_have_suffix {
        return Err(refuse::invalid_input(format!("Custom suffix is not allowed for {service}")));
    }
    let name = name_of(input).unwrap_or_default();
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }] });
    let account_id = desk.account_id;
    let account = desk.account();
    if account.roles.contains_key(&key(&name)) {
        let message =
            format!("Service role name {name} has been taken in this account, please try a different suffix.");
        return Err(refuse::invalid_input(message));
    }
    let role = Role {
        path: format!("{PATH}{service}/"),
        id: ids::unique("AROA")?,
        created: request.now,
        description,
        session_max: 3600,
        trust: Doc::new(Document::parse_trust(&trust.to_string()).map_err(Refusal::internal)?),
        tags: Vec::new(),
        boundary: None,
        policies: Policies::default(),
        name: name.clone(),
    };
    let reply = json!({ "Role": role::shape(account_id, &role, true) });
    account.roles.insert(key(&name), role);
    desk.touch(Touched::Role(key(&name)));
    Ok(reply)
}

/// The role is gone when the task's id is given: nothing here uses such roles.
pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("RoleName", 64)?;
    let account_id = desk.account_id;
    let role = desk.account().role(name)?;
    if !role.path.starts_with(PATH) {
        return Err(refuse::invalid_input(format!("{name} is not a service-linked role.")));
    }
    let task = format!("task{}{}/{}", role.path, role.name, ids::job()?);
    let (arn, id) = (role.arn(account_id), role.id.clone());
    let account = desk.account();
    account.roles.remove(&key(name));
    let deletions = &mut account.root.linked_role_deletions;
    deletions.push(task.clone());
    let surplus = deletions.len().saturating_sub(DELETIONS_MAX);
    deletions.drain(..surplus);
    desk.touch(Touched::Role(key(name)));
    desk.touch(Touched::Root);
    super::bound::rewrite(desk, &arn, &id)?;
    Ok(json!({ "DeletionTaskId": task }))
}

pub fn deletion_status(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let task = request.input.required("DeletionTaskId")?;
    if !desk.account().root.linked_role_deletions.iter().any(|known| known == task) {
        return Err(refuse::no_entity(format!("Deletion Task Id Not Found: {task}")));
    }
    Ok(json!({ "Status": "SUCCEEDED" }))
}

/// Refuses to change the role that the request names, if it is linked to a service.
pub fn protect(desk: &mut Desk<'_>, operation: &str, request: &Request<'_>) -> Result<(), Refusal> {
    let changes = !operation.starts_with("Get") && !operation.starts_with("List");
    let may = ["DeleteServiceLinkedRole", "TagRole", "UntagRole", "UpdateRoleDescription"].contains(&operation);
    let Some(name) = request.input.text("RoleName").filter(|_| changes && !may) else { return Ok(()) };
    match desk.account().roles.get(&key(name)) {
        Some(role) if role.path.starts_with(PATH) => {
            let message = format!(
                "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
                role.name
            );
            Err(Refusal::new("UnmodifiableEntity", message))
        }
        _ => Ok(()),
    }
}

/// The ARN of the role that a request is about: by the service's name, or by a deletion task.
pub fn resource(account: AccountId, input: Input<'_>) -> String {
    if let Some(task) = input.text("DeletionTaskId") {
        let role = task.strip_prefix("task/").and_then(|rest| rest.rsplit_once('/'));
        return role.map_or_else(|| "*".to_owned(), |(role, _)| arn(account, "role", "/", role));
    }
    let service = input.text("AWSServiceName").unwrap_or_default();
    match name_of(input) {
        Some(name) => arn(account, "role", &format!("{PATH}{service}/"), &name),
        None => "*".to_owned(),
    }
}

fn name_of(input: Input<'_>) -> Option<String> {
    let service = input.text("AWSServiceName")?;
    let (_, name, _) = SERVICES.iter().find(|(known, ..)| *known == service)?;
    let suffix = input.text("CustomSuffix").map(|suffix| format!("_{suffix}")).unwrap_or_default();
    Some(format!("AWSServiceRoleFor{name}{suffix}"))
}
