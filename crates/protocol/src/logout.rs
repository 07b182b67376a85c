//! Logging out: ending the session at Authress.

use crate::{
    error::{Error, ErrorCode},
    http::{Method, Request},
    page::Page,
    settings::Settings,
    web_url::query_of,
};

/// How to log out, after the stored session is cleared: send the [`request`] if cookies reach Authress, then navigate.
#[derive(Debug, PartialEq, Eq)]
pub struct Logout {
    /// Whether to send the request.
    pub has_request: bool,
    /// Where to navigate after the request has succeeded. `None` if the page is the destination.
    pub destination: Option<String>,
    /// Where to navigate without the request or if it failed: Authress's logout page ends the session and redirects
    /// back.
    pub logout_page: String,
}

/// Returns the request that ends the session at Authress by its cookie.
pub fn request() -> Request {
    Request {
        method: Method::Delete,
        path: "/api/session".to_owned(),
        body: None,
        bearer: None,
        with_credentials: true,
    }
}

/// Prepares a logout that ends at `redirect_url`, absolute or relative to the page. Default: the page.
///
/// Fails with [`ErrorCode::InvalidRedirectUrl`].
pub fn prepare(
    settings: &Settings,
    page: &Page,
    redirect_url: Option<&str>,
    with_credentials: bool,
) -> Result<Logout, Error> {
    let destination = page.resolve(redirect_url.filter(|url| !url.is_empty()))?;
    if !destination.is_http() {
        return Err(ErrorCode::InvalidRedirectUrl.into());
    }
    let query = query_of(&[("redirect_uri", destination.as_str()), ("client_id", settings.application_id())]);
    Ok(Logout {
        has_request: with_credentials,
        destination: (destination.as_str() != page.href()).then(|| destination.into()),
        logout_page: [&settings.origin(), "/logout?", &query].concat(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logout(redirect_url: Option<&str>, with_credentials: bool) -> Result<Logout, Error> {
        let settings = Settings::new("https://login.shop.test", Some("app_shop")).unwrap();
        prepare(&settings, &Page::new("https://app.shop.test/cart").unwrap(), redirect_url, with_credentials)
    }

    #[test]
    fn the_logout_page_gets_the_redirect_url() {
        assert_eq!(
            logout(Some("/bye?a=1"), false).unwrap().logout_page,
            "https://login.shop.test/logout?redirect_uri=https%3A%2F%2Fapp.shop.test%2Fbye%3Fa%3D1&client_id=app_shop"
        );
    }

    #[test]
    fn with_cookies_the_session_is_deleted_before_navigation() {
        let here = logout(None, true).unwrap();
        assert_eq!((here.has_request, here.destination), (true, None));
        assert_eq!(request().method, Method::Delete);
        assert_eq!(logout(Some("/bye"), true).unwrap().destination.as_deref(), Some("https://app.shop.test/bye"));
        assert!(!logout(None, false).unwrap().has_request);
    }

    #[test]
    fn a_destination_that_is_no_http_url_is_refused() {
        for url in ["javascript:1", "https://", "myapp:done"] {
            assert_eq!(logout(Some(url), true).unwrap_err().code, ErrorCode::InvalidRedirectUrl, "{url}");
        }
    }
}
