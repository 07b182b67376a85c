//! The configuration: parsed settings from the environment and a TOML file.
//!
//! Secrets are never taken from the command line, which every user of the machine can read, nor from the TOML file,
//! which is backed up and shared.

mod api_url;
mod error;
mod human_check;
mod listeners;
mod secret_file;
mod settings;
mod sources;
mod unknown_variable;
mod warning;

use std::ffi::OsString;
use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

pub use self::error::{ConfigError, InvalidToml};
pub use self::human_check::{HumanCheckConfig, HumanCheckKind};
pub use self::listeners::Listeners;
pub use self::settings::{SETTINGS, Setting};
use self::sources::Sources;
pub use self::warning::{ConfigWarning, NoNextKey};
use crate::decision::{AccessKey, KEY_PROPAGATION, QueryParameters, UserIdPrefix, Verifier};
use crate::http::{ForwardingHeader, ServerLimits, TrustedProxies};
use crate::rate_limit::Limits;
use crate::shared_store::{StoreUrl, WhenDown};

/// The configuration of the verifier.
#[derive(Debug)]
pub struct Config {
    /// The address of the listener for logins.
    pub listen: SocketAddr,
    /// The Authress domains, the service client and its access keys.
    pub verifier: Verifier,
    /// How long used states are remembered; `None`: not at all.
    pub state_lifetime: Option<Duration>,
    /// Whether only top-level navigations are admitted.
    pub navigations_only: bool,
    /// Whether requests in the background of pages of the same site are admitted too.
    pub allow_background: bool,
    /// The proxies whose forwarding header is trusted.
    pub proxies: TrustedProxies,
    /// The rate limits.
    pub limits: Limits,
    /// The shared store, if one is configured.
    pub store: Option<StoreConfig>,
    /// The human check, if one is configured.
    pub human_check: Option<HumanCheckConfig>,
    /// The limits of the server.
    pub server: ServerLimits,
    /// The address of the listener for metrics and health checks, if one is configured.
    pub metrics_listen: Option<SocketAddr>,
    /// The log level and format.
    pub log: LogConfig,
    /// The effective settings, one line each, without secrets.
    pub effective: String,
    /// Settings that are valid but suspicious.
    pub warnings: Vec<ConfigWarning>,
}

/// The configuration of the shared store.
#[derive(Debug)]
pub struct StoreConfig {
    /// Its URL.
    pub url: StoreUrl,
    /// The prefix of all keys. By default it contains the Authress domain and the service client, so that deployments
    /// with different ones share nothing in one Redis.
    pub prefix: String,
    /// How long a response may take.
    pub timeout: Duration,
    /// What the verifier does while the store is unavailable.
    pub when_down: WhenDown,
}

/// The log level and format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// The most verbose level that is written.
    pub level: tracing::Level,
    /// Whether each line is a JSON object instead of text.
    pub json: bool,
}

/// Returns the text of `authress-verifier --help`.
pub fn usage() -> String {
    let mut text = "\
authress-verifier gives anonymous shoppers a signed user id, for logins with Authress.

  authress-verifier [--config FILE]           serves until SIGTERM; SIGHUP reloads the access keys
  authress-verifier [--config FILE] --check   checks the settings, prints them without secrets, and exits
  authress-verifier healthcheck [--config FILE] [--url URL]
                                              asks the verifier on this machine whether it runs; exits with 0 or 1
  authress-verifier --help | --version

Each setting is taken from the environment, otherwise from the TOML file, otherwise it has its default:

"
    .to_owned();
    for setting in SETTINGS {
        let default =
            if setting.default.is_empty() { String::new() } else { format!(" (default {})", setting.default) };
        let key = if setting.is_secret { "environment only" } else { setting.key };
        text.push_str(&format!("  {}\n      {}{default} [{key}]\n", setting.variable(), setting.help));
    }
    text.push_str("\nIn Authress, set the service client's Authorization Url to the public URL of /v1/login.\n");
    text
}

