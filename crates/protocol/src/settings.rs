//! The two settings of a client, checked once.

use crate::{
    error::{Error, ErrorCode},
    page::Page,
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
    /// becomes the account's login host. `application_id` is trimmed.
    pub fn new(authress_api_url: &str, application_id: Option<&str>) -> Result<Self, Error> {
        Ok(Self {
            host: parse_host(authress_api_url.trim_ascii()).ok_or(ErrorCode::InvalidAuthressApiUrl)?,
            application_id: parse_application_id(application_id.unwrap_or(DEFAULT_APPLICATION_ID))?,
            token_origins: Vec::new(),
        })
    }

    /// The same, with the origins that [`Self::token_may_go_to`] allows besides the page's own. In `origins`
    /// spaces stand between them.
    pub fn with_token_origins(mut self, origins: &str) -> Result<Self, Error> {
        for given in text::split(origins, b' ').filter(|given| !given.is_empty()) {
            let origin = WebUrl::parse(given).and_then(|url| url.origin()).ok_or_else(|| {
                Error::with_detail(ErrorCode::InvalidInput, "tokenOrigins needs origins like https://api.example.com.")
            })?;
            self.token_origins.push(origin);
        }
        Ok(self)
    }

    /// Whether a request to `url` may carry the access token: the page's own origin, or one that
    /// the application has named. A token that came over https never leaves over http.
    pub fn token_may_go_to(&self, url: &str, page: &Page) -> bool {
        let Some(url) = WebUrl::parse(url) else { return false };
        let Some(origin) = url.origin() else { return false };
        let is_downgrade = page.is_https() && url.scheme() != "https";
        !is_downgrade && (page.origin().as_ref() == Some(&origin) || self.token_origins.contains(&origin))
    }

    /// The origin of the Authress host: scheme, host and port, without a trailing slash.
    pub fn origin(&self) -> String {
        self.host.origin().unwrap_or_default()
    }

    /// The application id, `app_…`.
    pub fn application_id(&self) -> &str {
        &self.application_id
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
    // By bytes: a search for text brings a kilobyte of its own.
    let has_scheme = text.as_bytes().windows(3).any(|bytes| bytes == b"://");
    let host = WebUrl::parse(&if has_scheme { text.to_owned() } else { text::concat(&["https://", text]) })?;
    if host.origin().is_none() || host.has_credentials() {
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

    #[test]
    fn the_token_goes_to_the_pages_own_origin_and_to_those_named() {
        let page = Page::new("https://www.shop.test/cart").unwrap();
        let settings = Settings::new("login.shop.test", None).unwrap();
        let settings = settings.with_token_origins("https://api.shop.test/ http://www.shop.test").unwrap();
        for allowed in ["https://www.shop.test/api", "https://api.shop.test/v1?x", "https://www.shop.test:443/"] {
            assert!(settings.token_may_go_to(allowed, &page), "{allowed}");
        }
        for refused in [
            "https://shop.test/",
            "https://api.shop.test:8443/",
            "https://api.shop.test.evil.test/",
            "https://api.shop.test@evil.test/",
            "http://www.shop.test/",
            "http://api.shop.test/",
            "data:text/plain,x",
            "/relative",
        ] {
            assert!(!settings.token_may_go_to(refused, &page), "{refused}");
        }
        let bad = Settings::new("login.shop.test", None).unwrap().with_token_origins("api.shop.test");
        assert_eq!(bad.unwrap_err().code, ErrorCode::InvalidInput);
    }
}
