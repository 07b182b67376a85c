//! The configuration file: JSON, read once at start.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use authress_dev_server::TlsFiles;
use authress_redis::StoreUrl;
use authress_service_client::InviteLifetime;
use authress_user_migration::SETTLING;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use crate::merge_policy::MergePolicy;

/// The settings of the shop. Unknown fields are errors, so that a misspelt one is
/// noticed. Relative paths are relative to the working directory.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The loopback address to listen on.
    pub listen: SocketAddr,
    /// The shop's origin in the browser. Default: http(s)://`listen`.
    pub public_url: Option<String>,
    /// Certificate and key when the shop itself speaks HTTPS. Default: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// The Authress custom domain as in `iss`: scheme and host, no trailing slash. The page logs in there too.
    pub issuer: String,
    /// The URL of the issuer's public keys. Plain HTTP, because it is on this machine.
    pub jwks_url: String,
    /// The `app_…` id tokens must be issued for.
    pub application_id: String,
    /// The `sc_…` id of the service client with which anonymous shoppers log in.
    pub shopper_connection_id: String,
    /// The identity providers the page offers.
    pub connections: Vec<Connection>,
    /// How many carts are kept.
    #[serde(default)]
    pub carts: CartBounds,
    /// Whether anonymous shoppers may have a link to their cart mailed. The demo keeps the mails in memory, to be read at
    /// `/outbox.html`. Default: false.
    #[serde(default)]
    pub reminders: bool,
    /// How long a mailed link and its invite are valid, in seconds: 300 (five minutes) to 2,592,000 (30 days), as Authress
    /// allows. Shorter is safer: the link gives the cart to anyone who has it. Default: 604,800, seven days.
    #[serde(default = "default_link_lifetime")]
    pub link_lifetime_seconds: u64,
    /// How the shop's server calls Authress. Default: not at all, and a mailed link moves the cart without keeping the user
    /// id.
    pub management: Option<ManagementConfig>,
    /// How an anonymous cart is merged into that of the account which claims it: `addQuantities` (the default),
    /// `largerQuantity`, `keep` or `replace`.
    #[serde(default)]
    pub cart_merge: MergePolicy,
    /// The Redis that keeps the carts, and the journal of those that move to another user: `redis://…`, `rediss://…` (TLS)
    /// or `redis+unix://…`. Default: none; carts are kept in memory, and `carts` bounds them.
    #[serde(default, deserialize_with = "redis_url")]
    pub redis_url: Option<StoreUrl>,
    /// The verifier's origin in the browser, if the page may follow logins in the background. Default: none.
    pub verifier_origin: Option<String>,
    /// The number of proxies in front of the shop that append to `X-Forwarded-For`. Default: 0, and the header is ignored.
    #[serde(default)]
    pub trusted_hops: u8,
    /// The folder with the storefront's pages.
    pub pages: PathBuf,
    /// The folder of the built npm package.
    pub package: PathBuf,
}

/// The service client with which the shop's server calls Authress's management API.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManagementConfig {
    /// Where the API is. Default: the `issuer`. Another address is only for an Authress on this machine whose certificate
    /// this server does not trust.
    pub api_url: Option<String>,
    /// The file with the access key. Its service client needs the permission to create invites.
    pub access_key_file: PathBuf,
    /// Whether carts are claimed as resources `carts/{id}`, and Authress decides who may open them. Default: false, and the
    /// shop's own table decides.
    #[serde(default)]
    pub ownership: bool,
    /// How old Authress's lists of access records may be, in seconds: so long a migration waits before it deletes the
    /// anonymous user. Default: 360.
    #[serde(default = "default_settling")]
    pub settling_seconds: u64,
}

/// How many carts are kept in memory. A cart is about 300 bytes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CartBounds {
    /// The most anonymous carts of one client: an IPv4 address, or the /64 of an IPv6 address. A further one replaces the
    /// least recently used one of the same client. Default: 500. A household has a handful, an office one for each person.
    pub per_client: NonZeroUsize,
    /// The most anonymous carts of all clients. A further one replaces the least recently used one of the client that has
    /// the most. Default: 50,000.
    pub anonymous: NonZeroUsize,
    /// The most carts of customers, which no anonymous cart replaces. A further one replaces the least recently used one
    /// of the client that has the most. Default: 50,000.
    pub customers: NonZeroUsize,
}

