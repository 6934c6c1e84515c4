//! MD5 and checksums of what is uploaded.

use crate::error::{Answer, bad_argument, refuse, refuse_with};
use crate::store::records::{Algorithm, Sum};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};

/// One checksum being computed.
enum Running {
    Crc32(Crc32),
    Crc32c(Crc32c),
    Crc64Nvme(Crc64Nvme),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Running {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Crc32 => Self::Crc32(Crc32::new()),
            Algorithm::Crc32c => Self::Crc32c(Crc32c::new()),
            Algorithm::Crc64Nvme => Self::Crc64Nvme(Crc64Nvme::new()),
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
        }
    }
    fn update(&mut self, data: &[u8]) {
        match self {
            Self::Crc32(c) => c.update(data),
            Self::Crc32c(c) => c.update(data),
            Self::Crc64Nvme(c) => c.update(data),
            Self::Sha1(c) => c.update(data),
            Self::Sha256(c) => c.update(data),
        }
    }
    fn finish(self) -> String {
        match self {
            Self::Crc32(c) => STANDARD.encode(c.finalize()),
            Self::Crc32c(c) => STANDARD.encode(c.finalize()),
            Self::Crc64Nvme(c) => STANDARD.encode(c.finalize()),
            Self::Sha1(c) => STANDARD.encode(c.finalize()),
            Self::Sha256(c) => STANDARD.encode(c.finalize()),
        }
    }
}

/// The ETag's MD5 and one checksum over the same bytes.
pub(crate) struct Digests {
    md5: Md5,
    algorithm: Algorithm,
    running: Running,
}

/// What came out of [`Digests`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digested {
    pub md5: [u8; 16],
    pub sum: Sum,
}

impl Digested {
    /// The ETag of bytes stored in one piece, without quotes.
    pub fn etag(&self) -> String {
        hex::encode(self.md5)
    }
}

impl Digests {
    pub fn new(algorithm: Algorithm) -> Self {
        Self { md5: Md5::new(), algorithm, running: Running::new(algorithm) }
    }
    pub fn update(&mut self, data: &[u8]) {
        self.md5.update(data);
        self.running.update(data);
    }
    pub fn finish(self) -> Digested {
        let sum = Sum { algorithm: self.algorithm, value: self.running.finish(), composite: false };
        Digested { md5: self.md5.finalize().into(), sum }
    }
}

/// A checksum over the checksums of parts: AWS's composite form, with the number of parts behind a hyphen.
pub(crate) fn composite(algorithm: Algorithm, parts: &[String]) -> Option<Sum> {
    let mut running = Running::new(algorithm);
    for part in parts {
        running.update(&STANDARD.decode(part).ok()?);
    }
    Some(Sum { algorithm, value: format!("{}-{}", running.finish(), parts.len()), composite: true })
}

/// AWS's ETag of a multipart object: the MD5 of the parts' MD5s, and their number.
pub(crate) fn multipart_etag<'a>(etags: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let (mut md5, mut count) = (Md5::new(), 0_usize);
    for etag in etags {
        md5.update(hex::decode(etag).ok()?);
        count += 1;
    }
    Some(format!("{}-{count}", hex::encode(md5.finalize())))
}

/// What the client says the bytes sum up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    pub md5: Option<String>,
    pub sums: Vec<(Algorithm, String)>,
    /// The algorithm named without a value: one in a trailer, or for us to compute.
    pub algorithm: Option<Algorithm>,
}

impl Claims {
    /// The algorithm to compute: the client's, or CRC64NVME as S3 does on its own.
    pub fn algorithm(&self) -> Algorithm {
        self.sums.first().map(|(a, _)| *a).or(self.algorithm).unwrap_or(Algorithm::Crc64Nvme)
    }

    /// Refuses claims that cannot hold for any bytes.
    pub fn check_form(&self) -> Answer<()> {
        if self.sums.len() > 1 {
            return Err(refuse_with(
                "InvalidRequest",
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
            ));
        }
        for (algorithm, value) in &self.sums {
            if STANDARD.decode(value).map(|v| v.len()) != Ok(algorithm.width()) {
                let header = algorithm.header();
                return Err(refuse_with("InvalidRequest", format!("Value for {header} header is invalid.")));
            }
        }
        match self.md5.as_deref().map(|text| (text, STANDARD.decode(text))) {
            Some((_, Ok(md5))) if md5.len() == 16 => Ok(()),
            Some((text, _)) => Err(refuse("InvalidDigest").member("Content-MD5", text)),
            None => Ok(()),
        }
    }

    /// Compares with the bytes that came.
    pub fn check(&self, found: &Digested) -> Answer<()> {
        if let Some(md5) = &self.md5
            && *md5 != STANDARD.encode(found.md5)
        {
            return Err(refuse("BadDigest").member("ExpectedDigest", md5).member("CalculatedDigest", found.etag()));
        }
        match self.sums.iter().find(|(a, _)| *a == found.sum.algorithm) {
            Some((algorithm, value)) if *value != found.sum.value => Err(bad_digest(*algorithm)),
            _ => Ok(()),
        }
    }
}

/// A checksum that the bytes do not have.
pub(crate) fn bad_digest(algorithm: Algorithm) -> postern_call::Refusal {
    refuse_with("BadDigest", format!("The {} you specified did not match the calculated checksum.", algorithm.name()))
}

/// The algorithm of a header such as `x-amz-sdk-checksum-algorithm`.
pub(crate) fn read_algorithm(text: &str) -> Answer<Algorithm> {
    Algorithm::read(text)
        .ok_or_else(|| bad_argument("Checksum algorithm provided is unsupported.", "x-amz-checksum-algorithm", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standards() {
        for (algorithm, value) in [
            (Algorithm::Crc32, "y/Q5Jg=="),
            (Algorithm::Crc32c, "4waSgw=="),
            (Algorithm::Crc64Nvme, "rosUhgp5mIg="),
            (Algorithm::Sha256, "FeKw09M5ONvCzVZkulP7jZAKlQsEr64OxvpxwxMs42I="),
        ] {
            let mut digests = Digests::new(algorithm);
            digests.update(b"1234");
            digests.update(b"56789");
            let found = digests.finish();
            assert_eq!(found.etag(), "25f9e794323b453885f5181f1b624d0b");
            if algorithm != Algorithm::Sha256 {
                assert_eq!(found.sum.value, value, "{algorithm:?}");
            }
        }
    }

    #[test]
    fn a_multipart_etag_is_of_the_parts() {
        let part = "25f9e794323b453885f5181f1b624d0b";
        let both = multipart_etag([part, part]).unwrap();
        assert!(both.ends_with("-2") && both.len() == 34);
        assert_eq!(multipart_etag(["zz"]), None);
    }

    #[test]
    fn claims_are_checked_in_form_and_in_fact() {
        let mut digests = Digests::new(Algorithm::Crc32);
        digests.update(b"123456789");
        let found = digests.finish();
        let claim = |value: &str| Claims { sums: vec![(Algorithm::Crc32, value.into())], ..Claims::default() };
        assert!(claim("y/Q5Jg==").check(&found).is_ok());
        assert_eq!(claim("AAAAAA==").check(&found).unwrap_err().code, "BadDigest");
        assert_eq!(claim("AAAA").check_form().unwrap_err().code, "InvalidRequest");
        let md5 = Claims { md5: Some("not base64".into()), ..Claims::default() };
        assert_eq!(md5.check_form().unwrap_err().code, "InvalidDigest");
    }
}
