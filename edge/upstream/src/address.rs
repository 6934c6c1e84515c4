//! Where the other server is: `http://127.0.0.1:5000`, `https://127.0.0.1:9000`.

use std::net::IpAddr;

/// Host and port of a server, and whether it is spoken to by TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `127.0.0.1:5000`
    pub authority: String,
    pub secure: bool,
}

/// Why a URL cannot be an upstream's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// It is not of the form `http://HOST:PORT` or `https://HOST:PORT`.
    Form,
    /// It is on another machine, and nobody said that this is meant.
    Elsewhere,
}

impl Address {
    /// `may_be_elsewhere`: the user knows that requests leave the machine.
    pub fn read(url: &str, may_be_elsewhere: bool) -> Result<Self, Unfit> {
        let uri: http::Uri = url.parse().map_err(|_| Unfit::Form)?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(Unfit::Form),
        };
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let authority = uri.authority().filter(|a| bare && !a.as_str().contains('@')).ok_or(Unfit::Form)?;
        if !may_be_elsewhere && !is_loopback(authority.host()) {
            return Err(Unfit::Elsewhere);
        }
        Ok(Self { authority: authority.to_string(), secure })
    }

    pub fn url(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.authority)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_alone_unless_more_is_meant() {
        for url in [
            "http://127.0.0.1:5000",
            "http://localhost:5000/",
            "http://[::1]:9000",
            "http://127.8.8.8",
            "https://localhost:9000",
        ] {
            let address = Address::read(url, false).unwrap();
            assert_eq!(address.url(), url.trim_end_matches('/'));
        }
        for url in ["http://10.0.0.1:80", "https://example.com", "http://localhost.example.com:1"] {
            assert_eq!(Address::read(url, false), Err(Unfit::Elsewhere), "{url}");
            assert!(Address::read(url, true).is_ok());
        }
        for url in [
            "127.0.0.1:5000",
            "ftp://127.0.0.1",
            "http://127.0.0.1/x",
            "http://u:p@127.0.0.1",
            "https://127.0.0.1/x",
            "",
        ] {
            assert_eq!(Address::read(url, true), Err(Unfit::Form), "{url}");
        }
    }
}
