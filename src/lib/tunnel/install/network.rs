//! Why a transfer over the network failed, as far as ureq and rustls tell, and the next step.

use rustls::CertificateError;

use crate::terminal::{escape_control, io_reason};

/// Why a server was not reached, or did not send the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tunnel) enum NetworkFailure {
    /// The system's own words: no address, no route, refused, reset.
    Io(String),
    /// No answer, or no more of it, in time.
    TimedOut,
    /// The transfer ended at so many bytes of the whole.
    Incomplete { received: u64, whole: u64 },
    /// The certificate is signed by an authority that this computer does not trust; its name, if the
    /// server could be asked.
    Untrusted { issuer: Option<String> },
    /// The certificate has expired, if the clock of this computer is right.
    Expired,
    /// The certificate begins later than the clock of this computer.
    NotYetValid,
    /// The certificate is that of another server.
    WrongName,
    /// The answer to a TLS handshake was something else, or a refusal.
    NoTls(String),
    /// A web page in place of the file.
    WebPage,
    /// A redirect from `https://` to `http://`.
    InsecureRedirect,
    /// More redirects than are followed.
    RedirectLoop,
    /// The proxy refuses the connection: its words.
    ProxyRefused(String),
    /// Anything else: the words of the library.
    Other(String),
}

impl NetworkFailure {
    /// What happened, to follow the name of the server.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Io(why) | Self::Other(why) => escape_control(why),
            Self::TimedOut => "it does not answer in time".to_owned(),
            Self::Incomplete { received, whole } => {
                format!("it ended at {received} of {whole} bytes")
            }
            Self::Untrusted { issuer } => {
                let by = issuer.as_ref().map_or_else(
                    || "an authority".to_owned(),
                    |name| format!("\"{}\"", escape_control(name)),
                );
                format!("its certificate is signed by {by}, which this computer does not trust")
            }
            Self::Expired => "its certificate has expired by this computer's clock".to_owned(),
            Self::NotYetValid => {
                "its certificate is not valid yet by this computer's clock".to_owned()
            }
            Self::WrongName => "its certificate is that of another server".to_owned(),
            Self::NoTls(why) => format!("no TLS connection is possible: {}", escape_control(why)),
            Self::WebPage => "it answers with a web page in place of the file".to_owned(),
            Self::InsecureRedirect => "it redirects to http://, which is refused".to_owned(),
            Self::RedirectLoop => "it redirects too often".to_owned(),
            Self::ProxyRefused(why) => {
                format!("the proxy refuses the connection ({})", escape_control(why))
            }
        }
    }

    /// What can be done about it.
    pub(super) fn next_step(&self) -> &'static str {
        match self {
            Self::Io(_) | Self::Incomplete { .. } | Self::Other(_) => {
                "check that this computer is online"
            }
            Self::TimedOut => "try again in a few minutes",
            Self::Untrusted { .. } => {
                "if a proxy or virus scanner of this network reads along, name its certificate in SSL_CERT_FILE"
            }
            Self::Expired => "check the clock, or try again later",
            Self::NotYetValid => "set the clock",
            Self::WrongName | Self::NoTls(_) | Self::WebPage => {
                "open the sign-in page of this network in a browser, if there is one, or check tunnel.download_base"
            }
            Self::InsecureRedirect | Self::RedirectLoop => "check tunnel.download_base",
            Self::ProxyRefused(_) => "check HTTPS_PROXY and its password",
        }
    }
}

impl From<std::io::Error> for NetworkFailure {
    fn from(error: std::io::Error) -> Self {
        // ureq wraps its own errors where a trait wants one of these, and unwraps them here.
        ureq::Error::from(error).into()
    }
}

impl From<ureq::Error> for NetworkFailure {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum of the library is not exhaustive")]
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Io(error) => {
                match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                    Some(tls) => tls_failure(tls),
                    None if error.kind() == std::io::ErrorKind::TimedOut => Self::TimedOut,
                    None => Self::Io(io_reason(&error)),
                }
            }
            ureq::Error::Rustls(error) => tls_failure(&error),
            ureq::Error::HostNotFound => Self::Io("its name cannot be looked up".to_owned()),
            ureq::Error::Timeout(_) | ureq::Error::BodyStalled => Self::TimedOut,
            ureq::Error::TooManyRedirects => Self::RedirectLoop,
            ureq::Error::RequireHttpsOnly(_) => Self::InsecureRedirect,
            ureq::Error::ConnectProxyFailed(why) => Self::ProxyRefused(why),
            other => Self::Other(other.to_string()),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum of the library is not exhaustive")]
fn tls_failure(error: &rustls::Error) -> NetworkFailure {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, UnknownIssuer,
    };
    match error {
        rustls::Error::InvalidCertificate(UnknownIssuer) => {
            NetworkFailure::Untrusted { issuer: None }
        }
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            NetworkFailure::Expired
        }
        rustls::Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => {
            NetworkFailure::NotYetValid
        }
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            NetworkFailure::WrongName
        }
        other => NetworkFailure::NoTls(other.to_string()),
    }
}
