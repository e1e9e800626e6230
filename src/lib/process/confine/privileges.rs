//! Root's privileges, for a session that root runs. Whoever has none gives up nothing.

use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use super::MissingLayer;

/// Gives up every capability (capabilities(7)) and the gaining of any. To be called before other
/// threads are started.
pub(crate) fn drop_privileges() -> Option<MissingLayer> {
    clear_bounding_set();
    let dropped = limit_capabilities(CapabilitySet::empty()).and_then(|()| set_no_new_privs(true));
    dropped.err().map(|error| MissingLayer::Privileges { why: error.to_string() })
}

/// Gives up the inheriting and the gaining of capabilities: what is left is left until exec(2). To be
/// called while this process still has what that takes.
pub(super) fn clear_bounding_set() {
    for capability in CapabilitySet::all().iter() {
        // Only root may, and only root has to; a kernel that does not know one has not got it.
        let _ = remove_capability_from_bounding_set(capability);
    }
    // Before Linux 4.3 there is no such set.
    let _ = clear_ambient_capability_set();
}

/// Gives up every capability of this thread but `kept`, as far as it has those.
///
/// # Errors
/// When the kernel refuses.
pub(super) fn limit_capabilities(kept: CapabilitySet) -> rustix::io::Result<()> {
    let left = kept & capabilities(None)?.permitted;
    let sets =
        CapabilitySets { effective: left, permitted: left, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets)
}
