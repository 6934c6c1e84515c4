//! Which operation a request asks for: `Action`, `X-Amz-Target`, method and path.

use super::{form, uri};
use crate::message::{HttpRequest, plain_body};
use crate::model::{Model, Protocol};
use postern_call::Refusal;

/// The language of a request. Where a service speaks several, the request's own marks decide.
pub(crate) fn protocol(model: &Model, request: &HttpRequest) -> Protocol {
    let own = model.protocol();
    let is = |wanted: Protocol| model.speaks(wanted);
    if is(Protocol::Cbor) && (request.headers.contains_key("smithy-protocol") || rpc_operation(request.path).is_some())
    {
        Protocol::Cbor
    } else if is(Protocol::Json) && request.headers.contains_key("x-amz-target") {
        Protocol::Json
    } else if is(Protocol::Query) && own != Protocol::Query && !rpc_only(request) {
        Protocol::Query
    } else {
        own
    }
}

/// A request in no query form: JSON or CBOR by its content type.
fn rpc_only(request: &HttpRequest) -> bool {
    request.header("content-type").is_some_and(|kind| kind.contains("json") || kind.contains("cbor"))
}

/// The model's name of the operation that a request asks for.
pub(crate) fn operation<'m>(model: &'m Model, protocol: Protocol, request: &HttpRequest) -> Result<&'m str, Refusal> {
    match protocol {
        Protocol::Ec2 | Protocol::Query => by_action(model, protocol, request),
        Protocol::Json => by_target(model, request),
        Protocol::Cbor => by_rpc_path(model, request),
        Protocol::RestJson | Protocol::RestXml => {
            uri::route(model, request).ok_or_else(|| no_route(model, protocol, request))
        }
    }
}

fn by_action<'m>(model: &'m Model, protocol: Protocol, request: &HttpRequest) -> Result<&'m str, Refusal> {
    let body = plain_body(request)?;
    let Some(action) = form::parameter(&body, request.query, "Action") else {
        let message = "The request is missing an action or a required parameter.";
        return Err(Refusal::new("MissingAction", message).hint("the form parameter Action names the operation"));
    };
    let version = form::parameter(&body, request.query, "Version");
    let known = model.op(&action).map(|op| op.name.as_str());
    if protocol == Protocol::Ec2 {
        let name = known.ok_or_else(|| {
            let message = format!("The action {action} is not valid for this web service.");
            near(model, &action, Refusal::new("InvalidAction", message))
        })?;
        return match version {
            // Older versions of the API differ in what they leave out.
            Some(version) if !is_version(&version, &model.meta.version) => {
                let message = format!("The requested version ({version}) of service AmazonEC2 does not exist");
                Err(Refusal::new("NoSuchVersion", message))
            }
            _ => Ok(name),
        };
    }
    // The links in SNS's messages name no version.
    let unnamed = if model.meta.service == "sns" { model.meta.version.as_str() } else { "NO_VERSION_SPECIFIED" };
    let version = version.as_deref().unwrap_or(unnamed);
    known.filter(|_| version == model.meta.version).ok_or_else(|| {
        let message = format!("Could not find operation {action} for version {version}");
        let refusal = Refusal::new("InvalidAction", message);
        match known {
            Some(_) => refusal.hint(format!("this API has the one version {}", model.meta.version)),
            None => near(model, &action, refusal),
        }
    })
}

/// A date no later than the model's.
fn is_version(given: &str, latest: &str) -> bool {
    let date = given.len() == 10 && given.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    date && ("2006-06-26"..=latest).contains(&given)
}

fn by_target<'m>(model: &'m Model, request: &HttpRequest) -> Result<&'m str, Refusal> {
    let target = request.header("x-amz-target").unwrap_or_default();
    let (prefix, name) = target.rsplit_once('.').unwrap_or(("", target));
    let expected = model.meta.target.as_deref().unwrap_or_default();
    let op = if prefix == expected { model.op(name) } else { None };
    op.map(|op| op.name.as_str()).ok_or_else(|| unknown_operation(model, name, target))
}

fn by_rpc_path<'m>(model: &'m Model, request: &HttpRequest) -> Result<&'m str, Refusal> {
    let name = rpc_operation(request.path).unwrap_or_default();
    model.op(name).map(|op| op.name.as_str()).ok_or_else(|| unknown_operation(model, name, request.path).status(404))
}

/// The last segment of `/service/NAME/operation/OPERATION`.
fn rpc_operation(path: &str) -> Option<&str> {
    let (head, name) = path.rsplit_once("/operation/")?;
    let (_, service) = head.rsplit_once("/service/")?;
    (!service.is_empty() && !service.contains('/') && !name.contains('/')).then_some(name)
}

fn unknown_operation(model: &Model, name: &str, given: &str) -> Refusal {
    let refusal = Refusal::new("UnknownOperationException", "");
    if given.is_empty() {
        return refusal.hint("the header X-Amz-Target names the operation");
    }
    near(model, name, refusal)
}

fn no_route(model: &Model, protocol: Protocol, request: &HttpRequest) -> Refusal {
    if model.meta.service == "s3" {
        let message = "The specified method is not allowed against this resource.";
        return Refusal::new("MethodNotAllowed", message).status(405).member("Method", request.method);
    }
    let code = if protocol == Protocol::RestJson { "UnknownOperationException" } else { "InvalidAction" };
    Refusal::new(code, "").status(404).hint(format!("no operation has {} {}", request.method, request.path))
}

/// Names an operation that may have been meant.
fn near(model: &Model, given: &str, refusal: Refusal) -> Refusal {
    let given = given.to_ascii_lowercase();
    let close = |name: &&str| {
        let name = name.to_ascii_lowercase();
        name == given || format!("{given}s") == name || format!("{name}s") == given
    };
    match model.operations().into_iter().find(close) {
        Some(name) => refusal.hint(format!("did you mean {name}?")),
        None => refusal,
    }
}
