//! What SAML 2.0 identity providers write: their metadata, and the responses with assertions that they sign.
//!
//! Pure: what time it is, and which roles there are, is the caller's business.

mod assertion;
mod attribute;
mod metadata;
mod signature;
mod xml;

pub use assertion::Assertion;
pub use metadata::Metadata;

/// Why a response is not taken, in AWS's words where they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    pub message: &'static str,
    pub hint: String,
}

const NO_ASSERTION: &str = "Response did not contain a valid SAML assertion";
const BAD_SIGNATURE: &str = "Response signature invalid";

impl Flaw {
    fn no_assertion(hint: impl Into<String>) -> Self {
        Self { message: NO_ASSERTION, hint: hint.into() }
    }
    fn signature(hint: impl Into<String>) -> Self {
        Self { message: BAD_SIGNATURE, hint: hint.into() }
    }
}

/// The one assertion of a response, once a key of the provider is known to have signed it.
pub fn verified(response: &str, provider: &Metadata) -> Result<Assertion, Flaw> {
    let document = xml::parse(response).map_err(Flaw::no_assertion)?;
    let (root, node) = assertion::locate(&document)?;
    let assertion = Assertion::read(&document, node)?;
    if assertion.issuer != provider.entity_id {
        let hint = format!("the response is of {}, the provider is {}", assertion.issuer, provider.entity_id);
        return Err(Flaw { message: "Issuer not present in specified provider", hint });
    }
    signature::verify(&document, root, node, &provider.keys)?;
    Ok(assertion)
}
