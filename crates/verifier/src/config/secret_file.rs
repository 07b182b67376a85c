//! Files that hold one secret.

use std::fs::File;
use std::io::{self, Read};

use authress_secret::Secret;
use zeroize::Zeroizing;

use super::error::ConfigError;

/// Reads a small text file without white space around its text. It refuses a file that others can read or change.
///
/// The owner may have all permissions and the group may read, because systemd's credentials and Kubernetes' secrets are
/// mounted like that.
pub(crate) fn read(key: &'static str, path: &str) -> Result<Secret, ConfigError> {
    let unreadable = |error: io::Error| ConfigError::UnreadableSecretFile { key, reason: error.kind() };
    let file = File::open(path).map_err(unreadable)?;
    // The permissions are those of the opened file, not of the path: it cannot be replaced in between.
    check_permissions(key, &file.metadata().map_err(unreadable)?)?;
    let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES + 1));
    let limit = u64::try_from(MAX_BYTES + 1).unwrap_or(u64::MAX);
    file.take(limit).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() > MAX_BYTES {
        return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(Secret::new(text.trim()))
}

#[cfg(unix)]
fn check_permissions(key: &'static str, metadata: &std::fs::Metadata) -> Result<(), ConfigError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    // The contents of a pipe are gone once it was read, so its permissions do not matter.
    if metadata.is_file() && mode & 0o037 != 0 {
        return Err(ConfigError::SecretFileTooOpen { key, mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_permissions(_: &'static str, _: &std::fs::Metadata) -> Result<(), ConfigError> {
    Ok(())
}

/// An access key has about 120 bytes.
const MAX_BYTES: usize = 4096;

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_others_can_read_or_change_is_refused() {
        let path = std::env::temp_dir().join(format!("authress-verifier-secret-{}", std::process::id()));
        std::fs::write(&path, "secret\n").unwrap();
        let read_with = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            read("authress.access_key_file", path.to_str().unwrap()).map_err(|error| error.code())
        };
        for mode in [0o400, 0o440, 0o600, 0o640] {
            assert_eq!(read_with(mode).unwrap().expose(), "secret", "{mode:o}");
        }
        for mode in [0o644, 0o604, 0o660, 0o601, 0o602, 0o777] {
            assert_eq!(read_with(mode).unwrap_err(), "SecretFileTooOpen", "{mode:o}");
        }
        std::fs::remove_file(&path).unwrap();
    }
}
