//! Scripts of a relay, and guests.
