//! Which content coding a client accepts (RFC 9110, section 12.5.3).

use axum::http::header::{self, HeaderMap};

/// A coding in which the page is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentCoding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932. Browsers accept it over https only.
    Brotli,
}

impl ContentCoding {
    /// The smallest coding that the request accepts, whatever its weight, if that is not 0: the client can
    /// decode it, and waits the shortest time. Without the header, and when none is accepted, the page
    /// is sent as it is, which every client can read.
    pub(super) fn negotiate(request: &HeaderMap) -> Self {
        let mut accepted = Accepted::default();
        for line in request.get_all(header::ACCEPT_ENCODING) {
            line.to_str().unwrap_or_default().split(',').for_each(|item| accepted.add(item));
        }
        if accepted.brotli.or(accepted.others) == Some(true) {
            Self::Brotli
        } else if accepted.gzip.or(accepted.others) == Some(true) {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// The value of `Content-Encoding`; `None` for no coding.
    pub(super) fn token(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// What the header says about each coding; `None` if nothing.
#[derive(Default)]
struct Accepted {
    brotli: Option<bool>,
    gzip: Option<bool>,
    /// All that are not named: `*`.
    others: Option<bool>,
}

impl Accepted {
    /// Adds one element of the list: a coding, perhaps with a weight. A weight that is not one refuses the
    /// coding: an identity is right for every client.
    fn add(&mut self, item: &str) {
        let (coding, parameter) = item.split_once(';').unwrap_or((item, "q=1"));
        let weight = parameter.trim().split_once('=').and_then(|(name, value)| {
            let is_weight = name.trim_end().eq_ignore_ascii_case("q");
            if is_weight { value.trim_start().parse::<f32>().ok() } else { None }
        });
        let is_accepted = weight.is_some_and(|weight| weight > 0.0 && weight <= 1.0);
        let coding = coding.trim();
        if coding.eq_ignore_ascii_case("br") {
            self.brotli = Some(is_accepted);
        } else if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
            self.gzip = Some(is_accepted);
        } else if coding == "*" {
            self.others = Some(is_accepted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn negotiate(lines: &[&str]) -> ContentCoding {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        ContentCoding::negotiate(&headers)
    }

    #[test]
    fn the_smallest_coding_that_is_accepted_is_chosen() {
        use ContentCoding::{Brotli, Gzip, Identity};
        for (lines, expected) in [
            (&["gzip, deflate, br, zstd"][..], Brotli),
            (&["gzip, deflate"], Gzip),
            (&["gzip", "br"], Brotli),
            (&["GZIP;Q=0.5"], Gzip),
            (&["gzip ; q=0.001"], Gzip),
            (&["x-gzip"], Gzip),
            (&["*"], Brotli),
            (&["*;q=1, br;q=0"], Gzip),
            (&["br;q=0, gzip"], Gzip),
            (&["br;q=0.0, gzip;q=0.000"], Identity),
            (&["*;q=0"], Identity),
            (&["identity"], Identity),
            (&["br;q=x, gzip;level=9"], Identity),
            (&["br;q=NaN, gzip;q=2, gzip;q=-1"], Identity),
            (&["deflate, zstd, brotli, gzipped"], Identity),
            (&[""], Identity),
            (&[], Identity),
        ] {
            assert_eq!(negotiate(lines), expected, "{lines:?}");
        }
    }

    proptest! {
        #[test]
        fn a_coding_that_is_not_named_is_never_chosen(line in "[ -~]{0,60}") {
            let lower = line.to_ascii_lowercase();
            match negotiate(&[&line]) {
                ContentCoding::Identity => {}
                ContentCoding::Gzip => prop_assert!(lower.contains("gzip") || lower.contains('*')),
                ContentCoding::Brotli => prop_assert!(lower.contains("br") || lower.contains('*')),
            }
        }
    }
}
