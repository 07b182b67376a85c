//! The two settings of a client, checked once.

use crate::{
    error::{Error, ErrorCode},
    text,
    web_url::WebUrl,
};

/// The application id used when none is given.
pub const DEFAULT_APPLICATION_ID: &str = "app_default";

/// Which Authress, and which application of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    host: WebUrl,
    application_id: String,
    token_origins: Vec<String>,
}

impl Settings {
    /// Checks the settings of a client.
    ///
    /// `authress_api_url` may lack its scheme, which then is https. A regional authress.io host
    /// becomes the account's login host. `application_id` is trimmed. `pkg/settings.js` has the same
    /// rules, for what is checked before the module is there; `tests/vectors/settings.json` holds both to them.
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
        for given in text::split(origins, b' ').filter(|given| !given.is_empty()) {
            let origin = WebUrl::parse(given).and_then(|url| url.origin()).ok_or_else(|| {
                Error::with_detail(ErrorCode::InvalidInput, "tokenOrigins needs origins like https://api.example.com.")
            })?;
            self.token_origins.push(origin);
        }
        Ok(self)
    }

    /// The origin of the Authress host: scheme, host and port, without a trailing slash.
    pub fn origin(&self) -> String {
        self.host.origin().unwrap_or_default()
    }

    /// The application id, `app_…`.
    pub fn application_id(&self) -> &str {
        &self.application_id
    }

    /// The origins besides the page's own that may receive the access token.
    pub(crate) fn token_origins(&self) -> &[String] {
        &self.token_origins
    }

    pub(crate) fn host(&self) -> &WebUrl {
        &self.host
    }

    /// Whether `issuer` is this Authress host and nothing else (scheme, host and port).
    ///
    /// Used for what arrives in a URL, where an attacker chooses the words: RFC 9207 section 2.4.
    pub fn is_issuer(&self, issuer: &str) -> bool {
        WebUrl::parse(issuer).is_some_and(|issuer| issuer.origin() == self.host.origin())
    }

    /// Whether a stored token of `issuer` belongs to this Authress host: the same host name, or one
    /// below the other by whole labels, as the published client means it.
    pub fn is_own_token_issuer(&self, issuer: &str) -> bool {
        let Some(issuer) = WebUrl::parse(issuer) else { return false };
        let (theirs, ours) = (issuer.host(), self.host.host());
        theirs == ours || is_below(theirs, ours) || is_below(ours, theirs)
    }
}

fn is_below(name: &str, parent: &str) -> bool {
    text::split_once(parent, b'.').is_some() && name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

fn parse_host(text: &str) -> Option<WebUrl> {
    let starts_with = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let has_scheme = starts_with("https:") || starts_with("http:");
    // By bytes: a search for text brings a kilobyte of its own.
    let has_other_scheme = !has_scheme && text.as_bytes().windows(3).any(|bytes| bytes == b"://");
    let host = WebUrl::parse(&if has_scheme { text.to_owned() } else { text::concat(&["https://", text]) })?;
    // Another scheme would become the host (`ftp://…`), and so would a misspelt one (`https//…`).
    let is_scheme = has_other_scheme || matches!(host.host(), "https" | "http");
    if is_scheme || host.origin().is_none() || host.has_credentials() {
        return None;
    }
    match host.host().strip_suffix(".authress.io").and_then(|rest| text::split_once(rest, b'.')) {
        Some((account, region)) if text::split_once(region, b'.').is_none() => {
            WebUrl::parse(&text::concat(&[host.scheme(), "://", account, ".login.authress.io"]))
        }
        _ => Some(host),
    }
}

fn parse_application_id(text: &str) -> Result<String, Error> {
    let id = text.trim_ascii();
    if id.is_empty() || id.starts_with("sc_") || id.starts_with("ext_") {
        return Err(ErrorCode::InvalidApplication.into());
    }
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of what is given and what it becomes, which is null where it is refused.
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
    fn the_host_is_completed_or_refused() {
        for case in vectors("hosts") {
            let host = new(case[0].as_str().unwrap(), None).map(|settings| settings.origin());
            assert_eq!(host, expected(&case, ErrorCode::InvalidAuthressApiUrl), "{case}");
        }
    }

    #[test]
    fn an_application_id_is_trimmed_and_no_service_client() {
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
    fn an_issuer_in_a_url_must_be_the_host_itself() {
        let settings = Settings::new("https://login.example.com", None).unwrap();
        assert!(settings.is_issuer("https://login.example.com"));
        assert!(settings.is_issuer("https://login.example.com/"));
        for foreign in [
            "http://login.example.com",
            "https://login.example.com:444",
            "https://login.example.com.evil.test",
            "https://evil-login.example.com",
            "https://login.example.com@evil.test",
            "https://example.com",
            "login.example.com",
            "",
        ] {
            assert!(!settings.is_issuer(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_token_issuer_is_matched_on_whole_labels() {
        let settings = Settings::new("https://login.example.com", None).unwrap();
        for own in ["https://login.example.com", "https://example.com", "https://eu.login.example.com"] {
            assert!(settings.is_own_token_issuer(own), "{own}");
        }
        for foreign in ["https://evil-login.example.com", "https://ample.com", "https://com", "not a url"] {
            assert!(!settings.is_own_token_issuer(foreign), "{foreign}");
        }
    }
}
