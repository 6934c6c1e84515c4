//! Service last accessed: for a user, group, role or policy, which services its policies open and when each was last
//! called. A report is made when it is asked for and fetched by its job's id for seven days.

use super::service_access::{grants, identity};
use super::{Request, compact, time_text};
use crate::entity::{Policies, arn};
use crate::iam::Desk;
use crate::ids;
use crate::input::{Input, constraint};
use crate::refuse;
use crate::save::Touched;
use crate::state::{Account, Bearer, key};
use crate::usage::{Access, Record, Usage};
use postern_call::Refusal;
use postern_names::AccountId;
use postern_policy::{Document, table};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

const KEPT_SECONDS: i64 = 7 * 86_400;
/// The services whose operations AWS tells one by one.
const TRACKED: &[&str] = &["ec2", "iam", "lambda", "s3"];

/// A report as it was when its job was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessReport {
    created: i64,
    by_action: bool,
    services: Vec<Value>,
    /// By service: everybody who may call it, and when they last did.
    entities: Vec<(String, Vec<Value>)>,
}

/// Somebody whose calls count for the report.
struct Entity {
    arn: String,
    kind: &'static str,
    name: String,
    path: String,
    id: String,
    used: Option<Record>,
}

pub fn generate(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let by_action = match request.input.text("Granularity") {
        None | Some("SERVICE_LEVEL") => false,
        Some("ACTION_LEVEL") => true,
        Some(other) => {
            let rule = "Member must satisfy enum value set: [SERVICE_LEVEL, ACTION_LEVEL]";
            return Err(constraint(other, "Granularity", rule));
        }
    };
    let (id, usage, now) = (desk.account_id, desk.usage, request.now);
    let account = desk.account();
    let (documents, entities) = scope(id, account, usage, request.input)?;
    let opened = table::services().iter().filter(|service| documents.iter().any(|doc| grants(doc, service)));
    let opened: Vec<&str> = opened.copied().collect();
    let report = AccessReport {
        created: now,
        by_action,
        services: opened.iter().map(|service| service_shape(service, &entities, by_action)).collect(),
        entities: opened.iter().map(|service| ((*service).to_owned(), entity_shapes(service, &entities))).collect(),
    };
    let job = ids::job()?;
    let old = account.access_reports.iter().filter(|(_, report)| now - report.created > KEPT_SECONDS);
    let old: Vec<String> = old.map(|(job, _)| job.clone()).collect();
    old.iter().for_each(|job| drop(account.access_reports.remove(job)));
    account.access_reports.insert(job.clone(), report);
    old.into_iter().chain([job.clone()]).for_each(|job| desk.touch(Touched::AccessReport(job)));
    Ok(json!({ "JobId": job }))
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let report = find(desk, request)?;
    let kind = if report.by_action { "ACTION_LEVEL" } else { "SERVICE_LEVEL" };
    let mut reply = listed(request, "ServicesLastAccessed", &report.services)?;
    reply["JobStatus"] = json!("COMPLETED");
    reply["JobType"] = json!(kind);
    stamp(&mut reply, report.created);
    Ok(reply)
}

pub fn get_with_entities(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let service = request.input.required("ServiceNamespace")?;
    let report = find(desk, request)?;
    let found = report.entities.iter().find(|(namespace, _)| namespace == service);
    let (_, entities) = found.ok_or_else(|| {
        refuse::no_entity(format!("Service Namespace {service} does not exist in the list of services of this report."))
    })?;
    let mut reply = listed(request, "EntityDetailsList", entities)?;
    reply["JobStatus"] = json!("COMPLETED");
    stamp(&mut reply, report.created);
    Ok(reply)
}

fn stamp(reply: &mut Value, at: i64) {
    reply["JobCreationDate"] = json!(time_text(at));
    reply["JobCompletionDate"] = json!(time_text(at));
}

fn find<'d>(desk: &'d mut Desk<'_>, request: &Request<'_>) -> Result<&'d AccessReport, Refusal> {
    let job = request.input.required("JobId")?;
    let found = desk.account().access_reports.get(job).filter(|r| request.now - r.created <= KEPT_SECONDS);
    found.ok_or_else(|| refuse::no_entity(format!("Cannot find any job for job id {job}")))
}

fn listed(request: &Request<'_>, member: &str, items: &[Value]) -> Result<Value, Refusal> {
    let items = items.iter().enumerate().map(|(place, item)| (format!("{place:06}"), item.clone())).collect();
    crate::page::page(request.input, member, items)
}

/// The documents that the report is about, and whose calls count.
fn scope(
    id: AccountId,
    account: &Account,
    usage: &Usage,
    input: Input<'_>,
) -> Result<(Vec<Arc<Document>>, Vec<Entity>), Refusal> {
    let text = input.required("Arn")?;
    if text.contains(":policy/") {
        let document = account.managed_document(text).ok_or_else(|| refuse::no_such_policy(text))?;
        let bearers = account.bearers_of(text);
        return Ok((vec![document.0], entities(id, account, usage, &bearers)));
    }
    let (bearer, name) = identity(input, &id.to_string())?;
    let mut documents = documents(account, account.policies_of(bearer, &name)?);
    if bearer == Bearer::User {
        let groups = account.groups.values().filter(|group| group.members.contains(&key(&name)));
        documents.extend(groups.flat_map(|group| self::documents(account, &group.policies)));
    }
    Ok((documents, entities(id, account, usage, &[(bearer, &key(&name))])))
}

