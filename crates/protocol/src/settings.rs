//! The two settings of a client, checked once.

use crate::error::{Error, ErrorCode};
use url::Url;

/// The application id used when none is given.
pub const DEFAULT_APPLICATION_ID: &str = "app_default";

/// Which Authress, and which application of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    host: Url,
    application_id: String,
}

impl Settings {
    /// Checks the settings of a client.
    ///
    /// `authress_api_url` may lack its scheme, which then is https. A regional authress.io host
    /// becomes the account's login host. `application_id` is trimmed.
    pub fn new(authress_api_url: &str, application_id: Option<&str>) -> Result<Self, Error> {
        Ok(Self {
            host: parse_host(authress_api_url.trim()).ok_or(ErrorCode::InvalidAuthressApiUrl)?,
            application_id: parse_application_id(application_id.unwrap_or(DEFAULT_APPLICATION_ID))?,
        })
    }

    /// The origin of the Authress host: scheme, host and port, without a trailing slash.
    pub fn origin(&self) -> String {
        self.host.origin().ascii_serialization()
    }

    /// The application id, `app_…`.
    pub fn application_id(&self) -> &str {
        &self.application_id
    }

    pub(crate) fn host(&self) -> &Url {
        &self.host
    }

    /// Whether `issuer` is this Authress host and nothing else (scheme, host and port).
    ///
    /// Used for what arrives in a URL, where an attacker chooses the words: RFC 9207 section 2.4.
    pub fn is_issuer(&self, issuer: &str) -> bool {
        Url::parse(issuer).is_ok_and(|issuer| issuer.origin() == self.host.origin())
    }

    /// Whether a stored token of `issuer` belongs to this Authress host: the same host name, or one
    /// below the other by whole labels, as the published client means it.
    pub fn is_own_token_issuer(&self, issuer: &str) -> bool {
        let Ok(issuer) = Url::parse(issuer) else { return false };
        let (Some(theirs), Some(ours)) = (issuer.host_str(), self.host.host_str()) else { return false };
        theirs == ours || is_below(theirs, ours) || is_below(ours, theirs)
    }
}

fn is_below(name: &str, parent: &str) -> bool {
    parent.contains('.') && name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

fn parse_host(text: &str) -> Option<Url> {
    let has_scheme = text.contains("://");
    let mut host = Url::parse(&if has_scheme { text.to_owned() } else { ["https://", text].concat() }).ok()?;
    if !matches!(host.scheme(), "https" | "http") || !host.username().is_empty() || host.password().is_some() {
        return None;
    }
    let name = host.host_str()?;
    if let Some(account) = name.strip_suffix(".authress.io").and_then(|rest| match rest.split_once('.') {
        Some((account, region)) if !region.contains('.') => Some(account),
        _ => None,
    }) {
        let login = [account, ".login.authress.io"].concat();
        host.set_host(Some(&login)).ok()?;
    }
    host.set_query(None);
    host.set_fragment(None);
    Some(host)
}

fn parse_application_id(text: &str) -> Result<String, Error> {
    let id = text.trim();
    if id.is_empty() || id.starts_with("sc_") || id.starts_with("ext_") {
        return Err(ErrorCode::InvalidApplication.into());
    }
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Option<String> {
        Settings::new(url, None).ok().map(|settings| settings.origin())
    }

    #[test]
    fn the_host_is_completed_and_its_path_left_out() {
        for (given, expected) in [
            ("login.example.com", "https://login.example.com"),
            ("https://login.example.com/", "https://login.example.com"),
            (" https://login.example.com/path?x#y ", "https://login.example.com"),
            ("http://127.0.0.1:8888", "http://127.0.0.1:8888"),
            ("https://acc.api-eu-west.authress.io", "https://acc.login.authress.io"),
            ("acc.login.authress.io", "https://acc.login.authress.io"),
            ("HTTPS://LOGIN.example.com", "https://login.example.com"),
        ] {
            assert_eq!(origin(given).unwrap_or_default(), expected, "{given}");
        }
    }

    #[test]
    fn an_unusable_host_is_refused() {
        for given in [
            "",
            "   ",
            "https://",
            "https://user@login.example.com",
            "https://u:p@h",
            "http://exa mple",
            "ftp://login.example.com",
            "javascript://x",
        ] {
            assert_eq!(Settings::new(given, None).unwrap_err().code, ErrorCode::InvalidAuthressApiUrl, "{given}");
        }
    }

    #[test]
    fn an_application_id_is_no_service_client() {
        for id in ["", "  ", "sc_shop", " ext_a"] {
            let error = Settings::new("login.example.com", Some(id)).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidApplication, "{id}");
        }
        assert_eq!(Settings::new("login.example.com", Some(" app_a ")).unwrap().application_id(), "app_a");
        assert_eq!(Settings::new("login.example.com", None).unwrap().application_id(), DEFAULT_APPLICATION_ID);
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
