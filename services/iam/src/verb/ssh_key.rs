//! SSH public keys of users: RSA, told in SSH's form or as PEM.

use super::{Request, nothing, time_text};
use crate::entity::SshKey;
use crate::iam::Desk;
use crate::input::constraint;
use crate::page::page;
use crate::save::Touched;
use crate::state::key;
use crate::{ids, refuse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use postern_call::Refusal;
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PublicKey};
use serde_json::{Value, json};

const KEYS_PER_USER: usize = 5;
const BITS_MIN: u32 = 2048;
const KIND: &[u8] = b"ssh-rsa";

pub fn upload(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("UserName", 64)?;
    let blob = read(request.input.required("SSHPublicKeyBody")?).ok_or_else(|| {
        Refusal::new("InvalidPublicKey", "The public key is malformed or otherwise invalid.")
            .hint("an RSA key of at least 2,048 bits, as `ssh-rsa ...` or as PEM")
    })?;
    let user = desk.account().user_mut(name)?;
    if user.ssh_keys.iter().any(|known| known.blob == blob) {
        let message = "The SSH public key is already associated with the specified IAM user.";
        return Err(Refusal::new("DuplicateSSHPublicKey", message).status(400));
    }
    if user.ssh_keys.len() >= KEYS_PER_USER {
        return Err(refuse::quota("SSHPublicKeysPerUser", KEYS_PER_USER));
    }
    let made = SshKey { id: ids::access_key("APKA")?, blob, active: true, uploaded: request.now };
    let reply = whole(&user.name, &made, "SSH")?;
    user.ssh_keys.push(made);
    desk.touch(Touched::User(key(name)));
    Ok(reply)
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("UserName", 64)?;
    let encoding = request.input.required("Encoding")?;
    if !["SSH", "PEM"].contains(&encoding) {
        return Err(constraint(encoding, "Encoding", "Member must satisfy enum value set: [SSH, PEM]"));
    }
    let found = find(desk, request, name)?.clone();
    whole(name, &found, encoding)
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.user()?;
    let user = desk.account().user(name)?;
    let shape = |(place, one): (usize, &SshKey)| (format!("{place:04}"), brief(&user.name, one));
    page(request.input, "SSHPublicKeys", user.ssh_keys.iter().enumerate().map(shape).collect())
}

pub fn update(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("UserName", 64)?;
    let active = super::is_active(request)?;
    find(desk, request, name)?.active = active;
    desk.touch(Touched::User(key(name)));
    nothing()
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("UserName", 64)?;
    let id = find(desk, request, name)?.id.clone();
    desk.account().user_mut(name)?.ssh_keys.retain(|one| one.id != id);
    desk.touch(Touched::User(key(name)));
    nothing()
}

fn find<'d>(desk: &'d mut Desk<'_>, request: &Request<'_>, name: &str) -> Result<&'d mut SshKey, Refusal> {
    let id = request.input.required("SSHPublicKeyId")?;
    let found = desk.account().user_mut(name)?.ssh_keys.iter_mut().find(|one| one.id == id);
    found.ok_or_else(|| refuse::no_entity(format!("The Public Key with id {id} cannot be found.")))
}

fn brief(user: &str, one: &SshKey) -> Value {
    json!({
        "UserName": user,
        "SSHPublicKeyId": one.id,
        "Status": if one.active { "Active" } else { "Inactive" },
        "UploadDate": time_text(one.uploaded),
    })
}

fn whole(user: &str, one: &SshKey, encoding: &str) -> Result<Value, Refusal> {
    let mut shape = brief(user, one);
    let hex = data_encoding::HEXLOWER.encode(&Md5::digest(&one.blob));
    let pairs: Vec<&str> = (0..hex.len()).step_by(2).filter_map(|at| hex.get(at..at + 2)).collect();
    shape["Fingerprint"] = json!(pairs.join(":"));
    shape["SSHPublicKeyBody"] = json!(match encoding {
        "PEM" => {
            let pem = public_key(&one.blob).and_then(|key| key.to_public_key_pem(LineEnding::LF).ok());
            pem.ok_or_else(|| Refusal::internal(format!("the kept key {} is none", one.id)))?
        }
        _ => format!("ssh-rsa {}", STANDARD.encode(&one.blob)),
    });
    Ok(json!({ "SSHPublicKey": shape }))
}

/// The key as SSH sends it (RFC 4253, 6.6), from a line or from PEM; `None` if it is no RSA key of enough bits.
fn read(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let found = if text.starts_with("-----BEGIN") {
        PublicKey::from_public_key_pem(text).ok()?
    } else {
        let (kind, rest) = text.split_once(char::is_whitespace)?;
        let body = rest.split_whitespace().next().filter(|_| kind.as_bytes() == KIND)?;
        public_key(&STANDARD.decode(body).ok()?)?
    };
    if found.n().bit_width() < BITS_MIN {
        return None;
    }
    let mut blob = Vec::new();
    for part in [KIND.to_vec(), integer(&found.e_bytes()), integer(&found.n_bytes())] {
        blob.extend(u32::try_from(part.len()).ok()?.to_be_bytes());
        blob.extend(part);
    }
    Some(blob)
}

fn public_key(blob: &[u8]) -> Option<PublicKey> {
    let (kind, rest) = part(blob)?;
    let (e, rest) = part(rest)?;
    let (n, rest) = part(rest)?;
    if kind != KIND || !rest.is_empty() {
        return None;
    }
    PublicKey::new(BoxedUint::from_be_slice_vartime(n), BoxedUint::from_be_slice_vartime(e)).ok()
}

/// A part with its length before it, and what follows it.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// As SSH writes it: no zeros before it but one that keeps it positive.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let bytes = bytes.get(start..).unwrap_or_default();
    let sign = bytes.first().filter(|first| **first >= 0x80).map(|_| 0);
    sign.into_iter().chain(bytes.iter().copied()).collect()
}