fn documents(account: &Account, policies: &Policies) -> Vec<Arc<Document>> {
    let attached = policies.attached.iter().filter_map(|arn| account.managed_document(arn));
    policies.inline.values().cloned().chain(attached).map(|document| document.0).collect()
}

/// Users and roles among the bearers, and the members of groups among them, each once.
fn entities(id: AccountId, account: &Account, usage: &Usage, bearers: &[(Bearer, &str)]) -> Vec<Entity> {
    let mut users: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for (bearer, name) in bearers {
        match bearer {
            Bearer::User => users.push(name),
            Bearer::Group => {
                let members = account.groups.get(*name).into_iter().flat_map(|group| &group.members);
                users.extend(members.map(String::as_str));
            }
            Bearer::Role => {
                let role = account.roles.get(*name);
                found.extend(role.map(|r| entity(id, usage, "ROLE", &r.path, &r.name, &r.id)));
            }
        }
    }
    users.sort_unstable();
    users.dedup();
    let users = users.into_iter().filter_map(|name| account.users.get(name));
    found.extend(users.map(|u| entity(id, usage, "USER", &u.path, &u.name, &u.id)));
    found
}

fn entity(account: AccountId, usage: &Usage, kind: &'static str, path: &str, name: &str, id: &str) -> Entity {
    Entity {
        arn: arn(account, &kind.to_lowercase(), path, name),
        kind,
        name: name.to_owned(),
        path: path.to_owned(),
        id: id.to_owned(),
        used: usage.of(id),
    }
}

impl Entity {
    fn access(&self, service: &str) -> Option<&Access> {
        self.used.as_ref()?.services.get(service)
    }
}

fn service_shape(service: &str, entities: &[Entity], by_action: bool) -> Value {
    let accesses: Vec<(&Entity, &Access)> = entities.iter().filter_map(|e| Some((e, e.access(service)?))).collect();
    let latest = accesses.iter().max_by_key(|(_, access)| access.at);
    let actions = (by_action && TRACKED.contains(&service)).then(|| actions(&accesses));
    compact(json!({
        "ServiceName": service_name(service),
        "ServiceNamespace": service,
        "LastAuthenticated": latest.map(|(_, access)| time_text(access.at)),
        "LastAuthenticatedEntity": latest.map(|(entity, _)| &entity.arn),
        "LastAuthenticatedRegion": latest.map(|(_, access)| &access.region),
        "TotalAuthenticatedEntities": accesses.len(),
        "TrackedActionsLastAccessed": actions,
    }))
}

/// Each operation that was called, with its latest call.
fn actions(accesses: &[(&Entity, &Access)]) -> Vec<Value> {
    let mut latest: std::collections::BTreeMap<&str, (i64, &str, &str)> = std::collections::BTreeMap::new();
    for (entity, access) in accesses {
        for (action, (at, region)) in &access.actions {
            let known = latest.entry(action).or_insert((*at, region, &entity.arn));
            if *at > known.0 {
                *known = (*at, region, &entity.arn);
            }
        }
    }
    let shape = |(action, (at, region, entity)): (&str, (i64, &str, &str))| {
        json!({
            "ActionName": action,
            "LastAccessedEntity": entity,
            "LastAccessedTime": time_text(at),
            "LastAccessedRegion": region,
        })
    };
    latest.into_iter().map(shape).collect()
}

fn entity_shapes(service: &str, entities: &[Entity]) -> Vec<Value> {
    let shape = |entity: &Entity| {
        compact(json!({
            "EntityInfo": {
                "Arn": entity.arn,
                "Name": entity.name,
                "Type": entity.kind,
                "Id": entity.id,
                "Path": entity.path,
            },
            "LastAuthenticated": entity.access(service).map(|access| time_text(access.at)),
        }))
    };
    let mut sorted: Vec<&Entity> = entities.iter().collect();
    sorted.sort_by_key(|entity| std::cmp::Reverse(entity.access(service).map(|access| access.at)));
    sorted.into_iter().map(shape).collect()
}

/// The service as AWS names it to people; its prefix where the name is not known here.
fn service_name(prefix: &str) -> &str {
    match prefix {
        "access-analyzer" => "AWS IAM Access Analyzer",
        "cloudwatch" => "Amazon CloudWatch",
        "dynamodb" => "Amazon DynamoDB",
        "ec2" => "Amazon EC2",
        "ec2messages" => "Amazon Message Delivery Service",
        "ecr" => "Amazon Elastic Container Registry",
        "execute-api" => "Amazon API Gateway",
        "iam" => "AWS Identity and Access Management",
        "kms" => "AWS Key Management Service",
        "lambda" => "AWS Lambda",
        "logs" => "Amazon CloudWatch Logs",
        "organizations" => "AWS Organizations",
        "s3" => "Amazon S3",
        "secretsmanager" => "AWS Secrets Manager",
        "sns" => "Amazon SNS",
        "sqs" => "Amazon SQS",
        "ssm" => "AWS Systems Manager",
        "ssmmessages" => "Amazon Session Manager Message Gateway Service",
        "sts" => "AWS Security Token Service",
        other => other,
    }
}
