//! Refuses prefetches, declared crawlers, and requests that are not top-level navigations; if configured, admits those
//! that a page of the same site sends in the background.
//!
//! Each response mints a user id. A prefetch, a link preview or a search engine's crawler would mint one that is never
//! used. These rules rely on what the client declares: they keep honest programs out. Against others there is the rate
//! limit.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};

use super::policy::Policy;
use crate::decision::{Refusal, RefusalCode};

/// Admits only top-level navigations by browsers; see [`check_navigation`].
///
/// The default admits nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct NavigationsOnly {
    /// Whether requests in the background of a page of the same site are admitted too; see
    /// [`check_navigation_or_background`].
    pub allow_background: bool,
}

impl Policy for NavigationsOnly {
    async fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        let checked = match request.method {
            Method::POST => check_same_origin(&request.headers),
            _ if self.allow_background => check_navigation_or_background(&request.headers),
            _ => check_navigation(&request.headers),
        };
        checked.map_err(Refusal::from)
    }
}

/// Checks that the headers are those of a top-level navigation by a browser.
///
/// A missing header is not a reason to refuse: browsers of 2022 do not send `Sec-Fetch-*`.
///
/// # Errors
/// [`RefusalCode::PrefetchNotAnswered`], [`RefusalCode::CrawlerNotAnswered`] or
/// [`RefusalCode::NotANavigation`].
pub fn check_navigation(headers: &HeaderMap) -> Result<(), RefusalCode> {
    check(headers, is_navigation)
}

/// Checks that the headers are those of a top-level navigation, as [`check_navigation`] does, or those of a request in
/// the background: one that a page of the same site sends by `fetch` with the mode `no-cors`.
///
/// Such a request must declare itself: `Sec-Fetch-Mode`, `Sec-Fetch-Dest` and `Sec-Fetch-Site` are there, once each.
/// `Sec-Fetch-Site` covers every redirect on the way, so one request to another site in between makes it `cross-site`.
///
/// # Errors
/// As [`check_navigation`].
pub fn check_navigation_or_background(headers: &HeaderMap) -> Result<(), RefusalCode> {
    check(headers, |headers| is_navigation(headers) || is_background(headers))
}

fn check(headers: &HeaderMap, is_admitted: impl Fn(&HeaderMap) -> bool) -> Result<(), RefusalCode> {
    let has_word = |name: &HeaderName, word: &str| {
        headers.get_all(name).iter().any(|value| {
            value.to_str().unwrap_or_default().split([',', ';', ' ']).any(|part| part.eq_ignore_ascii_case(word))
        })
    };
    // `Sec-Purpose: prefetch;prerender` (Nav Speculation section "Sec-Purpose"), and the headers that older browsers
    // send.
    if [SEC_PURPOSE, PURPOSE, X_MOZ].iter().any(|name| has_word(name, "prefetch")) {
        return Err(RefusalCode::PrefetchNotAnswered);
    }
    if !is_admitted(headers) {
        return Err(RefusalCode::NotANavigation);
    }
    let mut user_agents = headers.get_all(header::USER_AGENT).iter();
    if user_agents.any(|value| value.to_str().is_ok_and(is_declared_crawler)) {
        return Err(RefusalCode::CrawlerNotAnswered);
    }
    Ok(())
}

/// Fetch Metadata Request Headers: a top-level navigation has the mode `navigate` and the destination `document`. A
/// navigation of a frame has the destination `iframe`; images and scripts have others.
fn is_navigation(headers: &HeaderMap) -> bool {
    [(SEC_FETCH_MODE, "navigate"), (SEC_FETCH_DEST, "document")]
        .iter()
        .all(|(name, only)| headers.get_all(name).iter().all(|value| value == only))
}

/// The destination of `fetch` is `empty`. A `<link rel="prefetch">` has the same three headers, and `Sec-Purpose`.
fn is_background(headers: &HeaderMap) -> bool {
    let is_once = |name: &HeaderName, allowed: &[&str]| {
        let mut values = headers.get_all(name).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return false };
        allowed.iter().any(|allowed| value == allowed)
    };
    is_once(&SEC_FETCH_MODE, &["no-cors"])
        && is_once(&SEC_FETCH_DEST, &["empty"])
        && is_once(&SEC_FETCH_SITE, &["same-site", "same-origin"])
}

/// Checks that the solution of a human check comes from a page of this server, as far as the browser declares it.
fn check_same_origin(headers: &HeaderMap) -> Result<(), RefusalCode> {
    if headers.get_all(SEC_FETCH_SITE).iter().any(|value| value != "same-origin") {
        return Err(RefusalCode::NotANavigation);
    }
    Ok(())
}

/// Returns whether a `User-Agent` names a crawler or a generator of link previews, such as `Googlebot/2.1` or
/// `facebookexternalhit/1.1`.
fn is_declared_crawler(user_agent: &str) -> bool {
    let user_agent = user_agent.to_ascii_lowercase();
    CRAWLERS.iter().any(|name| user_agent.contains(name)) || names_a_bot(&user_agent)
}

/// Returns whether a product name ends in `bot`: `Twitterbot/1.0`, `PetalBot;`, `Slackbot-LinkExpanding`. Cubot is a
/// brand of telephones.
fn names_a_bot(user_agent: &str) -> bool {
    user_agent.match_indices("bot").any(|(at, _)| {
        let (before, rest) = user_agent.split_at(at);
        let after = rest.strip_prefix("bot").unwrap_or_default();
        !before.ends_with("cu") && (after.is_empty() || after.starts_with(['/', ';', ')', ',', '-', '+']))
    })
}

