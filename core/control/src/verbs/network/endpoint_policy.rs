//! Endpoint policies as the API takes them.

use postern_call::Refusal;
use postern_model::EndpointKind;
use postern_policy::Document;

/// What a gateway endpoint has when the user gives no policy: full access. The text is the one AWS answers with.
const GATEWAY_DEFAULT: &str = concat!(
    r#"{"Version":"2008-10-17","#,
    r#""Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#
);

/// The same for an interface endpoint, with the blanks at the ends of lines that AWS's text has.
const INTERFACE_DEFAULT: &str = concat!(
    "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n",
    "      \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}"
);

/// The user's text, byte for byte, or the default document of the type. A policy for a gateway endpoint must say `*` for
/// every principal. Errors: `InvalidPolicyDocument`.
pub fn check(kind: &EndpointKind, given: Option<&str>) -> Result<String, Refusal> {
    let refuse = |error: postern_policy::MalformedDocument| Refusal::new("InvalidPolicyDocument", error.reason);
    let Some(text) = given else { return Ok(default(kind).to_owned()) };
    let document = Document::parse_endpoint(text).map_err(refuse)?;
    if matches!(kind, EndpointKind::Gateway { .. }) {
        document.check_gateway().map_err(refuse)?;
    }
    Ok(document.text().to_owned())
}

fn default(kind: &EndpointKind) -> &'static str {
    match kind {
        EndpointKind::Gateway { .. } => GATEWAY_DEFAULT,
        EndpointKind::Interface(_) => INTERFACE_DEFAULT,
    }
}
