//! The settings in the code blocks of the pages: the programs whose settings they are accept them.
//!
//! A block names its file after the language, such as `toml verifier.toml`. A block that shows only some of the settings
//! gets those that are required.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::Instant;

use authress_documentation::{CodeBlock, code_blocks};
use authress_jws::SigningKey;
use authress_sandbox::InProcess;
use authress_verifier::Config;
use axum::body::Body;
use axum::http::Request;
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use tower::ServiceExt;

/// What a page says of a block's file, and what reads it.
type Reader = fn(&str) -> Result<(), String>;

/// The files of TOML. `contract.toml` is read by a test of `crates/contract`, whose parser is not public.
const TOML: [(&str, Reader); 2] = [("verifier.toml", verifier), ("contract.toml", |_| Ok(()))];
/// The files of JSON. JSON without the name of a file is data, such as a response.
const JSON: [(&str, Reader); 2] = [("sandbox.json", sandbox), ("shop.json", shop)];

fn access_key(client_id: &str) -> String {
    let key = SigningKey::generate("k1").unwrap();
    format!("{client_id}.k1.acc-1.{}", Base64::encode_string(&key.to_pkcs8_der()))
}

/// The verifier reads the settings. Files with secrets, which only the page's reader has, are replaced by variables.
fn verifier(text: &str) -> Result<(), String> {
    let table: toml::Table = text.parse().map_err(|error| format!("{error}"))?;
    let shown = |section: &str, name: &str| table.get(section)?.get(name)?.as_str();
    let key = access_key(shown("authress", "client_id").unwrap_or("sc_shop"));
    let mut environment = vec![("AUTHRESS_ACCESS_KEY", key.as_str())];
    if shown("authress", "api_url").is_none() {
        environment.push(("AUTHRESS_API_URL", "https://login.example.com"));
    }
    let mut settings = Vec::new();
    let mut section = "";
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            section = header.split(']').next().unwrap_or_default();
        }
        let name = line.split('=').next().unwrap_or_default().trim();
        match (section, name) {
            // The verifier says what is wrong with a path that is no text.
            _ if shown(section, name).is_none() => settings.push(line),
            ("authress", "access_key_file" | "next_access_key_file") => {}
            ("redis", "url_file") => environment.push(("REDIS_URL", "redis://127.0.0.1:6379")),
            ("human_check", "secret_file") => {
                environment.push(("HUMAN_CHECK_SECRET", "a secret of at least thirty-two characters"));
            }
            _ => settings.push(line),
        }
    }
    let environment = environment.into_iter().map(|(name, value)| (name.into(), value.into()));
    let config = Config::from_sources(environment, Some(&settings.join("\n")), Instant::now());
    let config = config.map_err(|error| error.to_string())?;
    if config.warnings.is_empty() { Ok(()) } else { Err(format!("{:?}", config.warnings)) }
}

/// The fields of `required` that the object of `text` does not have are added to it.
fn completed(text: &str, required: Value) -> Result<String, String> {
    let Value::Object(shown) = serde_json::from_str(text).map_err(|error| error.to_string())? else {
        return Err("the settings are an object".to_owned());
    };
    let Value::Object(mut all) = required else { unreachable!("an object") };
    all.extend(shown);
    Ok(Value::Object(all).to_string())
}

fn sandbox_config(text: &str) -> Result<authress_sandbox::Config, String> {
    let required = json!({
        "listen": "127.0.0.1:8888",
        "applications": [{ "applicationId": "app_shop", "redirectUrls": ["http://localhost:5173"] }],
    });
    serde_json::from_str(&completed(text, required)?).map_err(|error| error.to_string())
}

fn sandbox(text: &str) -> Result<(), String> {
    InProcess::new(&sandbox_config(text)?, Arc::default()).map(|_| ()).map_err(|error| error.to_string())
}

fn shop(text: &str) -> Result<(), String> {
    let required = json!({
        "listen": "127.0.0.1:8080",
        "issuer": "https://login.example.com",
        "jwksUrl": "http://127.0.0.1:8888/.well-known/openid-configuration/jwks",
        "applicationId": "app_shop",
        "shopperConnectionId": "sc_shop",
        "connections": [],
        "pages": "www",
        "package": "pkg",
    });
    let text = completed(text, required)?;
    serde_json::from_str::<authress_demo_shop::config::Config>(&text).map(|_| ()).map_err(|error| error.to_string())
}

