//! Roles for whoever brings a response of a SAML provider. The responses in `saml/` were signed by another library
//! (signxml); those that differ from them are signed here.

use super::*;
use crate::saml::{Metadata, verified};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::NodeSet;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

const PROVIDER: &str = "arn:aws:iam::123456789012:saml-provider/corp";
const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
const UNSIGNED: &str = include_str!("saml/response.xml");
const SIGNED_ASSERTION: &str = include_str!("saml/signed_assertion.xml");
const SIGNED_RESPONSE: &str = include_str!("saml/signed_response.xml");
const SIGNED_EXCLUSIVE: &str = include_str!("saml/signed_response_exclusive.xml");
const BAD_SIGNATURE: &str = "Response signature invalid";
const NO_ASSERTION: &str = "Response did not contain a valid SAML assertion";

fn metadata(entity: &str) -> String {
    format!(
        r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}"><IDPSSODescriptor
        protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo
        xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
        </IDPSSODescriptor></EntityDescriptor>"#,
        include_str!("rsa_certificate.txt")
    )
}

/// The response with its assertion signed, in exclusive canonical form, with SHA-256.
fn signed(response: &str) -> String {
    let document = uppsala::parse(response).expect("XML");
    let assertion = document.get_elements_by_tag_name("Assertion")[0];
    let nodes = NodeSet::tree_without_comments(assertion, &document);
    let canonical = canonicalize_doc::<&str>(&document, C14nMode::Exclusive, Some(&nodes), &[]).expect("a form");
    let digest = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, &canonical));
    let info = format!(
        r##"><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#_a1"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"##
    );
    let namespace = r#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#""#;
    let der = STANDARD.decode(include_str!("rsa_key.txt").split_whitespace().collect::<String>()).unwrap();
    let key = RsaKeyPair::from_pkcs8(&der).unwrap();
    let mut value = vec![0; key.public().modulus_len()];
    let message = format!("<ds:SignedInfo{namespace}{info}");
    key.sign(&RSA_PKCS1_SHA256, &ring::rand::SystemRandom::new(), message.as_bytes(), &mut value).unwrap();
    let signature = format!(
        "<ds:Signature{namespace}><ds:SignedInfo{info}<ds:SignatureValue>{}</ds:SignatureValue></ds:Signature>",
        STANDARD.encode(value)
    );
    let at = response.rfind("</saml:Issuer>").expect("an issuer") + "</saml:Issuer>".len();
    format!("{}{signature}{}", &response[..at], &response[at..])
}

/// A response that differs in one text, signed.
fn with(old: &str, new: &str) -> String {
    assert!(UNSIGNED.contains(old), "{old}");
    signed(&UNSIGNED.replace(old, new))
}

async fn lab(condition: Value) -> Lab {
    let lab = Lab::new();
    let input = json!({ "Name": "corp", "SAMLMetadataDocument": metadata("https://id.example") });
    assert_eq!(lab.ok("CreateSAMLProvider", input).await["SAMLProviderArn"], PROVIDER);
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": PROVIDER },
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": condition,
    }] });
    lab.role("deploy", &trust.to_string()).await;
    lab
}

