//! https: with the server's own authority it works, otherwise the error says what to do.

mod server;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use runlog_client::{Client, ClientBuilder, Error, GetFunctionLogs};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use server::{SECRET_ID, SECRET_KEY, ok, reply};

/// A server with a certificate of its own making. Returns its endpoint and the certificate as PEM.
fn tls_server() -> (String, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    let config = Arc::new(config);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            // A client that does not trust us hangs up: that is its business.
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream.write_all(&ok(r#"{"Response":{"TotalCount":3}}"#));
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (endpoint, cert.pem())
}

fn total(builder: ClientBuilder) -> Result<u64, Error> {
    let client = builder.credential(SECRET_ID, SECRET_KEY).build()?;
    Ok(client.get_function_logs(&GetFunctionLogs::default())?.total_count)
}

#[test]
fn a_private_authority_is_trusted_when_it_is_given() {
    let (endpoint, pem) = tls_server();
    assert_eq!(total(Client::builder(endpoint).ca_certificate(pem)).unwrap(), 3);
}

#[test]
fn an_unknown_certificate_is_not_trusted() {
    let (endpoint, _) = tls_server();
    let error = total(Client::builder(endpoint)).unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
    assert!(error.to_string().contains("give its CA"), "{error}");
}

#[test]
fn https_to_a_plain_port_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 5]).unwrap();
        stream.write_all(&reply("400 Bad Request", "")).unwrap();
    });
    let error = total(Client::builder(endpoint)).unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
}
