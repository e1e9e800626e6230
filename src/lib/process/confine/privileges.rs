//! Root's privileges, for a session that root runs. Whoever has none gives up nothing.

use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use super::Missing;

/// Gives up every capability (capabilities(7)) and the gaining of any. To be called before other
/// threads are started.
pub(crate) fn drop_privileges() -> Option<Missing> {
    for capability in CapabilitySet::all().iter() {
        // Only root may, and only root has to; a kernel that does not know one has not got it.
        let _ = remove_capability_from_bounding_set(capability);
    }
    // Before Linux 4.3 there is no such set.
    let _ = clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    let dropped = set_capabilities(None, sets).and_then(|()| set_no_new_privs(true));
    dropped.err().map(|error| Missing::Privileges { why: error.to_string() })
}
