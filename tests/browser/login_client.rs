use crate::support::{RefusedStorage, browser, code, host, js, token};
use authress_login_client::Ports;
use authress_login_wasm::LoginClient;
use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

const AUTHRESS: &str = "http://login.test";

fn client() -> LoginClient {
    client_for(AUTHRESS, "app_test").unwrap()
}

fn client_for(url: &str, application_id: &str) -> Result<LoginClient, JsValue> {
    LoginClient::new(url, application_id, false, host())
}

/// Calls a method that is never cancelled.
fn call(client: &LoginClient, method: &str, value: impl Into<JsValue>) -> JsFuture {
    let never = Promise::new(&mut |_, _| {});
    JsFuture::from(client.call(method, never, value.into()))
}

fn options(name: &str, value: impl Into<JsValue>) -> JsValue {
    let options = Object::new();
    Reflect::set(&options, &name.into(), &value.into()).unwrap();
    options.into()
}

fn sign_in(user_id: &str) -> String {
    let token = token(&format!(r#"{{"iss":"{AUTHRESS}","sub":"{user_id}","client_id":"app_test","exp":4102444800}}"#));
    js(&format!("document.cookie = 'authorization={token}; Path=/';"));
    js(&format!(
        "localStorage.setItem('AuthenticationCredentialsStorage', JSON.stringify({{ idToken: '{token}', expiry: 4102444790000, jsCookies: true }}));"
    ));
    token
}

fn sign_out() {
    js(
        "localStorage.removeItem('AuthenticationCredentialsStorage'); document.cookie = 'authorization=; Path=/; Max-Age=0';",
    );
}

async fn token_of(client: &LoginClient, timeout: impl Into<JsValue>) -> Result<JsValue, JsValue> {
    call(client, "ensureToken", options("timeoutInMillis", timeout)).await
}

#[wasm_bindgen_test]
fn wrong_settings_throw_at_once() {
    let refused = |url: &str, id: &str| client_for(url, id).unwrap_err();
    assert_eq!(code(&refused("", "app_a")), "InvalidAuthressApiUrl");
    assert_eq!(code(&refused("login.test", "sc_a")), "InvalidApplication");
}

#[wasm_bindgen_test]
async fn a_stored_session_gives_its_token_without_waiting() {
    let token = sign_in("user_a");
    for timeout in [0.0, 5.0, -1.0] {
        assert_eq!(token_of(&client(), timeout).await.unwrap().as_string().as_deref(), Some(token.as_str()));
    }
    let identity = client().user_identity();
    assert_eq!(Reflect::get(&identity, &"userId".into()).unwrap().as_string().as_deref(), Some("user_a"));
    assert_eq!(Reflect::get(&identity, &"exp".into()).unwrap().as_f64(), Some(4_102_444_790.0));
    sign_out();
}

#[wasm_bindgen_test]
async fn without_a_session_the_timeout_decides() {
    sign_out();
    for (timeout, at_least) in [(0.0, 0.0), (60.0, 59.0), (-5.0, 0.0)] {
        let start = js_sys::Date::now();
        assert_eq!(code(&token_of(&client(), timeout).await.unwrap_err()), "TokenTimeout");
        let waited = js_sys::Date::now() - start;
        assert!((at_least..60_000.0).contains(&waited), "waited {waited} ms for {timeout}");
    }
}

#[wasm_bindgen_test]
async fn an_expired_session_ends_in_a_timeout_and_not_in_null() {
    sign_in("user_a");
    let client = client();
    assert!(token_of(&client, 0.0).await.is_ok());
    js(
        "const key = 'AuthenticationCredentialsStorage'; const record = JSON.parse(localStorage.getItem(key)); localStorage.setItem(key, JSON.stringify({ ...record, expiry: 1 }));",
    );
    assert_eq!(code(&token_of(&client, 30.0).await.unwrap_err()), "TokenTimeout");
    assert!(client.user_identity().is_null());
    sign_out();
}

#[wasm_bindgen_test]
async fn calls_that_wait_get_the_session_when_it_appears() {
    sign_out();
    let client = client();
    let waiting = call(&client, "ensureToken", options("timeoutInMillis", 60_000));
    let forever = call(&client, "waitForUserSession", JsValue::UNDEFINED);
    browser().sleep(20).await;
    let token = sign_in("user_late");
    assert!(call(&client, "userSessionExists", false).await.unwrap().is_truthy());
    assert_eq!(waiting.await.unwrap().as_string(), Some(token));
    assert!(forever.await.unwrap().is_truthy());
    sign_out();
}

#[wasm_bindgen_test]
async fn a_foreign_or_planted_identity_is_no_session_and_nothing_throws() {
    for claims in [r#"{"sub":"user_x","iss":"https://evil.test"}"#, r#"{"iss":"http://login.test"}"#, "[]", "nonsense"]
    {
        let id_token = token(claims);
        js(&format!(
            "localStorage.setItem('AuthenticationCredentialsStorage', JSON.stringify({{ idToken: '{id_token}' }}));"
        ));
        assert!(client().user_identity().is_null(), "{claims}");
        assert!(call(&client(), "userSessionExists", false).await.unwrap().is_falsy());
    }
    sign_out();
}

#[wasm_bindgen_test]
async fn without_storage_no_login_is_started() {
    let refused = RefusedStorage::new();
    let error = call(&client(), "authenticate", options("connectionId", "sc_test")).await.unwrap_err();
    assert_eq!(code(&error), "StorageUnavailable");
    drop(refused);
}

#[wasm_bindgen_test]
async fn wrong_options_reject_with_their_code() {
    sign_out();
    let rejected = async |method: &str, value: JsValue| code(&call(&client(), method, value).await.unwrap_err());
    assert_eq!(rejected("authenticate", options("connectionId", 5)).await, "InvalidInput");
    assert_eq!(rejected("authenticate", options("scopes", "openid")).await, "InvalidInput");
    assert_eq!(rejected("authenticate", options("multiAccount", "yes")).await, "InvalidInput");
    assert_eq!(rejected("authenticate", options("responseLocation", "body")).await, "InvalidResponseLocation");
    assert_eq!(rejected("authenticate", options("redirectUrl", "javascript:1")).await, "InvalidRedirectUrl");
    assert_eq!(rejected("linkIdentity", JsValue::UNDEFINED).await, "InvalidConnection");
    assert_eq!(rejected("linkIdentity", options("connectionId", "con_a")).await, "NotLoggedIn");
    assert_eq!(rejected("logout", "javascript:1".into()).await, "InvalidRedirectUrl");
}

#[wasm_bindgen_test]
async fn an_unreachable_authress_is_a_network_error() {
    let client = client_for("http://127.0.0.1:1", "app_test").unwrap();
    let error = call(&client, "authenticate", options("connectionId", "sc_test")).await.unwrap_err();
    assert_eq!(code(&error), "AuthressSdkNetworkError");
    assert!(js("return localStorage.getItem('AuthenticationRequestNonce')").is_null());
}

#[wasm_bindgen_test]
async fn an_options_object_without_prototype_or_with_null_is_read() {
    sign_out();
    for body in ["return Object.create(null)", "return null", "return { connectionId: undefined, audiences: null }"] {
        let client = client_for("http://127.0.0.1:1", "app_test").unwrap();
        let error = call(&client, "authenticate", js(body)).await.unwrap_err();
        assert_eq!(code(&error), "AuthressSdkNetworkError", "{body}");
    }
}

#[wasm_bindgen_test]
async fn a_cancelled_call_does_nothing_more() {
    sign_out();
    let mut cancel = None;
    let cancelled = Promise::new(&mut |resolve, _| cancel = Some(resolve));
    let client = client_for("http://127.0.0.1:1", "app_test").unwrap();
    let login = client.call("authenticate", cancelled.clone(), options("connectionId", "sc_test"));
    cancel.unwrap().call0(&JsValue::UNDEFINED).unwrap();
    let waiting = client.call("waitForUserSession", cancelled, JsValue::UNDEFINED);
    for call in [login, waiting] {
        assert!(JsFuture::from(call).await.unwrap_err().is_undefined());
    }
}
