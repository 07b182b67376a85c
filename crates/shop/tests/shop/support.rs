//! A shop with an issuer on a free loopback port. Both end with the test.

use std::net::SocketAddr;
use std::path::PathBuf;

use authress_demo_shop::config::Config;
use authress_demo_shop::{Shop, app};
use authress_jws::{JwkSet, SigningKey};
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::{Json, Router, routing::get};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) struct Setup {
    pub(crate) router: Router,
    pub(crate) issuer: String,
    pub(crate) key: SigningKey,
}

impl Setup {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A shop with other settings.
    pub(crate) async fn with(settings: &[(&str, Value)]) -> Self {
        let key = SigningKey::generate("k1").unwrap();
        let keys = JwkSet { keys: vec![key.public_jwk()] };
        let jwks = Router::new().route("/jwks", get(move || std::future::ready(Json(keys))));
        let bound = authress_dev_server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let issuer = format!("http://{}", bound.local_addr());
        tokio::spawn(authress_dev_server::serve(bound, jwks, None, std::future::pending()));
        Self { router: shop(&issuer, &format!("{issuer}/jwks"), settings), issuer, key }
    }

    /// A valid token of `user_id` with some claims changed.
    pub(crate) fn token(&self, user_id: &str, changes: &[(&str, Value)]) -> String {
        let mut claims = json!({ "iss": self.issuer, "sub": user_id, "client_id": "app_demo", "exp": NOW + 60 });
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        self.key.sign_jwt("at+jwt", &claims)
    }

    /// A token of an anonymous shopper.
    pub(crate) fn anonymous(&self, user_id: &str) -> String {
        self.token(user_id, &[("azp", json!("sc_demoShop"))])
    }

    /// A token of a customer.
    pub(crate) fn customer(&self, user_id: &str) -> String {
        self.token(user_id, &[("azp", json!("con_acorn"))])
    }

    pub(crate) async fn read_cart(&self, token: &str) -> TestResponse {
        self.send("GET", "/api/cart", Some(token), "").await
    }

    pub(crate) async fn put(&self, token: &str, product_id: &str, body: &str) -> TestResponse {
        self.send("PUT", &format!("/api/cart/items/{product_id}"), Some(token), body).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> TestResponse {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        send(&self.router, request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

pub(crate) struct TestResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl TestResponse {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["errorCode"].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> TestResponse {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    TestResponse { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
}

pub(crate) fn shop(issuer: &str, jwks_url: &str, settings: &[(&str, Value)]) -> Router {
    app(Shop::new(Config::parse(&config(issuer, jwks_url, settings)).unwrap()).unwrap().at(|| NOW))
}

/// The text of a configuration.
pub(crate) fn config(issuer: &str, jwks_url: &str, settings: &[(&str, Value)]) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut config = json!({
        "listen": "127.0.0.1:0", "issuer": issuer, "jwksUrl": jwks_url,
        "applicationId": "app_demo", "shopperConnectionId": "sc_demoShop",
        "connections": [{"connectionId": "con_acorn", "name": "Acorn ID"}],
        "pages": root.join("www"), "package": root.join("pkg"),
    });
    for (name, value) in settings {
        config[*name] = value.clone();
    }
    config.to_string()
}
