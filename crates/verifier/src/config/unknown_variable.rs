//! Variables of the environment that look like settings and are none.
//!
//! An environment is full of other programs' variables, so a name alone is no error, as it is in the configuration
//! file. A name that only a setting of this program can have meant is one: a limit that is set under a misspelt name
//! does not hold, and nothing else would show it.

use super::settings::{SETTINGS, Setting};

/// What a variable that is no setting is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Another program's.
    Foreign,
    /// A setting with a wrong name: perhaps this one.
    Misspelt(Option<&'static Setting>),
    /// Perhaps a setting with a wrong name. Others have such variables, too.
    Doubtful,
}

/// Decides by the name alone.
pub(crate) fn judge(name: &str) -> Unknown {
    if is_of_the_platform(name) {
        return Unknown::Foreign;
    }
    let is_shared = SHARED.iter().any(|group| name.starts_with(group));
    if let Some(setting) = similar(name) {
        // `LOGLEVEL` is one slip from a setting and a name of its own.
        let is_own = OWN.iter().any(|group| setting.variable().starts_with(group));
        return if is_own || is_shared { Unknown::Misspelt(Some(setting)) } else { Unknown::Doubtful };
    }
    if OWN.iter().any(|group| name.starts_with(group)) {
        return Unknown::Misspelt(None);
    }
    if is_shared { Unknown::Doubtful } else { Unknown::Foreign }
}

/// The setting whose variable differs by a slip or two, or lacks its group: `TRUSTED_HOPS`.
fn similar(name: &str) -> Option<&'static Setting> {
    let slips = if name.len() < SHORT { 1 } else { 2 };
    let distance = |setting: &Setting| strsim::osa_distance(name, &setting.variable());
    let nearest = SETTINGS.iter().min_by_key(|setting| distance(setting)).filter(|setting| distance(setting) <= slips);
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

/// What the systems set that start this program. Kubernetes names the Services of a namespace (`REDIS_SERVICE_HOST`,
/// `REDIS_PORT_6379_TCP_ADDR`), systemd its sockets and folders.
fn is_of_the_platform(name: &str) -> bool {
    let is_service_link = name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || name.split_once("_PORT_").is_some_and(|(_, rest)| rest.starts_with(|first: char| first.is_ascii_digit()));
    is_service_link || SYSTEMD.contains(&name) || name.starts_with("AUTHRESS_LOGIN_WASM_")
}

/// Beginnings that no other program's variables have.
const OWN: [&str; 6] = ["AUTHRESS_", "CLIENT_ADDRESS_", "HUMAN_CHECK_", "NAVIGATION_", "RATE_LIMIT_", "USER_ID_"];
/// Beginnings that are in general use.
const SHARED: [&str; 7] = ["LISTEN_", "LOG_", "METRICS_", "REDIS_", "SERVER_", "SHUTDOWN_", "STATE_"];
const SYSTEMD: [&str; 5] = ["LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID", "STATE_DIRECTORY"];
/// Shorter names are near to too much else.
const SHORT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(name: &str) -> Option<&'static str> {
        match judge(name) {
            Unknown::Misspelt(Some(setting)) => Some(setting.key),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn a_slip_in_a_name_and_a_forgotten_group_are_recognised() {
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
            assert_eq!(meant(name), Some(key), "{name}");
        }
    }

    #[test]
    fn what_begins_like_no_other_program_is_refused_and_the_rest_is_doubtful_or_foreign() {
        for name in ["AUTHRESS_SECRET", "RATE_LIMIT", "RATE_LIMIT_PER_SECOND", "HUMAN_CHECK_PROVIDER", "AUTHRESS_X"] {
            let expected = if name == "RATE_LIMIT" { Unknown::Foreign } else { Unknown::Misspelt(None) };
            assert_eq!(judge(name), expected, "{name}");
        }
        for name in ["REDIS_PASSWORD", "SERVER_NAME", "LOG_FILE", "STATE_HOME", "LOGLEVEL", "LISTENS"] {
            assert_eq!(judge(name), Unknown::Doubtful, "{name}");
        }
        for name in ["PATH", "HOME", "CLIENT_ID", "HOSTNAME", "RUST_LOG", "TOKIO_WORKER_THREADS", "AWS_REGION"] {
            assert_eq!(judge(name), Unknown::Foreign, "{name}");
        }
    }

    #[test]
    fn what_kubernetes_and_systemd_set_is_not_ours() {
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
            assert_eq!(judge(name), Unknown::Foreign, "{name}");
        }
    }

    #[test]
    fn every_group_of_settings_is_one_or_the_other() {
        for setting in SETTINGS.iter().filter(|setting| setting.key.contains('.')) {
            let variable = setting.variable();
            assert!(OWN.iter().chain(&SHARED).any(|group| variable.starts_with(group)), "{variable}");
        }
    }
}
