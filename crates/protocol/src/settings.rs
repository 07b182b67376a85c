//! The settings of a client, validated once: the Authress host, the application, and where the access token may be
//! sent.
//!
//! `pkg/src/settings.js` has the same rules for the time before the module is loaded; `tests/vectors/settings.json`
//! compares both.

use crate::{
    error::{Error, ErrorCode},
    web_url::WebUrl,
};

/// The application id if none is given.
pub const DEFAULT_APPLICATION_ID: &str = "app_default";
/// What the id of a service client begins with: the connection of an anonymous session.
pub const SERVICE_CLIENT_PREFIX: &str = "sc_";
/// What the id of an extension begins with.
pub const EXTENSION_PREFIX: &str = "ext_";

/// Whether a connection is a service client: a login with it is for an anonymous user id.
pub fn is_service_client(connection_id: &str) -> bool {
    connection_id.starts_with(SERVICE_CLIENT_PREFIX)
}

/// The validated settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    host: WebUrl,
    application_id: String,
    token_origins: Vec<String>,
}

impl Settings {
    /// Validates the settings.
    ///
    /// `authress_api_url` is an http(s) URL; without a scheme it is https. A regional host such as
    /// `acc.api-eu-west.authress.io` becomes the account's login host, `acc.login.authress.io`: tokens name it as
    /// issuer. White space around both settings is removed.
    ///
    /// Fails with [`ErrorCode::InvalidAuthressApiUrl`] or [`ErrorCode::InvalidApplication`].
    pub fn new(authress_api_url: &str, application_id: Option<&str>) -> Result<Self, Error> {
        Ok(Self {
            host: parse_host(authress_api_url.trim_ascii()).ok_or(ErrorCode::InvalidAuthressApiUrl)?,
            application_id: parse_application_id(application_id.unwrap_or(DEFAULT_APPLICATION_ID))?,
            token_origins: Vec::new(),
        })
    }

    /// Adds the origins besides the page's own that may receive the access token. `origins` separates them by spaces.
    ///
    /// Fails with [`ErrorCode::InvalidInput`] if one of them is not an http(s) origin.
    pub fn with_token_origins(mut self, origins: &str) -> Result<Self, Error> {
        for given in origins.split(' ').filter(|given| !given.is_empty()) {
            let origin = WebUrl::parse(given).and_then(|url| url.origin()).ok_or_else(|| {
                Error::with_detail(ErrorCode::InvalidInput, "tokenOrigins needs origins like https://api.example.com.")
            })?;
            self.token_origins.push(origin);
        }
        Ok(self)
    }

    /// Returns the origin of the Authress host: scheme, host and port without a trailing slash.
    pub fn origin(&self) -> String {
        self.host.origin().unwrap_or_default()
    }

    /// Returns the application id, `app_…`.
    pub fn application_id(&self) -> &str {
        &self.application_id
    }

    /// Returns the origins besides the page's own that may receive the access token.
    pub(crate) fn token_origins(&self) -> &[String] {
        &self.token_origins
    }

    pub(crate) fn host(&self) -> &WebUrl {
        &self.host
    }

    /// Whether `issuer` is exactly the origin of the Authress host.
    pub fn is_issuer(&self, issuer: &str) -> bool {
        WebUrl::parse(issuer).is_some_and(|issuer| issuer.origin() == self.host.origin())
    }

    /// Whether a callback of `issuer` is of this Authress host (RFC 9207 section 2.4): scheme and port are those of the
    /// settings, and one host name is the other or a subdomain of it. Authress names the host of a tenant or of an
    /// account where the settings have the host above it.
    pub fn is_own_callback_issuer(&self, issuer: &str) -> bool {
        let has_scheme = issuer.strip_prefix(self.host.scheme()).is_some_and(|rest| rest.starts_with(':'));
        has_scheme && self.is_related(issuer, WebUrl::authority)
    }

    /// Whether a token of `issuer` is of this Authress host: one host name is the other or a subdomain of it, as in the
    /// published client.
    pub fn is_own_token_issuer(&self, issuer: &str) -> bool {
        self.is_related(issuer, WebUrl::host)
    }

    /// Whether `name` of one URL is that of the other or of a subdomain.
    fn is_related(&self, issuer: &str, name: fn(&WebUrl) -> &str) -> bool {
        let Some(issuer) = WebUrl::parse(issuer) else { return false };
        let (theirs, ours) = (name(&issuer), name(&self.host));
        theirs == ours || is_subdomain(theirs, ours) || is_subdomain(ours, theirs)
    }
}

