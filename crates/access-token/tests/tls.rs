//! An issuer's keys over real TLS: only from a server whose trusted certificate has the requested name.

// Lints treat helper functions as code outside tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

use authress_access_token::IssuerKeys;
use authress_dev_server::{TlsFiles, bind, self_signed_certificate, serve};
use authress_jws::{JwkSet, SigningKey};
use axum::routing::get;
use axum::{Json, Router};

/// The variable with the folder of the certificates, for the process that acts as the shop.
const FOLDER: &str = "AUTHRESS_TLS_TEST_FOLDER";

#[test]
fn keys_are_fetched_over_tls_from_the_server_that_the_certificate_names() {
    let folder = std::env::temp_dir().join(format!("authress-tls-{}", std::process::id()));
    let trusted = self_signed_certificate(&["127.0.0.1".to_owned()], &folder.join("trusted")).unwrap();
    self_signed_certificate(&["127.0.0.1".to_owned()], &folder.join("unknown")).unwrap();
    // The trusted certificates are read from the environment when a process starts, so the test starts one.
    let shop = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_shop_that_trusts_one_certificate", "--ignored", "--nocapture"])
        .env("SSL_CERT_FILE", &trusted.certificate)
        .env_remove("SSL_CERT_DIR")
        .env(FOLDER, &folder)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let text = String::from_utf8_lossy(&shop.stdout).into_owned() + &String::from_utf8_lossy(&shop.stderr);
    assert!(shop.status.success() && text.contains("1 passed"), "{text}");
}

/// Runs in the process that the other test starts.
#[tokio::test]
#[ignore = "needs the environment that the other test sets"]
async fn a_shop_that_trusts_one_certificate() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let port = issuer(&folder.join("trusted")).await;
    let keys = IssuerKeys::new(format!("https://127.0.0.1:{port}/keys")).unwrap();
    assert!(keys.for_kid("k1").await.unwrap().contains("k1"));
    // The same certificate under a name that is not in it.
    assert!(IssuerKeys::new(format!("https://localhost:{port}/keys")).unwrap().for_kid("k1").await.is_err());
    // The right name in a certificate that is not trusted.
    let port = issuer(&folder.join("unknown")).await;
    assert!(IssuerKeys::new(format!("https://127.0.0.1:{port}/keys")).unwrap().for_kid("k1").await.is_err());
}

/// Serves a set with the key `k1`, and ends with the test.
async fn issuer(folder: &Path) -> u16 {
    let files = TlsFiles { certificate: folder.join("cert.pem"), private_key: folder.join("key.pem") };
    let set = JwkSet { keys: vec![SigningKey::generate("k1").unwrap().public_jwk()] };
    let router = Router::new().route("/keys", get(move || std::future::ready(Json(set))));
    let bound = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = bound.local_addr().port();
    tokio::spawn(serve(bound, router, Some(files), std::future::pending()));
    port
}
