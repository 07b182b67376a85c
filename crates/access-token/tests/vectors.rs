//! Tokens made with `jose` and the published SDK, by `tests/reference/access-token-vectors.mjs`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed helper is a failed test")]

use std::sync::atomic::{AtomicI64, Ordering};

use authress_access_token::{AccessToken, RequireToken, TokenPolicy, TokenVerifier};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::Value;
use tower::ServiceExt;

/// Accepted by the SDK, which checks neither `typ` nor `client_id`, and rejected here on purpose.
const STRICTER: [&str; 2] = ["TokenWrongType", "TokenOtherApplication"];

static NOW: AtomicI64 = AtomicI64::new(0);

fn vectors() -> Value {
    let vectors: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    NOW.store(vectors["now"].as_i64().unwrap(), Ordering::Relaxed);
    vectors
}

/// A verifier whose keys come from a real server on loopback, which ends with the test.
async fn verifier(vectors: &Value) -> TokenVerifier {
    let (users, client) = (vectors["jwks"].clone(), vectors["clientJwks"].clone());
    let router = Router::new()
        .route("/users", get(move || std::future::ready(Json(users))))
        .route("/client", get(move || std::future::ready(Json(client))));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let issuer = vectors["issuer"].as_str().unwrap();
    let policy = TokenPolicy::new(issuer).unwrap().for_application("app_shop").with_service_client("sc_erp");
    let jwks_url = |of: &str| format!("{origin}/{}", if of == issuer { "users" } else { "client" });
    TokenVerifier::with_keys(policy, jwks_url).unwrap().at(|| NOW.load(Ordering::Relaxed))
}

#[tokio::test]
async fn every_vector_has_its_result() {
    let vectors = vectors();
    let verifier = verifier(&vectors).await;
    for vector in vectors["vectors"].as_array().unwrap() {
        let result = verifier.verify(vector["token"].as_str().unwrap()).await;
        let error = result.err().map(|error| error.code());
        assert_eq!(error, vector["error"].as_str(), "{}", vector["name"]);
    }
}

#[test]
fn nothing_is_accepted_that_the_sdk_rejects() {
    for vector in vectors()["vectors"].as_array().unwrap() {
        let by_sdk = vector["acceptedBySdk"].as_bool().unwrap();
        match vector["error"].as_str() {
            None => assert!(by_sdk, "{}", vector["name"]),
            Some(error) => assert!(!by_sdk || STRICTER.contains(&error), "{}", vector["name"]),
        }
    }
}

#[tokio::test]
async fn layer_and_extractor_respond_alike() {
    let vectors = vectors();
    let verifier = verifier(&vectors).await;
    let extractor: Router = Router::new()
        .route("/", get(|token: AccessToken| std::future::ready(token.user_id)))
        .with_state(verifier.clone());
    let layer: Router = Router::new()
        .route("/", get(|Extension(token): Extension<AccessToken>| std::future::ready(token.user_id)))
        .layer(RequireToken::new(verifier));
    for router in [extractor, layer] {
        let send = |authorization: Option<String>| {
            let mut request = Request::get("/");
            if let Some(value) = authorization {
                request = request.header(header::AUTHORIZATION, value);
            }
            router.clone().oneshot(request.body(Body::empty()).unwrap())
        };
        let response = send(None).await.unwrap();
        assert_eq!(
            (response.status(), &response.headers()["www-authenticate"]),
            (StatusCode::UNAUTHORIZED, &"Bearer".parse().unwrap())
        );
        for vector in vectors["vectors"].as_array().unwrap() {
            let response = send(Some(format!("bearer {}", vector["token"].as_str().unwrap()))).await.unwrap();
            if vector["error"].is_null() {
                assert_eq!(response.status(), StatusCode::OK, "{}", vector["name"]);
            } else {
                assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{}", vector["name"]);
                let challenge = response.headers()["www-authenticate"].to_str().unwrap();
                assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
            }
        }
    }
}
