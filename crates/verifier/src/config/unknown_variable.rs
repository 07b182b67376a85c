//! Detects misspelt environment variables.
//!
//! The environment contains other programs' variables, so an unknown name is not an error as it is in the TOML file. A
//! name that can only be meant for this program is an error: otherwise a rate limit under a misspelt name would
//! silently have no effect.

use super::settings::{SETTINGS, Setting};

/// The class of a variable that is not a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// A variable of another program.
    Foreign,
    /// A misspelt setting, perhaps this one.
    Misspelt(Option<&'static Setting>),
    /// Perhaps a misspelt setting, perhaps a variable of another program.
    Suspicious,
}

/// Classifies a variable by its name.
pub(crate) fn classify(name: &str) -> Unknown {
    if is_of_the_platform(name) {
        return Unknown::Foreign;
    }
    let is_shared = SHARED.iter().any(|group| name.starts_with(group));
    if let Some(setting) = similar(name) {
        // `LOGLEVEL` is one typo from a setting, and in general use.
        let is_own = OWN.iter().any(|group| setting.variable().starts_with(group));
        return if is_own || is_shared { Unknown::Misspelt(Some(setting)) } else { Unknown::Suspicious };
    }
    if OWN.iter().any(|group| name.starts_with(group)) {
        return Unknown::Misspelt(None);
    }
    if is_shared { Unknown::Suspicious } else { Unknown::Foreign }
}

/// Returns the setting whose variable differs by one or two typos, or by a missing group (`TRUSTED_HOPS`).
fn similar(name: &str) -> Option<&'static Setting> {
    let typos = if name.len() < SHORT { 1 } else { 2 };
    let distance = |setting: &Setting| strsim::osa_distance(name, &setting.variable());
    let nearest = SETTINGS.iter().min_by_key(|setting| distance(setting)).filter(|setting| distance(setting) <= typos);
    nearest.or_else(|| {
        SETTINGS.iter().find(|setting| {
            let is_limit = setting.key.starts_with("client_address.") || setting.key.starts_with("rate_limit.");
            is_limit
                && setting
                    .key
                    .split_once('.')
                    .is_some_and(|(_, last)| last.contains('_') && last.to_ascii_uppercase() == name)
        })
    })
}

/// Returns whether the platform sets the variable. Kubernetes has variables for the Services of a namespace
/// (`REDIS_SERVICE_HOST`, `REDIS_PORT_6379_TCP_ADDR`), systemd for sockets and folders.
fn is_of_the_platform(name: &str) -> bool {
    let is_service_link = name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || name.split_once("_PORT_").is_some_and(|(_, rest)| rest.starts_with(|first: char| first.is_ascii_digit()));
    is_service_link || SYSTEMD.contains(&name) || name.starts_with("AUTHRESS_LOGIN_WASM_")
}

/// Prefixes that no other program uses.
const OWN: [&str; 6] = ["AUTHRESS_", "CLIENT_ADDRESS_", "HUMAN_CHECK_", "NAVIGATION_", "RATE_LIMIT_", "USER_ID_"];
/// Prefixes in general use.
const SHARED: [&str; 7] = ["LISTEN_", "LOG_", "METRICS_", "REDIS_", "SERVER_", "SHUTDOWN_", "STATE_"];
const SYSTEMD: [&str; 5] = ["LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID", "STATE_DIRECTORY"];
/// Shorter names are similar to too many others.
const SHORT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn misspelt(name: &str) -> Option<&'static str> {
        match classify(name) {
            Unknown::Misspelt(Some(setting)) => Some(setting.key),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn typos_and_missing_groups_are_recognised() {
        for (name, key) in [
            ("RATE_LIMIT_CLIENT_BURTS", "rate_limit.client_burst"),
            ("AUTHRESS_ACCESS_KEY_FIEL", "authress.access_key_file"),
            ("TRUSTED_HOPS", "client_address.trusted_hops"),
            ("CLIENT_BURST", "rate_limit.client_burst"),
            ("REDIS_WHEN_DOWM", "redis.when_down"),
            ("SERVER_HEADER_TIMEOUT", "server.header_timeout_s"),
            ("LOG_LEVLE", "log.level"),
            ("REDIS_URI", "redis.url"),
            ("AUTHRES_API_URL", "authress.api_url"),
            ("RATELIMIT_CLIENT_BURST", "rate_limit.client_burst"),
        ] {
            assert_eq!(misspelt(name), Some(key), "{name}");
        }
    }

    #[test]
    fn own_prefixes_are_misspelt_shared_prefixes_suspicious_and_others_foreign() {
        for name in ["AUTHRESS_SECRET", "RATE_LIMIT", "RATE_LIMIT_PER_SECOND", "HUMAN_CHECK_PROVIDER", "AUTHRESS_X"] {
            let expected = if name == "RATE_LIMIT" { Unknown::Foreign } else { Unknown::Misspelt(None) };
            assert_eq!(classify(name), expected, "{name}");
        }
        for name in ["REDIS_PASSWORD", "SERVER_NAME", "LOG_FILE", "STATE_HOME", "LOGLEVEL", "LISTENS"] {
            assert_eq!(classify(name), Unknown::Suspicious, "{name}");
        }
        for name in ["PATH", "HOME", "CLIENT_ID", "HOSTNAME", "RUST_LOG", "TOKIO_WORKER_THREADS", "AWS_REGION"] {
            assert_eq!(classify(name), Unknown::Foreign, "{name}");
        }
    }

    #[test]
    fn variables_of_kubernetes_and_systemd_are_foreign() {
        for name in [
            "AUTHRESS_VERIFIER_SERVICE_HOST",
            "AUTHRESS_VERIFIER_SERVICE_PORT_HTTP",
            "AUTHRESS_VERIFIER_PORT",
            "AUTHRESS_VERIFIER_REDIS_PORT_6379_TCP_ADDR",
            "REDIS_PORT",
            "LISTEN_FDS",
            "LISTEN_PID",
            "STATE_DIRECTORY",
            "AUTHRESS_LOGIN_WASM_CACHE",
        ] {
            assert_eq!(classify(name), Unknown::Foreign, "{name}");
        }
    }

    #[test]
    fn every_group_of_settings_has_an_own_or_a_shared_prefix() {
        for setting in SETTINGS.iter().filter(|setting| setting.key.contains('.')) {
            let variable = setting.variable();
            assert!(OWN.iter().chain(&SHARED).any(|group| variable.starts_with(group)), "{variable}");
        }
    }
}