impl Config {
    /// Reads the settings from the environment of the process and from a TOML file.
    ///
    /// # Errors
    /// The first [`ConfigError`].
    pub fn read(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::from_settings(Sources::of_process(file)?, Instant::now())
    }

    /// Parses the settings from environment variables and from the text of a TOML file. The next access key becomes
    /// active [`KEY_PROPAGATION`] after `now`.
    ///
    /// # Errors
    /// The first [`ConfigError`].
    pub fn from_sources(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        file: Option<&str>,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        Self::from_settings(Sources::read(environment, file)?, now)
    }

    fn from_settings(mut settings: Sources, now: Instant) -> Result<Self, ConfigError> {
        let mut warnings = std::mem::take(&mut settings.warnings);
        let (verifier, about_verifier) = verifier(&settings, now)?;
        warnings.extend(about_verifier);
        let state_lifetime = settings.number("state.remembered_s", 0..=86_400)?;
        let store = store(&settings, verifier.issuer())?;
        let human_check = human_check::read(&settings, store.is_some())?;
        let client = settings.rate("rate_limit.client_per_minute", "rate_limit.client_burst")?;
        let listeners = Listeners::parse(&settings)?;
        warnings.extend(human_check.as_ref().and_then(HumanCheckConfig::warning));
        Ok(Self {
            listen: listeners.logins,
            verifier,
            state_lifetime: (state_lifetime > 0).then(|| Duration::from_secs(state_lifetime.into())),
            navigations_only: settings.parsed("navigation.required", "true or false")?,
            allow_background: settings.parsed("navigation.allow_background", "true or false")?,
            proxies: TrustedProxies {
                hops: settings.parsed("client_address.trusted_hops", "a number from 0 to 255")?,
                header: settings.one_of(
                    "client_address.header",
                    "x-forwarded-for or forwarded",
                    &[("x-forwarded-for", ForwardingHeader::XForwardedFor), ("forwarded", ForwardingHeader::Forwarded)],
                )?,
            },
            limits: Limits {
                client,
                // A lower one would replace the client's limit without a word.
                network: settings.rate("rate_limit.network_per_minute", "rate_limit.network_burst")?.at_least(client),
                global: settings.rate("rate_limit.global_per_minute", "rate_limit.global_burst")?,
            },
            human_check,
            store,
            server: ServerLimits {
                connections: usize::try_from(settings.number("server.connections", 1..=1_000_000)?)
                    .unwrap_or(usize::MAX),
                header_bytes: usize::try_from(settings.number("server.header_bytes", 8192..=1_048_576)?)
                    .unwrap_or(8192),
                header_timeout: settings.seconds("server.header_timeout_s", 1)?,
                idle_timeout: settings.seconds("server.idle_timeout_s", 1)?,
                request_timeout: settings.seconds("server.request_timeout_s", 1)?,
                shutdown_delay: settings.seconds("shutdown.delay_s", 0)?,
                drain: settings.seconds("shutdown.drain_s", 0)?,
            },
            metrics_listen: listeners.internal,
            log: LogConfig {
                level: settings.parsed("log.level", "error, warn, info, debug or trace")?,
                json: settings.one_of("log.format", "text or json", &[("text", false), ("json", true)])?,
            },
            effective: settings.effective(),
            warnings,
        })
    }
}

