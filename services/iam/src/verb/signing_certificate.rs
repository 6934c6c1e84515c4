//! X.509 signing certificates of users: kept, told, switched off. Nothing that is served takes them as credentials.

use super::{Request, is_active, nothing, time_text};
use crate::entity::SigningCertificate;
use crate::iam::Desk;
use crate::page::page;
use crate::save::Touched;
use crate::state::key;
use crate::{ids, refuse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::Refusal;
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::der::Decode;

const CERTIFICATES_PER_USER: usize = 2;

pub fn upload(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.user()?;
    let body = request.input.required("CertificateBody")?;
    if !is_certificate(body) {
        let message = "Certificate is malformed: it is no X.509 certificate in PEM form.";
        return Err(Refusal::new("MalformedCertificate", message));
    }
    let user = desk.account().user_mut(name)?;
    if user.certificates.iter().any(|known| known.body.trim() == body.trim()) {
        return Err(Refusal::new("DuplicateCertificate", "The certificate already exists in the system.").status(409));
    }
    if user.certificates.len() >= CERTIFICATES_PER_USER {
        return Err(refuse::quota("SigningCertificatesPerUser", CERTIFICATES_PER_USER));
    }
    // Clients expect 24 characters or more.
    let id = ids::unique(&ids::access_key("")?)?;
    let made = SigningCertificate { id, body: body.to_owned(), active: true, uploaded: request.now };
    let reply = shape(&user.name, &made);
    user.certificates.push(made);
    desk.touch(Touched::User(key(name)));
    Ok(json!({ "Certificate": reply }))
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let user = desk.account().user(request.user()?)?;
    let item = |(place, one): (usize, &SigningCertificate)| (format!("{place:04}"), shape(&user.name, one));
    page(request.input, "Certificates", user.certificates.iter().enumerate().map(item).collect())
}

pub fn update(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (name, active) = (request.user()?, is_active(request)?);
    find(desk, request, name)?.active = active;
    desk.touch(Touched::User(key(name)));
    nothing()
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.user()?;
    let id = find(desk, request, name)?.id.clone();
    desk.account().user_mut(name)?.certificates.retain(|one| one.id != id);
    desk.touch(Touched::User(key(name)));
    nothing()
}

fn find<'d>(desk: &'d mut Desk<'_>, request: &Request<'_>, name: &str) -> Result<&'d mut SigningCertificate, Refusal> {
    let id = request.input.required("CertificateId")?;
    let found = desk.account().user_mut(name)?.certificates.iter_mut().find(|one| one.id == id);
    found.ok_or_else(|| refuse::no_entity(format!("The Certificate with id {id} cannot be found.")))
}

fn is_certificate(text: &str) -> bool {
    let inside = text.trim().strip_prefix("-----BEGIN CERTIFICATE-----");
    let inside = inside.and_then(|rest| rest.strip_suffix("-----END CERTIFICATE-----"));
    let body: Option<String> = inside.map(|body| body.split_whitespace().collect());
    body.and_then(|body| STANDARD.decode(body).ok()).is_some_and(|der| Certificate::from_der(&der).is_ok())
}

fn shape(user: &str, one: &SigningCertificate) -> Value {
    json!({
        "UserName": user,
        "CertificateId": one.id,
        "CertificateBody": one.body,
        "Status": if one.active { "Active" } else { "Inactive" },
        "UploadDate": time_text(one.uploaded),
    })
}
