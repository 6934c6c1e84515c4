//! The region's certificate authority, and certificates made on demand for the name a client asks for.

use crate::Place;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// What could not be done with the authority's key or certificate.
#[derive(Debug, thiserror::Error)]
#[error("certificate authority: {step}: {word}")]
pub struct AuthorityError {
    pub step: &'static str,
    pub word: String,
}

fn failed<E: fmt::Display>(step: &'static str) -> impl Fn(E) -> AuthorityError {
    move |error| AuthorityError { step, word: error.to_string() }
}

/// The authority that signs for every service name. One per data directory.
pub struct Authority {
    certificate_pem: String,
    key_pem: String,
    config: Arc<ServerConfig>,
}

impl Authority {
    /// A new authority, good for ten years from a day before `now`.
    pub fn generate(now: OffsetDateTime) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate().map_err(failed("make a key"))?;
        let mut params = authority_params();
        params.not_before = now - Duration::days(1);
        params.not_after = now + Duration::days(3650);
        let certificate = params.self_signed(&key).map_err(failed("sign it"))?;
        Self::load(&certificate.pem(), &key.serialize_pem())
    }

    /// The authority whose certificate and key these are.
    pub fn load(certificate_pem: &str, key_pem: &str) -> Result<Self, AuthorityError> {
        let certificates = Certificates::new(key_pem)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(failed("choose protocol versions"))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(certificates));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { certificate_pem: certificate_pem.to_owned(), key_pem: key_pem.to_owned(), config: Arc::new(config) })
    }

    /// What clients must trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }
    /// Secret: for the data directory only.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }
}

/// A certificate in PEM for a name and a key of one's own (PKCS #8), by the authority with this key.
pub fn certify(authority_key_pem: &str, name: &str, key: &[u8], now: OffsetDateTime) -> Result<String, AuthorityError> {
    let authority = KeyPair::from_pem(authority_key_pem).map_err(failed("read the key"))?;
    let issuer = Issuer::new(authority_params(), authority);
    let key = KeyPair::try_from(&PrivatePkcs8KeyDer::from(key)).map_err(failed("read the key to certify"))?;
    let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(failed("name a certificate"))?;
    params.distinguished_name = distinguished(name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(3650);
    Ok(params.signed_by(&key, &issuer).map_err(failed("sign a certificate"))?.pem())
}

/// Shakes hands. At a service's own address only that service's names are known.
pub(crate) async fn accept(
    authority: &Authority,
    stream: TcpStream,
    place: &Place,
) -> Result<TlsStream<TcpStream>, std::io::Error> {
    let start = tokio::time::timeout(
        std::time::Duration::from_secs(30),
        LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream),
    )
    .await
    .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??;
    if let (Place::Service { name, region, .. }, Some(asked)) = (place, start.client_hello().server_name())
        && !crate::route::is_name_of(asked, name, region)
    {
        return Err(std::io::Error::other(format!("{asked} does not live at an address of {name} in {region}")));
    }
    start.into_stream(Arc::clone(&authority.config)).await
}

/// The version that both sides agreed on, as `s3:TlsVersion` has it.
pub(crate) fn version(stream: &TlsStream<TcpStream>) -> &'static str {
    match stream.get_ref().1.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "1.3",
        // The only other one that rustls speaks.
        _ => "1.2",
    }
}

/// Makes and keeps a certificate per name.
struct Certificates {
    issuer: Issuer<'static, KeyPair>,
    /// One key serves all names: it never leaves the process.
    leaf_key: KeyPair,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

/// More names than this are not kept, so that a client asking for random names cannot fill the memory.
const MOST_KEPT: usize = 4096;
/// For a client that names nobody: the host's own port.
const HOST_NAME: &str = "localhost";

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}

impl Certificates {
    fn new(key_pem: &str) -> Result<Self, AuthorityError> {
        let key = KeyPair::from_pem(key_pem).map_err(failed("read the key"))?;
        let issuer = Issuer::new(authority_params(), key);
        let leaf_key = KeyPair::generate().map_err(failed("make a key"))?;
        Ok(Self { issuer, leaf_key, made: Mutex::default() })
    }

    fn for_name(&self, name: &str) -> Result<Arc<CertifiedKey>, AuthorityError> {
        let mut made = self.made.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(key) = made.get(name) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(self.make(name)?);
        if made.len() < MOST_KEPT {
            made.insert(name.to_owned(), Arc::clone(&key));
        }
        Ok(key)
    }

    fn make(&self, name: &str) -> Result<CertifiedKey, AuthorityError> {
        let now = OffsetDateTime::now_utc();
        let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(failed("name a certificate"))?;
        if name == HOST_NAME {
            params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        }
        params.distinguished_name = distinguished(name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        params.not_before = now - Duration::days(1);
        params.not_after = now + Duration::days(397);
        let certificate = params.signed_by(&self.leaf_key, &self.issuer).map_err(failed("sign a certificate"))?;
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.leaf_key.serialize_der()));
        let signing = rustls::crypto::ring::sign::any_supported_type(&der).map_err(failed("use the key"))?;
        Ok(CertifiedKey::new(vec![certificate.der().clone()], signing))
    }
}

/// The same for every data directory but for key and dates: an issuer is known by its name and key.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished("Postern region authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params
}

fn distinguished(name: &str) -> DistinguishedName {
    let mut dn = DistinguishedName::new();
    dn.push(DnType::OrganizationName, "Postern");
    // A common name holds at most 64 characters; the alternative name is the one that counts.
    dn.push(DnType::CommonName, name.get(..64).unwrap_or(name));
    dn
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().unwrap_or(HOST_NAME);
        self.for_name(name).inspect_err(|error| tracing::error!(%error, name, "no certificate")).ok()
    }
}
