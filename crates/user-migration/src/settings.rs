//! The settings of the program: environment variables, with the names that the verifier has for the same things.

use std::path::Path;
use std::sync::Arc;

use authress_redis::StoreUrl;
use authress_secret::Secret;
use authress_service_client::{AccessKey, AuthressDomain, ManagementClient, ServiceClientTokens};

/// All settings, checked.
pub(crate) struct Settings {
    pub(crate) redis_url: StoreUrl,
    pub(crate) user_id_prefix: String,
    tokens: Arc<ServiceClientTokens>,
}

impl Settings {
    /// Reads the settings from `variable`. The error names the variable, and holds no secrets.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let required = |name: &str, meaning: &str| {
            variable(name).filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} is missing: {meaning}"))
        };
        let domain = required("AUTHRESS_API_URL", "the account's custom domain, such as https://login.example.com")?
            .parse::<AuthressDomain>()
            .map_err(|error| format!("AUTHRESS_API_URL: {error}"))?;
        let key_file = required("AUTHRESS_ACCESS_KEY_FILE", "a file with the service client's access key")?;
        let redis_url =
            Secret::new(required("REDIS_URL", "the Redis with the journal, such as redis://127.0.0.1:6379/0")?);
        let redis_url = match variable("REDIS_CA_FILE").filter(|path| !path.is_empty()) {
            None => StoreUrl::parse(redis_url.expose()),
            Some(path) => {
                let pem =
                    std::fs::read(&path).map_err(|error| format!("REDIS_CA_FILE cannot be read: {}", error.kind()))?;
                StoreUrl::parse_with_ca(redis_url.expose(), &pem)
            }
        };
        Ok(Self {
            redis_url: redis_url.map_err(|error| format!("REDIS_URL {error}"))?,
            user_id_prefix: variable("USER_ID_PREFIX").unwrap_or_default(),
            tokens: Arc::new(ServiceClientTokens::new(access_key(Path::new(&key_file))?, Some(&domain))),
        })
    }

    /// Returns a client of the management API. It requests nothing yet.
    pub(crate) fn client(&self) -> Result<ManagementClient, String> {
        ManagementClient::new(Arc::clone(&self.tokens)).map_err(|error| error.to_string())
    }
}

fn access_key(file: &Path) -> Result<AccessKey, String> {
    let unreadable = |error: std::io::Error| format!("AUTHRESS_ACCESS_KEY_FILE cannot be read: {}", error.kind());
    check_permissions(&std::fs::metadata(file).map_err(unreadable)?)?;
    let text = Secret::new(std::fs::read_to_string(file).map_err(unreadable)?);
    text.expose().parse().map_err(|error| format!("AUTHRESS_ACCESS_KEY_FILE: {error}"))
}

/// As in the verifier: the group may read, because secrets are mounted like that.
#[cfg(unix)]
fn check_permissions(metadata: &std::fs::Metadata) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.is_file() && mode & 0o037 != 0 {
        return Err(format!(
            "AUTHRESS_ACCESS_KEY_FILE has the permissions {mode:o}, so others can read or change it; chmod 600"
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_permissions(_: &std::fs::Metadata) -> Result<(), String> {
    Ok(())
}
