//! The settings of the human check.

use std::time::Duration;

use url::Url;

use crate::config_error::ConfigError;
use crate::human_check::Provider;
use crate::rate_limit::Rate;
use crate::secret::Secret;
use crate::settings::{Sources, variable};

/// Which check, and for whom.
#[derive(Debug)]
pub struct HumanCheckConfig {
    /// Which.
    pub kind: HumanCheckKind,
    /// What a client gets without being asked; `None`: nothing.
    pub free: Option<Rate>,
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
            site_key: required(settings, "human_check.site_key", "set to the site key of the widget")?,
            secret: secret(settings)?
                .ok_or_else(|| missing("human_check.secret_file", "set to a file with the widget's secret"))?,
            hostname: required(settings, "human_check.hostname", "set to the public host name of /v1/login")?,
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
    let text = settings.secret("human_check.secret", "human_check.secret_file", NOT_BOTH)?;
    Ok(text.map(|text| Secret::new(&text)))
}

fn required(settings: &Sources, key: &'static str, expected: &'static str) -> Result<String, ConfigError> {
    settings.get(key).map(|(value, _)| value.to_owned()).ok_or_else(|| missing(key, expected))
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
    fn what_is_missing_or_wrong_is_named_and_not_shown() {
        for (changed, value, shared) in [
            ("HUMAN_CHECK_SITE_KEY", "", false),
            ("HUMAN_CHECK_HOSTNAME", "", false),
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