fn default_link_lifetime() -> u64 {
    7 * 24 * 60 * 60
}

fn default_settling() -> u64 {
    SETTLING.as_secs()
}

impl Default for CartBounds {
    fn default() -> Self {
        const PER_CLIENT: NonZeroUsize = NonZeroUsize::new(500).unwrap();
        const IN_ALL: NonZeroUsize = NonZeroUsize::new(50_000).unwrap();
        Self { per_client: PER_CLIENT, anonymous: IN_ALL, customers: IN_ALL }
    }
}

/// An identity provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Connection {
    /// Its `con_…` id.
    pub connection_id: String,
    /// The name on its button.
    pub name: String,
}

impl Config {
    /// The shop's origin in the browser.
    pub fn origin(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{}", self.listen))
    }

    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// [`InvalidConfig`] with a sentence that names the field or file to change.
    pub fn read(path: &Path) -> Result<Self, InvalidConfig> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| InvalidConfig(format!("cannot read the configuration {}: {error}", path.display())))?;
        let config = Self::parse(&text)?;
        config.check_folders()?;
        Ok(config)
    }

    /// Parses a configuration without checking its folders.
    ///
    /// # Errors
    /// [`InvalidConfig`] with a sentence that names the field to change.
    pub fn parse(text: &str) -> Result<Self, InvalidConfig> {
        let config: Self = serde_json::from_str(text)
            .map_err(|error| InvalidConfig(format!("the configuration is not valid: {error}")))?;
        let issuer = Url::parse(&config.issuer).ok().map(|url| url.origin()).filter(|origin| origin.is_tuple());
        if issuer.is_none_or(|origin| origin.ascii_serialization() != config.issuer) {
            return Err(InvalidConfig(format!(
                "issuer must be a scheme and a host such as http://127.0.0.1:8888, without a path or slash at the end, not {:?}",
                config.issuer
            )));
        }
        if !Url::parse(&config.jwks_url).is_ok_and(|url| url.scheme() == "http") {
            return Err(InvalidConfig(format!(
                "jwksUrl must be a plain http address on this machine, not {:?}; the sandbox's internalListen gives one",
                config.jwks_url
            )));
        }
        if InviteLifetime::new(config.link_lifetime()).is_err() {
            return Err(InvalidConfig(format!(
                "linkLifetimeSeconds must be from 300 (five minutes) to 2592000 (30 days), not {}",
                config.link_lifetime_seconds
            )));
        }
        Ok(config)
    }

    /// How long a mailed link is valid.
    pub(crate) fn link_lifetime(&self) -> Duration {
        Duration::from_secs(self.link_lifetime_seconds)
    }

    fn check_folders(&self) -> Result<(), InvalidConfig> {
        let needed = [
            ("pages", self.pages.join("index.html"), "give the storefront's folder www"),
            ("package", self.package.join("package.json"), "give the npm package's folder pkg"),
        ];
        for (field, file, help) in needed {
            if !file.is_file() {
                return Err(InvalidConfig(format!("{field}: there is no {}; {help}", file.display())));
            }
        }
        Ok(())
    }
}

fn redis_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<StoreUrl>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    // The error holds nothing of the text, which may have a password.
    text.map(|text| StoreUrl::parse(&text).map_err(|error| D::Error::custom(format_args!("redisUrl {error}"))))
        .transpose()
}

