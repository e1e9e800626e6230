//! The control socket: requests of scripts.

use tokio::sync::{mpsc, oneshot};

use super::asker::Asker;
use super::state::EventLoop;
use crate::command;
use crate::control::{Answer, IncomingRequest, Listener, RequestBody, ResponseBody, VERSION};
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
        response: oneshot::Sender<Answer>,
    ) -> Option<SessionEvent> {
        let (body, event) = match request {
            RequestBody::Ping => (ResponseBody::Pong { version: VERSION.to_owned() }, None),
            RequestBody::Status => (self.status(), None),
            RequestBody::Who => return self.ask_who(Asker::Client { response, wants_data: true }),
            RequestBody::Do { command } => return self.carry_out_line(&command, response),
            RequestBody::Watch => {
                let _ = response.send(Answer::Events(self.console.watch()));
                return None;
            }
            RequestBody::Stop => {
                let reason = EndReason::Requested(EndRequest::ControlSocket);
                (ResponseBody::Stopping, Some(SessionEvent::End(reason)))
            }
        };
        let _ = response.send(Answer::Body(body));
        event
    }

    fn status(&self) -> ResponseBody {
        ResponseBody::Status {
            phase: self.session.phase().status_word().to_owned(),
            present: self.console.present(),
            public: self.session.public_address().map(str::to_owned),
        }
    }

    fn carry_out_line(
        &mut self,
        line: &str,
        response: oneshot::Sender<Answer>,
    ) -> Option<SessionEvent> {
        let asker = Asker::Client { response, wants_data: false };
        match command::parse(line) {
            Ok(command) => self.carry_out(command, asker),
            Err(error) => {
                self.answer(asker, Err(Refused::because(error.to_string())));
                None
            }
        }
    }
}
