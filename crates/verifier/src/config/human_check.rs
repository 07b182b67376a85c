//! The settings of the human check.

use std::time::Duration;

use authress_secret::Secret;
use url::Url;

use super::error::ConfigError;
use super::settings::variable;
use super::sources::Sources;
use super::warning::ConfigWarning;
use crate::human_check::Provider;
use crate::rate_limit::Rate;

/// The configuration of the human check.
#[derive(Debug)]
pub struct HumanCheckConfig {
    /// The kind of check and its settings.
    pub kind: HumanCheckKind,
    /// The logins of each client without a check; `None`: none.
    pub free_logins: Option<Rate>,
}

impl HumanCheckConfig {
    pub(crate) fn warning(&self) -> Option<ConfigWarning> {
        match &self.kind {
            HumanCheckKind::SiteVerify { provider, secret, .. } if provider.is_test_secret(secret) => {
                Some(ConfigWarning::TestSecret)
            }
            HumanCheckKind::SiteVerify { .. } | HumanCheckKind::ProofOfWork { .. } => None,
        }
    }
}

/// The kind of human check.
#[derive(Debug)]
pub enum HumanCheckKind {
    /// A proof of work by the shopper's browser.
    ProofOfWork {
        /// The secret that signs challenges; `None`: a random one.
        secret: Option<Secret>,
        /// The PBKDF2 rounds of one attempt.
        cost: u32,
    },
    /// The widget of a provider.
    SiteVerify {
        /// The provider.
        provider: Provider,
        /// The site key of the widget, which is public.
        site_key: String,
        /// The secret of the widget.
        secret: Secret,
        /// The host name of the page with the widget.
        hostname: String,
        /// A replacement for the URL of the provider.
        verify_url: Option<Url>,
        /// How long a response of the provider may take.
        timeout: Duration,
        /// Whether every login passes while the provider is unavailable.
        pass_when_down: bool,
    },
}

/// Reads the settings of the human check. `is_shared` is whether several instances share a Redis.
pub(crate) fn read(settings: &Sources, is_shared: bool) -> Result<Option<HumanCheckConfig>, ConfigError> {
    let kind = settings.one_of(
        "human_check.kind",
        "none, proof-of-work, turnstile or hcaptcha",
        &[
            ("none", Kind::None),
            ("proof-of-work", Kind::ProofOfWork),
            ("turnstile", Kind::SiteVerify(Provider::Turnstile)),
            ("hcaptcha", Kind::SiteVerify(Provider::HCaptcha)),
        ],
    )?;
    let kind = match kind {
        Kind::None => return Ok(None),
        Kind::ProofOfWork => {
            let secret = secret(settings)?;
            if secret.is_none() && is_shared {
                return Err(missing(
                    "human_check.secret_file",
                    "set, because instances that share a Redis must share the secret",
                ));
            }
            if secret.as_ref().is_some_and(|secret| secret.expose().len() < MIN_SECRET_BYTES) {
                return Err(missing("human_check.secret_file", "at least 32 random characters"));
            }
            HumanCheckKind::ProofOfWork { secret, cost: settings.number("human_check.cost", 1..=100_000)? }
        }
        Kind::SiteVerify(provider) => HumanCheckKind::SiteVerify {
            provider,
            site_key: site_key(settings)?,
            secret: secret(settings)?
                .ok_or_else(|| missing("human_check.secret_file", "set to a file with the widget's secret"))?,
            hostname: hostname(settings)?,
            verify_url: verify_url(settings)?,
            timeout: Duration::from_millis(settings.number("human_check.timeout_ms", 1..=10_000)?.into()),
            pass_when_down: settings.one_of(
                "human_check.when_down",
                "refuse or pass",
                &[("refuse", false), ("pass", true)],
            )?,
        },
    };
    let has_free_logins =
        settings.one_of("human_check.when", "always or suspicious", &[("always", false), ("suspicious", true)])?;
    let free_logins =
        has_free_logins.then(|| settings.rate("human_check.free_per_minute", "human_check.free_burst")).transpose()?;
    Ok(Some(HumanCheckConfig { kind, free_logins }))
}

#[derive(Clone, Copy)]
enum Kind {
    None,
    ProofOfWork,
    SiteVerify(Provider),
}

fn secret(settings: &Sources) -> Result<Option<Secret>, ConfigError> {
    const NOT_BOTH: &str = "removed, because HUMAN_CHECK_SECRET_FILE is also set";
    settings.secret("human_check.secret", "human_check.secret_file", NOT_BOTH)
}

fn site_key(settings: &Sources) -> Result<String, ConfigError> {
    const EXPECTED: &str = "set to the site key of the widget, without spaces";
    let key = settings.get("human_check.site_key").map(|(value, _)| value.to_owned());
    key.filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or_else(|| missing("human_check.site_key", EXPECTED))
}

/// Returns the host name in lower case, as the provider spells it. International names must be in their `xn--` form.
fn hostname(settings: &Sources) -> Result<String, ConfigError> {
    const EXPECTED: &str = "set to the public host name of /v1/login, such as verifier.shop.example, without \
                            https://, port, path or spaces. An international name must be in its xn-- form";
    let (text, name) = settings.get("human_check.hostname").ok_or_else(|| missing("human_check.hostname", EXPECTED))?;
    let host = url::Host::parse(text).ok().filter(|_| !text.contains(['%', '*'])).map(|host| host.to_string());
    let host = host.map(|host| host.trim_end_matches('.').to_owned()).filter(|host| !host.is_empty());
    host.ok_or(ConfigError::Invalid { name, expected: EXPECTED })
}

