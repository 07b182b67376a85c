//! Cloudflare Turnstile and hCaptcha: the widget's token is checked with the provider, by the protocol
//! that both call siteverify.
//!
//! A token is the provider's: it is good once, for some minutes. The answer must name the host of this
//! page, and with Turnstile also this login, which the widget got as its cData. hCaptcha has no room for that:
//! there a token is good for any login of its page, still for one only. Nor does hCaptcha name a host to every account:
//! then its check of site key and secret is what binds the token.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authress_secret::Secret;
use reqwest::StatusCode;
use rustls_platform_verifier::BuilderVerifierExt;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{CheckUnavailable, HumanCheck, Judgement, LoginBinding, Widget};

/// Whose widget it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Cloudflare Turnstile.
    Turnstile,
    /// hCaptcha.
    HCaptcha,
}

impl Provider {
    /// Where its tokens are checked.
    pub fn verify_url(self) -> &'static str {
        match self {
            Self::Turnstile => "https://challenges.cloudflare.com/turnstile/v0/siteverify",
            Self::HCaptcha => "https://api.hcaptcha.com/siteverify",
        }
    }

    /// Whether this is one of the secrets that the provider publishes for tests. They accept the tokens of test widgets
    /// and no others, from any host and for any login.
    pub(crate) fn is_test_secret(self, secret: &Secret) -> bool {
        let published: &[&str] = match self {
            Self::Turnstile => &[
                "1x0000000000000000000000000000000AA",
                "2x0000000000000000000000000000000AA",
                "3x0000000000000000000000000000000AA",
            ],
            Self::HCaptcha => &["0x0000000000000000000000000000000000000000"],
        };
        published.contains(&secret.expose())
    }

    /// The longest token, in bytes. Cloudflare says 2048; hCaptcha says nothing, and its tokens grow.
    fn max_token_bytes(self) -> usize {
        match self {
            Self::Turnstile => 2048,
            Self::HCaptcha => 12 * 1024,
        }
    }
}

/// Checks tokens with their provider.
#[derive(Debug)]
pub struct SiteVerify {
    provider: Provider,
    client: reqwest::Client,
    verify_url: Url,
    site_key: String,
    secret: Secret,
    hostname: String,
    let_pass_when_down: bool,
    reported: Reported,
}

/// Which differences have been logged: each once, because a stranger can cause them again and again.
#[derive(Debug, Default)]
struct Reported {
    hostname: AtomicBool,
    action: AtomicBool,
    cdata: AtomicBool,
}

impl SiteVerify {
    /// Tokens of the widget `site_key` on pages of `hostname`. The provider has `timeout` for an answer.
    ///
    /// With one of the secrets that the provider publishes for tests neither host nor login is compared, because its
    /// answers have neither.
    ///
    /// # Errors
    /// [`HttpClientUnavailable`].
    pub fn new(
        provider: Provider,
        site_key: String,
        secret: Secret,
        hostname: String,
        timeout: Duration,
    ) -> Result<Self, HttpClientUnavailable> {
        let verify_url = Url::parse(provider.verify_url()).map_err(|_| HttpClientUnavailable)?;
        let client = client(timeout)?;
        Ok(Self {
            provider,
            client,
            verify_url,
            site_key,
            secret,
            hostname,
            let_pass_when_down: false,
            reported: Reported::default(),
        })
    }

    /// The same, which asks another address.
    #[must_use]
    pub fn with_verify_url(self, verify_url: Url) -> Self {
        Self { verify_url, ..self }
    }

    /// The same, which lets everybody pass while the provider does not answer. Otherwise nobody is
    /// answered then: whoever can keep the provider away could otherwise switch the check off.
    #[must_use]
    pub fn let_pass_when_down(self, let_pass_when_down: bool) -> Self {
        Self { let_pass_when_down, ..self }
    }

