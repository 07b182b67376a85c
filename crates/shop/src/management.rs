//! The shop's access to Authress's management API.

use std::error::Error;

use authress_service_client::{AccessKey, AuthressDomain, ManagementClient, ServiceClientTokens};

use crate::config::{Config, ManagementConfig};

/// The client of the configured service client.
///
/// # Errors
/// When the access key cannot be read or is none, the issuer is no domain, or no HTTP client can be created.
pub(crate) fn client(
    config: &Config,
    management: &ManagementConfig,
) -> Result<ManagementClient, Box<dyn Error + Send + Sync>> {
    let file = &management.access_key_file;
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("management.accessKeyFile: cannot read {}: {error}", file.display()))?;
    let key = text.trim().parse::<AccessKey>().map_err(|error| format!("management.accessKeyFile: {error}"))?;
    let domain = config.issuer.parse::<AuthressDomain>().map_err(|error| format!("issuer: {error}"))?;
    let mut tokens = ServiceClientTokens::new(key, Some(&domain));
    if let Some(api_url) = &management.api_url {
        let api = api_url.parse::<AuthressDomain>().map_err(|error| format!("management.apiUrl: {error}"))?;
        tokens = tokens.with_api_origin(&api);
    }
    Ok(ManagementClient::new(tokens)?)
}
