//! Ending a session.

use crate::{
    error::{Error, ErrorCode},
    http::{Method, Request},
    page::Page,
    settings::Settings,
    text,
    web_url::query_of,
};

/// How to log out: clear what is stored here, send `request` if there is one, then navigate.
#[derive(Debug, PartialEq, Eq)]
pub struct Logout {
    /// Ends the session at Authress by cookie. Absent where cookies do not reach it.
    pub request: Option<Request>,
    /// Where to go after `request` has succeeded; absent if the shopper is already there.
    pub destination: Option<String>,
    /// Where to go without `request`, or if it failed: Authress ends the session and returns.
    pub logout_page: String,
}

/// Prepares a logout that ends at `redirect_url`, which may be relative; this page if left out.
pub fn begin(
    settings: &Settings,
    page: &Page,
    redirect_url: Option<&str>,
    with_credentials: bool,
) -> Result<Logout, Error> {
    let destination = page.resolve(redirect_url.filter(|url| !url.is_empty()))?;
    if !destination.is_web() {
        return Err(ErrorCode::InvalidRedirectUrl.into());
    }
    let query = query_of(&[("redirect_uri", destination.as_str()), ("client_id", settings.application_id())]);
    let request = with_credentials.then(|| Request {
        method: Method::Delete,
        path: "/api/session".to_owned(),
        body: None,
        bearer: None,
        with_credentials,
    });
    Ok(Logout {
        request,
        destination: (destination.as_str() != page.href()).then(|| destination.into()),
        logout_page: text::concat(&[&settings.origin(), "/logout?", &query]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logout(redirect_url: Option<&str>, with_credentials: bool) -> Result<Logout, Error> {
        let settings = Settings::new("https://login.shop.test", Some("app_shop")).unwrap();
        begin(&settings, &Page::new("https://app.shop.test/cart").unwrap(), redirect_url, with_credentials)
    }

    #[test]
    fn the_logout_page_is_told_where_to_return() {
        assert_eq!(
            logout(Some("/bye?a=1"), false).unwrap().logout_page,
            "https://login.shop.test/logout?redirect_uri=https%3A%2F%2Fapp.shop.test%2Fbye%3Fa%3D1&client_id=app_shop"
        );
    }

    #[test]
    fn with_cookies_the_session_is_deleted_first() {
        let here = logout(None, true).unwrap();
        assert_eq!(here.request.unwrap().method, Method::Delete);
        assert_eq!(here.destination, None);
        assert_eq!(logout(Some("/bye"), true).unwrap().destination.as_deref(), Some("https://app.shop.test/bye"));
        assert_eq!(logout(None, false).unwrap().request, None);
    }

    #[test]
    fn an_unusable_destination_is_refused() {
        for url in ["javascript:1", "https://", "myapp:done"] {
            assert_eq!(logout(Some(url), true).unwrap_err().code, ErrorCode::InvalidRedirectUrl, "{url}");
        }
    }
}
