//! The control socket: requests of scripts.

use tokio::sync::{mpsc, oneshot};

use super::asker::{Asker, Client};
use super::state::EventLoop;
use crate::command::{self, Command};
use crate::control::{IncomingRequest, Listener, Reply, RequestBody, ResponseBody, VERSION};
use crate::process;
use crate::supervisor::operator::Refused;
use crate::supervisor::session::{EndReason, EndRequest, SessionEvent};

impl EventLoop {
    /// Opens the socket. A session without one goes on, and no request arrives.
    pub(super) fn open_control_socket(&mut self) -> mpsc::Receiver<IncomingRequest> {
        let (requests, queue) = mpsc::channel(1);
        if let Some(run_dir) = &self.run_dir {
            match Listener::bind(&run_dir.control_socket(), process::own_uid()) {
                Ok(listener) => self.control_task = Some(tokio::spawn(listener.serve(requests))),
                Err(error) => self.console.warn(&format!("no control socket: {error}")),
            }
        }
        queue
    }

    /// Responds to a request. A client that does not wait for its response changes nothing.
    pub(super) fn handle_request(
        &mut self,
        request: RequestBody,
        reply: oneshot::Sender<Reply>,
    ) -> Option<SessionEvent> {
        match request {
            RequestBody::Ping => {
                Client(reply).respond(ResponseBody::Pong { version: VERSION.to_owned() });
            }
            RequestBody::Status => Client(reply).respond(self.status()),
            RequestBody::Who => {
                return self.carry_out(Command::Who, Asker::Lister(Client(reply)));
            }
            RequestBody::Do { command } => {
                return self.handle_command(&command, Asker::Client(Client(reply)));
            }
            RequestBody::Watch => {
                let _ = reply.send(Reply::Events(self.console.watch()));
            }
            RequestBody::Stop => {
                Client(reply).respond(ResponseBody::Stopping);
                let reason = EndReason::Requested(EndRequest::ControlSocket);
                return Some(SessionEvent::End(reason));
            }
        }
        None
    }

    fn handle_command(&mut self, line: &str, asker: Asker) -> Option<SessionEvent> {
        match command::parse(line) {
            Ok(command) => self.carry_out(command, asker),
            Err(error) => {
                self.answer(asker, Err(Refused::because(error.to_string())));
                None
            }
        }
    }

    fn status(&self) -> ResponseBody {
        ResponseBody::Status {
            phase: self.session.phase().status_word().to_owned(),
            present: self.console.present(),
            public: self.session.public_address().map(str::to_owned),
        }
    }
}
