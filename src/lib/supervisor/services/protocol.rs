//! What a service may say when, and how much. Pure; a message that comes here is within its bounds
//! (`control::bounds`), and one that passes is within the order of the conversation.
//!
//! The room speaks with strangers and the tunnel runs a program of others. Each may be taken over; a
//! service that breaks these rules is not ours any more, and is ended.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::control::{FromGuard, FromServe, FromTunnel, Participant, VERSION};
use crate::rate_limit::RateLimit;

/// How long a service may take until it has said hello. Ours takes milliseconds; the same wait as
/// for a room that does not become ready.
const GREETING_TIMEOUT: Duration = Duration::from_secs(15);

/// How long the tunnel may be silent while its answer is awaited: until cloudflared is found, and
/// until there is an address. It waits for a download of another session, for a server that is
/// slow, and gives up by itself sooner than this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

/// What a service did that ours never does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum Violation {
    /// It is not of this build; what follows its name.
    Stranger(String),
    /// It is of this build, or says so, and was taken over; what follows its name.
    Hostile(String),
}

impl Violation {
    fn out_of_order(what: &str) -> Self {
        Self::Hostile(format!("said \"{what}\" out of order"))
    }
}

/// The order of one service's messages, from the first to the last.
pub(super) trait Protocol: Default + Send + 'static {
    /// What it says.
    type Message: serde::de::DeserializeOwned + Send + 'static;
    /// A service that sends more is ended.
    const RATE_LIMIT: RateLimit;

    /// Takes the next message. `awaited`: whether that was asked for which only an order of ours
    /// brings about, the goodbye of a room or the address of a tunnel.
    ///
    /// # Errors
    /// When it may not be said now.
    fn recv(&mut self, message: &Self::Message, awaited: bool) -> Result<(), Violation>;

    /// Whether it has shown that it is of this build.
    fn has_greeted(&self) -> bool;

    /// How long it may be silent now; `None` is for ever.
    fn timeout(&self, awaited: bool) -> Option<Duration>;
}

/// Whether this version is ours.
fn greeted(version: &str) -> Result<(), Violation> {
    if version == VERSION {
        Ok(())
    } else {
        Err(Violation::Stranger(format!("is version {version}")))
    }
}

fn no_greeting() -> Violation {
    Violation::Stranger("did not say its version".to_owned())
}

/// Where the room stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum RoomStage {
    #[default]
    Greeting,
    Starting,
    Serving,
    Drained,
}

/// The room. `MOST` is how many may be in it at once, whatever was set.
#[derive(Debug, Default)]
pub(super) struct RoomProtocol {
    stage: RoomStage,
    /// Name and tag of those who are in the room, as far as is known: the room drops notices while
    /// the operator's side is busy. At most [`RoomProtocol::MOST`]; the oldest goes first.
    here: BTreeMap<u64, Participant>,
}

impl RoomProtocol {
    /// The most that `room.max_participants` can be.
    const MOST: usize = 10_000;

