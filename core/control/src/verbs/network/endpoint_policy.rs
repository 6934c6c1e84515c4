//! Endpoint policies as the API takes them.

use postern_call::Refusal;
use postern_policy::Document;

/// What a gateway endpoint has when the user gives no policy: full access. The text is the one AWS answers with.
pub const GATEWAY_DEFAULT: &str = concat!(
    r#"{"Version":"2008-10-17","#,
    r#""Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#
);

/// A policy for a gateway endpoint: every principal must be `*`. Gives back the user's text, byte for byte.
pub fn check_gateway(text: &str) -> Result<String, Refusal> {
    let refuse = |error: postern_policy::MalformedDocument| Refusal::new("InvalidPolicyDocument", error.reason);
    let document = Document::parse_endpoint(text).map_err(refuse)?;
    document.check_gateway().map_err(refuse)?;
    Ok(document.text().to_owned())
}
