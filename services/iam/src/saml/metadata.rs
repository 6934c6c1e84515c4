//! A provider's metadata document: who it is and with which keys it signs.

use super::xml;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_cert::Certificate;
use x509_cert::der::Decode;

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const SIGNATURES: &str = "http://www.w3.org/2000/09/xmldsig#";

pub struct Metadata {
    /// As its responses name it in `Issuer`.
    pub entity_id: String,
    /// Unix seconds, if the document says until when it is good.
    pub valid_until: Option<i64>,
    /// Public keys as certificates have them: PKCS #1 for RSA, a point for a curve.
    pub keys: Vec<Vec<u8>>,
}

impl Metadata {
    /// An EntityDescriptor with an IDPSSODescriptor and at least one certificate for signatures. `None` if it is
    /// something else.
    pub fn read(text: &str) -> Option<Self> {
        let document = xml::parse(text).ok()?;
        let root =
            document.document_element().filter(|root| xml::is(&document, *root, METADATA, "EntityDescriptor"))?;
        let valid_until = match xml::attribute(&document, root, "validUntil") {
            None => None,
            Some(text) => Some(OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp()),
        };
        let provider = document.first_child_element_by_name_ns(root, METADATA, "IDPSSODescriptor")?;
        let mut keys = Vec::new();
        for descriptor in document.child_elements_by_name_ns(provider, METADATA, "KeyDescriptor") {
            if xml::attribute(&document, descriptor, "use").is_some_and(|purpose| purpose != "signing") {
                continue;
            }
            for certificate in document.get_elements_by_tag_name_ns(SIGNATURES, "X509Certificate") {
                if document.ancestors(certificate).contains(&descriptor) {
                    keys.push(public_key(&xml::text(&document, certificate))?);
                }
            }
        }
        let entity_id = xml::attribute(&document, root, "entityID")?.to_owned();
        (!keys.is_empty()).then_some(Self { entity_id, valid_until, keys })
    }
}

fn public_key(certificate: &str) -> Option<Vec<u8>> {
    let text: String = certificate.split_whitespace().collect();
    let certificate = Certificate::from_der(&STANDARD.decode(text).ok()?).ok()?;
    let info = certificate.tbs_certificate().subject_public_key_info();
    info.subject_public_key.as_bytes().map(<[u8]>::to_vec)
}
