//! Error responses: an HTML page for browsers, JSON for programs. Never a redirect, and nothing of the request in them.
//!
//! Shoppers' browsers open the login route, and a shopper cannot do anything with JSON.

use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::decision::{Parameter, Refusal, RefusalCode};

/// Returns the error response in the form that the client accepts.
pub(crate) fn error_response(refusal: Refusal, request: &HeaderMap) -> Response {
    let response = refusal.into_response();
    if accepts_html(request) { into_page(refusal, response) } else { response }
}

/// Middleware for [`axum::middleware::from_fn`] that turns refusals into HTML pages for clients that accept HTML. The
/// status and all other headers stay as they are. The login route does so without it.
pub async fn html_error_pages(request: Request, next: Next) -> Response {
    let wants_page = accepts_html(request.headers());
    let mut response = next.run(request).await;
    vary_on_accept(&mut response);
    match response.extensions().get::<Refusal>() {
        Some(refusal) if wants_page => into_page(*refusal, response),
        Some(_) | None => response,
    }
}

/// Adds `Vary: accept`, which every response needs, refused or not (RFC 9110 section 12.5.5).
pub(crate) fn vary_on_accept(response: &mut Response) {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
}

/// Returns whether the client names `text/html`. Browsers do so in every navigation (Fetch section "navigate fetch");
/// programs that accept anything (`*/*`) get JSON.
pub(crate) fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| {
        let ranges = value.to_str().unwrap_or_default().split(',');
        ranges.filter_map(|range| range.split(';').next()).any(|range| range.trim().eq_ignore_ascii_case("text/html"))
    })
}

/// JSON `{code, title, status, parameter?}`. The refusal itself is an extension of the response, for
/// [`html_error_pages`](crate::html_error_pages).
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = Problem {
            code: self.code.name(),
            title: self.code.message(),
            status: self.code.status().as_u16(),
            parameter: self.parameter.map(Parameter::name),
        };
        let mut response = (self.code.status(), Json(problem)).into_response();
        // RFC 9110 section 15.5.6: a 405 response lists the allowed methods.
        if self.code == RefusalCode::MethodNotAllowed {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(self.allow.unwrap_or("GET")));
        }
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Serialize)]
struct Problem {
    code: &'static str,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'static str>,
}

fn into_page(refusal: Refusal, response: Response) -> Response {
    let (mut head, _) = response.into_parts();
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    head.headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(page(refusal)))
}

/// Everything in the page is a constant of this program or a number, so nothing has to be escaped.
fn page(refusal: Refusal) -> String {
    let wait = refusal.retry_after_s.map(|seconds| match seconds {
        0..=90 => format!("<p>Please wait about {seconds} seconds.</p>"),
        more => format!("<p>Please wait about {} minutes.</p>", more.div_ceil(60)),
    });
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>This did not work</title>\
         <style>{STYLE}</style></head><body><main><h1>This did not work</h1><p>{message}</p>{wait}\
         <p>Your browser's Back button leads to the shop. What was in your cart is still there.</p>\
         <p><small>Code: {code}</small></p></main></body></html>\n",
        message = refusal.code.message(),
        wait = wait.unwrap_or_default(),
        code = refusal.code.name(),
    )
}

const STYLE: &str =
    "body{font:1.1rem/1.5 system-ui,sans-serif;margin:0}main{max-width:34rem;margin:12vh auto;padding:0 1.5rem}";
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn accepts(value: &str) -> bool {
        accepts_html(&HeaderMap::from_iter([(header::ACCEPT, value.parse().unwrap())]))
    }

    #[test]
    fn the_time_to_wait_is_in_retry_after() {
        let response = RefusalCode::ClientRateLimited.after(Duration::from_millis(1001)).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
    }

    #[test]
    fn browsers_get_html_and_programs_get_json() {
        assert!(accepts("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(accepts("application/json, TEXT/HTML;q=0.1"));
        assert!(!accepts("*/*"));
        assert!(!accepts("application/json"));
        assert!(!accepts_html(&HeaderMap::new()));
    }

    #[test]
    fn an_error_page_says_what_to_do_and_how_long_to_wait() {
        let page = page(RefusalCode::ClientRateLimited.after(Duration::from_secs(20)));
        assert!(page.contains("about 20 seconds") && page.contains("Back button"), "{page}");
        assert!(page.contains("ClientRateLimited"), "{page}");
        let later = super::page(RefusalCode::ClientRateLimited.after(Duration::from_secs(601)));
        assert!(later.contains("about 11 minutes"), "{later}");
    }

    #[test]
    fn no_message_has_markup() {
        for code in RefusalCode::ALL {
            assert!(!code.message().contains(['<', '>', '&']), "{code:?}");
        }
    }
}