fn is_subdomain(name: &str, parent: &str) -> bool {
    parent.contains('.') && name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

fn parse_host(text: &str) -> Option<WebUrl> {
    let starts_with = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let has_scheme = starts_with("https:") || starts_with("http:");
    // Not `contains("://")`: the search for a substring would add a kilobyte to the module.
    let has_other_scheme = !has_scheme && text.split(':').skip(1).any(|rest| rest.starts_with("//"));
    let host = WebUrl::parse(&if has_scheme { text.to_owned() } else { ["https://", text].concat() })?;
    // Otherwise another scheme would become the host (`ftp://…`), and so would a misspelt one (`https//…`).
    let is_scheme = has_other_scheme || matches!(host.host(), "https" | "http");
    if is_scheme || host.origin().is_none() || host.has_credentials() {
        return None;
    }
    match host.host().strip_suffix(".authress.io").and_then(|rest| rest.split_once('.')) {
        Some((account, region)) if !region.contains('.') => {
            WebUrl::parse(&[host.scheme(), "://", account, ".login.authress.io"].concat())
        }
        _ => Some(host),
    }
}

fn parse_application_id(text: &str) -> Result<String, Error> {
    let id = text.trim_ascii();
    if id.is_empty() || is_service_client(id) || id.starts_with(EXTENSION_PREFIX) {
        return Err(ErrorCode::InvalidApplication.into());
    }
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of a given and an expected value. The expected value is null if the given one is refused.
    fn vectors(name: &str) -> Vec<serde_json::Value> {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/vectors/settings.json")).unwrap();
        vectors[name].as_array().unwrap().clone()
    }

    fn expected(case: &serde_json::Value, refusal: ErrorCode) -> Result<String, ErrorCode> {
        case[1].as_str().map(str::to_owned).ok_or(refusal)
    }

    fn new(url: &str, application_id: Option<&str>) -> Result<Settings, ErrorCode> {
        Settings::new(url, application_id).map_err(|error| error.code)
    }

    #[test]
    fn the_host_is_normalised_or_refused() {
        for case in vectors("hosts") {
            let host = new(case[0].as_str().unwrap(), None).map(|settings| settings.origin());
            assert_eq!(host, expected(&case, ErrorCode::InvalidAuthressApiUrl), "{case}");
        }
    }

    #[test]
    fn an_application_id_is_trimmed_and_not_of_a_service_client() {
        for case in vectors("applications") {
            let id = new("login.example.com", case[0].as_str()).map(|settings| settings.application_id);
            assert_eq!(id, expected(&case, ErrorCode::InvalidApplication), "{case}");
        }
        assert_eq!(new("login.example.com", None).unwrap().application_id(), DEFAULT_APPLICATION_ID);
    }

    #[test]
    fn token_origins_are_origins() {
        for case in vectors("tokenOrigins") {
            let given: Vec<_> = case[0].as_array().unwrap().iter().map(|origin| origin.as_str().unwrap()).collect();
            let settings = new("login.example.com", None).unwrap().with_token_origins(&given.join(" "));
            let origins = settings.map(|settings| settings.token_origins.join(" ")).map_err(|error| error.code);
            assert_eq!(origins, expected(&case, ErrorCode::InvalidInput), "{case}");
        }
    }

    #[test]
    fn the_issuer_of_a_callback_is_the_host_or_one_below_or_above_it() {
        let settings = Settings::new("https://login.example.com", None).unwrap();
        for exact in ["https://login.example.com", "https://login.example.com/"] {
            assert!(settings.is_issuer(exact) && settings.is_own_callback_issuer(exact), "{exact}");
        }
        for related in ["https://tenant.login.example.com", "https://example.com"] {
            assert!(settings.is_own_callback_issuer(related) && !settings.is_issuer(related), "{related}");
        }
        for foreign in [
            "http://login.example.com",
            "https://login.example.com:444",
            "http://tenant.login.example.com",
            "https://tenant.login.example.com:444",
            "https://login.example.com.evil.test",
            "https://evil-login.example.com",
            "https://login.example.com@evil.test",
            "https://other.example.com",
            "https://com",
            "login.example.com",
            "",
        ] {
            assert!(!settings.is_own_callback_issuer(foreign), "{foreign}");
        }
    }

    #[test]
    fn the_account_of_a_shared_host_is_an_own_issuer() {
        let settings = Settings::new("https://login.authress.io", None).unwrap();
        assert!(settings.is_own_callback_issuer("https://acc.login.authress.io"));
        assert!(settings.is_own_token_issuer("https://acc.login.authress.io"));
        let settings = Settings::new("http://127.0.0.1:8888", None).unwrap();
        assert!(settings.is_own_callback_issuer("http://127.0.0.1:8888"));
        assert!(!settings.is_own_callback_issuer("http://0.0.1:8888"));
    }

    #[test]
    fn a_token_issuer_is_compared_by_whole_labels() {
        let settings = Settings::new("https://login.example.com", None).unwrap();
        for own in ["https://login.example.com", "https://example.com", "https://eu.login.example.com"] {
            assert!(settings.is_own_token_issuer(own), "{own}");
        }
        for foreign in ["https://evil-login.example.com", "https://ample.com", "https://com", "not a url"] {
            assert!(!settings.is_own_token_issuer(foreign), "{foreign}");
        }
    }
}
