//! The clocks, which are read here for all that takes time as an argument.

use std::time::{Instant, SystemTime};

use crate::supervisor::operator::Moment;

/// The present moment.
pub(super) fn read_clocks() -> Moment {
    Moment::new(Instant::now(), SystemTime::now())
}
