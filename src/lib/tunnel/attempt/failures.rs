//! Which of cloudflared's errors explains that there is no public address. cloudflared prints several
//! for one failure, tries for ever, and is started once for each protocol.

use super::error::TunnelError;
use super::output::CloudflaredError;

/// The errors of one attempt, of which the most specific one is kept for each protocol.
#[derive(Debug, Default)]
pub(super) struct Failures {
    /// From the time over QUIC, once HTTP/2 is tried.
    over_quic: Option<CloudflaredError>,
    /// From the protocol in use.
    latest: Option<CloudflaredError>,
    /// Connections over the protocol in use that were not made, or not registered.
    failed_connections: u32,
}

impl Failures {
    /// Notes an error, unless it says less than the one before.
    pub(super) fn note(&mut self, error: CloudflaredError) {
        self.failed_connections += u32::from(error.is_of_connection());
        let known = self.latest.as_ref().map_or(0, CloudflaredError::specificity);
        if error.specificity() >= known {
            self.latest = Some(error);
        }
    }

    /// Forgets the errors of the protocol in use: the edge has registered the tunnel.
    pub(super) fn clear(&mut self) {
        (self.latest, self.failed_connections) = (None, 0);
    }

    /// How many connections over the protocol in use have failed since the start or the registration.
    pub(super) fn failed_connections(&self) -> u32 {
        self.failed_connections
    }

    /// Whether the edge has answered over the protocol in use, even if only to refuse.
    pub(super) fn edge_has_answered(&self) -> bool {
        self.latest.as_ref().is_some_and(CloudflaredError::is_of_edge)
    }

    /// The errors with which HTTP/2 begins after QUIC.
    pub(super) fn after_quic(&mut self) -> Self {
        Self { over_quic: self.latest.take(), ..Self::default() }
    }

    /// Why cloudflared exited; `None` when it has not said.
    pub(super) fn of_exit(&mut self) -> Option<CloudflaredError> {
        self.latest.take()
    }

    /// Why there is no registration over either protocol; `None` when neither gave a reason.
    pub(super) fn of_silence(&mut self) -> Option<TunnelError> {
        match (self.latest.take(), self.over_quic.take()) {
            // An edge that has answered over QUIC is reached.
            (Some(CloudflaredError::DialFailed) | None, Some(error)) if error.is_of_edge() => {
                Some(error.into())
            }
            (Some(error), _) => Some(error.into()),
            (None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CloudflaredError::{
        ApiStatus, ApiUnreadable, DialFailed, EdgeCertificate, EdgeDisconnected,
        RegistrationRefused, Unrecognized,
    };

    fn after(errors: &[CloudflaredError]) -> Failures {
        let mut failures = Failures::default();
        errors.iter().cloned().for_each(|error| failures.note(error));
        failures
    }

    #[test]
    fn the_most_specific_error_is_kept_and_of_two_alike_the_later_one() {
        let quoted = || RegistrationRefused(Some("no".to_owned()));
        for (errors, kept) in [
            (vec![ApiStatus(500), ApiUnreadable], ApiStatus(500)),
            (vec![quoted(), RegistrationRefused(None), Unrecognized("no".to_owned())], quoted()),
            (vec![EdgeDisconnected, Unrecognized("closed".to_owned())], EdgeDisconnected),
            (
                vec![Unrecognized("a".to_owned()), Unrecognized("b".to_owned())],
                Unrecognized("b".to_owned()),
            ),
            (vec![DialFailed, EdgeDisconnected, DialFailed], DialFailed),
        ] {
            assert_eq!(after(&errors).of_exit(), Some(kept));
        }
    }

    /// V-15: "neither by UDP nor by TCP" is said of an edge that answered over neither.
    #[test]
    fn an_edge_that_answered_over_one_protocol_is_not_called_unreachable() {
        let refused = || RegistrationRefused(None);
        let quoted = || RegistrationRefused(Some("no".to_owned()));
        for (quic, http2, expected) in [
            (vec![DialFailed], vec![DialFailed], Some(TunnelError::EdgeUnreachable)),
            (vec![], vec![DialFailed], Some(TunnelError::EdgeUnreachable)),
            (vec![refused()], vec![DialFailed], Some(refused().into())),
            (vec![refused()], vec![], Some(refused().into())),
            (vec![refused()], vec![quoted()], Some(quoted().into())),
            (vec![DialFailed], vec![quoted()], Some(quoted().into())),
            (vec![DialFailed], vec![EdgeCertificate], Some(TunnelError::EdgeCertificate)),
            (vec![DialFailed], vec![], None),
            (vec![], vec![], None),
        ] {
            let mut failures = after(&quic).after_quic();
            http2.iter().cloned().for_each(|error| failures.note(error));
            assert_eq!(failures.of_silence(), expected, "{quic:?} {http2:?}");
        }
    }
}
