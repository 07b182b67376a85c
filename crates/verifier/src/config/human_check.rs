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

/// Which check, and for whom.
#[derive(Debug)]
pub struct HumanCheckConfig {
    /// Which.
    pub kind: HumanCheckKind,
    /// What a client gets without being asked; `None`: nothing.
    pub free: Option<Rate>,
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

/// Which check.
#[derive(Debug)]
pub enum HumanCheckKind {
    /// Work for the shopper's browser.
    ProofOfWork {
        /// What challenges are signed with; `None`: something random.
        secret: Option<Secret>,
        /// Rounds of one derivation.
        cost: u32,
    },
    /// A provider's widget.
    SiteVerify {
        /// Whose.
        provider: Provider,
        /// The widget's public key.
        site_key: String,
        /// Its private key.
        secret: Secret,
        /// The host name of the page it is on.
        hostname: String,
        /// Where to ask in the place of the provider.
        verify_url: Option<Url>,
        /// How long the provider has for an answer.
        timeout: Duration,
        /// Whether everybody passes while the provider does not answer.
        let_pass_when_down: bool,
    },
}

/// `is_shared` says whether several instances answer one shop's logins.
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
                    "set, because instances that share a Redis must share it",
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
            let_pass_when_down: settings.one_of(
                "human_check.when_down",
                "refuse or pass",
                &[("refuse", false), ("pass", true)],
            )?,
        },
    };
    let free =
        settings.one_of("human_check.when", "always or suspicious", &[("always", false), ("suspicious", true)])?;
    let free = free.then(|| settings.rate("human_check.free_per_minute", "human_check.free_burst")).transpose()?;
    Ok(Some(HumanCheckConfig { kind, free }))
}

#[derive(Clone, Copy)]
enum Kind {
    None,
    ProofOfWork,
    SiteVerify(Provider),
}

fn secret(settings: &Sources) -> Result<Option<Secret>, ConfigError> {
    const NOT_BOTH: &str = "removed, because HUMAN_CHECK_SECRET_FILE is set, too";
    settings.secret("human_check.secret", "human_check.secret_file", NOT_BOTH)
}

fn site_key(settings: &Sources) -> Result<String, ConfigError> {
    const EXPECTED: &str = "set to the site key of the widget, without spaces";
    let key = settings.get("human_check.site_key").map(|(value, _)| value.to_owned());
    key.filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or_else(|| missing("human_check.site_key", EXPECTED))
}

/// As the provider spells it: in lower case. International names must be given in their ASCII form.
fn hostname(settings: &Sources) -> Result<String, ConfigError> {
    const EXPECTED: &str = "set to the public host name of /v1/login alone, such as verifier.shop.example: without \
                            https://, port, path or spaces, and an international name in its form with xn--";
    let (text, name) = settings.get("human_check.hostname").ok_or_else(|| missing("human_check.hostname", EXPECTED))?;
    let host = url::Host::parse(text).ok().filter(|_| !text.contains(['%', '*'])).map(|host| host.to_string());
    let host = host.map(|host| host.trim_end_matches('.').to_owned()).filter(|host| !host.is_empty());
    host.ok_or(ConfigError::Invalid { name, expected: EXPECTED })
}

fn missing(key: &'static str, expected: &'static str) -> ConfigError {
    ConfigError::Invalid { name: variable(key), expected }
}

/// The secret goes there: not in the clear, unless it stays on this machine.
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
    fn nobody_is_asked_unless_configured() {
        assert!(config(&[], false).unwrap().is_none());
        let config = config(&[PROOF_OF_WORK], false).unwrap().unwrap();
        assert!(matches!(config.kind, HumanCheckKind::ProofOfWork { secret: None, cost: 1000 }));
        assert_eq!(config.free, None, "and then everybody");
    }

    #[test]
    fn without_its_provider_nobody_passes_unless_configured() {
        let config = config(&TURNSTILE, false).unwrap().unwrap();
        assert!(matches!(config.kind, HumanCheckKind::SiteVerify { let_pass_when_down: false, .. }));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_host_name_is_compared_as_the_provider_spells_it() {
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
    fn a_secret_for_tests_is_warned_of() {
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
    fn what_is_missing_or_wrong_is_named_and_not_shown() {
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
