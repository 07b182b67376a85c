//! Self-signed certificates for development.

use std::fs;
use std::path::Path;

use crate::error::DevServerError;
use crate::private_file::write_private_file;
use crate::tls::TlsFiles;

/// Generates a self-signed certificate for `names` (DNS names or IP addresses) and writes it as `cert.pem`
/// and its key as `key.pem` (readable by the owner only) into `dir`, which is created if needed.
///
/// For development only: clients trust it only if they are configured to, or ignore certificates.
pub fn self_signed_certificate(names: &[String], dir: &Path) -> Result<TlsFiles, DevServerError> {
    if names.is_empty() {
        return Err(not_made("give at least one name"));
    }
    let pair = rcgen::generate_simple_self_signed(names).map_err(not_made)?;
    fs::create_dir_all(dir).map_err(not_made)?;
    let files = TlsFiles { certificate: dir.join("cert.pem"), private_key: dir.join("key.pem") };
    fs::write(&files.certificate, pair.cert.pem()).map_err(not_made)?;
    write_private_file(&files.private_key, &pair.signing_key.serialize_pem()).map_err(not_made)?;
    Ok(files)
}

fn not_made(reason: impl ToString) -> DevServerError {
    DevServerError::CertificateNotMade(reason.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_pair_can_be_served_and_the_key_is_private() {
        let dir = std::env::temp_dir().join(format!("dev-server-certificate-{}", std::process::id()));
        let names = ["app.shop.test".to_owned(), "127.0.0.1".to_owned()];
        let files = self_signed_certificate(&names, &dir).unwrap();
        assert!(files.server_config().is_ok());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&files.private_key).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_certificate_needs_a_name() {
        let error = self_signed_certificate(&[], Path::new("unused")).unwrap_err();
        assert_eq!(error.code(), "CertificateNotMade");
    }
}
