//! A server on loopback that speaks TLS, with a certificate of `tests/fixtures/certificates`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::loopback;

/// The authority that signed the certificates.
pub(super) fn authority() -> PathBuf {
    folder().join("authority.pem")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/certificates")
}

/// Starts a server with this certificate, which sends `response` to every request; its port.
pub(super) fn start(certificate: &str, response: &'static str) -> u16 {
    let chain = vec![
        CertificateDer::from_pem_file(folder().join(certificate).with_extension("pem")).unwrap(),
    ];
    let key = folder().join(certificate).with_extension("key");
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap())
            .unwrap();
    let config = Arc::new(config);
    loopback::serve(move |client| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(connection, client);
        let mut lines = BufReader::new(&mut stream).lines();
        // A client that refuses the certificate sends no request.
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let _ = stream.write_all(response.as_bytes());
        stream.conn.send_close_notify();
        let _ = stream.flush();
    })
}
