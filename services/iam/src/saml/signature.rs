//! Signatures of XML as SAML uses them: over the whole response, over the assertion, or both (XML Signature, SAML core 5.4).
//!
//! Narrow on purpose. A signature counts only for the element it stands in, found by an id that no other element has, and
//! only with the transforms that SAML allows; so nothing that is read can be something else than what was signed.

use super::Flaw;
use super::xml::{attribute, only, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::NodeSet;
use ring::digest;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use uppsala::{Document, NodeId};

const SIGNATURES: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Whether response or assertion is signed by one of these keys, and no signature on either is bad.
pub fn verify(document: &Document<'_>, root: NodeId, assertion: NodeId, keys: &[Vec<u8>]) -> Result<(), Flaw> {
    let mut any = false;
    for element in [root, assertion] {
        match document.child_elements_by_name_ns(element, SIGNATURES, "Signature")[..] {
            [] => {}
            [one] => {
                verify_one(document, element, one, keys).map_err(Flaw::signature)?;
                any = true;
            }
            _ => return Err(Flaw::signature("an element has more than one Signature")),
        }
    }
    if any { Ok(()) } else { Err(Flaw::signature("neither the response nor its assertion is signed")) }
}

fn verify_one(document: &Document<'_>, element: NodeId, own: NodeId, keys: &[Vec<u8>]) -> Result<(), String> {
    let info = only(document, own, SIGNATURES, "SignedInfo")?;
    let reference = only(document, info, SIGNATURES, "Reference")?;
    refers_to(document, reference, element)?;
    let digest = digested(document, element, own, reference)?;
    let wanted = bytes(document, only(document, reference, SIGNATURES, "DigestValue")?)?;
    if digest.as_ref() != wanted {
        return Err("the digest is not that of the element: it was changed after it was signed".into());
    }
    let method = only(document, info, SIGNATURES, "CanonicalizationMethod")?;
    let canonical = canonical(document, &NodeSet::tree_with_comments(info, document), mode(document, method)?, method)?;
    let algorithm = only(document, info, SIGNATURES, "SignatureMethod")?;
    let algorithm = verification(named(document, algorithm)?)?;
    let value = bytes(document, only(document, own, SIGNATURES, "SignatureValue")?)?;
    let good = |key: &Vec<u8>| UnparsedPublicKey::new(algorithm, key).verify(&canonical, &value).is_ok();
    if keys.iter().any(good) { Ok(()) } else { Err("no key of the provider's metadata made the signature".into()) }
}

/// The reference names the element that the signature stands in, by an id that is the only one of its kind.
fn refers_to(document: &Document<'_>, reference: NodeId, element: NodeId) -> Result<(), String> {
    let uri = attribute(document, reference, "URI").unwrap_or_default();
    let id = attribute(document, element, "ID").unwrap_or_default();
    if id.is_empty() || uri.strip_prefix('#') != Some(id) {
        return Err(format!("the signature is over {uri:?}, not over the element that it stands in"));
    }
    let same = |node: &NodeId| {
        let element = document.element(*node);
        element
            .is_some_and(|e| e.attributes.iter().any(|a| a.name.local_name.eq_ignore_ascii_case("id") && a.value == id))
    };
    match document.descendants(document.root()).iter().filter(|node| same(node)).count() {
        1 => Ok(()),
        _ => Err(format!("more than one element has the id {id}")),
    }
}

/// The digest of the element as its transforms leave it: without the signature itself, in canonical form.
fn digested(
    document: &Document<'_>,
    element: NodeId,
    own: NodeId,
    reference: NodeId,
) -> Result<digest::Digest, String> {
    let (mut enveloped, mut form, mut method) = (false, C14nMode::Inclusive, reference);
    let transforms = only(document, reference, SIGNATURES, "Transforms")?;
    for transform in document.child_elements_by_name_ns(transforms, SIGNATURES, "Transform") {
        if named(document, transform)? == ENVELOPED {
            enveloped = true;
        } else {
            (form, method) = (mode(document, transform)?, transform);
        }
    }
    if !enveloped {
        return Err("the transforms do not leave the signature itself out".into());
    }
    let nodes = NodeSet::tree_without_comments(element, document);
    let nodes = nodes.subtract(&NodeSet::tree_with_comments(own, document));
    let canonical = canonical(document, &nodes, form, method)?;
    let algorithm = match named(document, only(document, reference, SIGNATURES, "DigestMethod")?)? {
        "http://www.w3.org/2001/04/xmlenc#sha256" => &digest::SHA256,
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => &digest::SHA384,
        "http://www.w3.org/2001/04/xmlenc#sha512" => &digest::SHA512,
        other => return Err(format!("the digest {other} is not taken")),
    };
    Ok(digest::digest(algorithm, &canonical))
}

/// `method` may list prefixes whose namespaces are kept everywhere.
fn canonical(document: &Document<'_>, nodes: &NodeSet, mode: C14nMode, method: NodeId) -> Result<Vec<u8>, String> {
    let listed = document.first_child_element_by_name_ns(method, EXCLUSIVE, "InclusiveNamespaces");
    let prefixes = listed.and_then(|node| attribute(document, node, "PrefixList")).unwrap_or_default();
    let prefixes: Vec<&str> = prefixes.split_whitespace().collect();
    canonicalize_doc(document, mode, Some(nodes), &prefixes).map_err(|error| format!("no canonical form: {error}"))
}

fn mode(document: &Document<'_>, method: NodeId) -> Result<C14nMode, String> {
    let uri = named(document, method)?;
    C14nMode::from_uri(uri).ok_or_else(|| format!("the transform {uri} is not taken"))
}

fn verification(uri: &str) -> Result<&'static dyn VerificationAlgorithm, String> {
    Ok(match uri.strip_prefix("http://www.w3.org/2001/04/xmldsig-more#").unwrap_or_default() {
        "rsa-sha256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "rsa-sha384" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "rsa-sha512" => &signature::RSA_PKCS1_2048_8192_SHA512,
        "ecdsa-sha256" => &signature::ECDSA_P256_SHA256_FIXED,
        "ecdsa-sha384" => &signature::ECDSA_P384_SHA384_FIXED,
        _ => return Err(format!("the signature algorithm {uri} is not taken")),
    })
}

fn named<'d>(document: &'d Document<'_>, node: NodeId) -> Result<&'d str, String> {
    attribute(document, node, "Algorithm").ok_or_else(|| "an algorithm has no name".to_owned())
}

fn bytes(document: &Document<'_>, node: NodeId) -> Result<Vec<u8>, String> {
    let text: String = text(document, node).split_whitespace().collect();
    STANDARD.decode(text).map_err(|_| "a value of the signature is not in Base64".to_owned())
}