    async fn judge(&self, token: &str, login: &LoginBinding, client: IpAddr) -> Judgement {
        let is_token = token.bytes().all(|byte| byte.is_ascii_graphic());
        if token.is_empty() || token.len() > self.provider.max_token_bytes() || !is_token {
            return Judgement::NotHuman;
        }
        match self.ask(token, client).await {
            Ok(verdict) => self.read(&verdict, login),
            Err(reason) => {
                tracing::warn!(provider = ?self.provider, reason, "the human check's provider does not answer");
                if self.let_pass_when_down { Judgement::Human } else { Judgement::Unknown }
            }
        }
    }

    async fn ask(&self, token: &str, client: IpAddr) -> Result<Verdict, &'static str> {
        let client = client.to_string();
        let mut form = vec![("secret", self.secret.expose()), ("response", token), ("remoteip", &client)];
        match self.provider {
            // With the same key a question can be asked twice although the token is good once.
            Provider::Turnstile => {
                let key = random_uuid().ok_or("no randomness")?;
                form.push(("idempotency_key", &key));
                match self.post(&form).await {
                    Err(_) => self.post(&form).await,
                    answer => answer,
                }
            }
            Provider::HCaptcha => {
                form.push(("sitekey", &self.site_key));
                self.post(&form).await
            }
        }
    }

    async fn post(&self, form: &[(&str, &str)]) -> Result<Verdict, &'static str> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.client.post(self.verify_url.clone());
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let mut response = request.send().await.map_err(|_| "no connection, or no answer in time")?;
        // Turnstile says 400 to what is wrong with the token, too.
        if response.status() != StatusCode::OK && response.status() != StatusCode::BAD_REQUEST {
            return Err("an answer with another status than 200");
        }
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|_| "an answer that breaks off")? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > MAX_VERDICT_BYTES {
                return Err("an answer that is too long");
            }
        }
        serde_json::from_slice(&bytes).map_err(|_| "an answer that is not the protocol's")
    }

    fn read(&self, verdict: &Verdict, login: &LoginBinding) -> Judgement {
        if !verdict.success {
            let codes = verdict.error_codes.as_deref().unwrap_or_default();
            let ours = codes.iter().find(|code| OUR_FAULT.contains(&code.as_str()));
            return match ours {
                Some(code) => {
                    tracing::error!(provider = ?self.provider, code, "the human check is not set up: see its secret");
                    Judgement::Unknown
                }
                None => {
                    let known = codes.iter().find_map(|code| NOT_HUMAN.iter().find(|known| *known == code));
                    tracing::debug!(provider = ?self.provider, code = known, "the provider says that the token is not good");
                    Judgement::NotHuman
                }
            };
        }
        if self.provider.is_test_secret(&self.secret) {
            return Judgement::Human;
        }
        match self.difference(verdict, login) {
            None => Judgement::Human,
            Some(difference) => {
                self.report(difference);
                Judgement::NotHuman
            }
        }
    }

    /// What in a good answer is not of this page or not of this login.
    fn difference(&self, verdict: &Verdict, login: &LoginBinding) -> Option<Difference> {
        let is_here = match (self.provider, verdict.hostname.as_deref()) {
            (Provider::HCaptcha, None | Some("not-provided")) => true,
            (_, name) => name.is_some_and(|name| name.eq_ignore_ascii_case(&self.hostname)),
        };
        if !is_here {
            return Some(Difference::Hostname);
        }
        match self.provider {
            Provider::HCaptcha => None,
            Provider::Turnstile if verdict.action.as_deref() != Some(ACTION) => Some(Difference::Action),
            Provider::Turnstile if verdict.cdata.as_deref() != Some(login.as_str()) => Some(Difference::CData),
            Provider::Turnstile => None,
        }
    }

    fn report(&self, difference: Difference) {
        let (reported, what) = match difference {
            Difference::Hostname => (
                &self.reported.hostname,
                "the provider names another host than HUMAN_CHECK_HOSTNAME: set it to the host name that shoppers' \
                 browsers show for /v1/login",
            ),
            Difference::Action => {
                (&self.reported.action, "the token is for another action: does another page use the same widget?")
            }
            Difference::CData => (
                &self.reported.cdata,
                "the token is for another login: some are usual, from pages that were left open in two tabs",
            ),
        };
        // What the provider's answer says instead is a stranger's to choose.
        if reported.swap(true, Ordering::Relaxed) {
            tracing::debug!(provider = ?self.provider, ?difference, "a token of the human check is refused");
        } else {
            tracing::warn!(
                provider = ?self.provider,
                ?difference,
                "a token of the human check is refused, and others for the same reason will not be logged: {what}"
            );
        }
    }
}

