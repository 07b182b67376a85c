//! Cloudflare Turnstile and hCaptcha: the provider verifies the widget's token, by the protocol that both call
//! siteverify.
//!
//! A token is valid once, for some minutes. The provider's response must name the host of this page. With Turnstile it
//! must also name this login, which the widget got as its cData. hCaptcha has no such field, so there a token is valid
//! for any one login of the page. hCaptcha does not name the host to every account; then only its check of site key and
//! secret binds the token.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authress_secret::Secret;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{CheckOutcome, CheckUnavailable, HumanCheck, LoginBinding, Widget};
use crate::http::{HttpClientUnavailable, https_client};

/// The provider of a widget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Cloudflare Turnstile.
    Turnstile,
    /// hCaptcha.
    HCaptcha,
}

impl Provider {
    /// Returns the URL at which it verifies tokens.
    pub fn verify_url(self) -> &'static str {
        match self {
            Self::Turnstile => "https://challenges.cloudflare.com/turnstile/v0/siteverify",
            Self::HCaptcha => "https://api.hcaptcha.com/siteverify",
        }
    }

    /// Returns whether the secret is one that the provider publishes for tests. These accept only the tokens of test
    /// widgets, from any host and for any login.
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

    /// Returns the longest token, in bytes. Cloudflare documents 2048; hCaptcha documents no limit, and its tokens
    /// grow.
    fn max_token_bytes(self) -> usize {
        match self {
            Self::Turnstile => 2048,
            Self::HCaptcha => 12 * 1024,
        }
    }
}

/// Verifies tokens with their provider.
#[derive(Debug)]
pub struct SiteVerify {
    provider: Provider,
    client: reqwest::Client,
    verify_url: Url,
    site_key: String,
    secret: Secret,
    hostname: String,
    pass_when_down: bool,
    reported: Reported,
}

/// The mismatches that have been logged. Each is logged once, because any client can cause it repeatedly.
#[derive(Debug, Default)]
struct Reported {
    hostname: AtomicBool,
    action: AtomicBool,
    cdata: AtomicBool,
}

