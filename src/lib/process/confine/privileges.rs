//! Dropping root's privileges, for a session that root starts. A process of another user has none.

use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use super::layers::MissingLayer;

/// Gives up every capability (capabilities(7)) for good. To be called before other threads start.
pub(crate) fn drop_privileges() -> Option<MissingLayer> {
    clear_bounding_set();
    let dropped = limit_capabilities(CapabilitySet::empty()).and_then(|()| set_no_new_privs(true));
    dropped.err().map(|error| MissingLayer::Privileges { why: error.to_string() })
}

/// Empties the bounding and the ambient set, so that exec(2) grants no capability. To be called while
/// this process still has the capability that this takes.
pub(super) fn clear_bounding_set() {
    for capability in CapabilitySet::all().iter() {
        // Only root may, and only root needs to. A kernel grants no capability that it does not know.
        let _ = remove_capability_from_bounding_set(capability);
    }
    // Linux before 4.3 has no ambient set.
    let _ = clear_ambient_capability_set();
}

/// Reduces the capabilities of this thread to those of `kept` that it has.
///
/// # Errors
/// When the kernel refuses.
pub(super) fn limit_capabilities(kept: CapabilitySet) -> rustix::io::Result<()> {
    let left = kept & capabilities(None)?.permitted;
    let sets =
        CapabilitySets { effective: left, permitted: left, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets)
}