    /// A number stands for one name and tag, in the message of a join and in that of the leave.
    fn known(&self, who: &Participant) -> Result<(), Violation> {
        match self.here.get(&who.number) {
            Some(known) if known != who => {
                Err(Violation::Hostile("gave one number to two participants".to_owned()))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn joined(&mut self, who: &Participant, present: usize) -> Result<(), Violation> {
        self.known(who)?;
        if !(1..=Self::MOST).contains(&present) {
            return Err(Violation::Hostile(format!("let in one and counts {present}")));
        }
        self.here.insert(who.number, who.clone());
        if self.here.len() > Self::MOST {
            self.here.pop_first();
        }
        Ok(())
    }

    fn left(&mut self, who: &Participant, present: usize) -> Result<(), Violation> {
        self.known(who)?;
        if present >= Self::MOST {
            return Err(Violation::Hostile(format!("let one go and counts {present}")));
        }
        self.here.remove(&who.number);
        Ok(())
    }
}

impl Protocol for RoomProtocol {
    type Message = FromServe;
    /// The largest room may fill, empty and fill again at once: 10 000 joins, 10 000 leaves, 10 000
    /// joins. The room itself lets in more slowly than 1 000 a second.
    const RATE_LIMIT: RateLimit = RateLimit::Limited { burst: 32_768, per_second: 1_000 };

    fn recv(&mut self, message: &FromServe, awaited: bool) -> Result<(), Violation> {
        match (message, self.stage) {
            (FromServe::Hello { version }, RoomStage::Greeting) => {
                self.stage = RoomStage::Starting;
                greeted(version)
            }
            (_, RoomStage::Greeting) => Err(no_greeting()),
            (FromServe::Ready { .. }, RoomStage::Starting) => {
                self.stage = RoomStage::Serving;
                Ok(())
            }
            (FromServe::Joined { participant, present }, RoomStage::Serving) => {
                self.joined(participant, *present)
            }
            (FromServe::Left { participant, present }, RoomStage::Serving | RoomStage::Drained) => {
                self.left(participant, *present)
            }
            (FromServe::Drained, RoomStage::Serving) if awaited => {
                self.stage = RoomStage::Drained;
                Ok(())
            }
            (FromServe::Hello { .. }, _) => Err(Violation::out_of_order("hello")),
            (FromServe::Ready { .. }, _) => Err(Violation::out_of_order("ready")),
            (FromServe::Joined { .. }, _) => Err(Violation::out_of_order("joined")),
            (FromServe::Left { .. }, _) => Err(Violation::out_of_order("left")),
            (FromServe::Drained, _) => Err(Violation::out_of_order("drained")),
        }
    }

    fn has_greeted(&self) -> bool {
        self.stage != RoomStage::Greeting
    }

    fn timeout(&self, _: bool) -> Option<Duration> {
        // The session itself waits for it to be ready, and for its goodbye.
        (self.stage == RoomStage::Greeting).then_some(GREETING_TIMEOUT)
    }
}

/// Where the tunnel stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum TunnelStage {
    #[default]
    Greeting,
    /// Looks for cloudflared, or fetches it.
    Searching,
    /// Has it, and no address.
    Found,
    /// Has this address.
    Addressed(String),
    /// Has announced it.
    Announced(String),
    /// Has said its last word but for `closed`.
    Unregistered,
    /// Has said its last word.
    Over,
}

/// The tunnel.
#[derive(Debug, Default)]
pub(super) struct TunnelProtocol {
    stage: TunnelStage,
}

impl Protocol for TunnelProtocol {
    type Message = FromTunnel;
    /// A download tells how far it is five times a second; nothing else comes more than once a
    /// second for long.
    const RATE_LIMIT: RateLimit = RateLimit::Limited { burst: 1_024, per_second: 32 };

    fn recv(&mut self, message: &FromTunnel, awaited: bool) -> Result<(), Violation> {
        use TunnelStage::{Addressed, Announced, Found, Greeting, Over, Searching, Unregistered};
        let (name, next) = match (message, &self.stage) {
            (FromTunnel::Hello { version }, Greeting) => {
                greeted(version)?;
                ("hello", Some(Searching))
            }
            (_, Greeting) => return Err(no_greeting()),
            (FromTunnel::Fetching { .. }, Searching) => ("fetching", Some(Searching)),
            (FromTunnel::Fetched { .. }, Searching) => ("fetched", Some(Searching)),
            (FromTunnel::Found { .. }, Searching) => ("found", Some(Found)),
            // Another try, over HTTP/2, has another address.
            (FromTunnel::Starting, Found | Addressed(_)) if awaited => ("starting", Some(Found)),
            (FromTunnel::Url { url }, Found) if awaited => ("url", Some(Addressed(url.clone()))),
            (FromTunnel::Registered { url, .. }, Addressed(has)) if url == has => {
                ("registered", Some(Addressed(url.clone())))
            }
            (FromTunnel::Up { url }, Addressed(has) | Announced(has)) if url == has => {
                ("up", Some(Announced(url.clone())))
            }
            (FromTunnel::Registered { url, .. }, Announced(has)) if url == has => {
                ("registered", Some(Announced(url.clone())))
            }
            (FromTunnel::Reconnecting, stage @ (Addressed(_) | Announced(_))) => {
                ("reconnecting", Some(stage.clone()))
            }
            (
                FromTunnel::Unconfined { .. },
                stage @ (Searching | Found | Addressed(_) | Announced(_)),
            ) => ("unconfined", Some(stage.clone())),
            (FromTunnel::Unregistered, Found | Addressed(_) | Announced(_)) => {
                ("unregistered", Some(Unregistered))
            }
            (FromTunnel::Unregistered, Unregistered) => ("unregistered", Some(Unregistered)),
            (FromTunnel::Lost { .. }, Searching | Found | Addressed(_) | Announced(_)) => {
                ("lost", Some(Over))
            }
            (
                FromTunnel::Closed,
                Searching | Found | Addressed(_) | Announced(_) | Unregistered,
            ) => ("closed", Some(Over)),
            (FromTunnel::Hello { .. }, _) => ("hello", None),
            (FromTunnel::Fetching { .. }, _) => ("fetching", None),
            (FromTunnel::Fetched { .. }, _) => ("fetched", None),
            (FromTunnel::Found { .. }, _) => ("found", None),
            (FromTunnel::Unconfined { .. }, _) => ("unconfined", None),
            (FromTunnel::Starting, _) => ("starting", None),
            (FromTunnel::Url { .. }, _) => ("url", None),
            (FromTunnel::Registered { .. }, _) => ("registered", None),
            (FromTunnel::Up { .. }, _) => ("up", None),
            (FromTunnel::Reconnecting, _) => ("reconnecting", None),
            (FromTunnel::Lost { .. }, _) => ("lost", None),
            (FromTunnel::Unregistered, _) => ("unregistered", None),
            (FromTunnel::Closed, _) => ("closed", None),
        };
        self.stage = next.ok_or_else(|| Violation::out_of_order(name))?;
        Ok(())
    }

    fn has_greeted(&self) -> bool {
        self.stage != TunnelStage::Greeting
    }

    fn timeout(&self, awaited: bool) -> Option<Duration> {
        match self.stage {
            TunnelStage::Greeting => Some(GREETING_TIMEOUT),
            TunnelStage::Searching => Some(ANSWER_TIMEOUT),
            TunnelStage::Found | TunnelStage::Addressed(_) => awaited.then_some(ANSWER_TIMEOUT),
            TunnelStage::Announced(_) | TunnelStage::Unregistered | TunnelStage::Over => None,
        }
    }
}

/// The guard, which says hello and nothing more.
#[derive(Debug, Default)]
pub(super) struct GuardProtocol {
    greeted: bool,
}

impl Protocol for GuardProtocol {
    type Message = FromGuard;
    /// A second message is out of order already.
    const RATE_LIMIT: RateLimit = RateLimit::Limited { burst: 8, per_second: 1 };

    fn recv(&mut self, message: &FromGuard, _: bool) -> Result<(), Violation> {
        let FromGuard::Hello { version } = message;
        if std::mem::replace(&mut self.greeted, true) {
            return Err(Violation::out_of_order("hello"));
        }
        greeted(version)
    }

    fn has_greeted(&self) -> bool {
        self.greeted
    }

    fn timeout(&self, _: bool) -> Option<Duration> {
        (!self.greeted).then_some(GREETING_TIMEOUT)
    }
}
