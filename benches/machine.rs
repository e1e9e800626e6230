//! The machine: which processes run on which core, and what they use.

use std::fs;
use std::process::{Child, Command};
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// The core of the servers, and the core of the load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    server: usize,
    load: usize,
}

impl Cores {
    /// Takes the first two cores that this process may use, and pins it to the second. On a single
    /// core servers and load disturb each other, and the figures mean little.
    ///
    /// # Errors
    /// When the affinity of this process cannot be read or set.
    pub(crate) fn assign() -> Result<Self, String> {
        let failed = |error| format!("cannot choose a core: {error}");
        let allowed = sched_getaffinity(Pid::from_raw(0)).map_err(failed)?;
        let mut cores = (0..CpuSet::count()).filter(|core| allowed.is_set(*core) == Ok(true));
        let server = cores.next().unwrap_or_default();
        let load = cores.next().unwrap_or(server);
        pin(load)?;
        Ok(Self { server, load })
    }

    /// Whether servers and load share one core.
    pub(crate) fn are_shared(self) -> bool {
        self.server == self.load
    }

    /// Starts a program on the core of the servers. Its children inherit the affinity.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub(crate) fn spawn(self, command: &mut Command) -> Result<Child, String> {
        pin(self.server)?;
        let child = command.spawn();
        pin(self.load)?;
        child.map_err(|error| {
            format!("{} cannot be started: {error}", command.get_program().display())
        })
    }
}

fn pin(core: usize) -> Result<(), String> {
    let mut set = CpuSet::new();
    set.set(core)
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &set))
        .map_err(|error| format!("cannot run on core {core}: {error}"))
}

/// Processor and kernel, in one line.
pub(crate) fn description() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{cores} cores of {model}, Linux {}", kernel.trim())
}

/// Raises the limit on open files to its maximum, and returns the limit.
pub(crate) fn raise_file_limit() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 0 };
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(_) => soft,
    }
}

/// The processor time that all threads of a process have used.
///
/// # Errors
/// When the process has ended.
pub(crate) fn cpu_time(process: Pid) -> Result<Duration, String> {
    clock_getcpuclockid(process)
        .and_then(clock_gettime)
        .map(Duration::from)
        .map_err(|error| format!("process {process} has no clock: {error}"))
}

/// The resident memory of a process, in KiB.
///
/// # Errors
/// When the process has ended.
pub(crate) fn resident_kib(process: Pid) -> Result<u64, String> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok())
        .ok_or_else(|| format!("{path} has no VmRSS"))
}
