//! A process in whose name this test calls the kernel, as somebody would who has taken it over
//! (ptrace(2); root). Its own code does not run meanwhile.

use nix::libc::user_regs_struct;
use nix::sys::ptrace;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

/// The instruction `syscall`, in the order of its bytes.
const SYSCALL: [u8; 2] = [0x0f, 0x05];

/// Below everything that the process has on its stack, and below what the ABI lets it use beyond.
const SCRATCH: u64 = 16 * 1024;

/// Let go, unharmed, when dropped.
pub(super) struct TakenOver {
    pid: Pid,
    registers: user_regs_struct,
}

impl TakenOver {
    /// Stops it where it waits for the kernel: a server has nothing else to do.
    pub(super) fn stop(pid: u32) -> Self {
        let pid = Pid::from_raw(pid.cast_signed());
        ptrace::attach(pid).unwrap();
        waitpid(pid, None).unwrap();
        let registers = ptrace::getregs(pid).unwrap();
        let stopped = Self { pid, registers };
        let at = ptrace::read(pid, stopped.instruction() as ptrace::AddressType).unwrap();
        assert_eq!(at.to_le_bytes()[..2], SYSCALL, "it waits for the kernel");
        stopped
    }

    /// Makes a system call in its name; a negative answer is an error number.
    pub(super) fn call(&self, number: i64, arguments: [u64; 6]) -> i64 {
        let [rdi, rsi, rdx, r10, r8, r9] = arguments;
        let (rip, rax) = (self.instruction(), number.cast_unsigned());
        // All ones: no call is under way that could be started again.
        let orig_rax = u64::MAX;
        let call =
            user_regs_struct { rip, rax, orig_rax, rdi, rsi, rdx, r10, r8, r9, ..self.registers };
        ptrace::setregs(self.pid, call).unwrap();
        ptrace::step(self.pid, None).unwrap();
        waitpid(self.pid, None).unwrap();
        ptrace::getregs(self.pid).unwrap().rax.cast_signed()
    }

    /// Writes these bytes into its memory and gives their address; the next ones take their place.
    pub(super) fn put(&self, bytes: &[u8]) -> u64 {
        let start = self.registers.rsp - SCRATCH;
        for (at, word) in (start..).step_by(8).zip(bytes.chunks(8)) {
            let mut whole = [0; 8];
            whole[..word.len()].copy_from_slice(word);
            let whole = i64::from_le_bytes(whole);
            ptrace::write(self.pid, at as ptrace::AddressType, whole).unwrap();
        }
        start
    }

    /// Where it stands, two bytes behind the instruction.
    fn instruction(&self) -> u64 {
        self.registers.rip - 2
    }
}

impl Drop for TakenOver {
    fn drop(&mut self) {
        let _ = ptrace::setregs(self.pid, self.registers);
        let _ = ptrace::detach(self.pid, None);
    }
}