/// Why the configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidConfig(String);

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidConfig {}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(changes: &[(&str, Value)]) -> Result<Config, InvalidConfig> {
        let mut config = json!({
            "listen": "127.0.0.1:5173", "publicUrl": "http://localhost:5173", "tls": null,
            "issuer": "http://127.0.0.1:8888", "jwksUrl": "http://127.0.0.1:8888/.well-known/openid-configuration/jwks",
            "applicationId": "app_demo", "shopperConnectionId": "sc_demoShop",
            "connections": [{"connectionId": "con_acorn", "name": "Acorn ID"}],
            "pages": "www", "package": "pkg"
        });
        for (name, value) in changes {
            config[*name] = value.clone();
        }
        Config::parse(&config.to_string())
    }

    #[test]
    fn a_complete_configuration_is_read() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.application_id, "app_demo");
        assert_eq!(config.connections[0].name, "Acorn ID");
    }

    #[test]
    fn the_error_names_a_misspelt_field() {
        let error = parse(&[("jwksURL", json!("x"))]).unwrap_err().to_string();
        assert!(error.contains("jwksURL"), "{error}");
    }

    #[test]
    fn bounds_of_carts_have_defaults_and_are_never_zero() {
        let bounds = |value| parse(&[("carts", value)]).map(|config| config.carts);
        let lowered = bounds(json!({ "perClient": 2 })).unwrap();
        assert_eq!((lowered.per_client.get(), lowered.anonymous.get(), lowered.customers.get()), (2, 50_000, 50_000));
        assert_eq!(parse(&[]).unwrap().carts.per_client.get(), 500);
        for invalid in [json!({ "perClient": 0 }), json!({ "perclient": 2 }), json!(500)] {
            assert!(bounds(invalid.clone()).is_err(), "{invalid}");
        }
    }

    #[test]
    fn quantities_are_added_unless_the_shop_chooses_another_merge() {
        assert_eq!(parse(&[]).unwrap().cart_merge, MergePolicy::AddQuantities);
        assert_eq!(parse(&[("cartMerge", json!("keep"))]).unwrap().cart_merge, MergePolicy::Keep);
        let error = parse(&[("cartMerge", json!("max"))]).unwrap_err().to_string();
        assert!(error.contains("max") && error.contains("largerQuantity"), "{error}");
    }

    #[test]
    fn the_url_of_redis_is_checked_and_never_printed() {
        let config = parse(&[("redisUrl", json!("redis://:hunter2@127.0.0.1:1"))]).unwrap();
        assert!(config.redis_url.is_some() && !format!("{config:?}").contains("hunter2"));
        for invalid in [json!("hunter2"), json!("redis://:hunter2#a@redis.example"), json!(["hunter2"])] {
            let error = parse(&[("redisUrl", invalid)]).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(parse(&[("redisUrl", json!("https://x"))]).unwrap_err().to_string().contains("redisUrl must be a URL"));
        assert!(parse(&[("redisUrl", Value::Null)]).unwrap().redis_url.is_none());
    }

    #[test]
    fn without_a_public_url_the_origin_is_where_the_shop_listens() {
        let listening = &[("publicUrl", Value::Null)][..];
        assert_eq!(parse(listening).unwrap().origin(), "http://127.0.0.1:5173");
        let tls = ("tls", json!({ "certificate": "cert.pem", "privateKey": "key.pem" }));
        assert_eq!(parse(&[listening, &[tls]].concat()).unwrap().origin(), "https://127.0.0.1:5173");
        assert_eq!(parse(&[]).unwrap().origin(), "http://localhost:5173");
    }

    #[test]
    fn an_issuer_is_an_origin_because_it_is_compared_with_iss_exactly() {
        for issuer in ["https://login.shop.test/", "https://login.shop.test/x", "login.shop.test", "data:x", "null", ""]
        {
            let error = parse(&[("issuer", json!(issuer))]).unwrap_err().to_string();
            assert!(error.contains("issuer"), "{error}");
        }
        assert!(parse(&[("issuer", json!("https://login.shop.test"))]).is_ok());
    }

    #[test]
    fn a_mailed_link_is_valid_for_five_minutes_to_thirty_days() {
        assert_eq!(parse(&[]).unwrap().link_lifetime_seconds, 7 * 24 * 60 * 60);
        for (seconds, is_valid) in [(0, false), (299, false), (300, true), (2_592_000, true), (2_592_001, false)] {
            let result = parse(&[("linkLifetimeSeconds", json!(seconds))]);
            assert_eq!(result.is_ok(), is_valid, "{seconds}");
            assert!(result.err().is_none_or(|error| error.to_string().starts_with("linkLifetimeSeconds")));
        }
    }

    #[test]
    fn a_jwks_url_with_https_is_an_error_at_start() {
        let error = parse(&[("jwksUrl", json!("https://login.shop.test/jwks"))]).unwrap_err().to_string();
        assert!(error.contains("internalListen"), "{error}");
    }

    #[test]
    fn the_error_names_the_field_of_a_missing_folder() {
        let config = parse(&[("pages", json!("no-such-folder"))]).unwrap();
        let error = config.check_folders().unwrap_err().to_string();
        assert!(error.starts_with("pages: "), "{error}");
    }
}
