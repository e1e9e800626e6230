//! `chattrace-serve`: HTTP and the room, in memory alone.
//!
//! Under a supervisor it gets its listener as standard output, its settings over the lifeline, and
//! ends with it. Alone it binds for itself, prints the link, and ends when its reader does.

mod alone;
mod cli;
mod confined;
mod hub;
mod limits;
mod supervised;
mod web;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::config::{ConfigError, RoomSettings};
use crate::control::{FrameError, FromServe};
use crate::exit::Exit;
use crate::memory;
use crate::process;
use crate::terminal;
use crate::token::Token;
use hub::Hub;
use web::{Door, Web};

/// Why the room cannot be served.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    /// The settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] process::ListenError),
    /// The lifeline broke.
    #[error(transparent)]
    Control(#[from] FrameError),
    /// The system refused something basic.
    #[error("the system refused what every program needs: {0}")]
    System(#[from] std::io::Error),
    /// No randomness.
    #[error("the kernel has no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    /// Confinement was required and is not whole.
    #[error(
        "confinement was required and is not whole: {0}; take a newer kernel, or leave out --require-confinement"
    )]
    Unconfined(String),
}

impl ServeError {
    fn exit(&self) -> Exit {
        match self {
            ServeError::Config(error) => error.exit(),
            ServeError::Listen(_) | ServeError::Unconfined(_) => Exit::Unavailable,
            ServeError::Control(_) | ServeError::System(_) | ServeError::Randomness(_) => {
                Exit::Failed
            }
        }
    }
}

/// Runs `chattrace-serve`; see its `--help`.
pub fn main() -> ExitCode {
    process::close_inherited();
    terminal::install_panic_hook("chattrace-serve");
    let cli = match terminal::parse_args::<cli::Cli>() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if let Some(parent) = cli.lifeline
        && let Err(error) = process::tie_to_parent(parent)
    {
        terminal::print_error("chattrace-serve", &error);
        return Exit::Failed.into();
    }
    let exit = run(&cli).unwrap_or_else(|error| {
        terminal::print_error("chattrace-serve", &error);
        error.exit()
    });
    // Every socket is closed and every task is dropped. What they have left in memory goes with us.
    memory::end(exit.code())
}

fn run(cli: &cli::Cli) -> Result<Exit, ServeError> {
    // What needs files or rights comes first, and then there are none.
    let alone = match cli.lifeline {
        Some(_) => None,
        None if cli.explains() => return alone::explain_limits(cli),
        None => Some(alone::Alone::prepare(cli)?),
    };
    process::raise_file_limit();
    let confined = confined::Confined::begin();
    // One thread: it can be locked in memory, and one core carries more than any tunnel.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match alone {
            Some(alone) if cli.self_test => confined.test(alone.listener()).await,
            Some(alone) => alone.run(cli, confined).await,
            None => supervised::run(confined).await,
        }
    })
}

/// The room, ready to be served, and what it tells the operator.
struct Service {
    hub: Arc<Hub>,
    web: Arc<Web>,
    notices: mpsc::Receiver<FromServe>,
}

impl Service {
    fn new(room: RoomSettings, ticket: Token, door: Door) -> Result<Self, ServeError> {
        let (hub, notices) = Hub::new(&room, ticket, &Token::draw()?);
        let hub = Arc::new(hub);
        let web = Arc::new(Web::new(Arc::clone(&hub), door, room));
        Ok(Self { hub, web, notices })
    }
}

/// Lets time pass in the room, for ever.
async fn keep_time(hub: Arc<Hub>) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        second.tick().await;
        hub.tick();
    }
}