const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
const PURPOSE: HeaderName = HeaderName::from_static("purpose");
const X_MOZ: HeaderName = HeaderName::from_static("x-moz");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

const CRAWLERS: [&str; 14] = [
    "crawler",
    "spider",
    "slurp",
    "facebookexternalhit",
    "facebookcatalog",
    "meta-externalagent",
    "bingpreview",
    "google-inspectiontool",
    "googleother",
    "mediapartners-google",
    "feedfetcher",
    "whatsapp/",
    "skypeuripreview",
    "embedly",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn check(lines: &[(&'static str, &str)]) -> Result<(), RefusalCode> {
        check_navigation(&headers(lines))
    }

    fn check_both(lines: &[(&'static str, &str)]) -> Result<(), RefusalCode> {
        check_navigation_or_background(&headers(lines))
    }

    const MODE: (&str, &str) = ("sec-fetch-mode", "no-cors");
    const DEST: (&str, &str) = ("sec-fetch-dest", "empty");
    const SITE: (&str, &str) = ("sec-fetch-site", "same-site");

    #[test]
    fn browsers_with_and_without_fetch_metadata_are_admitted() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
        let cubot = "Mozilla/5.0 (Linux; Android 11; CUBOT/X30) AppleWebKit/537.36 Chrome/96.0 Mobile Safari/537.36";
        let safari =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) AppleWebKit/605.1.15 Version/15.0 Safari/604.1";
        for user_agent in [chrome, cubot, safari, ""] {
            assert_eq!(check(&[("user-agent", user_agent)]), Ok(()), "{user_agent}");
        }
        let metadata =
            [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "cross-site")];
        assert_eq!(check(&metadata), Ok(()));
        assert_eq!(check(&[]), Ok(()));
    }

    #[test]
    fn prefetches_and_prerenders_are_refused() {
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("sec-purpose", "prefetch;anonymous-client-ip"),
            ("sec-purpose", "Prefetch"),
            ("purpose", "prefetch"),
            ("x-moz", "prefetch"),
        ] {
            assert_eq!(check(&[(name, value)]), Err(RefusalCode::PrefetchNotAnswered), "{name}: {value}");
        }
    }

    #[test]
    fn frames_images_and_scripts_are_refused() {
        for (name, value) in [
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-dest", "image"),
            ("sec-fetch-dest", "empty"),
            ("sec-fetch-dest", "object"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-mode", ""),
        ] {
            assert_eq!(check(&[(name, value)]), Err(RefusalCode::NotANavigation), "{name}: {value}");
        }
        assert_eq!(
            check(&[("sec-fetch-dest", "document"), ("sec-fetch-dest", "iframe")]),
            Err(RefusalCode::NotANavigation)
        );
    }

    #[test]
    fn declared_crawlers_are_refused() {
        for user_agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/103.0.5060.134 Safari/537.36",
            "Twitterbot/1.0",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "Mozilla/5.0 (compatible;PetalBot;+https://webmaster.petalsearch.com/site/petalbot)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "WhatsApp/2.23.20.0",
            "Mozilla/5.0 (compatible; Baiduspider/2.0)",
        ] {
            assert_eq!(check(&[("user-agent", user_agent)]), Err(RefusalCode::CrawlerNotAnswered), "{user_agent}");
        }
    }

    #[test]
    fn requests_in_the_background_of_the_same_site_are_admitted_only_if_configured() {
        for site in ["same-site", "same-origin"] {
            let background = [MODE, DEST, ("sec-fetch-site", site)];
            assert_eq!(check(&background), Err(RefusalCode::NotANavigation), "{site}");
            assert_eq!(check_both(&background), Ok(()), "{site}");
        }
        let navigation =
            [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "cross-site")];
        assert_eq!(check_both(&navigation), Ok(()));
        assert_eq!(check_both(&[]), Ok(()));
    }

    #[test]
    fn everything_but_a_fetch_of_the_same_site_stays_refused() {
        for lines in [
            &[MODE, DEST, ("sec-fetch-site", "cross-site")][..],
            &[MODE, DEST, ("sec-fetch-site", "none")],
            &[MODE, DEST, ("sec-fetch-site", "Same-Site")],
            &[MODE, DEST, ("sec-fetch-site", "")],
            &[MODE, DEST],
            &[MODE, SITE],
            &[DEST, SITE],
            &[MODE, ("sec-fetch-dest", "image"), SITE],
            &[MODE, ("sec-fetch-dest", "script"), SITE],
            &[MODE, ("sec-fetch-dest", "document"), SITE],
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe"), SITE],
            &[("sec-fetch-mode", "navigate"), DEST, SITE],
            &[("sec-fetch-mode", "cors"), DEST, SITE],
            &[("sec-fetch-mode", "same-origin"), DEST, ("sec-fetch-site", "same-origin")],
            &[MODE, MODE, DEST, SITE],
            &[MODE, DEST, DEST, SITE],
            &[MODE, DEST, SITE, SITE],
            &[MODE, DEST, SITE, ("sec-fetch-site", "cross-site")],
        ] {
            assert_eq!(check_both(lines), Err(RefusalCode::NotANavigation), "{lines:?}");
        }
        let prefetch = [MODE, DEST, SITE, ("sec-purpose", "prefetch")];
        assert_eq!(check_both(&prefetch), Err(RefusalCode::PrefetchNotAnswered));
        let crawler = [MODE, DEST, SITE, ("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)")];
        assert_eq!(check_both(&crawler), Err(RefusalCode::CrawlerNotAnswered));
    }
}
