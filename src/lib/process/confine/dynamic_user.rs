//! A user of its own for a program that root starts: a number that stands for no person, service or
//! running process, so that the program owns no file and may signal or trace nobody, with or without
//! Landlock.

use std::fs;
use std::path::Path;

use nix::unistd::{AccessFlags, Gid, Group, Uid, User, access, setgroups, setresgid, setresuid};
use rustix::thread::{CapabilitySet, set_keep_capabilities};

use super::privileges::{clear_bounding_set, drop_privileges, limit_capabilities};
use crate::paths::{self, Owner};

/// Numbers that systemd sets aside for users who exist as long as their process (`DynamicUser=`, in
/// "Users, Groups, UIDs and GIDs on systemd Systems"); no distribution gives them to people.
const FIRST_UID: u32 = 61184;
/// How many: up to 65519, both included.
const UID_COUNT: u32 = 65519 - FIRST_UID + 1;
/// How many are looked at before it is given up; each costs a look-up in the system's accounts. They
/// begin at a place that follows from the process's number, so two starts rarely meet.
const MAX_CANDIDATES: u32 = 64;

/// Why a program keeps root's number.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DynamicUserError {
    /// Every number that was looked at stands for something.
    #[error("no user number between 61184 and 65519 is free")]
    NoneFree,
    /// The system refused.
    #[error(transparent)]
    Refused(#[from] nix::Error),
}

/// Whether a process of user `uid` may be one that [`drop_root`] has made.
pub(in crate::process) fn is_dynamic_user(uid: u32) -> bool {
    Uid::effective().is_root() && (FIRST_UID..FIRST_UID + UID_COUNT).contains(&uid)
}

/// Gives up every capability and, if we are root, root's number with all groups. Until this process
/// becomes another program it keeps one capability, `CAP_DAC_OVERRIDE`: a program may lie in a folder
/// that only root may enter. exec(2) takes it: it is in no set that survives (capabilities(7),
/// "Transformation of capabilities during execve()").
///
/// The death signal is lost with the number (prctl(2), `PR_SET_PDEATHSIG`): it has to be set again.
///
/// # Errors
/// When there is no free number, or the system does not let root take another, as in a user namespace
/// that has none. Capabilities are given up in any case.
pub(crate) fn drop_root() -> Result<(), DynamicUserError> {
    if !Uid::effective().is_root() {
        drop_privileges();
        return Ok(());
    }
    let left = switch_to_free_uid();
    let kept = if left.is_ok() { CapabilitySet::DAC_OVERRIDE } else { CapabilitySet::empty() };
    limit_capabilities(kept).map_err(|error| nix::Error::from_raw(error.raw_os_error()))?;
    left
}

/// Whether this process could open the file for reading without the capability that it still has:
/// access(2) asks for the real user, who has none.
pub(crate) fn can_read_unprivileged(path: &Path) -> bool {
    access(path, AccessFlags::R_OK).is_ok()
}

fn switch_to_free_uid() -> Result<(), DynamicUserError> {
    let number = free_uid().ok_or(DynamicUserError::NoneFree)?;
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
        // A system that cannot look accounts up has none with such a number.
        let account = User::from_uid(Uid::from_raw(*number)).is_ok_and(|user| user.is_some());
        let group = Group::from_gid(Gid::from_raw(*number)).is_ok_and(|group| group.is_some());
        !account && !group && !running.contains(number)
    })
}

fn candidates(process: u32) -> impl Iterator<Item = u32> {
    (0..MAX_CANDIDATES).map(move |step| FIRST_UID + (process % UID_COUNT + step) % UID_COUNT)
}

/// Longest `/proc/PID/status` that is read; Linux 6.18 writes 1.5 KiB, more for many groups.
const MAX_STATUS_BYTES: u64 = 1024 * 1024;

/// Every number that a running process has, as any of its four.
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

/// The numbers in the line `Uid:` of a `/proc/PID/status` (proc(5)).
fn parse_uids(status: &str) -> Vec<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    line.into_iter().flat_map(str::split_whitespace).filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_stay_in_the_range_whatever_the_process_number_is() {
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
        assert!(running_uids().contains(&Uid::current().as_raw()), "we are running");
    }
}
