//! Which certificates a download trusts: those that this system trusts, as cloudflared does. A network
//! that inspects TLS has its own authority in that list.

use std::path::PathBuf;
use std::sync::Arc;

use rustls_native_certs::CertificateResult;
use ureq::tls::{Certificate, RootCerts};

use crate::paths;

/// A variable names certificates that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnusableCertificates {
    /// The name of the variable.
    pub(super) variable: &'static str,
    /// Its value.
    pub(super) path: PathBuf,
    /// Why there is no certificate in it.
    pub(super) why: String,
}

/// The trusted certificates: of the files that the variables name, otherwise of the system, otherwise
/// those of Mozilla that are built in, for a container without any.
///
/// # Errors
/// When the variables name no certificate that can be used: cloudflared could not use them either.
pub(super) fn roots() -> Result<RootCerts, UnusableCertificates> {
    let found = rustls_native_certs::load_native_certs();
    let named = paths::CERTIFICATE_VARIABLES.into_iter().find_map(|variable| {
        let value = std::env::var_os(variable).filter(|value| !value.is_empty())?;
        Some((variable, PathBuf::from(value)))
    });
    roots_of(found, named)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum of the library is not exhaustive")]
fn roots_of(
    found: CertificateResult,
    named: Option<(&'static str, PathBuf)>,
) -> Result<RootCerts, UnusableCertificates> {
    if found.certs.is_empty() {
        let Some((variable, path)) = named else {
            return Ok(RootCerts::WebPki);
        };
        let why = found.errors.first().map_or_else(
            || "there is no certificate in it".to_owned(),
            |error| match &error.kind {
                rustls_native_certs::ErrorKind::Io { inner, .. } => {
                    crate::terminal::io_reason(inner)
                }
                _ => "it is not in PEM form".to_owned(),
            },
        );
        return Err(UnusableCertificates { variable, path, why });
    }
    let certs = found.certs.iter().map(|der| Certificate::from_der(der).to_owned());
    Ok(RootCerts::Specific(Arc::new(certs.collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_any_certificate_the_built_in_ones_are_used_unless_others_were_named() {
        let none = CertificateResult::default;
        assert!(matches!(roots_of(none(), None), Ok(RootCerts::WebPki)));
        let named = ("SSL_CERT_FILE", PathBuf::from("/x"));
        let error = roots_of(none(), Some(named)).unwrap_err();
        assert_eq!(
            (error.variable, &*error.why),
            ("SSL_CERT_FILE", "there is no certificate in it")
        );
    }
}
