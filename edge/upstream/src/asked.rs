//! What a request asks for: the operation, its members, and in which language refusals must be said.

use http::HeaderMap;
use postern_wire::HttpRequest;
use serde_json::{Map, Value};

/// The name in signatures' scopes of an endpoint service's name: `ecr` for `ecr.api`.
pub fn signing_name(service: &str) -> &str {
    service.split('.').next().unwrap_or(service)
}

/// The prefix of the actions of a service, where it is not the signing name.
pub fn prefix(signing: &str) -> &str {
    match signing {
        "monitoring" => "cloudwatch",
        "email" => "ses",
        "appmesh-envoy-management" => "appmesh",
        other => other,
    }
}

/// How refusals are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Json,
    Query,
    RestXml,
}

/// What was understood of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The operation's name, if the request tells it.
    pub operation: Option<String>,
    /// What the request says, by its members' names; empty where nothing can be read.
    pub members: Map<String, Value>,
    pub language: Language,
}

/// Reads a request of the service with this signing name: by its model, where Postern has it; else by `X-Amz-Target`, by
/// the parameter `Action`, or not at all. `body`: empty where it is streamed.
pub fn read(signing: &str, request: &HttpRequest<'_>) -> Asked {
    let language = language(signing, request.headers);
    if let Some(model) = postern_wire::model(signing)
        && let Ok(operation) = model.operation(request)
    {
        let members = match model.read(&operation, request) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
        return Asked { operation: Some(operation.name().to_owned()), members, language };
    }
    match language {
        Language::Json => {
            let target = request.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
            let operation = target.map(|target| target.rsplit('.').next().unwrap_or(target).to_owned());
            Asked { operation, members: serde_json::from_slice(request.body).unwrap_or_default(), language }
        }
        Language::Query => {
            let pairs = form_urlencoded::parse(request.body).chain(form_urlencoded::parse(request.query.as_bytes()));
            let mut members: Map<String, Value> =
                pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect();
            let action = members.swap_remove("Action");
            Asked { operation: action.and_then(|a| a.as_str().map(str::to_owned)), members, language }
        }
        Language::RestXml => Asked { operation: None, members: Map::new(), language },
    }
}

fn language(signing: &str, headers: &HeaderMap) -> Language {
    let kind = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if headers.contains_key("x-amz-target") {
        Language::Json
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        Language::Query
    } else if matches!(signing, "s3" | "route53" | "cloudfront" | "s3express") {
        Language::RestXml
    } else {
        Language::Json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> HttpRequest<'a> {
        HttpRequest { method: "POST", path: "/", query: "", headers, body }
    }

    #[test]
    fn the_operation_is_told_by_target_action_or_model() {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", "AWSStepFunctions.DescribeActivity".parse().unwrap());
        let asked = read("states", &request(&headers, br#"{"activityArn": "a"}"#));
        assert_eq!(asked.operation.as_deref(), Some("DescribeActivity"));
        assert_eq!(asked.members["activityArn"], "a");

        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/x-www-form-urlencoded; charset=utf-8".parse().unwrap());
        let asked = read("redshift", &request(&headers, b"Action=DescribeTags&Version=1&ResourceName=x"));
        assert_eq!((asked.operation.as_deref(), asked.language), (Some("DescribeTags"), Language::Query));
        assert_eq!(asked.members["ResourceName"], "x");

        let headers = HeaderMap::new();
        let bucket = HttpRequest { method: "GET", path: "/bucket/key", query: "", headers: &headers, body: b"" };
        assert_eq!(read("s3", &bucket).operation.as_deref(), Some("GetObject"));
        let unknown = read("eks", &HttpRequest { path: "/clusters", ..bucket });
        assert_eq!((unknown.operation, unknown.language), (None, Language::Json));
    }
}
