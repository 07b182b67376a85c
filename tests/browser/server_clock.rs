use crate::support::js;
use authress_login_wasm::browser::server_clock;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn the_pages_server_is_asked_for_its_time_once() {
    js("
        window.asked = [];
        window.originalFetch = window.fetch;
        window.fetch = async (url, options) => {
            asked.push(`${options.method} ${options.cache} ${url === location.origin}`);
            return { headers: { get: () => new Date(Date.now() + 3_600_000).toUTCString() } };
        };
    ");
    let times = [server_clock::now_ms().await, server_clock::now_ms().await];
    js("window.fetch = originalFetch;");
    for time in times {
        let ahead_ms = time.unwrap() - js_sys::Date::now() as i64;
        assert!((3_590_000..3_610_000).contains(&ahead_ms), "{ahead_ms}");
    }
    assert_eq!(js("return asked.join()").as_string().as_deref(), Some("HEAD no-store true"));
}
