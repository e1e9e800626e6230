//! The HTTP side of a download: resumes where the partial file ends, and bounds what it stores.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};

use super::issuer;
use super::network::NetworkFailure;
use super::trust::{self, UnusableCertificates};

/// Bound for the connection; a server that takes longer would not send 40 MB in a useful time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Bound for the head of the response, and for each read of its body.
const RECV_TIMEOUT: Duration = Duration::from_secs(30);
/// Bound for redirects; GitHub needs one.
const MAX_REDIRECTS: u32 = 5;
/// Bytes per read of the body. Progress is reported after each.
const CHUNK_BYTES: usize = 64 * 1024;

type HttpResponse = ureq::http::Response<ureq::Body>;

/// One transfer over HTTP, from the first byte or from where the partial file ends.
#[derive(Debug)]
pub(super) struct Fetch<'a> {
    /// With `https://`, a redirect to `http://` is refused.
    pub(super) url: &'a str,
    /// The whole length, where the pin names it.
    pub(super) bytes: Option<u64>,
    /// The most that is stored.
    pub(super) max_bytes: u64,
}

/// Why a transfer stopped.
#[derive(Debug)]
pub(super) enum FetchError {
    /// The partial file cannot be read or written.
    File(std::io::Error),
    /// The server cannot be reached, or the transfer broke off.
    Network(NetworkFailure),
    /// Variables name certificates that cannot be used.
    Certificates(UnusableCertificates),
    /// The server answered with this status instead of the file.
    Status(u16),
    /// The server sends more than `max_bytes`.
    TooLong,
}

impl From<std::io::Error> for FetchError {
    fn from(error: std::io::Error) -> Self {
        Self::File(error)
    }
}

impl Fetch<'_> {
    /// Fetches what `part` lacks. `progress` is called with the length so far.
    ///
    /// # Errors
    /// When the transfer stops early, or the server sends too much. `part` keeps what was received.
    pub(super) fn complete(
        &self,
        part: &mut File,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), FetchError> {
        let mut offset = part.metadata()?.len();
        if offset > self.max_bytes {
            offset = 0;
        }
        if Some(offset) == self.bytes {
            return Ok(());
        }
        let agent = self.agent()?;
        let mut response = self.request(&agent, offset)?;
        if offset > 0 && !continues_at(&response, offset) {
            // A status of 416, or a server without ranges: fetch from the beginning.
            offset = 0;
            if response.status() != 200 {
                response = self.request(&agent, 0)?;
            }
        }
        if response.status() != 200 && (offset == 0 || response.status() != 206) {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        if is_web_page(&response) {
            return Err(FetchError::Network(NetworkFailure::WebPage));
        }
        part.set_len(offset)?;
        part.seek(SeekFrom::Start(offset))?;
        self.copy_body(response, part, offset, progress)
    }

    fn copy_body(
        &self,
        response: HttpResponse,
        part: &mut File,
        mut length: u64,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), FetchError> {
        let mut body = response.into_body().into_reader();
        let mut chunk = vec![0; CHUNK_BYTES];
        progress(length);
        loop {
            let read = body.read(&mut chunk);
            let read = read.map_err(|error| FetchError::Network(error.into()))?;
            if read == 0 {
                break;
            }
            length += read as u64;
            if length > self.max_bytes {
                return Err(FetchError::TooLong);
            }
            part.write_all(&chunk[..read])?;
            progress(length);
        }
        match self.bytes {
            Some(whole) if length < whole => {
                let received = length;
                Err(FetchError::Network(NetworkFailure::Incomplete { received, whole }))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn request(&self, agent: &ureq::Agent, offset: u64) -> Result<HttpResponse, FetchError> {
        let mut request = agent.get(self.url);
        if offset > 0 {
            request = request.header("Range", format!("bytes={offset}-"));
        }
        request.call().map_err(|error| {
            let mut failure = NetworkFailure::from(error);
            if let NetworkFailure::Untrusted { issuer } = &mut failure {
                *issuer = self.issuer(agent);
            }
            FetchError::Network(failure)
        })
    }

    /// Who signed the server's certificate; `None` when only a proxy reaches the server.
    fn issuer(&self, agent: &ureq::Agent) -> Option<String> {
        let uri: ureq::http::Uri = self.url.parse().ok()?;
        if agent.config().proxy().is_some_and(|proxy| !proxy.is_no_proxy(&uri)) {
            return None;
        }
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
        issuer::of_server(host, uri.port_u16().unwrap_or(443))
    }

    /// `http://` is allowed, as the digest protects the file; `https://` is not redirected to it.
    pub(super) fn agent(&self) -> Result<ureq::Agent, FetchError> {
        let https_only = self.url.starts_with("https://");
        let roots = match trust::roots() {
            Ok(roots) => roots,
            Err(error) if https_only => return Err(FetchError::Certificates(error)),
            Err(_) => RootCerts::WebPki,
        };
        Ok(ureq::Agent::config_builder()
            .https_only(https_only)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .http_status_as_error(false)
            .max_redirects(MAX_REDIRECTS)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(RECV_TIMEOUT))
            .timeout_per_read(Some(RECV_TIMEOUT))
            // Lengths and ranges count bytes of the file only without compression.
            .accept_encoding("identity")
            .build()
            .into())
    }
}

/// Whether the body is a page for people, such as the sign-in page of a network.
fn is_web_page(response: &HttpResponse) -> bool {
    let kind = response.headers().get("Content-Type").and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

/// Whether the response is the range that begins at `offset`.
fn continues_at(response: &HttpResponse, offset: u64) -> bool {
    let range = response.headers().get("Content-Range");
    response.status() == 206
        && range
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with(&format!("bytes {offset}-")))
}
