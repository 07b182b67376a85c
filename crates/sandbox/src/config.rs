//! The configuration file: its JSON form, and the values made from it.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

#[cfg(feature = "server")]
use authress_dev_server::TlsFiles;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::dialect::Dialect;
use crate::model::access_record::{AccessRecord, Statement, StatementResource};
use crate::model::application::Application;
use crate::model::connection::Connection;
use crate::model::invite::DEFAULT_LIFETIME_S;
use crate::model::resource_uri::ResourceUri;
use crate::model::role::{Permission, Roles};
use crate::model::service_client::{ServiceClientOptions, service_client_user_id};
use crate::site::{PublicUrl, parse_http_url};

/// The configuration of a sandbox, read from JSON. Unknown fields are errors.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The loopback address to listen on; with port 0 the operating system chooses a free one.
    pub listen: SocketAddr,
    /// The origin under which browsers reach the sandbox, and the issuer of its tokens. Default:
    /// `listen` with `https` if there is `tls`, else `http`.
    #[serde(default)]
    pub public_url: Option<String>,
    /// A second loopback listener that always speaks plain http, for servers that fetch keys.
    #[serde(default)]
    pub internal_listen: Option<SocketAddr>,
    /// Makes `listen` speak https only. Relative paths are relative to the configuration file.
    #[cfg(feature = "server")]
    #[serde(default)]
    pub tls: Option<TlsFiles>,
    /// What users log in to.
    pub applications: Vec<ApplicationConfig>,
    /// Connections whose users a shop's own verifier asserts. Default: none.
    #[serde(default)]
    pub service_clients: Vec<ServiceClientConfig>,
    /// The fake identity providers. Default: `con_acorn` and `con_birch`, which allow links; the second one has large
    /// profiles.
    #[serde(default = "default_connections")]
    pub connections: Vec<ConnectionConfig>,
    /// Third-party applications, which log in by plain OAuth. Default: none.
    #[serde(default)]
    pub extensions: Vec<ExtensionConfig>,
    /// The platform's own page on which the users of an extension log in. Default: the sandbox
    /// shows a list of its providers.
    #[serde(default)]
    pub login_page: Option<String>,
    /// Ids of which each stands for one login, see [`Dialect::checks_invites`]. Default: none.
    #[serde(default)]
    pub invites: Vec<InviteConfig>,
    /// The collections of which a user may claim a resource: those with the permission `CLAIM`, for example `carts`.
    /// Default: none.
    #[serde(default)]
    pub claimable_collections: Vec<String>,
    /// The account's own roles for access records. Default: only `Authress:Owner` exists, which allows everything.
    #[serde(default)]
    pub roles: Vec<RoleConfig>,
    /// Tenants, which stand for a connection. Default: none.
    #[serde(default)]
    pub tenants: Vec<TenantConfig>,
    /// How the sandbox behaves where servers differ: `"default"`, `"strict"` or an object of [`Dialect`]'s switches.
    #[serde(default, deserialize_with = "dialect")]
    pub dialect: Dialect,
    /// Whether `/sandbox/faults`, `clock`, `log`, `code-lifetime` and `dialect` exist. Default: no.
    #[serde(default)]
    pub control: bool,
}

/// An application.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApplicationConfig {
    /// Begins with `app_`.
    pub application_id: String,
    /// The allowed redirect URLs: each entry allows its scheme, port and host, sub-domains of
    /// that host, and its path with everything below.
    pub redirect_urls: Vec<String>,
    /// The audiences that it may request, see [`Dialect::checks_audiences`]. Default: none.
    #[serde(default)]
    pub audiences: Vec<String>,
}

/// A service client.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceClientConfig {
    /// Begins with `sc_`.
    pub client_id: String,
    /// The verifier's login address.
    pub authorization_url: String,
    /// Where the access key made at start is written, readable by the owner only. A relative path
    /// is relative to the configuration file.
    pub access_key_file: PathBuf,
    /// Authress's options of the client. Default: it speaks for users and checks no access.
    #[serde(default)]
    pub options: ServiceClientOptions,
    /// The client's own access to the management API, in the form of an access record's statements. Default: none, so
    /// that every request but those of `options` is refused with 403.
    #[serde(default)]
    pub statements: Vec<StatementConfig>,
}

