//! The HTML page that shows a human check.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use super::Widget;

/// Returns the page for a widget. Everything in it is a constant of this program, except the widget's settings, which
/// are escaped in an attribute.
pub(super) fn response(widget: &Widget) -> Response {
    let mut response = Response::new(Body::from(html(widget)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::try_from(content_security_policy(widget.sources)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn html(widget: &Widget) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>One moment</title>\
         <style>{STYLE}</style></head><body><main data-kind=\"{kind}\" data-settings=\"{settings}\">\
         <h1>One moment</h1>\
         <p id=\"status\" role=\"status\">The shop makes sure that a person is shopping.</p>\
         <div id=\"widget\"></div>\
         <p id=\"again\" hidden><button type=\"button\">Try again</button></p>\
         <noscript><p>This check needs JavaScript. Allow it for this page and load the page again, or use your \
         browser's Back button: what was in your cart is still there.</p></noscript>\
         </main><script>{SCRIPT}</script></body></html>\n",
        kind = widget.kind,
        settings = escape_attribute(&widget.settings),
    )
}

fn escape_attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Allows only the page's own style and script, by their hashes, and the widget's sources. The page sends the solution
/// by `fetch`, so it needs no form.
fn content_security_policy(sources: &str) -> String {
    static HASHES: LazyLock<(String, String)> = LazyLock::new(|| (hash(STYLE), hash(SCRIPT)));
    let (style, script) = &*HASHES;
    format!(
        "default-src 'none'; script-src '{script}' {sources}; style-src '{style}' {sources}; frame-src {frames}; \
         connect-src 'self' {sources}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        frames = if sources.is_empty() { "'none'" } else { sources },
    )
}

fn hash(text: &str) -> String {
    format!("sha256-{}", Base64::encode_string(&Sha256::digest(text)))
}

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;margin:0}main{max-width:34rem;margin:12vh auto;\
                     padding:0 1.5rem}button{font:inherit;padding:.6rem 1.2rem;min-height:2.75rem}";
const SCRIPT: &str = include_str!("page.js");

#[cfg(test)]
mod tests {
    use super::*;

    fn widget(settings: &str, sources: &'static str) -> Widget {
        Widget { kind: "proof-of-work", settings: settings.to_owned(), sources }
    }

    #[test]
    fn settings_cannot_escape_their_attribute() {
        let page = html(&widget(r#"{"a":"\"><script>alert(1)</script>&"}"#, ""));
        assert!(page.contains("data-settings=\"{&quot;a&quot;:&quot;\\&quot;&gt;&lt;script&gt;alert(1)"), "{page}");
        assert_eq!(page.matches("<script>").count(), 1, "the page's own");
    }

    #[test]
    fn the_content_security_policy_has_the_hash_of_the_script() {
        let response = response(&widget("{}", ""));
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        let page = html(&widget("{}", ""));
        let script = page.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
        assert!(policy.contains(&hash(script)) && policy.starts_with("default-src 'none'"), "{policy}");
        for unsafe_source in ["unsafe", "*", "http:", "data:"] {
            assert!(!policy.contains(unsafe_source), "{policy}");
        }
    }

    #[test]
    fn the_page_has_a_message_without_javascript() {
        let page = html(&widget("{}", ""));
        assert!(page.contains("<noscript><p>This check needs JavaScript."));
        assert!(!page.contains("onclick") && !page.contains("javascript:"));
    }
}
