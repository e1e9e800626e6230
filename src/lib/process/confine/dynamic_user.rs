//! A user number for a program that root starts, which no account, service or running process has. The
//! program then owns no file and may signal or trace no process, even without Landlock.

use std::fs;
use std::path::Path;

use nix::unistd::{AccessFlags, Gid, Group, Uid, User, access, setgroups, setresgid, setresuid};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities, set_keep_capabilities};

use super::privileges::{clear_bounding_set, drop_privileges, limit_capabilities};
use crate::paths::{self, Owner};

/// The range 61184 to 65519 that systemd reserves for `DynamicUser=` ("Users, Groups, UIDs and GIDs on
/// systemd Systems"); no distribution assigns it to accounts.
const FIRST_UID: u32 = 61184;
const UID_COUNT: u32 = 65519 - FIRST_UID + 1;
/// Numbers that are tried; each costs a look-up in the system's accounts. The first follows from the
/// pid, so two starts at once rarely try the same.
const MAX_CANDIDATES: u32 = 64;

/// Why a program keeps root's user number.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DynamicUserError {
    /// Every candidate has an account or a process.
    #[error("no user number between 61184 and 65519 is free")]
    NoneFree,
    /// The kernel refused a change of user, groups or capabilities.
    #[error(transparent)]
    Refused(#[from] nix::Error),
}

/// Whether a process of user `uid` may have called [`drop_root`] in a session of this user.
pub(in crate::process) fn is_dynamic_user(uid: u32) -> bool {
    Uid::effective().is_root() && (FIRST_UID..FIRST_UID + UID_COUNT).contains(&uid)
}

/// Gives up every capability and, if this process is root, root's user number and all groups.
///
/// A former root process keeps `CAP_DAC_OVERRIDE` until exec(2), because the program may lie in a
/// folder that only root may enter. exec(2) clears it: it is in no set that survives (capabilities(7),
/// "Transformation of capabilities during execve()").
///
/// The kernel clears the death signal when the user number changes (prctl(2), `PR_SET_PDEATHSIG`): the
/// caller has to set it again.
///
/// # Errors
/// When no number is free, or the user namespace does not map it. Capabilities are given up anyway.
pub(crate) fn drop_root() -> Result<(), DynamicUserError> {
    if !Uid::effective().is_root() {
        drop_privileges();
        return Ok(());
    }
    let switched = switch_to_free_uid();
    let kept = if switched.is_ok() { CapabilitySet::DAC_OVERRIDE } else { CapabilitySet::empty() };
    limit_capabilities(kept).map_err(|error| nix::Error::from_raw(error.raw_os_error()))?;
    switched
}

/// Whether the program will be able to read the file after exec(2), when `CAP_DAC_OVERRIDE` is gone:
/// access(2) checks the real user, without capabilities.
pub(crate) fn can_read_unprivileged(path: &Path) -> bool {
    access(path, AccessFlags::R_OK).is_ok()
}

fn switch_to_free_uid() -> Result<(), DynamicUserError> {
    let number = free_uid().ok_or(DynamicUserError::NoneFree)?;
    // Tried before it is needed: with another user number, and without capset(2), this process could not
    // get the capability back that it needs for exec(2).
    let unchanged = capabilities(None).and_then(|sets| set_capabilities(None, sets));
    unchanged.map_err(|error| nix::Error::from_raw(error.raw_os_error()))?;
    clear_bounding_set();
    set_keep_capabilities(true).map_err(|error| nix::Error::from_raw(error.raw_os_error()))?;
    setgroups(&[])?;
    let (user, group) = (Uid::from_raw(number), Gid::from_raw(number));
    setresgid(group, group, group)?;
    Ok(setresuid(user, user, user)?)
}

fn free_uid() -> Option<u32> {
    let running = running_uids();
    candidates(std::process::id()).find(|number| {
        // An error counts as no account: the system cannot look any up.
        let account = User::from_uid(Uid::from_raw(*number)).is_ok_and(|user| user.is_some());
        let group = Group::from_gid(Gid::from_raw(*number)).is_ok_and(|group| group.is_some());
        !account && !group && !running.contains(number)
    })
}

fn candidates(process: u32) -> impl Iterator<Item = u32> {
    (0..MAX_CANDIDATES).map(move |step| FIRST_UID + (process % UID_COUNT + step) % UID_COUNT)
}

/// Bound on `/proc/PID/status`. Linux 6.18 writes 1.5 KiB, more for a user with many groups.
const MAX_STATUS_BYTES: u64 = 1024 * 1024;

/// The user numbers of all running processes: real, effective, saved and filesystem.
fn running_uids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let status = |entry: fs::DirEntry| {
        paths::read_file(&entry.path().join("status"), Owner::Anyone, MAX_STATUS_BYTES)
    };
    let statuses = entries.filter_map(|entry| status(entry.ok()?).ok());
    statuses.flat_map(|status| parse_uids(&String::from_utf8_lossy(&status))).collect()
}

/// The four numbers in the line `Uid:` of `/proc/PID/status` (proc(5)).
fn parse_uids(status: &str) -> Vec<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    line.into_iter().flat_map(str::split_whitespace).filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_stay_in_the_range_for_every_pid() {
        for process in [0, 1, UID_COUNT - 1, UID_COUNT, u32::MAX] {
            let all: Vec<u32> = candidates(process).collect();
            assert!(all.iter().all(|number| (61184..=65519).contains(number)), "{process}");
            let different: std::collections::BTreeSet<_> = all.iter().collect();
            assert_eq!(different.len(), MAX_CANDIDATES as usize);
        }
    }

    #[test]
    fn all_four_numbers_of_a_process_count() {
        assert_eq!(
            parse_uids("Name:\tx\nUid:\t0\t61200\t61201\t7\nGid:\t5\t5\t5\t5\n"),
            [0, 61200, 61201, 7]
        );
        assert_eq!(parse_uids("Name:\tx\n"), [0; 0]);
        assert!(running_uids().contains(&Uid::current().as_raw()), "this test runs");
    }
}