fn verifier(settings: &Sources, now: Instant) -> Result<(Verifier, Vec<ConfigWarning>), ConfigError> {
    let (domain, other_domains) =
        api_url::parse(settings.get("authress.api_url").ok_or(ConfigError::MissingApiUrl)?.0)?;
    let access_key = access_key(settings)?;
    if settings.get("authress.client_id").is_some_and(|(client_id, _)| client_id != access_key.client_id()) {
        return Err(ConfigError::ClientIdMismatch { client_id_of_key: access_key.client_id().to_owned() });
    }
    let prefix: UserIdPrefix = settings.parsed("user_id.prefix", "at most 16 lower-case letters and digits")?;
    let parameters = settings.get("authress.redirect_uri_parameters");
    let (names, name) = parameters.unwrap_or_default();
    let expected = "names of letters, digits, _, - and ., except code, iss, state, error, error_description, error_uri";
    let names = names.split([',', ' ']).filter(|name| !name.is_empty());
    let parameters = QueryParameters::new(names).map_err(|_| ConfigError::Invalid { name, expected })?;
    let next = settings.get(NEXT_KEY_FILE).map(|(path, _)| next_key(path, &access_key)).transpose()?;
    let mut warnings = Vec::new();
    let account_id = access_key.account_id();
    let mut of_authress = std::iter::once(&domain).chain(&other_domains).filter(|domain| domain.is_of_authress());
    if of_authress.clone().count() == other_domains.len() + 1 {
        warnings.push(ConfigWarning::NoCustomDomain);
    }
    if !of_authress.all(|domain| domain.is_login_host_of(account_id)) {
        warnings.push(ConfigWarning::ApiUrlOfOtherAccount { account_id: account_id.to_owned() });
    }
    let verifier = Verifier::new(domain, access_key)
        .with_other_domains(other_domains)
        .with_user_id_prefix(prefix)
        .with_redirect_uri_parameters(parameters);
    match next {
        None => Ok((verifier, warnings)),
        Some(Err(reason)) => {
            warnings.push(ConfigWarning::NoNextKey(reason));
            Ok((verifier, warnings))
        }
        Some(Ok(next)) => {
            let verifier = verifier.with_next_key(next, now + KEY_PROPAGATION).map_err(ConfigError::InvalidNextKey)?;
            Ok((verifier, warnings))
        }
    }
}

/// Reads the next access key. A missing or empty file, or one with the current key, is normal after a rotation, so that
/// the setting can stay.
fn next_key(path: &str, first: &AccessKey) -> Result<Result<AccessKey, NoNextKey>, ConfigError> {
    let text = match secret_file::read(NEXT_KEY_FILE, path) {
        Err(ConfigError::UnreadableSecretFile { reason: ErrorKind::NotFound, .. }) => {
            return Ok(Err(NoNextKey::Missing));
        }
        read => read?,
    };
    if text.expose().is_empty() {
        return Ok(Err(NoNextKey::Empty));
    }
    let next = parse_key(NEXT_KEY_FILE, text.expose())?;
    Ok(if next.is_same(first) { Err(NoNextKey::SameKey) } else { Ok(next) })
}

fn access_key(settings: &Sources) -> Result<AccessKey, ConfigError> {
    match (settings.get(KEY), settings.get(KEY_FILE)) {
        (Some((text, _)), None) => parse_key(KEY, text),
        (None, Some((path, _))) => parse_key(KEY_FILE, secret_file::read(KEY_FILE, path)?.expose()),
        (Some(_), Some(_)) => Err(ConfigError::TwoAccessKeys),
        (None, None) => Err(ConfigError::MissingAccessKey),
    }
}

fn parse_key(key: &'static str, text: &str) -> Result<AccessKey, ConfigError> {
    text.parse().map_err(|reason| ConfigError::InvalidAccessKey { key, reason })
}

