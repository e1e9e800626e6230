//! Overwrites a file that is about to be removed.

use std::fs::File;
use std::io::{Result, Seek as _, Write as _};

/// The content of one write(2).
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// Overwrites the content, waits until that is on the disk, and only then truncates the file.
///
/// # Errors
/// When a write fails; the file then has its length, and some of its content.
pub(crate) fn overwrite_file(file: &File) -> Result<()> {
    write_zeros(file)?;
    file.sync_data()?;
    file.set_len(0)
}

/// One pass is enough on magnetic media (NIST SP 800-88 Rev. 1); on flash no number of passes is.
fn write_zeros(mut file: &File) -> Result<()> {
    let mut remaining = file.metadata()?.len();
    file.rewind()?;
    while remaining > 0 {
        let length = usize::try_from(remaining).map_or(ZEROS.len(), |n| n.min(ZEROS.len()));
        file.write_all(&ZEROS[..length])?;
        remaining -= length as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_overwritten_in_place() {
        let path = std::env::temp_dir().join(format!("chattrace-zero-{}", std::process::id()));
        let length = ZEROS.len() * 2 + 7;
        let mut file = File::create_new(&path).unwrap();
        file.write_all(&vec![b'x'; length]).unwrap();
        write_zeros(&file).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), vec![0; length]);
        std::fs::remove_file(path).unwrap();
    }
}
