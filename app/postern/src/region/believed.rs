//! Whose certificates SNS believes when it calls a server by `https`: the region's own authority, which stands for the
//! public ones, and those of a file that the configuration names.

use crate::say::Trouble;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;
use std::sync::Arc;

/// TLS for SNS's calls. Fails where the file has no certificate of an authority.
pub fn tls(authority_pem: &str, ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Trouble> {
    let mut roots = RootCertStore::empty();
    let own = CertificateDer::from_pem_slice(authority_pem.as_bytes()).map_err(Trouble::at("read ca.pem"))?;
    roots.add(own).map_err(Trouble::at("trust ca.pem"))?;
    if let Some(file) = ca_file {
        for certificate in postern_upstream::authorities(file).map_err(Trouble::at("[sns] ca-file"))? {
            roots.add(certificate).map_err(Trouble::at(format!("[sns] ca-file {}", file.display())))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(Trouble::at("choose versions of TLS"))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_door::Authority;
    use time::OffsetDateTime;

    fn pem() -> String {
        Authority::generate(OffsetDateTime::now_utc()).unwrap().certificate_pem().to_owned()
    }

    #[test]
    fn a_file_must_hold_authorities() {
        let (dir, own) = (tempfile::tempdir().unwrap(), pem());
        let file = dir.path().join("ca.pem");
        assert!(tls(&own, None).is_ok());
        assert!(tls(&own, Some(&file)).is_err(), "it is not there");
        std::fs::write(&file, "no PEM").unwrap();
        assert!(tls(&own, Some(&file)).is_err());
        std::fs::write(&file, pem() + &pem()).unwrap();
        assert!(tls(&own, Some(&file)).is_ok());
    }
}
