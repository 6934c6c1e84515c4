//! Key pairs, made by the host's own `ssh-keygen`, with the fingerprints that AWS computes.
//!
//! AWS's rule (EC2 guide, "Verify the fingerprint"): a created RSA key has the SHA-1 of its private key as PKCS#8 DER, an
//! imported one the MD5 of its public key as DER, both in hexadecimal with colons; ED25519 the SHA-256 of the SSH blob.

use crate::paths::DataDir;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use postern_control::KeyMaterial;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::process::{Command, Stdio};

/// Makes a pair: `rsa` (2048 bits) or `ed25519`.
pub fn make(dir: &DataDir, key_type: &str, comment: &str) -> Result<KeyMaterial, String> {
    let place = tempfile::Builder::new().prefix("key-").tempdir_in(dir.path()).map_err(|e| e.to_string())?;
    let file = place.path().join("key");
    let form: &[&str] = if key_type == "rsa" { &["-b", "2048", "-m", "PEM"] } else { &[] };
    let made = Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-t", key_type, "-C", comment])
        .args(form)
        .arg("-f")
        .arg(&file)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("ssh-keygen (Debian package openssh-client): {e}"))?;
    if !made.status.success() {
        return Err(format!("ssh-keygen: {}", String::from_utf8_lossy(&made.stderr).trim()));
    }
    let private = std::fs::read_to_string(&file).map_err(|e| e.to_string())?;
    let public = std::fs::read_to_string(file.with_extension("pub")).map_err(|e| e.to_string())?;
    let mut material = read(&public).ok_or("ssh-keygen made a key that is none")?;
    if key_type == "rsa" {
        material.fingerprint = created_rsa_fingerprint(&private).ok_or("ssh-keygen made a key that is no PEM")?;
    }
    material.private_pem = Some(private);
    Ok(material)
}

/// Reads an OpenSSH public key line; `None` if it is none of the kinds that AWS takes.
pub fn read(line: &str) -> Option<KeyMaterial> {
    let mut words = line.split_whitespace();
    let (algorithm, blob) = (words.next()?, STANDARD.decode(words.next()?).ok()?);
    let (name, rest) = ssh_string(&blob)?;
    if name != algorithm.as_bytes() {
        return None;
    }
    let (key_type, fingerprint) = match algorithm {
        "ssh-ed25519" => ("ed25519", STANDARD.encode(Sha256::digest(&blob))),
        "ssh-rsa" => {
            let (exponent, rest) = ssh_string(rest)?;
            let (modulus, _) = ssh_string(rest)?;
            ("rsa", colons(&Md5::digest(public_der(modulus, exponent))))
        }
        _ => return None,
    };
    Some(KeyMaterial { key_type: key_type.into(), private_pem: None, public_line: line.trim().to_owned(), fingerprint })
}

/// One length-prefixed string of the SSH wire form, and what follows it.
fn ssh_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

fn created_rsa_fingerprint(pem: &str) -> Option<String> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let pkcs1 = STANDARD.decode(body).ok()?;
    let version = der(0x02, &[0]);
    let pkcs8 = der(0x30, &[version, rsa_algorithm(), der(0x04, &pkcs1)].concat());
    Some(colons(&Sha1::digest(pkcs8)))
}

/// SubjectPublicKeyInfo.
fn public_der(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let numbers = der(0x30, &[der(0x02, modulus), der(0x02, exponent)].concat());
    let bits = der(0x03, &[&[0], numbers.as_slice()].concat());
    der(0x30, &[rsa_algorithm(), bits].concat())
}

/// rsaEncryption (1.2.840.113549.1.1.1) with no parameters.
fn rsa_algorithm() -> Vec<u8> {
    let oid = der(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]);
    der(0x30, &[oid, der(0x05, &[])].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short if short < 0x80 => out.push(short as u8),
        long => {
            let bytes: Vec<u8> = long.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
            out.push(0x80 | bytes.len() as u8);
            out.extend(bytes);
        }
    }
    out.extend(content);
    out
}

fn colons(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_made_and_read_again() {
        let place = tempfile::tempdir().unwrap();
        let dir = DataDir::choose(Some(place.path()));
        let rsa = make(&dir, "rsa", "a").unwrap();
        assert!(rsa.private_pem.unwrap().starts_with("-----BEGIN RSA PRIVATE KEY-----"));
        assert_eq!(rsa.fingerprint.len(), 20 * 3 - 1);
        assert_eq!(read(&rsa.public_line).unwrap().fingerprint.len(), 16 * 3 - 1);
        let ed = make(&dir, "ed25519", "b").unwrap();
        assert!(ed.private_pem.unwrap().contains("OPENSSH PRIVATE KEY"));
        assert_eq!(read(&ed.public_line).unwrap().fingerprint, ed.fingerprint);
        assert_eq!(read("ssh-ed25519 AAAA"), None);
        assert_eq!(read("nonsense"), None);
    }
}
