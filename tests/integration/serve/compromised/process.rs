//! A process in whose name the test makes system calls, as an attacker would who has taken it over
//! (ptrace(2)). Its own code does not run meanwhile.

use std::os::linux::fs::MetadataExt as _;
use std::time::Instant;

use nix::libc::{self, c_int, user_regs_struct};
use nix::sys::ptrace;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use crate::harness::DEADLINE;
use crate::serve::server::Server;

/// The answer of the filter.
pub(super) const REFUSED: i64 = -(libc::EPERM as i64);

/// No descriptor, no pointer, and every flag.
pub(super) const ALL: u64 = u64::MAX;

/// The instruction `syscall`, in the order of its bytes.
const SYSCALL: [u8; 2] = [0x0f, 0x05];

/// Distance below the stack pointer at which nothing of the process lies: below the red zone of the
/// ABI.
const SCRATCH_BYTES: u64 = 16 * 1024;

/// Dropping it restores the registers and lets the process go on.
pub(super) struct CompromisedProcess {
    pid: Pid,
    registers: user_regs_struct,
}

impl CompromisedProcess {
    /// Stops it in the system call in which an idle server waits. One that has just started may still
    /// run, and is continued until it waits.
    pub(super) fn stop(pid: u32) -> Self {
        let pid = Pid::from_raw(pid.cast_signed());
        let deadline = Instant::now() + DEADLINE;
        loop {
            ptrace::attach(pid).unwrap();
            waitpid(pid, None).unwrap();
            let registers = ptrace::getregs(pid).unwrap();
            let stopped = Self { pid, registers };
            let at = ptrace::read(pid, stopped.instruction() as ptrace::AddressType).unwrap();
            if at.to_le_bytes()[..2] == SYSCALL {
                return stopped;
            }
            assert!(Instant::now() < deadline, "it waits in no system call");
        }
    }

    /// Makes a system call in its name. A negative result is an error number.
    pub(super) fn call(&self, number: i64, arguments: [u64; 6]) -> i64 {
        let [rdi, rsi, rdx, r10, r8, r9] = arguments;
        let (rip, rax) = (self.instruction(), number.cast_unsigned());
        // All ones: there is no interrupted call for the kernel to restart.
        let orig_rax = u64::MAX;
        let call =
            user_regs_struct { rip, rax, orig_rax, rdi, rsi, rdx, r10, r8, r9, ..self.registers };
        ptrace::setregs(self.pid, call).unwrap();
        ptrace::step(self.pid, None).unwrap();
        waitpid(self.pid, None).unwrap();
        ptrace::getregs(self.pid).unwrap().rax.cast_signed()
    }

    /// Writes these bytes into its memory, over those of the call before, and returns their address.
    pub(super) fn put(&self, bytes: &[u8]) -> u64 {
        let start = self.registers.rsp - SCRATCH_BYTES;
        for (at, word) in (start..).step_by(8).zip(bytes.chunks(8)) {
            let mut whole = [0; 8];
            whole[..word.len()].copy_from_slice(word);
            let whole = i64::from_le_bytes(whole);
            ptrace::write(self.pid, at as ptrace::AddressType, whole).unwrap();
        }
        start
    }

    /// The address of the `syscall` in which it waits: two bytes before where it continues.
    fn instruction(&self) -> u64 {
        self.registers.rip - 2
    }
}

impl Drop for CompromisedProcess {
    fn drop(&mut self) {
        let _ = ptrace::setregs(self.pid, self.registers);
        let _ = ptrace::detach(self.pid, None);
    }
}

/// A flag or a number as an argument.
pub(super) fn flag(number: c_int) -> u64 {
    u64::from(number.cast_unsigned())
}

/// The descriptor of the server's socket in this state (`0A` listens, `01` is connected;
/// proc_net_tcp(5)).
pub(super) fn socket_descriptor(server: &Server, state: &str) -> u64 {
    let pid = server.pid();
    let port = format!(":{:04X}", server.address().port());
    let sockets = std::fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
    let mut fields = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let found = fields.find(|of| of[1].ends_with(&port) && of[3] == state).unwrap();
    let inode: u64 = found[9].parse().unwrap();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().map(Result::unwrap);
    let mut descriptors = open
        .filter(|entry| std::fs::metadata(entry.path()).is_ok_and(|meta| meta.st_ino() == inode));
    let number = descriptors.next().unwrap().file_name().to_str().unwrap().parse().unwrap();
    assert!(descriptors.next().is_none(), "it has one descriptor");
    number
}
