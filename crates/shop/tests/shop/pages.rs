//! The storefront's files as a browser gets them.

use crate::support::Setup;
use axum::http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn the_policy_of_the_page_has_the_hash_of_its_import_map() {
    let setup = Setup::new().await;
    let page = setup.send("GET", "/?nonce=n&code=c", None, "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-type").starts_with("text/html"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval' 'sha256-"), "{policy}");
    assert!(policy.contains(&format!("connect-src 'self' {};", setup.issuer)), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn the_page_has_one_inline_script_the_import_map() {
    let page = Setup::new().await.send("GET", "/index.html", None, "").await.body;
    let inline = page.matches("<script").count() - page.matches(" src=\"").count();
    let images = page.matches("<img").count();
    assert_eq!(inline + images, 1, "{page}");
    assert!(!page.contains(" style=\"") && !page.contains(" onclick"), "{page}");
}

#[tokio::test]
async fn every_file_is_revalidated() {
    let setup = Setup::new().await;
    for path in ["/", "/app.js", "/style.css", "/pictures/mug.svg", "/config.json", "/no-such-file"] {
        assert_eq!(setup.send("GET", path, None, "").await.header("cache-control"), "no-cache", "{path}");
    }
}

#[tokio::test]
async fn scripts_are_served_as_javascript() {
    let response = Setup::new().await.send("GET", "/app.js", None, "").await;
    assert_eq!((response.status, response.header("content-type")), (StatusCode::OK, "text/javascript"));
}

#[tokio::test]
async fn the_redirect_url_of_a_login_in_the_background_is_plain_text() {
    let response = Setup::new().await.send("GET", "/signed-in.txt?nonce=n&iss=i&code=cookie", None, "").await;
    assert_eq!((response.status, response.header("content-type")), (StatusCode::OK, "text/plain"));
    assert_eq!(response.header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(response.body, "Signed in. This page can be closed.\n");
}

#[tokio::test]
async fn the_page_may_send_requests_to_the_verifier_for_logins_in_the_background() {
    let setup = Setup::with(&[("verifierOrigin", json!("https://verify.shop.test"))]).await;
    let policy = setup.send("GET", "/", None, "").await.header("content-security-policy").to_owned();
    assert!(policy.contains(&format!("connect-src 'self' {} https://verify.shop.test;", setup.issuer)), "{policy}");
}

#[tokio::test]
async fn every_product_has_its_picture() {
    let setup = Setup::new().await;
    for product in setup.send("GET", "/api/products", None, "").await.json()["products"].as_array().unwrap() {
        let picture = setup.send("GET", product["picture"].as_str().unwrap(), None, "").await;
        assert_eq!((picture.status, picture.header("content-type")), (StatusCode::OK, "image/svg+xml"), "{product}");
    }
}

#[tokio::test]
async fn the_browser_gets_the_login_settings_only() {
    let setup = Setup::new().await;
    let config = setup.send("GET", "/config.json", None, "").await.json();
    assert_eq!(
        config,
        json!({
            "authressApiUrl": setup.issuer, "applicationId": "app_demo", "shopperConnectionId": "sc_demoShop",
            "backgroundRedirectUrl": null, "reminders": false,
            "connections": [{"connectionId": "con_acorn", "name": "Acorn ID"}],
        })
    );
}

#[tokio::test]
async fn no_path_escapes_the_folders() {
    let setup = Setup::new().await;
    let attempts = [
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/..%2fCargo.toml",
        "/pictures/../../Cargo.toml",
        "/%5c..%5cCargo.toml",
        "//Cargo.toml",
        "/node_modules/authress-login-wasm/../Cargo.toml",
        "/node_modules/authress-login-wasm/%2e%2e/Cargo.toml",
        "/node_modules/authress-login-wasm/..%2fCargo.toml",
    ];
    for path in attempts {
        let response = setup.send("GET", path, None, "").await;
        assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn pages_are_read_only() {
    let setup = Setup::new().await;
    for path in ["/", "/app.js", "/config.json"] {
        assert_eq!(setup.send("POST", path, None, "").await.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}