/// Roles for resources.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatementConfig {
    /// Role ids.
    pub roles: Vec<String>,
    /// The resources, with everything below them.
    pub resources: Vec<ResourceConfig>,
}

/// A resource of a statement.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceConfig {
    /// For example `carts`, or `Authress:Invites` for Authress's own.
    pub resource_uri: String,
}

/// A role.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleConfig {
    /// What statements name. 1 to 64 characters.
    pub role_id: String,
    /// What it allows.
    pub permissions: Vec<PermissionConfig>,
}

/// A permission of a role.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PermissionConfig {
    /// For example `READ`; `*` is every action.
    pub action: String,
    /// Whether the user may do it. Default: yes.
    #[serde(default = "yes")]
    pub allow: bool,
    /// Whether the user may give the permission to others. Default: no.
    #[serde(default)]
    pub grant: bool,
}

/// An extension.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExtensionConfig {
    /// Begins with `ext_`.
    pub extension_id: String,
    /// The allowed redirect URLs, by the rules of an application's `redirectUrls`.
    pub redirect_urls: Vec<String>,
}

/// A fake identity provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionConfig {
    /// Letters, digits, `_` and `-`.
    pub connection_id: String,
    /// The name that users see.
    pub name: String,
    /// Whether its identities can be linked. Default: as [`Dialect::links_by_default`] says.
    #[serde(default)]
    pub linking: Option<LinkingConfig>,
    /// Whether it says so much about people that their identity outgrows a cookie, see
    /// [`Dialect::large_identity_cookie`]. Default: no.
    #[serde(default)]
    pub large_profiles: bool,
}

/// Authress's setting of a connection that allows links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LinkingConfig {
    /// A user may link an identity by asking for it.
    Explicit,
}

/// An invite.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InviteConfig {
    /// What a login names as `inviteId`.
    pub invite_id: String,
    /// In seconds after the start of the sandbox. Default: 7 days.
    #[serde(default = "default_invite_lifetime")]
    pub expires_in_seconds: u64,
}

/// A tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantConfig {
    /// What a login names as `tenantLookupIdentifier`.
    pub tenant_lookup_identifier: String,
    /// The connection with which its people log in.
    pub connection_id: String,
}

