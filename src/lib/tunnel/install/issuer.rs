//! Who signed the certificates of a server that is not trusted. Asked in a connection of its own, which
//! ends before anything is sent: the error of a refused certificate does not say it.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
};

/// Bound for the connection, and for each read and write.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bound for a name that is shown; X.520 allows 64 characters.
const MAX_NAME_BYTES: usize = 64;

/// The name of the authority at the end of the chain that the server sends; `None` without one.
pub(super) fn of_server(host: &str, port: u16) -> Option<String> {
    let address = (host, port).to_socket_addrs().ok()?.next()?;
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    stream.set_write_timeout(Some(TIMEOUT)).ok()?;
    let provider = Arc::new(ring::default_provider());
    let verifier =
        Arc::new(IssuerRecorder { provider: Arc::clone(&provider), last: Mutex::default() });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let mut connection = ClientConnection::new(Arc::new(config), name).ok()?;
    // Fails, because the verifier refuses every certificate.
    let _ = connection.complete_io(&mut stream);
    let last = verifier.last.lock().unwrap_or_else(PoisonError::into_inner).take()?;
    issuer_name(&last)
}

/// Refuses every certificate, and keeps the last one of the chain.
#[derive(Debug)]
struct IssuerRecorder {
    provider: Arc<CryptoProvider>,
    last: Mutex<Option<CertificateDer<'static>>>,
}

impl ServerCertVerifier for IssuerRecorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let last = intermediates.last().unwrap_or(end_entity).clone().into_owned();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        Err(CertificateError::UnknownIssuer.into())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(CertificateError::UnknownIssuer.into())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(CertificateError::UnknownIssuer.into())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The common name of the issuer of a certificate, otherwise its organisation.
fn issuer_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
    attribute(certificate.issuer(), 3).or_else(|| attribute(certificate.issuer(), 10))
}

/// The attribute of a name in DER with this last number of its type, 2.5.4.NUMBER (X.520). The name
/// comes from the network, and may only be shown: so it is searched, and not parsed.
fn attribute(name: &[u8], number: u8) -> Option<String> {
    let kind = [0x06, 0x03, 0x55, 0x04, number];
    let at = name.windows(kind.len()).position(|bytes| bytes == kind)?;
    // A string follows: its tag, a length below 128, its bytes.
    let [_tag, length, rest @ ..] = name.get(at + kind.len()..)? else {
        return None;
    };
    let length = usize::from(*length).min(MAX_NAME_BYTES);
    let text = String::from_utf8_lossy(rest.get(..length)?).into_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_der_has_its_attributes_and_half_of_one_has_none() {
        let name = b"\x31\x0d\x30\x0b\x06\x03\x55\x04\x0a\x0c\x02Ex\x31\x0e\x30\x0c\x06\x03\x55\x04\x03\x13\x03Foo";
        assert_eq!(attribute(name, 3).as_deref(), Some("Foo"));
        assert_eq!(attribute(name, 10).as_deref(), Some("Ex"));
        assert_eq!(attribute(name, 6), None);
        for length in 0..name.len() {
            assert_ne!(attribute(&name[..length], 3).as_deref(), Some("Foo"));
        }
    }
}