/// What differs between a good answer of the provider and this login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Difference {
    Hostname,
    Action,
    CData,
}

impl HumanCheck for SiteVerify {
    fn widget(&self, login: &LoginBinding, _: Duration) -> Result<Widget, CheckUnavailable> {
        Ok(match self.provider {
            Provider::Turnstile => Widget {
                kind: "turnstile",
                settings: json!({
                    "script": "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit&onload=onHumanCheckReady",
                    "sitekey": self.site_key,
                    "action": ACTION,
                    "cData": login.as_str(),
                })
                .to_string(),
                sources: "https://challenges.cloudflare.com",
            },
            Provider::HCaptcha => Widget {
                kind: "hcaptcha",
                settings: json!({
                    "script": "https://js.hcaptcha.com/1/api.js?render=explicit&onload=onHumanCheckReady",
                    "sitekey": self.site_key,
                })
                .to_string(),
                sources: "https://hcaptcha.com https://*.hcaptcha.com",
            },
        })
    }

    fn judge<'a>(
        &'a self,
        answer: &'a str,
        login: &'a LoginBinding,
        client: IpAddr,
    ) -> Pin<Box<dyn Future<Output = Judgement> + Send + 'a>> {
        Box::pin(Self::judge(self, answer, login, client))
    }
}

/// What the provider says.
#[derive(Debug, Deserialize)]
struct Verdict {
    success: bool,
    hostname: Option<String>,
    action: Option<String>,
    cdata: Option<String>,
    #[serde(rename = "error-codes")]
    error_codes: Option<Vec<String>>,
}

/// No HTTP client can be made: usually the system has no certificates to check others by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpClientUnavailable;

impl fmt::Display for HttpClientUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no HTTPS client can be made: install the system's root certificates (ca-certificates)")
    }
}

impl std::error::Error for HttpClientUnavailable {}

fn client(timeout: Duration) -> Result<reqwest::Client, HttpClientUnavailable> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|_| HttpClientUnavailable)?
        .with_no_client_auth();
    // The secret goes to the configured address and nowhere else. Idle connections are closed before the provider does:
    // a question that meets one which is just being closed would be an outage.
    let client = reqwest::Client::builder().timeout(timeout).redirect(reqwest::redirect::Policy::none()).no_proxy();
    let client = client.pool_idle_timeout(Duration::from_secs(4));
    client.tls_backend_preconfigured(tls).build().map_err(|_| HttpClientUnavailable)
}

/// RFC 9562 section 5.4.
fn random_uuid() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    // The version is 4 and the variant the standard's own.
    let number = (u128::from_be_bytes(bytes) & !((0xf << 76) | (0x3 << 62))) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{number:032x}");
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    Some([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}

const ACTION: &str = "login";
const MAX_VERDICT_BYTES: usize = 16 * 1024;
/// What is wrong with the secret or on the provider's side, in the words of either.
const OUR_FAULT: [&str; 7] = [
    "missing-input-secret",
    "invalid-input-secret",
    "sitekey-secret-mismatch",
    "not-using-dummy-passcode",
    "not-using-dummy-secret",
    "bad-request",
    "internal-error",
];

/// What is wrong with a token, in the words of either.
const NOT_HUMAN: [&str; 7] = [
    "missing-input-response",
    "invalid-input-response",
    "expired-input-response",
    "already-seen-response",
    "invalid-or-already-seen-response",
    "missing-remoteip",
    "timeout-or-duplicate",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idempotency_keys_are_random_uuids() {
        let (first, second) = (random_uuid().unwrap(), random_uuid().unwrap());
        assert_ne!(first, second);
        for uuid in [first, second] {
            let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
            assert_eq!(uuid.as_bytes()[14], b'4', "{uuid}");
            assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
        }
    }
}
