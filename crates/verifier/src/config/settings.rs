//! The table of all settings. A setting's environment variable is its key in upper case with `_` for the dot.
//!
//! `sources` reads the values, and the parent module parses them.

/// A setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key in the TOML file: `table.name` or `name`.
    pub key: &'static str,
    /// The default; empty: none.
    pub default: &'static str,
    /// The description, in one line.
    pub help: &'static str,
    /// Whether the value is secret: it is never printed, and not allowed in the TOML file.
    pub is_secret: bool,
}

impl Setting {
    /// Returns the environment variable: `rate_limit.client_burst` is `RATE_LIMIT_CLIENT_BURST`.
    pub fn variable(&self) -> String {
        variable(self.key)
    }
}

pub(crate) fn variable(key: &str) -> String {
    key.replace('.', "_").to_ascii_uppercase()
}

const fn setting(key: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { key, default, help, is_secret: false }
}

const fn secret(key: &'static str, help: &'static str) -> Setting {
    Setting { key, default: "", help, is_secret: true }
}

/// All settings, in the order of the documentation.
pub const SETTINGS: &[Setting] = &[
    setting(
        "authress.api_url",
        "",
        "the Authress custom domain that pages use, such as https://login.example.com (required); \
         further hosts of the account after commas or spaces",
    ),
    secret("authress.access_key", "the service client's access key (this or the file is required)"),
    setting("authress.access_key_file", "", "a file with the access key"),
    setting(
        "authress.next_access_key_file",
        "",
        "a file with the next access key, for rotation: it signs five minutes after it was first read",
    ),
    setting("authress.client_id", "", "the service client's id; if set, the access key must belong to it"),
    setting(
        "authress.redirect_uri_parameters",
        "",
        "the parameters that the query of Authress's redirect_uri may have, separated by commas or spaces",
    ),
    setting("listen", "127.0.0.1:9000", "the address and port to listen on; port 0 takes a free one"),
    setting(
        "user_id.prefix",
        "",
        "the prefix of the user ids of this deployment: up to 16 lower-case letters and digits",
    ),
    setting("state.remembered_s", "600", "seconds for which used states are remembered; 0 disables this"),
    setting(
        "navigation.required",
        "true",
        "refuse prefetches, declared crawlers, and requests that are not top-level navigations",
    ),
    setting(
        "navigation.allow_background",
        "false",
        "admit also requests that a page of the same site sends by fetch with the mode no-cors",
    ),
    setting(
        "client_address.trusted_hops",
        "0",
        "the number of your own proxies in front; 0 ignores forwarding headers",
    ),
    setting(
        "client_address.header",
        "x-forwarded-for",
        "the header that the proxies append to: x-forwarded-for or forwarded",
    ),
    setting("rate_limit.client_per_minute", "10", "logins a minute for each client (IPv4 address or IPv6 /64)"),
    setting("rate_limit.client_burst", "30", "logins at once for each client"),
    setting(
        "rate_limit.network_per_minute",
        "300",
        "logins a minute for all clients of one network (IPv4 /24 or IPv6 /48); at least the client's",
    ),
    setting("rate_limit.network_burst", "300", "logins at once for all clients of one network; at least the client's"),
    setting("rate_limit.global_per_minute", "3000", "logins a minute for all clients together"),
    setting("rate_limit.global_burst", "1000", "logins at once for all clients together"),
    secret(
        "redis.url",
        "redis://…, rediss://… (TLS) or redis+unix://…: instances share rate limits and used states in this Redis",
    ),
    setting("redis.url_file", "", "a file with the URL"),
    setting(
        "redis.ca_file",
        "",
        "for rediss://: a PEM file with the only authorities to trust; otherwise those of the system",
    ),
    setting(
        "redis.prefix",
        "",
        "the prefix of all keys; otherwise authress-verifier, the Authress domain and the service client",
    ),
    setting("redis.timeout_ms", "100", "milliseconds that a response of Redis may take"),
    setting(
        "redis.when_down",
        "local",
        "while Redis is unavailable: local (each instance uses its own memory) or refuse (every login)",
    ),
    setting("human_check.kind", "none", "none, proof-of-work, turnstile or hcaptcha"),
    setting(
        "human_check.when",
        "always",
        "always, or suspicious: only for clients that have used up their logins without a check",
    ),
    setting("human_check.free_per_minute", "1", "for suspicious: logins a minute without a check for each client"),
    setting("human_check.free_burst", "5", "for suspicious: logins at once without a check for each client"),
    setting("human_check.cost", "1000", "for proof-of-work: PBKDF2 rounds of each of about 256 attempts, up to 100000"),
    secret("human_check.secret", "the widget's secret; for proof-of-work the secret that signs challenges"),
    setting("human_check.secret_file", "", "a file with the secret"),
    setting("human_check.site_key", "", "for turnstile and hcaptcha: the widget's site key"),
    setting("human_check.hostname", "", "for turnstile and hcaptcha: the public host name of /v1/login"),
    setting(
        "human_check.verify_url",
        "",
        "for turnstile and hcaptcha: a replacement for the provider's verification URL",
    ),
    setting(
        "human_check.timeout_ms",
        "3000",
        "for turnstile and hcaptcha: milliseconds that a response of the provider may take",
    ),
    setting("human_check.when_down", "refuse", "while the provider is unavailable: refuse or pass (every login)"),
    setting("server.connections", "1024", "concurrent connections; further ones wait"),
    setting("server.header_bytes", "16384", "the longest request head in bytes, at least 8192"),
    setting("server.header_timeout_s", "5", "seconds that a client may take to send a request head"),
    setting(
        "server.idle_timeout_s",
        "5",
        "seconds that a connection may be idle; more than the idle timeout of the proxy in front",
    ),
    setting("server.request_timeout_s", "10", "seconds that a response may take"),
    setting(
        "shutdown.delay_s",
        "0",
        "seconds to go on serving after SIGTERM; /readyz fails, and each response ends its connection",
    ),
    setting("shutdown.drain_s", "10", "seconds that requests in flight may take after that"),
    setting(
        "metrics.listen",
        "",
        "the address and port of /metrics, /healthz and /readyz; without it there are no metrics",
    ),
    setting("log.level", "info", "error, warn, info, debug or trace"),
    setting("log.format", "text", "text or json"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_in_the_readme() {
        let readme = include_str!("../../README.md");
        for setting in SETTINGS {
            let row = format!("| `{}` | `{}` |", setting.key, setting.variable());
            assert!(readme.contains(&row), "the README's table has no row that begins with {row}");
        }
    }
}