fn missing(key: &'static str, expected: &'static str) -> ConfigError {
    ConfigError::Invalid { name: variable(key), expected }
}

/// The secret is sent to this URL, so it must be https, except on this machine.
fn verify_url(settings: &Sources) -> Result<Option<Url>, ConfigError> {
    let Some((text, name)) = settings.get("human_check.verify_url") else { return Ok(None) };
    let url = Url::parse(text).ok().filter(|url| match url.scheme() {
        "https" => true,
        "http" => matches!(url.host(), Some(url::Host::Ipv4(address)) if address.is_loopback()),
        _ => false,
    });
    url.map(Some).ok_or(ConfigError::Invalid { name, expected: "an https:// URL (http://127.0.0.1 is allowed)" })
}

const MIN_SECRET_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)], is_shared: bool) -> Result<Option<HumanCheckConfig>, String> {
        let environment = variables.iter().map(|(name, value)| (name.into(), value.into()));
        let settings = Sources::read(environment, None).unwrap();
        read(&settings, is_shared).map_err(|error| format!("{error} {error:?}"))
    }

    const PROOF_OF_WORK: (&str, &str) = ("HUMAN_CHECK_KIND", "proof-of-work");
    const TURNSTILE: [(&str, &str); 4] = [
        ("HUMAN_CHECK_KIND", "turnstile"),
        ("HUMAN_CHECK_SITE_KEY", "key"),
        ("HUMAN_CHECK_SECRET", "hunter2"),
        ("HUMAN_CHECK_HOSTNAME", "verifier.shop.example"),
    ];

    #[test]
    fn the_human_check_is_off_by_default() {
        assert!(config(&[], false).unwrap().is_none());
        let config = config(&[PROOF_OF_WORK], false).unwrap().unwrap();
        assert!(matches!(config.kind, HumanCheckKind::ProofOfWork { secret: None, cost: 1000 }));
        assert_eq!(config.free_logins, None, "always");
    }

    #[test]
    fn by_default_logins_are_refused_while_the_provider_is_unavailable() {
        let config = config(&TURNSTILE, false).unwrap().unwrap();
        assert!(matches!(config.kind, HumanCheckKind::SiteVerify { pass_when_down: false, .. }));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn host_names_are_normalised_to_the_spelling_of_the_provider() {
        for (text, expected) in [
            ("Verifier.Shop.Example", "verifier.shop.example"),
            ("verifier.shop.example.", "verifier.shop.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
        ] {
            let variables =
                TURNSTILE.map(|(name, value)| (name, if name == "HUMAN_CHECK_HOSTNAME" { text } else { value }));
            let config = config(&variables, false).unwrap().unwrap();
            let HumanCheckKind::SiteVerify { hostname, .. } = config.kind else { panic!("{config:?}") };
            assert_eq!(hostname, expected, "{text}");
        }
    }

    #[test]
    fn a_published_test_secret_gives_a_warning() {
        for (kind, secret, is_test) in [
            ("turnstile", "1x0000000000000000000000000000000AA", true),
            ("hcaptcha", "0x0000000000000000000000000000000000000000", true),
            ("hcaptcha", "1x0000000000000000000000000000000AA", false),
            ("turnstile", "hunter2", false),
        ] {
            let variables = TURNSTILE.map(|(name, value)| match name {
                "HUMAN_CHECK_KIND" => (name, kind),
                "HUMAN_CHECK_SECRET" => (name, secret),
                _ => (name, value),
            });
            let warning = config(&variables, false).unwrap().unwrap().warning();
            assert_eq!(warning.is_some(), is_test, "{kind} {secret}");
        }
    }

    #[test]
    fn errors_name_the_setting_and_do_not_show_its_value() {
        for (changed, value, shared) in [
            ("HUMAN_CHECK_SITE_KEY", "", false),
            ("HUMAN_CHECK_SITE_KEY", "hunter2 ", false),
            ("HUMAN_CHECK_HOSTNAME", "", false),
            ("HUMAN_CHECK_HOSTNAME", "https://hunter2.example", false),
            ("HUMAN_CHECK_HOSTNAME", "hunter2.example:443", false),
            ("HUMAN_CHECK_HOSTNAME", "hunter2.example/", false),
            ("HUMAN_CHECK_HOSTNAME", "hunter2.example ", false),
            ("HUMAN_CHECK_HOSTNAME", "*.hunter2.example", false),
            ("HUMAN_CHECK_HOSTNAME", "user@hunter2.example", false),
            ("HUMAN_CHECK_HOSTNAME", ".", false),
            ("HUMAN_CHECK_HOSTNAME", "bücher.example", false),
            ("HUMAN_CHECK_VERIFY_URL", "http://hunter2.example/", false),
            ("HUMAN_CHECK_VERIFY_URL", "ftp://127.0.0.1/", false),
            ("HUMAN_CHECK_WHEN", "hunter2", false),
            ("HUMAN_CHECK_WHEN_DOWN", "hunter2", false),
            ("HUMAN_CHECK_KIND", "hunter2", false),
        ] {
            let mut variables: Vec<_> = TURNSTILE.into_iter().filter(|(name, _)| *name != changed).collect();
            variables.push((changed, value));
            let error = config(&variables, shared).unwrap_err();
            assert!(error.contains(changed) && !error.contains("hunter2"), "{error}");
        }
        for (variables, shared) in
            [(&[PROOF_OF_WORK][..], true), (&[PROOF_OF_WORK, ("HUMAN_CHECK_SECRET", "hunter2")], false)]
        {
            let error = config(variables, shared).unwrap_err();
            assert!(error.contains("HUMAN_CHECK_SECRET_FILE") && !error.contains("hunter2"), "{error}");
        }
    }
}