fn store(settings: &Sources, issuer: &str) -> Result<Option<StoreConfig>, ConfigError> {
    let Some(url) = settings.secret(REDIS_URL, REDIS_URL_FILE, "removed, because REDIS_URL_FILE is also set")? else {
        return Ok(None);
    };
    let parsed = match settings.get(REDIS_CA_FILE) {
        None => StoreUrl::parse(url.expose()),
        Some((path, name)) => StoreUrl::parse_with_ca(url.expose(), &certificates(path, name)?),
    };
    let url = parsed.map_err(|reason| {
        // Exactly one of the two is set.
        let (source, is_file) = match settings.get(REDIS_URL) {
            Some((_, name)) => (name, false),
            None => (settings.get(REDIS_URL_FILE).map(|(_, name)| name).unwrap_or_default(), true),
        };
        ConfigError::InvalidStoreUrl { source, is_file, reason }
    })?;
    Ok(Some(StoreConfig {
        url,
        prefix: match settings.get("redis.prefix") {
            // It would end the hash tag at once, see `SharedStore::key`.
            Some((prefix, name)) if prefix.starts_with('}') => {
                return Err(ConfigError::Invalid { name, expected: "a prefix that does not begin with }" });
            }
            Some((prefix, _)) => prefix.to_owned(),
            // Staging and production must not share their rate limits when they share a Redis.
            None => format!("authress-verifier:{}", issuer.trim_start_matches("https://")),
        },
        timeout: Duration::from_millis(settings.number("redis.timeout_ms", 1..=10_000)?.into()),
        when_down: settings.one_of(
            "redis.when_down",
            "local or refuse",
            &[("local", WhenDown::Local), ("refuse", WhenDown::Refuse)],
        )?,
    }))
}

/// A bundle of all public authorities has 200 kB.
const MAX_CA_BYTES: u64 = 1024 * 1024;

/// Reads certificates. They are not secret and bundles are large, so `secret_file` does not fit.
fn certificates(path: &str, name: String) -> Result<Vec<u8>, ConfigError> {
    let mut pem = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_CA_BYTES).read_to_end(&mut pem));
    match read {
        Ok(_) => Ok(pem),
        Err(_) => Err(ConfigError::Invalid { name, expected: "the path of a readable PEM file with certificates" }),
    }
}

