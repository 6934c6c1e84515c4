//! What the codec writes means what AWS's reply means to a client.

use crate::cases::{Case, load, run};
use postern_call::Refusal;
use postern_wire::{HttpReply, Protocol};
use serde_json::Value;

/// Cases that are about what a client forgives, or whose result the wire form does not hold.
const EXEMPT: &[(&str, &str)] = &[
    ("QueryCompatibleAwsJson10CustomCodeError", "its status is not the one of its own model"),
    ("QueryCompatibleRpcV2CborCustomCodeError", "its status is not the one of its own model"),
    ("QueryEmptyInputAndEmptyOutput", "it has no body, where every query service sends one"),
    ("QueryNoInputAndOutput", "it has no body, where every query service sends one"),
    ("HttpPrefixHeadersResponse", "an empty prefix takes in the headers that every reply has"),
    ("HttpPrefixHeadersAreNotPresent", "headers that are absent do not say whether the map was empty or absent"),
    ("RestJsonDeserializesDenseSetMapAndSkipsNull", "these models do not say which maps are dense"),
    ("RpcV2CborDeserializesDenseSetMapAndSkipsNull", "these models do not say which maps are dense"),
    ("MediaTypeHeaderOutputBase64", "the codec gives the JSON value, not its text"),
    ("IgnoreQueryParamsInResponse", "a reply's member bound to the request's query: no served model has one"),
];

#[test]
fn replies_mean_what_the_vectors_mean() {
    let cases: Vec<Case> = load(include_str!("../vectors/output.json"));
    run(&cases, EXEMPT, |case| if case.json.get("error").is_some() { error(case) } else { success(case) });
}

/// AWS's bytes are read to the result, and so are ours.
fn success(case: &Case) -> Result<(), String> {
    let operation = case.model.operation_named(&case.operation).unwrap();
    let result = case.ours("output", &case.json["result"]);
    let theirs = case.model.read_reply(&operation, &reply_of(case))?;
    if theirs != result {
        return Err(format!("theirs read {theirs}\n  wanted {result}\n  {}", case.json["response"]));
    }
    let ours = case.model.write(&operation, &result, "request-id")?;
    let text = String::from_utf8_lossy(&ours.body).into_owned();
    let read = case.model.read_reply(&operation, &ours).map_err(|error| format!("{error} in {text}"))?;
    if read != result {
        return Err(format!("ours read {read}\n  wanted {result}\n  {text}"));
    }
    let problems = case.model.check_output(&operation, &result);
    if !problems.is_empty() {
        return Err(problems.join("; "));
    }
    Ok(())
}

/// AWS's error is read to code and message, and so is ours.
fn error(case: &Case) -> Result<(), String> {
    let protocol = case.model.protocol();
    let theirs = case.model.read_refusal(protocol, &reply_of(case))?;
    let code = case.json["errorCode"].as_str().unwrap();
    let message = case.json["errorMessage"].as_str().unwrap_or(&theirs.message);
    if (theirs.code.as_str(), theirs.message.as_str()) != (code, message) {
        return Err(format!("theirs read {theirs}, wanted {code}: {message}"));
    }
    let mut refusal = Refusal::new(code, message).status(theirs.status);
    let modeled = case.json["error"].as_object().unwrap();
    for (name, value) in modeled.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("message")) {
        refusal = refusal.member(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    let ours = case.model.refuse(&refusal, "request-id");
    let read = case.model.read_refusal(protocol, &ours)?;
    if (&read.code, &read.message, read.status) != (&theirs.code, &theirs.message, theirs.status) {
        return Err(format!("ours read {read:?}, wanted {theirs:?}"));
    }
    if protocol != Protocol::Ec2 && protocol != Protocol::Query && modeled.len() > 1 {
        let header =
            |name: &str| ours.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone());
        if header("x-header") != modeled.get("Header").and_then(Value::as_str).map(str::to_owned) {
            return Err(format!("headers {:?}", ours.headers));
        }
    }
    Ok(())
}

fn reply_of(case: &Case) -> HttpReply {
    use base64::Engine;
    let response = &case.json["response"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers = response["headers"].as_object().into_iter().flatten();
    let body = response["body"].as_str().unwrap_or_default();
    let body = match case.model.protocol() {
        Protocol::Cbor => base64::engine::general_purpose::STANDARD.decode(body).unwrap(),
        _ => body.as_bytes().to_vec(),
    };
    HttpReply {
        status: response["status_code"].as_u64().unwrap_or(200) as u16,
        headers: headers.map(|(name, value)| (name.clone(), text(value))).collect(),
        body,
    }
}
