//! What a client serialises is read back to what it meant.

use crate::cases::{Case, load, run};
use http::{HeaderMap, HeaderName, HeaderValue};
use postern_wire::HttpRequest;

/// Cases whose wire form does not hold what the parameters said.
const EXEMPT: &[(&str, &str)] = &[
    ("Ec2ProtocolIdempotencyTokenAutoFill", AUTO),
    ("QueryProtocolIdempotencyTokenAutoFill", AUTO),
    ("RestJsonQueryIdempotencyTokenAutoFill", AUTO),
    ("QueryIdempotencyTokenAutoFill", AUTO),
    ("Ec2EmptyQueryLists", EMPTY),
    ("QueryEmptyQueryMaps", EMPTY),
    ("RestJsonOmitsEmptyListQueryValues", EMPTY),
    ("RestJsonHttpPrefixHeadersAreNotPresent", EMPTY),
    ("HttpPrefixHeadersAreNotPresent", EMPTY),
    ("AwsJson10EndpointTrait", "the vector leaves out the header that names the operation"),
    ("AwsJson10EndpointTraitWithHostLabel", "the vector leaves out the header that names the operation"),
    ("AwsJson10HostWithPath", "the vector leaves out the header that names the operation"),
    ("RestJsonHostWithPath", "a path before the model's own belongs to the endpoint, not to the protocol"),
    ("MediaTypeHeaderInputBase64", "the codec gives the JSON value, not its text"),
    ("RestJsonQueryPrecedence", "the client drops what the parameters said twice"),
    ("RestXmlQueryPrecedence", "the client drops what the parameters said twice"),
    ("RestJsonHttpWithEmptyStructurePayload", "an empty structure is what the wire says"),
    ("RestJsonHttpWithHeadersButNoPayload", "an empty structure is what the wire says"),
    ("SDKAppliedContentEncoding_ec2Query", GZIP),
    ("SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query", GZIP),
    ("SDKAppliedContentEncoding_awsQuery", GZIP),
    ("SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery", GZIP),
    ("SDKAppliedContentEncoding_awsJson1_0", GZIP),
    ("SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0", GZIP),
    ("SDKAppliedContentEncoding_awsJson1_1", GZIP),
    ("SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1", GZIP),
    ("SDKAppliedContentEncoding_restJson1", GZIP),
    ("SDKAppendedGzipAfterProvidedEncoding_restJson1", GZIP),
    ("SDKAppliedContentEncoding_restXml", GZIP),
    ("SDKAppendedGzipAfterProvidedEncoding_restXml", GZIP),
    ("RestJsonAllQueryStringTypes", TWICE),
    ("RestJsonQueryStringEscaping", TWICE),
    ("RestJsonSupportsNaNFloatQueryValues", TWICE),
    ("RestJsonSupportsInfinityFloatQueryValues", TWICE),
    ("RestJsonSupportsNegativeInfinityFloatQueryValues", TWICE),
    ("RestJsonZeroAndFalseQueryValues", TWICE),
];
const GZIP: &str = "the vector leaves out the compressed body";
const TWICE: &str =
    "a parameter bound to a member is not told again in the map of the others, as in rest-xml's vectors";
const AUTO: &str = "the client adds a token that the parameters do not have";
const EMPTY: &str = "the wire has no word for a list or map that is empty";

#[test]
fn requests_of_the_vectors_are_understood() {
    let cases: Vec<Case> = load(include_str!("../vectors/input.json"));
    run(&cases, EXEMPT, understood);
}

fn understood(case: &Case) -> Result<(), String> {
    let wire = &case.json["serialized"];
    let uri = wire["uri"].as_str().unwrap_or("/");
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut headers = HeaderMap::new();
    for (name, value) in wire["headers"].as_object().into_iter().flatten() {
        let value = HeaderValue::from_str(value.as_str().unwrap()).unwrap();
        headers.append(HeaderName::try_from(name).unwrap(), value);
    }
    let body = wire["body"].as_str().unwrap_or_default();
    let body = if case.protocol == "smithy-rpc-v2-cbor" { decode(body) } else { body.as_bytes().to_vec() };
    let method = wire["method"].as_str().unwrap_or("POST");
    let request = HttpRequest { method, path, query, headers: &headers, body: &body };
    let operation = case.model.operation(&request).map_err(|refusal| refusal.to_string())?;
    if operation.name() != case.operation {
        return Err(format!("taken for {}", operation.name()));
    }
    let read = case.model.read(&operation, &request).map_err(|refusal| format!("{refusal:?}"))?;
    let wanted = case.ours("input", &case.json["params"]);
    if read == wanted { Ok(()) } else { Err(format!("read   {read}\n  wanted {wanted}\n  from {wire}")) }
}

fn decode(base64: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(base64).unwrap()
}