fn take(response: &str) -> Value {
    json!({ "RoleArn": ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": STANDARD.encode(response) })
}

async fn call(lab: &Lab, input: Value) -> Result<Value, Refusal> {
    lab.sts_as(&Caller::anonymous(), "AssumeRoleWithSAML", input).await
}

async fn refused(lab: &Lab, input: Value) -> String {
    call(lab, input).await.expect_err("a refusal").to_string()
}

#[tokio::test]
async fn a_signed_response_opens_a_session() {
    let lab = lab(json!({ "StringEquals": {
        "saml:aud": "https://signin.aws.amazon.com/saml", "saml:iss": "https://id.example", "saml:sub": "ann@example",
        "saml:sub_type": "persistent", "saml:doc": "123456789012/corp", "aws:RequestTag/team": "net & dns",
    }, "ForAnyValue:StringEquals": { "saml:edupersonaffiliation": "staff" } }))
    .await;
    for response in [SIGNED_ASSERTION, SIGNED_RESPONSE, SIGNED_EXCLUSIVE, &signed(UNSIGNED)] {
        let reply = call(&lab, take(response)).await.unwrap();
        assert_eq!(reply["Subject"], "ann@example");
        assert_eq!((&reply["SubjectType"], &reply["Issuer"]), (&json!("persistent"), &json!("https://id.example")));
        assert_eq!(reply["Audience"], "https://signin.aws.amazon.com/saml");
        // printf https://id.example123456789012/corp | openssl dgst -sha1 -binary | base64
        assert_eq!(reply["NameQualifier"], "VyMKGBwBSDPka0ecQMgweJP/1IM=");
        assert_eq!(reply["AssumedRoleUser"]["Arn"], "arn:aws:sts::123456789012:assumed-role/deploy/ann@example");
        assert_eq!(reply["Credentials"]["Expiration"], "2026-11-21T11:00:00Z");
        let caller = lab.credential(reply["Credentials"]["AccessKeyId"].as_str().unwrap()).unwrap().caller;
        assert_eq!(caller.keys["aws:PrincipalTag/team"], ["net & dns"]);
        assert_eq!(caller.keys["saml:sub"], ["ann@example"]);
        assert_eq!(caller.keys["aws:FederatedProvider"], [PROVIDER]);
        assert!(!caller.keys.contains_key("saml:aud"), "the trust alone sees the audience");
    }
}

#[tokio::test]
async fn what_was_changed_or_never_signed_opens_nothing() {
    let lab = lab(json!({})).await;
    let invalid = |message: &str| format!("InvalidIdentityToken: {message}");
    let another = SIGNED_ASSERTION.replace("ann@example", "bob@example");
    let no_value = SIGNED_RESPONSE.replacen("<ds:SignatureValue>", "<ds:SignatureValue>AAAA", 1);
    let weak = SIGNED_ASSERTION.replace("xmldsig-more#rsa-sha256", "xmldsig#rsa-sha1");
    let not_enveloped = SIGNED_ASSERTION.replace("2000/09/xmldsig#enveloped-signature", "2001/10/xml-exc-c14n#");
    // The signed assertion is moved where nobody looks, and another one stands in its place.
    let start = SIGNED_ASSERTION.find("<saml:Assertion").unwrap();
    let end = SIGNED_ASSERTION.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len();
    let (own, (from, to)) = (&SIGNED_ASSERTION[start..end], (&SIGNED_ASSERTION[..start], &SIGNED_ASSERTION[end..]));
    let signature = &own[own.find("<ds:Signature ").unwrap()..own.find("</ds:Signature>").unwrap() + 15];
    let bare = own.replace(signature, "").replace("ann@example", "bob@example");
    let wrapped = format!("{from}{bare}<samlp:Extensions>{own}</samlp:Extensions>{to}");
    let forged =
        bare.replace("</saml:Issuer>", &format!("</saml:Issuer>{signature}")).replace("ID=\"_a1\"", "ID=\"_b1\"");
    let twice = forged.replace("ID=\"_b1\"", "ID=\"_a1\"");
    for (response, message) in [
        (UNSIGNED.to_owned(), BAD_SIGNATURE),
        (another, BAD_SIGNATURE),
        (no_value, BAD_SIGNATURE),
        (weak, BAD_SIGNATURE),
        (not_enveloped, BAD_SIGNATURE),
        (wrapped, BAD_SIGNATURE),
        (format!("{from}{forged}<samlp:Extensions>{own}</samlp:Extensions>{to}"), BAD_SIGNATURE),
        (format!("{from}{twice}<samlp:Extensions>{own}</samlp:Extensions>{to}"), BAD_SIGNATURE),
        (format!("{from}{own}{own}{to}"), NO_ASSERTION),
        (format!("<!DOCTYPE r [<!ENTITY e \"x\">]>{SIGNED_ASSERTION}"), NO_ASSERTION),
        (SIGNED_ASSERTION.replace("status:Success", "status:Requester"), NO_ASSERTION),
        ("<a/>".into(), NO_ASSERTION),
        (String::new(), NO_ASSERTION),
    ] {
        assert_eq!(refused(&lab, take(&response)).await, invalid(message), "{response}");
    }
    let mut input = take("x");
    input["SAMLAssertion"] = json!("***");
    assert_eq!(refused(&lab, input).await, invalid("Invalid base64 SAMLResponse"));
    let mut input = take(SIGNED_ASSERTION);
    input["PrincipalArn"] = json!("arn:aws:iam::123456789012:saml-provider/none");
    assert_eq!(refused(&lab, input).await, invalid("Specified provider doesn't exist"));
}

#[test]
fn comments_cut_no_name_short_and_other_providers_are_others() {
    let own = Metadata::read(&metadata("https://id.example")).unwrap();
    let commented = SIGNED_ASSERTION.replace(">ann@example</saml:NameID>", ">ann@<!-- -->example</saml:NameID>");
    assert_eq!(verified(&commented, &own).unwrap().subject, "ann@example");
    let other = Metadata::read(&metadata("https://other.example")).unwrap();
    assert_eq!(verified(SIGNED_ASSERTION, &other).unwrap_err().message, "Issuer not present in specified provider");
}

#[tokio::test]
async fn each_thing_that_a_response_must_say() {
    let mut lab = lab(json!({})).await;
    let sign_in = "<saml:Audience>https://signin.aws.amazon.com/saml";
    let recipient = "Recipient=\"https://signin.aws.amazon.com/saml";
    let name = "<saml:AttributeValue>ann@example";
    for (old, new, expected) in [
        (
            sign_in,
            "<saml:Audience>https://app.example",
            "InvalidIdentityToken: Response does not contain the required audience.",
        ),
        (recipient, "Recipient=\"https://app.example/saml", "InvalidIdentityToken: Response did not contain"),
        (
            recipient,
            "Recipient=\"https://evil.example/signin.aws.amazon.com/saml",
            "InvalidIdentityToken: Response did not",
        ),
        ("cm:bearer", "cm:holder-of-key", "InvalidIdentityToken: Response did not contain"),
        ("RoleSessionName", "Other", "InvalidIdentityToken: RoleSessionName is required in AuthnResponse"),
        (name, "<saml:AttributeValue>a b", "InvalidIdentityToken: RoleSessionName in AuthnResponse must match"),
        ("role/deploy", "role/elsewhere", "AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML"),
        (
            "TransitiveTagKeys\"><saml:AttributeValue>team",
            "TransitiveTagKeys\"><saml:AttributeValue>other",
            "InvalidIdentityToken: ",
        ),
        ("NotBefore=\"2026-11-21T09:59:00Z", "NotBefore=\"2026-11-21T10:09:00Z", "InvalidIdentityToken: "),
        (
            "NotOnOrAfter=\"2026-11-21T10:04:30Z\" Recipient",
            "NotOnOrAfter=\"2026-11-21T10:00:00Z\" Recipient",
            "ExpiredTokenException: ",
        ),
        ("SessionNotOnOrAfter=\"2026-11-21T18", "SessionNotOnOrAfter=\"2026-11-21T08", "ExpiredTokenException: "),
        (
            "<saml:AttributeStatement>",
            "<saml:AttributeStatement><saml:Attribute Name=\"https://aws.amazon.com/SAML/Attributes/SourceIdentity\"><saml:AttributeValue>ann</saml:AttributeValue></saml:Attribute>",
            "AccessDenied: Not authorized to perform sts:SetSourceIdentity",
        ),
    ] {
        let told = refused(&lab, take(&with(old, new))).await;
        assert!(told.starts_with(expected), "{new}: {told}");
    }
    for good in ["<saml:Audience>urn:amazon:webservices", "<saml:Audience>https://eu-west-1.signin.aws.amazon.com/saml"]
    {
        call(&lab, take(&with(sign_in, good))).await.unwrap();
    }
    let mut long = take(SIGNED_ASSERTION);
    long["DurationSeconds"] = json!(7200);
    assert!(refused(&lab, long).await.contains("MaxSessionDuration"));
    let reply =
        call(&lab, take(&with("SessionNotOnOrAfter=\"2026-11-21T18:00", "SessionNotOnOrAfter=\"2026-11-21T10:30")))
            .await;
    assert_eq!(reply.unwrap()["Credentials"]["Expiration"], "2026-11-21T10:30:00Z");
    lab.later = 271;
    assert_eq!(
        refused(&lab, take(SIGNED_ASSERTION)).await,
        "ExpiredTokenException: Token must be redeemed within 5 minutes of issuance"
    );
}

#[tokio::test]
async fn the_trust_decides() {
    let lab = lab(json!({ "StringEquals": { "saml:sub_type": "transient" } })).await;
    let refusal = call(&lab, take(SIGNED_ASSERTION)).await.unwrap_err();
    assert_eq!(refusal.to_string(), "AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML");
    assert!(refusal.hint.unwrap().contains("saml:sub_type"));
    call(&lab, take(&with("nameid-format:persistent", "nameid-format:transient"))).await.unwrap();
}
