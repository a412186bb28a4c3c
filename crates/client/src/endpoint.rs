//! Where the server is.

use ureq::http::Uri;

use crate::Error;

/// A server's address: scheme, host and port, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// `http://host:port`, without a slash at its end.
    pub(crate) url: String,
    /// The `Host` header, which is signed: with the port exactly when the address has one that is not the scheme's own.
    pub(crate) host: String,
    /// Whether the host is this machine, which is never reached through a proxy.
    pub(crate) is_loopback: bool,
}

impl Endpoint {
    /// # Errors
    /// [`Error::Config`] for anything but `http://host[:port]` and `https://host[:port]`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let error =
            || Error::Config(format!("`{text}` is not an endpoint; write it as http://127.0.0.1:9160 or https://host"));
        let uri: Uri = text.trim().parse().map_err(|_| error())?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or_else(error)?;
        let name = uri.host().filter(|name| !name.is_empty()).ok_or_else(error)?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(Error::Config("an endpoint holds no password; give the credential by itself".to_owned()));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            let advice = format!("`{text}` has a path; the API is served at / of its host, which is what is signed");
            return Err(Error::Config(advice));
        }
        let own_port = if scheme == "http" { 80 } else { 443 };
        let host = match uri.port_u16() {
            Some(port) if port != own_port => format!("{name}:{port}"),
            _ => name.to_owned(),
        };
        Ok(Self { url: format!("{scheme}://{host}"), is_loopback: is_loopback(name), host })
    }
}

fn is_loopback(name: &str) -> bool {
    let address = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    address.map_or_else(|_| name.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_is_sent_and_signed() {
        for (text, url, host) in [
            ("http://127.0.0.1:9160", "http://127.0.0.1:9160", "127.0.0.1:9160"),
            ("http://localhost:80/", "http://localhost", "localhost"),
            ("https://scf.tencentcloudapi.com:443", "https://scf.tencentcloudapi.com", "scf.tencentcloudapi.com"),
            ("https://[::1]:9160", "https://[::1]:9160", "[::1]:9160"),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!((endpoint.url.as_str(), endpoint.host.as_str()), (url, host), "{text}");
            assert_eq!(endpoint.is_loopback, !text.contains("tencent"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_an_endpoint_is_refused() {
        for text in
            ["", "127.0.0.1:9160", "ftp://host", "http://", "http://a:b@host", "http://host/api", "http://h?x=1"]
        {
            assert!(matches!(Endpoint::parse(text), Err(Error::Config(_))), "{text}");
        }
    }
}
