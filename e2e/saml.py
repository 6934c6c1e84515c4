"""A SAML identity provider for the tests: a key, its certificate, metadata, and responses signed by signxml."""

import base64
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureMethod, XMLSigner, methods

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
SIGNATURES = "http://www.w3.org/2000/09/xmldsig#"
SIGN_IN = "https://signin.aws.amazon.com/saml"
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"


def instant(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class SamlProvider:
    """`kind`: the arguments of `openssl req -newkey`."""

    def __init__(self, entity, kind=("rsa:2048",)):
        self.entity = entity
        directory = Path(tempfile.mkdtemp(prefix="postern-e2e-saml-"))
        key, certificate = directory / "key.pem", directory / "certificate.pem"
        words = ["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "2", "-subj", "/CN=idp"]
        subprocess.run([*words, "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=60)
        self.key, self.certificate = key.read_bytes(), certificate.read_text()
        self.curve = kind[0] == "ec"

    def metadata(self):
        body = "".join(line for line in self.certificate.splitlines() if "-----" not in line)
        return (
            f'<?xml version="1.0"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{self.entity}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}"><md:KeyDescriptor use="signing">'
            f'<ds:KeyInfo xmlns:ds="{SIGNATURES}"><ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data>'
            f'</ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Location="{self.entity}/sso" '
            'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/></md:IDPSSODescriptor></md:EntityDescriptor>'
        )

    def response(self, attributes, subject="ann", audience=SIGN_IN, recipient=SIGN_IN, age=0, sign="Assertion", lasts=300):
        """In Base64. `sign`: which element, or None. `attributes`: values by AWS's short names or by whole names."""
        told = "".join(
            f'<saml:Attribute Name="{name if ":" in name.split("PrincipalTag:")[0] else ATTRIBUTES + name}">'
            + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in attributes.items()
        )
        issuer, issued, end = f"<saml:Issuer>{self.entity}</saml:Issuer>", instant(-age), instant(lasts - age)
        text = f"""<samlp:Response xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="_r" Version="2.0" IssueInstant="{issued}">
  {issuer}<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
  <saml:Assertion ID="_a" Version="2.0" IssueInstant="{issued}">{issuer}
    <saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{subject}</saml:NameID>
      <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
        <saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{recipient}"/></saml:SubjectConfirmation></saml:Subject>
    <saml:Conditions NotBefore="{issued}" NotOnOrAfter="{end}">
      <saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
    <saml:AuthnStatement AuthnInstant="{issued}"/><saml:AttributeStatement>{told}</saml:AttributeStatement>
  </saml:Assertion>
</samlp:Response>"""
        root = etree.fromstring(text.encode())
        if sign:
            root = self.sign(root, sign)
        return base64.b64encode(etree.tostring(root)).decode()

    def sign(self, root, name):
        element = root if name == "Response" else root.find(f"{{{ASSERTION}}}Assertion")
        place = etree.Element(f"{{{SIGNATURES}}}Signature", Id="placeholder", nsmap={"ds": SIGNATURES})
        element.find(f"{{{ASSERTION}}}Issuer").addnext(place)
        signer = XMLSigner(
            method=methods.enveloped,
            signature_algorithm=SignatureMethod.ECDSA_SHA256 if self.curve else SignatureMethod.RSA_SHA256,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )
        words = {"reference_uri": "#" + element.get("ID"), "id_attribute": "ID"}
        signed = signer.sign(element, key=self.key, cert=self.certificate, **words)
        if name == "Response":
            return signed
        root.replace(element, signed)
        return root
