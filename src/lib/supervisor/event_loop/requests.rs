//! The control socket: requests of scripts.

use tokio::sync::{mpsc, oneshot};

use super::state::EventLoop;
use crate::control::{IncomingRequest, Listener, RequestBody, ResponseBody, VERSION};
use crate::process;
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
        &self,
        request: &RequestBody,
        response: oneshot::Sender<ResponseBody>,
    ) -> Option<SessionEvent> {
        let (body, event) = match request {
            RequestBody::Ping => (ResponseBody::Pong { version: VERSION }, None),
            RequestBody::Status => (self.status(), None),
            RequestBody::Stop => {
                let reason = EndReason::Requested(EndRequest::ControlSocket);
                (ResponseBody::Stopping, Some(SessionEvent::End(reason)))
            }
        };
        let _ = response.send(body);
        event
    }

    fn status(&self) -> ResponseBody {
        ResponseBody::Status {
            phase: self.session.phase().status_word(),
            present: self.console.present(),
            public: self.session.public_address().map(str::to_owned),
        }
    }
}