impl SiteVerify {
    /// Verifies tokens of the widget `site_key` on pages of `hostname`. The provider must respond within `timeout`.
    ///
    /// With a secret that the provider publishes for tests, neither host nor login is compared, because its responses
    /// contain neither.
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
        let client = https_client(timeout)?;
        Ok(Self {
            provider,
            client,
            verify_url,
            site_key,
            secret,
            hostname,
            pass_when_down: false,
            reported: Reported::default(),
        })
    }

    /// Replaces the URL of the provider.
    #[must_use]
    pub fn with_verify_url(self, verify_url: Url) -> Self {
        Self { verify_url, ..self }
    }

    /// Sets whether every login passes while the provider is unavailable. By default every login is refused then:
    /// otherwise an attacker who blocks the provider disables the check.
    #[must_use]
    pub fn pass_when_down(self, pass_when_down: bool) -> Self {
        Self { pass_when_down, ..self }
    }

    async fn verify(&self, token: &str, login: &LoginBinding, client_ip: IpAddr) -> CheckOutcome {
        let is_token = token.bytes().all(|byte| byte.is_ascii_graphic());
        if token.is_empty() || token.len() > self.provider.max_token_bytes() || !is_token {
            return CheckOutcome::Failed;
        }
        match self.request(token, client_ip).await {
            Ok(verdict) => self.outcome(&verdict, login),
            Err(reason) => {
                tracing::warn!(provider = ?self.provider, reason, "the provider of the human check is unavailable");
                if self.pass_when_down { CheckOutcome::Passed } else { CheckOutcome::Unavailable }
            }
        }
    }

    async fn request(&self, token: &str, client_ip: IpAddr) -> Result<Verdict, &'static str> {
        let client_ip = client_ip.to_string();
        let mut form = vec![("secret", self.secret.expose()), ("response", token), ("remoteip", &client_ip)];
        match self.provider {
            // With an idempotency key the request can be retried although the token is valid once.
            Provider::Turnstile => {
                let key = random_uuid().ok_or("no random bytes")?;
                form.push(("idempotency_key", &key));
                match self.post(&form).await {
                    Err(_) => self.post(&form).await,
                    response => response,
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
        let mut response = request.send().await.map_err(|_| "no connection, or no response in time")?;
        // Turnstile also responds with 400 to an invalid token.
        if response.status() != StatusCode::OK && response.status() != StatusCode::BAD_REQUEST {
            return Err("a response with another status than 200");
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| "an incomplete response")? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_VERDICT_BYTES {
                return Err("a response that is too long");
            }
        }
        serde_json::from_slice(&bytes).map_err(|_| "a response that is not siteverify's JSON")
    }

    fn outcome(&self, verdict: &Verdict, login: &LoginBinding) -> CheckOutcome {
        if !verdict.success {
            let codes = verdict.error_codes.as_deref().unwrap_or_default();
            let setup_error = codes.iter().find(|code| SETUP_ERRORS.contains(&code.as_str()));
            return match setup_error {
                Some(code) => {
                    tracing::error!(
                        provider = ?self.provider,
                        code,
                        "the human check is misconfigured. Check human_check.secret_file and human_check.site_key"
                    );
                    CheckOutcome::Unavailable
                }
                None => {
                    let known = codes.iter().find_map(|code| TOKEN_ERRORS.iter().find(|known| *known == code));
                    tracing::debug!(provider = ?self.provider, code = known, "the provider rejects the token");
                    CheckOutcome::Failed
                }
            };
        }
        if self.provider.is_test_secret(&self.secret) {
            return CheckOutcome::Passed;
        }
        match self.mismatch(verdict, login) {
            None => CheckOutcome::Passed,
            Some(mismatch) => {
                self.report(mismatch);
                CheckOutcome::Failed
            }
        }
    }

    /// Returns the field of a successful response that does not match this page or this login.
    fn mismatch(&self, verdict: &Verdict, login: &LoginBinding) -> Option<Mismatch> {
        let is_this_host = match (self.provider, verdict.hostname.as_deref()) {
            (Provider::HCaptcha, None | Some("not-provided")) => true,
            (_, name) => name.is_some_and(|name| name.eq_ignore_ascii_case(&self.hostname)),
        };
        if !is_this_host {
            return Some(Mismatch::Hostname);
        }
        match self.provider {
            Provider::HCaptcha => None,
            Provider::Turnstile if verdict.action.as_deref() != Some(ACTION) => Some(Mismatch::Action),
            Provider::Turnstile if verdict.cdata.as_deref() != Some(login.as_str()) => Some(Mismatch::CData),
            Provider::Turnstile => None,
        }
    }

    fn report(&self, mismatch: Mismatch) {
        let (reported, advice) = match mismatch {
            Mismatch::Hostname => (
                &self.reported.hostname,
                "the host differs from HUMAN_CHECK_HOSTNAME. Set it to the public host name of /v1/login",
            ),
            Mismatch::Action => (
                &self.reported.action,
                "the token is for another action. Check whether another page uses the same widget",
            ),
            Mismatch::CData => (
                &self.reported.cdata,
                "the token is for another login. Some are usual, from pages that are open in two tabs",
            ),
        };
        // The log does not contain the values of the response, because a client can choose them.
        if reported.swap(true, Ordering::Relaxed) {
            tracing::debug!(provider = ?self.provider, difference = ?mismatch, "a token of the human check is refused");
        } else {
            tracing::warn!(
                provider = ?self.provider,
                difference = ?mismatch,
                "a token of the human check is refused: {advice}. This reason is logged once"
            );
        }
    }
}

/// A field of a successful response that does not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mismatch {
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

    fn verify<'a>(
        &'a self,
        solution: &'a str,
        login: &'a LoginBinding,
        client_ip: IpAddr,
    ) -> Pin<Box<dyn Future<Output = CheckOutcome> + Send + 'a>> {
        Box::pin(Self::verify(self, solution, login, client_ip))
    }
}

/// The response of siteverify.
#[derive(Debug, Deserialize)]
struct Verdict {
    success: bool,
    hostname: Option<String>,
    action: Option<String>,
    cdata: Option<String>,
    #[serde(rename = "error-codes")]
    error_codes: Option<Vec<String>>,
}

/// Creates a UUID of version 4 (RFC 9562 section 5.4).
fn random_uuid() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    // Version 4, variant 0b10.
    let number = (u128::from_be_bytes(bytes) & !((0xf << 76) | (0x3 << 62))) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{number:032x}");
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    Some([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}

const ACTION: &str = "login";
const MAX_VERDICT_BYTES: usize = 16 * 1024;
/// Error codes of both providers for a wrong setup or a failure of the provider.
const SETUP_ERRORS: [&str; 7] = [
    "missing-input-secret",
    "invalid-input-secret",
    "sitekey-secret-mismatch",
    "not-using-dummy-passcode",
    "not-using-dummy-secret",
    "bad-request",
    "internal-error",
];

/// Error codes of both providers for an invalid token.
const TOKEN_ERRORS: [&str; 7] = [
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
