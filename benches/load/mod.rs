//! The load: clients of a room, on one thread, over real WebSockets. They check everything that they
//! receive.

mod arrival;
mod client;
mod delivery_log;
mod disruptor;
mod effect;
mod event_loop;
mod frame;
mod latency;
mod lines;
mod long_poll;
mod message;
mod saturation;
mod sealed;
mod target;

pub(crate) use client::{ACCEPT, KEY};
pub(crate) use disruptor::{Disruption, Disruptor};
pub(crate) use effect::Effect;
pub(crate) use event_loop::{Arrival, Load};
pub(crate) use latency::Latency;
pub(crate) use long_poll::PollingClients;
pub(crate) use message::Protocol;
pub(crate) use saturation::{Phases, Saturation};
pub(crate) use sealed::draw;
pub(crate) use target::Target;
