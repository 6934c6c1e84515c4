//! Whose certificates are believed: those of the machine, or of one file.

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Who must have signed the certificate of a server that is spoken to by TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// An authority that this machine trusts.
    Machine,
    /// One of the authorities in this file of PEM, and nobody else.
    File(PathBuf),
}

/// Why there is nobody to trust.
#[derive(Debug, thiserror::Error)]
pub enum NoTrust {
    #[error("{}: {why}", file.display())]
    File { file: PathBuf, why: String },
    #[error("this machine trusts no certificate authority: {0}")]
    Machine(String),
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// The certificates in a file of PEM, at least one.
pub fn authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, NoTrust> {
    let wrong = |why: String| NoTrust::File { file: file.to_owned(), why };
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() { Err(wrong("no certificate is in it".to_owned())) } else { Ok(found) }
}

impl Trust {
    fn roots(&self) -> Result<RootCertStore, NoTrust> {
        let mut roots = RootCertStore::empty();
        match self {
            Self::Machine => {
                let found = rustls_native_certs::load_native_certs();
                roots.add_parsable_certificates(found.certs);
                if roots.is_empty() {
                    let why = found.errors.first().map_or_else(|| "none was found".to_owned(), ToString::to_string);
                    return Err(NoTrust::Machine(why));
                }
            }
            Self::File(file) => {
                for certificate in authorities(file)? {
                    let wrong = |error: rustls::Error| NoTrust::File { file: file.clone(), why: error.to_string() };
                    roots.add(certificate).map_err(wrong)?;
                }
            }
        }
        Ok(roots)
    }

    /// `needed`: whether TLS is spoken at all; without it nobody is trusted, and nothing read.
    pub(crate) fn config(&self, needed: bool) -> Result<ClientConfig, NoTrust> {
        let roots = if needed { self.roots()? } else { RootCertStore::empty() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_no_trust() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        let trust = Trust::File(file.clone());
        assert!(matches!(trust.config(true), Err(NoTrust::File { .. })), "it is not there");
        std::fs::write(&file, "no PEM").unwrap();
        assert!(matches!(trust.config(true), Err(NoTrust::File { .. })));
        assert!(trust.config(false).is_ok());
    }
}