fn dialect<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Dialect, D::Error> {
    Dialect::from_json(&serde_json::Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub(crate) String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl ServiceClientConfig {
    /// The access record that gives the client its own access, if it has any.
    pub(crate) fn access_record(&self) -> Result<Option<AccessRecord>, ConfigError> {
        if self.statements.is_empty() {
            return Ok(None);
        }
        let statement = |config: &StatementConfig| Statement {
            roles: config.roles.clone(),
            resources: config
                .resources
                .iter()
                .map(|resource| StatementResource { resource_uri: resource.resource_uri.clone() })
                .collect(),
            ..Statement::default()
        };
        let id = &self.client_id;
        let record = AccessRecord::for_user(
            format!("rec_{id}"),
            format!("Access of {id}"),
            service_client_user_id(id),
            self.statements.iter().map(statement).collect(),
        );
        record.check().map_err(|error| ConfigError(format!("the statements of {id} are not valid: {error}")))?;
        Ok(Some(record))
    }
}

impl Config {
    /// Reads a configuration file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError(format!("cannot read the configuration {}: {error}", path.display())))?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads a configuration; relative paths in it are relative to `base`.
    pub fn parse(text: &str, base: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = serde_json::from_str(text)
            .map_err(|error| ConfigError(format!("the configuration is not valid: {error}")))?;
        #[cfg(feature = "server")]
        if let Some(tls) = &mut config.tls {
            tls.certificate = base.join(&tls.certificate);
            tls.private_key = base.join(&tls.private_key);
        }
        for client in &mut config.service_clients {
            client.access_key_file = base.join(&client.access_key_file);
        }
        config.check()?;
        Ok(config)
    }

    /// The public URL once the port is known.
    pub(crate) fn public_url(&self, bound: SocketAddr) -> Result<PublicUrl, ConfigError> {
        #[cfg(feature = "server")]
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        #[cfg(not(feature = "server"))]
        let scheme = "http";
        let text = self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{bound}"));
        let error = || ConfigError(format!("publicUrl must be an origin such as http://127.0.0.1:8888, not {text}"));
        PublicUrl::parse(&text).ok_or_else(error)
    }

    pub(crate) fn applications(&self) -> Result<Vec<Application>, ConfigError> {
        let build = |config: &ApplicationConfig| {
            let application = with_allow_list(&config.application_id, &config.redirect_urls)?;
            Ok(application.with_audiences(&config.audiences))
        };
        self.applications.iter().map(build).collect()
    }

    pub(crate) fn extensions(&self) -> Result<Vec<Application>, ConfigError> {
        let build = |config: &ExtensionConfig| with_allow_list(&config.extension_id, &config.redirect_urls);
        self.extensions.iter().map(build).collect()
    }

    /// The connection of each tenant.
    pub(crate) fn tenants(&self) -> HashMap<String, String> {
        let pair = |tenant: &TenantConfig| (tenant.tenant_lookup_identifier.clone(), tenant.connection_id.clone());
        self.tenants.iter().map(pair).collect()
    }

    /// The collections that can be claimed from.
    pub(crate) fn claimable_collections(&self) -> Result<Vec<ResourceUri>, ConfigError> {
        let parse = |text: &String| {
            let error = || ConfigError(format!("claimableCollections must be resources without *, not {text:?}"));
            ResourceUri::parse(text).filter(|uri| !uri.has_wildcard()).ok_or_else(error)
        };
        self.claimable_collections.iter().map(parse).collect()
    }

    pub(crate) fn roles(&self) -> Roles {
        let mut roles = Roles::default();
        for role in &self.roles {
            let permission = |permission: &PermissionConfig| Permission {
                action: permission.action.clone(),
                allow: permission.allow,
                grant: permission.grant,
            };
            roles.add(role.role_id.clone(), role.permissions.iter().map(permission).collect());
        }
        roles
    }

    pub(crate) fn login_page(&self) -> Result<Option<Url>, ConfigError> {
        let parse = |text: &String| {
            let error = || ConfigError(format!("loginPage must be an http(s) URL, not {text}"));
            parse_http_url(text).ok_or_else(error)
        };
        self.login_page.as_ref().map(parse).transpose()
    }

    pub(crate) fn connections(&self) -> Vec<Connection> {
        let build = |config: &ConnectionConfig| Connection {
            id: config.connection_id.clone(),
            name: config.name.clone(),
            links: config.linking == Some(LinkingConfig::Explicit),
            has_large_profiles: config.large_profiles,
        };
        self.connections.iter().map(build).collect()
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.public_url(self.listen)?;
        self.applications()?;
        self.extensions()?;
        self.login_page()?;
        self.claimable_collections()?;
        self.service_clients.iter().try_for_each(|client| client.access_record().map(|_| ()))?;
        let mut ids: Vec<&str> = vec![];
        ids.extend(self.applications.iter().map(|application| application.application_id.as_str()));
        ids.extend(self.extensions.iter().map(|extension| extension.extension_id.as_str()));
        ids.extend(self.service_clients.iter().map(|client| client.client_id.as_str()));
        ids.extend(self.connections.iter().map(|connection| connection.connection_id.as_str()));
        for (position, id) in ids.iter().enumerate() {
            let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
            if !plain || ids.iter().skip(position + 1).any(|other| other == id) {
                return Err(ConfigError(format!("the id {id:?} must be unique and made of letters, digits, _ and -")));
            }
        }
        if let Some(tenant) = self.tenants.iter().find(|tenant| !ids.contains(&tenant.connection_id.as_str())) {
            let TenantConfig { tenant_lookup_identifier: id, connection_id } = tenant;
            return Err(ConfigError(format!("the connection {connection_id} of the tenant {id} is not configured")));
        }
        for client in &self.service_clients {
            if !client.client_id.starts_with("sc_") || parse_http_url(&client.authorization_url).is_none() {
                let id = &client.client_id;
                return Err(ConfigError(format!(
                    "the service client {id} needs an id with sc_ and an http(s) authorizationUrl"
                )));
            }
        }
        if let Some(other) = self.extensions.iter().find(|extension| !extension.extension_id.starts_with("ext_")) {
            return Err(ConfigError(format!("the extensionId {} must begin with ext_", other.extension_id)));
        }
        match self.applications.iter().find(|application| !application.application_id.starts_with("app_")) {
            Some(other) => Err(ConfigError(format!("the applicationId {} must begin with app_", other.application_id))),
            None => Ok(()),
        }
    }
}

fn with_allow_list(id: &str, redirect_urls: &[String]) -> Result<Application, ConfigError> {
    Application::new(id, redirect_urls)
        .map_err(|url| ConfigError(format!("redirectUrls must be http(s) URLs without query and fragment, not {url}")))
}

fn default_connections() -> Vec<ConnectionConfig> {
    [("con_acorn", "Acorn ID", false), ("con_birch", "Birch Accounts", true)]
        .map(|(id, name, large_profiles)| ConnectionConfig {
            connection_id: id.to_owned(),
            name: name.to_owned(),
            linking: Some(LinkingConfig::Explicit),
            large_profiles,
        })
        .to_vec()
}

fn yes() -> bool {
    true
}

fn default_invite_lifetime() -> u64 {
    DEFAULT_LIFETIME_S
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(applications: &str, rest: &str) -> Result<Config, ConfigError> {
        let text = format!(r#"{{"listen":"127.0.0.1:8888","applications":{applications}{rest}}}"#);
        Config::parse(&text, Path::new("/base"))
    }

    const APP: &str = r#"[{"applicationId":"app_demo","redirectUrls":["http://localhost:5173"]}]"#;

    #[test]
    fn the_shortest_configuration_has_two_providers_and_no_control() {
        let config = parse(APP, "").unwrap();
        assert_eq!(config.public_url(config.listen).unwrap().as_str(), "http://127.0.0.1:8888");
        assert_eq!(config.connections.len(), 2);
        assert!(!config.control);
    }

    #[cfg(feature = "server")]
    #[test]
    fn paths_are_relative_to_the_file() {
        let rest = r#","tls":{"certificate":"c.pem","privateKey":"/k.pem"},
            "serviceClients":[{"clientId":"sc_a","authorizationUrl":"http://127.0.0.1:9000/v1/login","accessKeyFile":"k"}]"#;
        let config = parse(APP, rest).unwrap();
        assert_eq!(config.service_clients[0].access_key_file, Path::new("/base/k"));
        let tls = TlsFiles { certificate: "/base/c.pem".into(), private_key: "/k.pem".into() };
        assert_eq!(config.tls, Some(tls));
    }

    #[test]
    fn the_error_names_the_mistake() {
        let cases = [
            (APP, r#","contol":true"#, "contol"),
            (APP, r#","publicUrl":"https://login.shop.test/path""#, "publicUrl"),
            (r#"[{"applicationId":"sc_demo","redirectUrls":[]}]"#, "", "app_"),
            (r#"[{"applicationId":"app_demo","redirectUrls":["javascript:x"]}]"#, "", "redirectUrls"),
            (APP, r#","connections":[{"connectionId":"a/b","name":"x"}]"#, "a/b"),
            (APP, r#","connections":[{"connectionId":"app_demo","name":"x"}]"#, "app_demo"),
            (APP, r#","extensions":[{"extensionId":"app_x","redirectUrls":[]}]"#, "ext_"),
            (APP, r#","extensions":[{"extensionId":"ext_x","redirectUrls":["javascript:x"]}]"#, "redirectUrls"),
            (APP, r#","loginPage":"/login""#, "loginPage"),
            (APP, r#","tenants":[{"tenantLookupIdentifier":"acme","connectionId":"con_x"}]"#, "con_x"),
            (APP, r#","connections":[{"connectionId":"con_a","name":"x","linking":"explicit"}]"#, "EXPLICIT"),
            (APP, r#","dialect":{"isuer":"below"}"#, "isuer"),
            (APP, r#","serviceClients":[{"clientId":"sc_a","authorizationUrl":"/login","accessKeyFile":"k"}]"#, "sc_a"),
            (APP, r#","claimableCollections":["carts/*"]"#, "carts/*"),
            (APP, r#","roles":[{"roleId":"ro_a","permissions":[{"acton":"READ"}]}]"#, "acton"),
            (
                APP,
                r#","serviceClients":[{"clientId":"sc_a","authorizationUrl":"http://x.test","accessKeyFile":"k",
                    "statements":[{"roles":["Authress:Owner"],"resources":[{"resourceUri":"a b"}]}]}]"#,
                "a b",
            ),
        ];
        for (applications, rest, named) in cases {
            let error = parse(applications, rest).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
