//! Everything chattrace can create, in one place. `chattrace-clean` deletes exactly this list.
//!
//! | what | where |
//! |---|---|
//! | runtime folder of a session, 0700: lock, control socket, empty home for cloudflared | `<runtime base>/<session>/` |
//! | the cool-down that the tunnel provider asked for | `<runtime base>/cooldown` |
//! | managed cloudflared, and its partial download | `<data>/bin/` |
//! | saved event logs | the archive folder, only on "save" |
//!
//! [`Artifact`] is that list as a type. A new kind of file is added there first; otherwise no program
//! ever deletes it.

mod artifact;
mod cooldown;
mod documented;
mod file_info;
mod folder;
mod locations;
mod new_file;
mod open;
mod overwrite;
mod owner_access;
mod private_dir;
mod run_dir;
mod run_dir_handle;
mod writable;

pub(crate) use artifact::{
    Artifact, BIN, CONTROL_SOCKET, EVENT_LOG_HEADER, LOCK, LOCK_DRAFT, PARTIAL, SESSION_MARK,
    TUNNEL_HOME, event_log_name,
};
pub(crate) use cooldown::{
    COOLDOWN_SECONDS, MAX_COOLDOWN_FILE_BYTES, cooldown_content, cooldown_remaining,
};
pub(crate) use documented::{CONFIG_FILE, NETWORK_VARIABLES, VARIABLES, describe};
pub(crate) use file_info::{FileInfo, FileKind, KeptReason};
pub(crate) use folder::{Folder, FolderTrust};
pub(crate) use locations::{
    CERTIFICATE_VARIABLES, bin_dir, config_file, cooldown_file, data_dir, is_in_memory, is_noexec,
    runtime_base_of, runtime_bases,
};
pub(crate) use new_file::{NewFileError, write_new_file};
pub(crate) use open::{Access, Owner, open_file, open_private_file, read_file};
pub(crate) use overwrite::overwrite_file;
pub(crate) use private_dir::{create_private_dir, create_private_subdir};
pub(crate) use run_dir::{RunDir, RunDirError, find_runtime_base};
pub(crate) use run_dir_handle::RunDirHandle;
pub(crate) use writable::check_can_create_in;
