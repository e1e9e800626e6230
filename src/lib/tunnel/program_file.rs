//! Whether the kernel can run a file that is to be used as cloudflared, and how. Found out before it is
//! run: execvp(3) hands a file that the kernel refuses to a shell, whose error does not name the cause.

use std::io::Read as _;
use std::path::Path;

use super::attempt::ProgramFormat;
use super::install::MAX_PROGRAM_BYTES;
use crate::paths::{self, Access, Owner};
use crate::terminal::io_reason;

/// Up to the kind of processor, in the header of an ELF file (elf(5)).
const HEADER_BYTES: usize = 20;

/// Checks the file.
///
/// # Errors
/// Why it cannot be run here, to follow its name.
pub(super) fn check(path: &Path) -> Result<ProgramFormat, String> {
    if paths::is_noexec(path) {
        return Err(NOEXEC.to_owned());
    }
    let mut header = Vec::new();
    let file = paths::open_file(path, Owner::Anyone, Access::Read, MAX_PROGRAM_BYTES);
    file.and_then(|file| file.take(HEADER_BYTES as u64).read_to_end(&mut header))
        .map_err(|error| io_reason(&error))?;
    format_of(&header, std::env::consts::ARCH).map_err(str::to_owned)
}

/// Why a program cannot be run from a mount with this option (mount(8)).
pub(super) const NOEXEC: &str = "it lies on a file system that is mounted noexec";

/// The format that this header shows, for processors that Rust calls `arch`.
fn format_of(header: &[u8], arch: &str) -> Result<ProgramFormat, &'static str> {
    if header.starts_with(b"#!") {
        return Ok(ProgramFormat::Script);
    }
    // Class, byte order and version follow the magic number.
    let Some(&[0x7f, b'E', b'L', b'F', 1 | 2, order @ (1 | 2), 1, .., low, high]) =
        header.first_chunk::<HEADER_BYTES>()
    else {
        return Err("it is not a program");
    };
    let machine = if order == 1 { [low, high] } else { [high, low] };
    // Numbers of processors; a kernel for 64 bits may run programs for 32 bits as well.
    let native: &[u16] = match arch {
        "x86_64" => &[62, 3],
        "x86" => &[3],
        "aarch64" => &[183, 40],
        "arm" => &[40],
        _ => return Ok(ProgramFormat::Binary),
    };
    if native.contains(&u16::from_le_bytes(machine)) {
        Ok(ProgramFormat::Binary)
    } else {
        Err("it is made for another kind of processor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of an ELF file for this machine, in this byte order.
    fn elf(machine: u16, order: u8) -> Vec<u8> {
        let number = if order == 1 { machine.to_le_bytes() } else { machine.to_be_bytes() };
        [b"\x7fELF\x02", &[order, 1][..], &[0; 11], &number].concat()
    }

    #[test]
    fn a_program_for_this_processor_and_a_script_can_be_run() {
        for (header, arch) in [
            (elf(62, 1), "x86_64"),
            (elf(3, 1), "x86_64"),
            (elf(183, 1), "aarch64"),
            (elf(243, 1), "riscv64"),
        ] {
            assert_eq!(format_of(&header, arch), Ok(ProgramFormat::Binary), "{arch}");
        }
        assert_eq!(format_of(b"#!", "x86_64"), Ok(ProgramFormat::Script));
        assert!(check(&std::env::current_exe().unwrap()).is_ok());
    }

    #[test]
    fn any_other_file_cannot() {
        for header in [&b""[..], b"\x7fELF", b"echo hello", b"\x7fELF, but of another kind", b"#"] {
            assert_eq!(format_of(header, "x86_64"), Err("it is not a program"));
        }
        let another = Err("it is made for another kind of processor");
        for (machine, order, arch) in [(183, 1, "x86_64"), (62, 1, "x86"), (20, 2, "aarch64")] {
            assert_eq!(format_of(&elf(machine, order), arch), another);
        }
    }
}
