//! Files for secrets.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Writes a file that only its owner can read, replacing an existing one.
///
/// # Errors
/// Those of the file system.
pub fn write_private_file(path: &Path, text: &str) -> std::io::Result<()> {
    // An existing file would keep its permissions, which may be wider.
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => (),
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
