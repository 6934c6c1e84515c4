//! Signs what SNS sends, and shows the certificate by which that is verified.
//!
//! An RSA key takes a while to make: it is made when something is signed for the first time.

use crate::paths::{DataDir, write_private};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_door::Documents;
use postern_sns::Sign;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::sync::{Mutex, OnceLock, PoisonError};
use time::OffsetDateTime;

const BITS: usize = 2048;
const NAME: &str = "sns.amazonaws.com";

pub struct Notary {
    dir: DataDir,
    authority_key: String,
    made: OnceLock<Option<Made>>,
    /// The last signature: the envelopes of one message for several queues have the same text.
    last: Mutex<Option<(String, String, String)>>,
}

struct Made {
    key: rsa::PrivateKey,
    certificate: String,
    path: String,
}

impl Notary {
    pub fn new(dir: DataDir, authority_key: String) -> Self {
        Self { dir, authority_key, made: OnceLock::new(), last: Mutex::default() }
    }

    fn made(&self) -> Option<&Made> {
        let make = || self.make().inspect_err(|error| tracing::error!(error, "SNS's messages are not signed")).ok();
        self.made.get_or_init(|| tokio::task::block_in_place(make)).as_ref()
    }

    fn make(&self) -> Result<Made, String> {
        let (key_file, certificate_file) = (self.dir.file("sns-key"), self.dir.file("sns.pem"));
        let text = |error: std::io::Error| error.to_string();
        if !key_file.exists() || !certificate_file.exists() {
            let key = rsa::PrivateKey::new(&mut getrandom::SysRng, BITS).map_err(|error| error.to_string())?;
            let key = key.to_pkcs8_der().map_err(|error| error.to_string())?;
            let now = OffsetDateTime::now_utc();
            let certificate = postern_door::certify(&self.authority_key, NAME, key.as_bytes(), now);
            let certificate = certificate.map_err(|error| error.to_string())?;
            write_private(&key_file, key.as_bytes()).map_err(text)?;
            write_private(&certificate_file, certificate.as_bytes()).map_err(text)?;
        }
        let key = std::fs::read(&key_file).map_err(text)?;
        let key = rsa::PrivateKey::from_pkcs8_der(&key).map_err(|error| error.to_string())?;
        let certificate = std::fs::read_to_string(&certificate_file).map_err(text)?;
        let digest = hex(&Sha256::digest(&certificate));
        let path = format!("/SimpleNotificationService-{}.pem", digest.get(..32).unwrap_or_default());
        Ok(Made { key, certificate, path })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Sign for Notary {
    fn sign(&self, version: &str, text: &str) -> Option<String> {
        let made = self.made()?;
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, _, signature)) = last.filter(|(of, what, _)| of == version && what == text) {
            return Some(signature);
        }
        let signed = match version {
            "2" => made.key.pkcs1v15_sign_prehash::<Sha256>(&Sha256::digest(text)),
            _ => made.key.pkcs1v15_sign_prehash::<Sha1>(&Sha1::digest(text)),
        };
        let signed = signed.inspect_err(|error| tracing::error!(%error, "a message of SNS's is not signed"));
        let signature = STANDARD.encode(signed.ok()?);
        let kept = (version.to_owned(), text.to_owned(), signature.clone());
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Some(signature)
    }

    fn certificate_path(&self) -> String {
        self.made().map(|made| made.path.clone()).unwrap_or_default()
    }
}

impl Documents for Notary {
    fn pem(&self, service: &str, path: &str) -> Option<String> {
        // Whoever asks for a certificate has a message that names it; nothing is made for others.
        let known = service == "sns" && path.starts_with("/SimpleNotificationService-");
        let made = known.then(|| self.made())??;
        (made.path == path).then(|| made.certificate.clone())
    }
}
