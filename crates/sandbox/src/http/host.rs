//! The check of the `Host` header against DNS rebinding: it must be the public host or a loopback name. A page whose
//! own host name resolves to this machine must not become a same-origin page of the sandbox.

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::{Host, Url};

use super::shared_state::SharedState;
use crate::error::ApiError;

pub(super) async fn check(State(shared): State<SharedState>, request: Request, next: Next) -> Response {
    let served = match request.headers().get(HOST).map(|host| host.to_str()) {
        Some(Ok(host)) => is_served(host, shared.lock().public_url.url()),
        Some(Err(_)) => false,
        None => true,
    };
    if served {
        return next.run(request).await;
    }
    let title = "The sandbox does not serve this host name; use its publicUrl.";
    ApiError::new(421, "HostNotServed", title).into_response()
}

fn is_served(host: &str, public_url: &Url) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else {
        return false;
    };
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || Some(name) == public_url.host_str(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_name_and_loopback_names_are_served() {
        let public_url = Url::parse("https://login.shop.test").unwrap();
        for host in ["login.shop.test", "login.shop.test:443", "127.0.0.1:8888", "[::1]:1", "localhost:99"] {
            assert!(is_served(host, &public_url), "{host}");
        }
        for host in ["evil.test", "192.0.2.1", "x.localhost", "login.shop.test.evil.test", "", "a b"] {
            assert!(!is_served(host, &public_url), "{host}");
        }
    }
}
