//! The table of all settings. A setting's environment variable is its key in capitals with `_` for the dot.
//!
//! Where values come from is in `sources`, what they are parsed into in the module above.

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the TOML file: `table.name` or `name`.
    pub key: &'static str,
    /// What holds when it is not set; empty: nothing.
    pub default: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// Whether its value must never be shown, and never stand in the TOML file.
    pub is_secret: bool,
}

impl Setting {
    /// The environment variable: `rate_limit.client_burst` is `RATE_LIMIT_CLIENT_BURST`.
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

/// Every setting there is, in the order in which they are documented.
pub const SETTINGS: &[Setting] = &[
    setting("authress.api_url", "", "the Authress custom domain, such as https://login.example.com (required)"),
    secret("authress.access_key", "the service client's access key, or instead of it"),
    setting("authress.access_key_file", "", "the file that holds the access key (one of both is required)"),
    setting(
        "authress.next_access_key_file",
        "",
        "a second key for rotation: it signs from five minutes after it was first read",
    ),
    setting("authress.client_id", "", "the service client's id; if set, the access key must be of this client"),
    setting("listen", "127.0.0.1:9000", "address and port to listen on; port 0 takes a free one"),
    setting("user_id.prefix", "", "up to 16 letters and digits that the user ids of this deployment begin with"),
    setting("state.remembered_s", "600", "for how long a state gets no second answer; 0 switches this off"),
    setting("navigation.required", "true", "refuse prefetches, declared crawlers and what is not a whole page"),
    setting("client_address.trusted_hops", "0", "how many proxies of your own are in front; 0 reads no header"),
    setting("client_address.header", "x-forwarded-for", "what they write: x-forwarded-for or forwarded"),
    setting("rate_limit.client_per_minute", "10", "user ids a minute for each client (IPv4 address or IPv6 /64)"),
    setting("rate_limit.client_burst", "30", "user ids at once for each client"),
    setting("rate_limit.global_per_minute", "3000", "user ids a minute for all clients together"),
    setting("rate_limit.global_burst", "1000", "user ids at once for all clients together"),
    secret(
        "redis.url",
        "redis://…, rediss://… (TLS) or redis+unix://…: several instances share limits and used states",
    ),
    setting("redis.url_file", "", "the file that holds the URL, instead of it"),
    setting("redis.ca_file", "", "rediss://: the PEM file of the only authorities to trust; else the system's"),
    setting(
        "redis.prefix",
        "",
        "what the names of all keys begin with; else authress-verifier, the Authress domain and the service client",
    ),
    setting("redis.timeout_ms", "100", "how long an answer of Redis may take"),
    setting("redis.when_down", "local", "local: each instance goes on by itself; refuse: answer nobody"),
    setting("human_check.kind", "none", "what shoppers have to pass: none, proof-of-work, turnstile or hcaptcha"),
    setting("human_check.when", "always", "whom it is for: always, or suspicious: who has had their free logins"),
    setting("human_check.free_per_minute", "1", "suspicious: logins a minute for each client without the check"),
    setting("human_check.free_burst", "5", "suspicious: logins at once for each client without the check"),
    setting("human_check.cost", "1000", "proof-of-work: rounds of one of about 256 attempts, up to 100000"),
    secret("human_check.secret", "the widget's secret, or what challenges of proof-of-work are signed with"),
    setting("human_check.secret_file", "", "the file that holds it, instead of it"),
    setting("human_check.site_key", "", "turnstile, hcaptcha: the widget's public key"),
    setting("human_check.hostname", "", "turnstile, hcaptcha: the public host name of /v1/login"),
    setting("human_check.verify_url", "", "turnstile, hcaptcha: where to ask in the place of the provider"),
    setting("human_check.timeout_ms", "3000", "turnstile, hcaptcha: how long the provider has for an answer"),
    setting("human_check.when_down", "refuse", "refuse: nobody is answered without the provider; pass: everybody is"),
    setting("server.connections", "1024", "connections at once; more wait"),
    setting("server.header_bytes", "16384", "the longest head of a request, from 8192 on"),
    setting("server.header_timeout_s", "5", "how long a client may take to send the head of a request"),
    setting("server.idle_timeout_s", "5", "how long a connection may be idle: longer than the proxy in front keeps it"),
    setting("server.request_timeout_s", "10", "how long an answer may take, and its reader none of it"),
    setting("shutdown.delay_s", "0", "how long to go on after SIGTERM while /readyz already says no"),
    setting("shutdown.drain_s", "10", "how long requests in flight may take after that"),
    setting(
        "metrics.listen",
        "",
        "address and port for /metrics, /healthz and /readyz; without it there are no metrics",
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