/// Sends the body to the sandbox's control route at `path`.
async fn control(method: &str, path: &str, body: &str) -> Result<(), String> {
    let config = sandbox_config(r#"{ "control": true }"#)?;
    let router = InProcess::new(&config, Arc::default()).unwrap().router(axum::Router::new());
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:8888")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .map_err(|error| error.to_string())?;
    let response = router.oneshot(request).await.unwrap();
    if response.status().is_success() {
        Ok(())
    } else {
        Err(format!("the sandbox responds with {}", response.status()))
    }
}

/// What is wrong with the settings of a block, if it shows any.
async fn fault(block: &CodeBlock) -> Option<String> {
    let words: Vec<&str> = block.words.iter().map(String::as_str).collect();
    let (readers, name) = match (block.language.as_str(), words.as_slice()) {
        ("json", []) => return None,
        ("json", [method, path]) if path.starts_with("/sandbox/") => {
            return control(method, path, &block.code).await.err();
        }
        // A part of a file, which `tests/documents` compares with the file.
        ("json" | "toml", [path]) if path.contains('/') => return None,
        ("toml", [name]) => (TOML.as_slice(), *name),
        ("json", [name]) => (JSON.as_slice(), *name),
        ("toml", _) => return Some("name the file after `toml`, such as `toml verifier.toml`".to_owned()),
        ("json", _) => return Some("name one file after `json`, or the method and path of a request".to_owned()),
        _ => return None,
    };
    match readers.iter().find(|(known, _)| *known == name) {
        Some((_, read)) => read(&block.code).err(),
        None => {
            let known: Vec<&str> = readers.iter().map(|(name, _)| *name).collect();
            let place = "crates/documentation/tests/settings.rs";
            Some(format!("nothing reads {name}: write its reader in {place}, or name one of {}", known.join(", ")))
        }
    }
}

#[tokio::test]
async fn programs_accept_the_settings_that_the_pages_show() {
    let mut faults = Vec::new();
    let mut checked = 0;
    for block in code_blocks().unwrap() {
        checked += usize::from(["json", "toml"].contains(&block.language.as_str()) && !block.words.is_empty());
        if let Some(fault) = fault(&block).await {
            faults.push(format!("{}: {fault}", block.place()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(checked > 3, "{checked} blocks with settings");
}

fn block(language: &str, words: &[&str], code: &str) -> CodeBlock {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    CodeBlock { page: "page.md".to_owned(), line: 1, language: language.to_owned(), words, code: code.to_owned() }
}

#[tokio::test]
async fn settings_of_the_verifier_may_name_files_with_secrets() {
    let files = "[authress]\napi_url = \"https://login.example.org\"\naccess_key_file = \"/run/key\"\n\
                 next_access_key_file = \"/run/next\"\n[redis]\nurl_file = \"/run/redis\"\n\
                 [human_check]\nkind = \"proof-of-work\"\nsecret_file = \"/run/secret\"\n";
    assert_eq!(fault(&block("toml", &["verifier.toml"], files)).await, None);
}

#[tokio::test]
async fn wrong_settings_are_named() {
    for (language, words, code, expected) in [
        ("toml", ["verifier.toml"].as_slice(), "[rate_limit]\nclient_per_minte = 1\n", "client_per_minte"),
        (
            "toml",
            &["verifier.toml"],
            "[redis]\nurl_file = \"/run/secrets/redis\"\nwhen_down = \"perhaps\"\n",
            "when_down",
        ),
        ("toml", &["verifier.toml"], "[redis]\nsecret_file = \"/run/secret\"\n", "secret_file"),
        ("toml", &["verifier.toml"], "[authress]\naccess_key_file = 5\n", "AUTHRESS_ACCESS_KEY_FILE"),
        ("toml", &["verifier.toml"], "listen = \n", "TOML"),
        ("toml", &["other.toml"], "", "nothing reads other.toml"),
        ("toml", &[], "", "name the file"),
        ("json", &["sandbox.json"], r#"{ "dialct": "strict" }"#, "dialct"),
        ("json", &["shop.json"], r#"{ "cartMerge": "add" }"#, "add"),
        ("json", &["POST", "/sandbox/faults"], r#"{ "faults": [{ "paht": "/v1/" }] }"#, "4"),
        ("json", &["sandbox.yaml"], "{}", "nothing reads sandbox.yaml"),
    ] {
        let found = fault(&block(language, words, code)).await.unwrap_or_default();
        assert!(found.contains(expected), "{language} {words:?} {code}: {found:?}");
    }
}
