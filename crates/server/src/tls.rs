//! TLS: with a given certificate, or with one made for this machine.
//!
//! Both http and https are served on one port: the first byte of a TLS connection is 0x16, which no request starts
//! with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::files;
use crate::settings::Settings;

/// The first byte of a TLS connection: a handshake record.
pub(crate) const FIRST_BYTE: u8 = 0x16;

/// The host name that the oldest clients insist on. A certificate made here is good for it too.
const CLOUD_HOST: &str = "scf.tencentcloudapi.com";

/// The acceptor that the settings ask for, if they ask for TLS.
pub(crate) fn acceptor(settings: &Settings) -> anyhow::Result<Option<TlsAcceptor>> {
    let (cert, key) = match (&settings.tls_cert, &settings.tls_key) {
        (Some(cert), Some(key)) => (cert.clone(), key.clone()),
        _ if settings.tls_self_signed => self_signed(&settings.data, &settings.listen.ip().to_string())?,
        _ => return Ok(None),
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(files::read(&cert)?.as_bytes())
        .collect::<Result<_, _>>()
        .with_context(|| format!("{} is not a PEM certificate", cert.display()))?;
    anyhow::ensure!(!chain.is_empty(), "{} is not a PEM certificate: it holds none", cert.display());
    let private = PrivateKeyDer::from_pem_slice(files::read(&key)?.as_bytes())
        .with_context(|| format!("{} is not a PEM private key", key.display()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .with_context(|| format!("{} does not fit {}", key.display(), cert.display()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// The same certificate for HTTP/2 alone, which is what gRPC speaks.
pub(crate) fn for_http2(acceptor: &TlsAcceptor) -> TlsAcceptor {
    let mut config = ServerConfig::clone(acceptor.config());
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// The certificate and key of this data folder; made on the first call and kept, so that clients can trust it once.
fn self_signed(data: &Path, listen_ip: &str) -> anyhow::Result<(PathBuf, PathBuf)> {
    let folder = data.join("tls");
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    if files::read_if_present(&cert)?.is_none() || files::read_if_present(&key)?.is_none() {
        files::private_dir(&folder)?;
        let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1", CLOUD_HOST].map(str::to_owned).to_vec();
        if !names.iter().any(|name| name == listen_ip) {
            names.push(listen_ip.to_owned());
        }
        let made = rcgen::generate_simple_self_signed(names).context("cannot create a certificate")?;
        files::write_private(&key, &made.signing_key.serialize_pem())?;
        files::write_private(&cert, &made.cert.pem())?;
    }
    Ok((cert, key))
}