const REDIS_URL: &str = "redis.url";
const REDIS_URL_FILE: &str = "redis.url_file";
const REDIS_CA_FILE: &str = "redis.ca_file";
const KEY: &str = "authress.access_key";
const KEY_FILE: &str = "authress.access_key_file";
const NEXT_KEY_FILE: &str = "authress.next_access_key_file";

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8037 appendix A.1.
    const TEXT: &str = "sc_shop.k1.acc-1.MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
    const KEY: (&str, &str) = ("AUTHRESS_ACCESS_KEY", TEXT);
    const URL: (&str, &str) = ("AUTHRESS_API_URL", "https://login.example.com");

    fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Config::from_sources(environment, None, Instant::now())
    }

    #[test]
    fn url_and_key_are_enough_and_the_defaults_are_safe() {
        let config = config(&[URL, KEY]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:9000");
        assert_eq!(config.verifier.issuer(), "https://login.example.com/v1/clients/sc_shop");
        assert_eq!(config.verifier.login_url(), "https://login.example.com/login");
        assert_eq!(config.limits.client.burst.get(), 30);
        assert_eq!(config.state_lifetime, Some(Duration::from_secs(600)));
        assert!(
            config.navigations_only
                && !config.allow_background
                && config.store.is_none()
                && config.metrics_listen.is_none()
        );
        assert_eq!(config.proxies, TrustedProxies::default());
    }

    #[test]
    fn by_default_only_deployments_for_the_same_client_share_limits() {
        let redis = ("REDIS_URL", "redis://redis.example");
        let prefix = |url, more: &[(&str, &str)]| {
            let variables = [&[("AUTHRESS_API_URL", url), KEY, redis][..], more].concat();
            config(&variables).unwrap().store.unwrap().prefix
        };
        assert_eq!(prefix(URL.1, &[]), "authress-verifier:login.example.com/v1/clients/sc_shop");
        assert_ne!(prefix("https://login.staging.example.com", &[]), prefix(URL.1, &[]));
        assert_eq!(prefix(URL.1, &[("REDIS_PREFIX", "shop")]), "shop");
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        assert!(
            config(&[URL, KEY, ("AUTHRESS_ACCESS_KEY_FILE", ""), ("AUTHRESS_CLIENT_ID", ""), ("LISTEN", "")]).is_ok()
        );
    }

    #[test]
    fn the_client_id_must_be_the_one_of_the_key() {
        assert!(config(&[URL, KEY, ("AUTHRESS_CLIENT_ID", "sc_shop")]).is_ok());
        let error = config(&[URL, KEY, ("AUTHRESS_CLIENT_ID", "sc_other")]).unwrap_err();
        assert_eq!(error.code(), "ClientIdMismatch");
        assert!(error.to_string().contains("sc_shop"));
    }

    #[test]
    fn a_login_may_be_at_any_of_the_named_hosts() {
        let hosts = "https://login.example.com, https://acc-1.login.authress.io";
        let config = config(&[("AUTHRESS_API_URL", hosts), KEY, ("REDIS_URL", "redis://redis.example")]).unwrap();
        let issuers: Vec<_> = config.verifier.issuers().collect();
        let (first, second) = ("https://login.example.com", "https://acc-1.login.authress.io");
        assert_eq!(issuers, [first, second].map(|host| format!("{host}/v1/clients/sc_shop")));
        assert_eq!(
            config.verifier.login_urls().collect::<Vec<_>>(),
            [first, second].map(|host| format!("{host}/login"))
        );
        assert_eq!(config.verifier.issuer(), issuers[0]);
        assert!(config.store.unwrap().prefix.ends_with("login.example.com/v1/clients/sc_shop"));
        assert_eq!(config.warnings, []);
    }

    #[test]
    fn a_host_of_authress_that_is_not_of_the_keys_account_is_a_warning() {
        for host in ["https://acc-2.login.authress.io", "https://acc-1.api-eu-west.authress.io"] {
            let warnings = config(&[("AUTHRESS_API_URL", &format!("{},{host}", URL.1)), KEY]).unwrap().warnings;
            let [warning] = &warnings[..] else { panic!("{warnings:?}") };
            assert_eq!(warning.code(), "ApiUrlOfOtherAccount");
            assert!(warning.to_string().contains("https://acc-1.login.authress.io"), "{warning}");
        }
    }

    #[test]
    fn a_verifier_without_a_custom_domain_gets_a_warning_that_names_the_step() {
        let codes = |hosts| {
            let warnings = config(&[("AUTHRESS_API_URL", hosts), KEY]).unwrap().warnings;
            assert!(warnings.iter().all(|warning| warning.to_string().contains("docs/set-up.md")), "{warnings:?}");
            warnings.iter().map(ConfigWarning::code).collect::<Vec<_>>()
        };
        assert_eq!(codes("https://acc-1.login.authress.io"), ["NoCustomDomain"]);
        for none in
            ["https://login.example.com", "http://127.0.0.1:8888", "https://acc-1.login.authress.io, https://a.example"]
        {
            assert_eq!(codes(none), [] as [&str; 0], "{none}");
        }
    }

    #[test]
    fn each_failure_names_its_variable() {
        for (variables, code, variable) in [
            (&[KEY][..], "MissingApiUrl", "AUTHRESS_API_URL"),
            (&[KEY, ("AUTHRESS_API_URL", "login.example.com")], "InvalidApiUrl", "AUTHRESS_API_URL"),
            (&[KEY, ("AUTHRESS_API_URL", " , ")], "MissingApiUrl", "AUTHRESS_API_URL"),
            (
                &[KEY, ("AUTHRESS_API_URL", "https://login.example.com https://login.example.com/")],
                "DuplicateApiUrl",
                "host 2 of AUTHRESS_API_URL",
            ),
            (&[URL], "MissingAccessKey", "AUTHRESS_ACCESS_KEY"),
            (&[URL, KEY, ("AUTHRESS_ACCESS_KEY_FILE", "key")], "TwoAccessKeys", "AUTHRESS_ACCESS_KEY_FILE"),
            (&[URL, ("AUTHRESS_ACCESS_KEY_FILE", "/nowhere")], "UnreadableSecretFile", "AUTHRESS_ACCESS_KEY_FILE"),
            (&[URL, ("AUTHRESS_ACCESS_KEY_FILE", "/dev/zero")], "UnreadableSecretFile", "AUTHRESS_ACCESS_KEY_FILE"),
            (&[URL, ("AUTHRESS_ACCESS_KEY", "sc_shop.k1")], "AccessKeyWrongNumberOfParts", "AUTHRESS_ACCESS_KEY"),
            (&[URL, KEY, ("LISTEN", "9000")], "InvalidSetting", "LISTEN"),
            (&[URL, KEY, ("RATE_LIMIT_CLIENT_BURST", "0")], "InvalidSetting", "RATE_LIMIT_CLIENT_BURST"),
            (
                &[URL, KEY, ("SERVER_HEADER_BYTES", "100")],
                "InvalidSetting",
                "SERVER_HEADER_BYTES must be a whole number from 8192 to 1048576",
            ),
            (&[URL, KEY, ("CLIENT_ADDRESS_TRUSTED_HOPS", "-1")], "InvalidSetting", "CLIENT_ADDRESS_TRUSTED_HOPS"),
            (&[URL, KEY, ("CLIENT_ADDRESS_HEADER", "x-real-ip")], "InvalidSetting", "CLIENT_ADDRESS_HEADER"),
            (
                &[URL, KEY, ("REDIS_URL", "redis://x"), ("REDIS_WHEN_DOWN", "allow")],
                "InvalidSetting",
                "REDIS_WHEN_DOWN",
            ),
            (
                &[URL, KEY, ("REDIS_URL", "redis://x"), ("REDIS_URL_FILE", "x")],
                "InvalidSetting",
                "REDIS_URL_FILE is also set",
            ),
            (&[URL, KEY, ("USER_ID_PREFIX", "EU")], "InvalidSetting", "USER_ID_PREFIX"),
            (&[URL, KEY, ("LOG_LEVEL", "loud")], "InvalidSetting", "LOG_LEVEL"),
            (
                &[URL, KEY, ("RATE_LIMIT_CLIENT_BURST", "4294967295")],
                "InvalidSetting",
                "RATE_LIMIT_CLIENT_BURST must be at most",
            ),
            (
                &[URL, KEY, ("RATE_LIMIT_GLOBAL_PER_MINUTE", "1"), ("RATE_LIMIT_GLOBAL_BURST", "52560001")],
                "InvalidSetting",
                "BURST",
            ),
            (&[URL, KEY, ("RATE_LIMIT_CLIENT_BURTS", "5")], "UnknownVariable", "RATE_LIMIT_CLIENT_BURST?"),
        ] {
            let error = config(variables).unwrap_err();
            assert_eq!(error.code(), code, "{variables:?}");
            assert!(error.to_string().contains(variable), "{error}");
        }
    }

    #[test]
    fn a_key_in_the_wrong_variable_is_not_printed() {
        let secret = &TEXT[40..60];
        for variables in [
            &[("AUTHRESS_API_URL", TEXT), KEY][..],
            &[URL, ("AUTHRESS_ACCESS_KEY_FILE", TEXT)],
            &[URL, KEY, ("AUTHRESS_CLIENT_ID", TEXT)],
            &[URL, KEY, ("LISTEN", TEXT)],
            &[URL, KEY, ("LOG_LEVEL", TEXT)],
            &[URL, KEY, ("REDIS_URL", TEXT), ("REDIS_TIMEOUT_MS", TEXT)],
            &[URL, ("AUTHRESS_ACCESS_KEY", &TEXT[1..].replace("k1", "k.1"))],
        ] {
            let error = config(variables).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(secret), "{error}");
        }
    }

    #[test]
    fn every_variable_is_in_the_usage() {
        let usage = usage();
        for setting in SETTINGS {
            assert!(usage.contains(&setting.variable()) && usage.contains(setting.help), "{}", setting.key);
        }
    }
}
