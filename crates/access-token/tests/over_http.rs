//! Layer and extractor in an axum server on loopback, with an issuer beside it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed helper is a failed test")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authress_access_token::{AccessToken, RequireToken, TokenPolicy, TokenVerifier};
use authress_jws::{JwkSet, SigningKey};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// Serves a router on a free port of loopback; ends with the test's runtime.
async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// An issuer with one key that responds when its semaphore has a permit, and counts requests.
struct Issuer {
    key: SigningKey,
    origin: String,
    requests: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

impl Issuer {
    async fn start(permits: usize) -> Self {
        let key = SigningKey::generate("k1").unwrap();
        let (requests, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(permits)));
        let (counter, closed) = (Arc::clone(&requests), Arc::clone(&gate));
        let keys = JwkSet { keys: vec![key.public_jwk()] };
        let jwks = get(async move || {
            counter.fetch_add(1, Ordering::SeqCst);
            let _open = closed.acquire().await;
            Json(keys)
        });
        let address = serve(Router::new().route("/.well-known/openid-configuration/jwks", jwks)).await;
        Self { key, origin: format!("http://{address}"), requests, gate }
    }

    fn policy(&self) -> TokenPolicy {
        TokenPolicy::new(&self.origin).unwrap()
    }

    fn token_of(&self, key: &SigningKey, application: &str, audience: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({
            "iss": self.origin, "sub": "user_a", "client_id": application, "aud": audience, "exp": now + 600,
        });
        key.sign_jwt("at+jwt", &claims)
    }
}

#[tokio::test]
async fn the_extractors_policy_decides_behind_a_layer_that_accepts_more() {
    let issuer = Issuer::start(1).await;
    let all = TokenVerifier::new(issuer.policy()).unwrap();
    let admin = issuer.policy().for_application("app_admin").for_audience("admin");
    let admin = TokenVerifier::new(admin).unwrap();
    let handler = get(|token: AccessToken| std::future::ready(token.user_id));
    let router: Router = Router::new().route("/", handler).with_state(admin).layer(RequireToken::new(all));
    for (application, audience, status) in [
        ("app_shop", "admin", StatusCode::UNAUTHORIZED),
        ("app_admin", "shop", StatusCode::UNAUTHORIZED),
        ("app_admin", "admin", StatusCode::OK),
    ] {
        let token = issuer.token_of(&issuer.key, application, audience);
        let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{application} {audience}");
    }
}

#[tokio::test]
async fn an_api_that_requires_an_audience_explains_why_it_rejects_a_token_without_a_requested_one() {
    let issuer = Issuer::start(1).await;
    let policy = issuer.policy().for_application("app_shop");
    let handler = get(|token: AccessToken| std::future::ready(token.user_id));
    // What Authress names when the application asked for no audience.
    let token = issuer.token_of(&issuer.key, "app_shop", "ADZMCGNJ0");
    for (policy, status) in
        [(policy.clone(), StatusCode::OK), (policy.for_audience(&issuer.origin), StatusCode::UNAUTHORIZED)]
    {
        let router: Router = Router::new().route("/", handler.clone()).with_state(TokenVerifier::new(policy).unwrap());
        let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
            assert!(challenge.contains("register it for the application"), "{challenge}");
            let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["errorCode"], "TokenOtherAudience");
        }
    }
}

#[tokio::test]
async fn a_token_in_the_extensions_that_no_layer_has_verified_is_not_used() {
    let issuer = Issuer::start(1).await;
    let handler = get(|token: AccessToken| std::future::ready(token.user_id));
    let router: Router = Router::new().route("/", handler).with_state(TokenVerifier::new(issuer.policy()).unwrap());
    let planted = AccessToken { user_id: "user_b".to_owned(), claims: serde_json::Map::new() };
    let request = Request::get("/").extension(planted).body(Body::empty()).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn clients_that_disconnect_while_keys_are_fetched_cause_one_request_to_the_issuer() {
    let issuer = Issuer::start(0).await;
    let handler = get(|token: AccessToken| std::future::ready(token.user_id));
    let tokens = TokenVerifier::new(issuer.policy()).unwrap();
    let shop = serve(Router::new().route("/", handler).with_state(tokens)).await;

    let mut invented = Vec::new();
    for number in 0..15 {
        let key = SigningKey::generate(format!("invented-{number}")).unwrap();
        invented.push(issuer.token_of(&key, "app_shop", "shop"));
    }
    let valid = issuer.token_of(&issuer.key, "app_shop", "shop");
    let send = move |token: &str| {
        let mut stream = TcpStream::connect(shop).unwrap();
        let head =
            format!("GET / HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    tokio::task::spawn_blocking(move || {
        for token in invented {
            let stream = send(&token);
            std::thread::sleep(Duration::from_millis(10));
            drop(stream);
        }
    })
    .await
    .unwrap();
    assert_eq!(issuer.requests.load(Ordering::SeqCst), 1, "while the issuer has not responded");

    issuer.gate.add_permits(1);
    let response = tokio::task::spawn_blocking(move || {
        let mut stream = send(&valid);
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    });
    let response = response.await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n") && response.ends_with("user_a"), "{response}");
    assert_eq!(issuer.requests.load(Ordering::SeqCst), 1);
}
