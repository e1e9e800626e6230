//! The host name of a Cloudflare quick tunnel. `chattrace-tunnel` parses it, the control channel
//! checks it, and a `chattrace-serve` without a supervisor accepts it as `Host`.

/// The zone in which the provider creates every quick tunnel.
const ZONE: &str = ".trycloudflare.com";
/// Longest label in DNS (RFC 1035, section 2.3.4).
const MAX_LABEL_BYTES: usize = 63;
/// The provider's API lives in the same zone, and cloudflared quotes its address in error messages.
const API_LABEL: &str = "api";

/// A host name of one label in front of `.trycloudflare.com`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QuickTunnelName(String);

impl QuickTunnelName {
    /// Parses a bare host name; `None` with a scheme, port, path or trailing dot.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::is_valid(text).then(|| Self(text.to_owned()))
    }

    /// Whether [`Self::parse`] accepts `text`; does not allocate.
    ///
    /// The label follows RFC 1035, section 2.3.1, with a digit as its first character, as RFC 1123
    /// allows: a hyphen neither begins nor ends it.
    pub(crate) fn is_valid(text: &str) -> bool {
        let Some(label) = text.strip_suffix(ZONE) else {
            return false;
        };
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label != API_LABEL
    }

    /// `https://` and the name, without a slash; the provider serves no other scheme.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.0)
    }
}

impl std::fmt::Display for QuickTunnelName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_label_in_the_zone_is_a_name() {
        for text in ["a.trycloudflare.com", "some-words.trycloudflare.com", "4-2.trycloudflare.com"]
        {
            assert_eq!(QuickTunnelName::parse(text).unwrap().url(), format!("https://{text}"));
        }
        assert!(QuickTunnelName::is_valid(&format!("{}.trycloudflare.com", "a".repeat(63))));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "trycloudflare.com",
            ".trycloudflare.com",
            "api.trycloudflare.com",
            "a.b.trycloudflare.com",
            "A.trycloudflare.com",
            "-a.trycloudflare.com",
            "a-.trycloudflare.com",
            "a_b.trycloudflare.com",
            "a.trycloudflare.com.",
            "a.trycloudflare.com/x",
            "a.trycloudflare.com:80",
            "u@a.trycloudflare.com",
            "a.trycloudflare.com.evil.example",
            "evil-trycloudflare.com",
            &format!("{}.trycloudflare.com", "a".repeat(64)),
        ] {
            assert_eq!(QuickTunnelName::parse(text), None, "{text}");
        }
    }
}
