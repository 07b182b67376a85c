//! `wasm-pack test`: the tests of `src/browser` in each engine.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::engines::Engine;
use crate::setup::TestTools;
use crate::workspace;

/// Time limits in seconds for all tests in an engine, and for the start of its driver. The runner's own limits, 20 s
/// and 5 s, are for a machine that does nothing else.
const LIMITS: [(&str, &str); 2] = [("WASM_BINDGEN_TEST_TIMEOUT", "300"), ("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "120")];

/// The name of the stage in this engine.
pub(crate) fn stage_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Chromium => "browser tests",
        Engine::Firefox => "browser, Firefox",
        Engine::Webkit => "browser, WebKit",
    }
}

/// The command that runs `tests/browser` in this engine.
pub(crate) fn command(tools: &TestTools, engine: Engine) -> Result<Command> {
    let folder = tools.build.wasm_bindgen.parent().map(PathBuf::from);
    let start = |program: &PathBuf| tools.build.wasm.command_with_path(program, folder.as_slice());
    let (mut command, options, driver) = match engine {
        Engine::Chromium => (start(&tools.wasm_pack), ["--chrome", "--chromedriver"], &tools.browser.driver),
        Engine::Firefox => (start(&tools.wasm_pack), ["--firefox", "--geckodriver"], &tools.firefox()?.driver),
        Engine::Webkit => {
            let webkit = tools.webkit()?;
            let mut command = start(&webkit.xvfb_run);
            command.arg("--auto-servernum").arg(&tools.wasm_pack);
            // wasm-pack knows no WebKitGTK; its driver takes the same arguments as Safari's.
            (command, ["--safari", "--safaridriver"], &webkit.driver)
        }
    };
    command.args(["test", "--headless", "--mode", "no-install"]).args(options).arg(driver).arg(".");
    if workspace::locked() {
        command.arg("--locked");
    }
    // If the environment names several drivers, the test runner takes the first one it knows.
    for name in ["CHROMEDRIVER", "GECKODRIVER", "SAFARIDRIVER"] {
        command.env_remove(name);
    }
    command.envs(LIMITS);
    command.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", webdriver_json(tools, engine)?);
    Ok(command)
}

/// The tracked webdriver.json with the path of the browser that was found, which differs between systems.
fn webdriver_json(tools: &TestTools, engine: Engine) -> Result<PathBuf> {
    let tracked = workspace::root().join("webdriver.json");
    let text = std::fs::read_to_string(&tracked).with_context(|| format!("cannot read {}", tracked.display()))?;
    let mut json: Value = serde_json::from_str(&text).with_context(|| format!("cannot read {}", tracked.display()))?;
    let (options, binary) = match engine {
        Engine::Chromium => ("goog:chromeOptions", Some(&tools.browser.chrome)),
        Engine::Firefox => ("moz:firefoxOptions", Some(&tools.firefox()?.firefox)),
        // Its driver knows where its browser is.
        Engine::Webkit => ("webkitgtk:browserOptions", None),
    };
    // A driver refuses another one's options.
    let mut capabilities = serde_json::Map::new();
    if let Some(binary) = binary {
        let mut own = json.get_mut(options).map_or_else(|| json!({}), Value::take);
        if let Some(fields) = own.as_object_mut() {
            fields.insert("binary".to_owned(), binary.to_string_lossy().into());
        }
        capabilities.insert(options.to_owned(), own);
    }
    let json = Value::Object(capabilities);
    let generated = workspace::wasm_target().join(format!("webdriver-{}.json", engine.name()));
    std::fs::create_dir_all(workspace::wasm_target())
        .with_context(|| format!("cannot create {}", workspace::wasm_target().display()))?;
    std::fs::write(&generated, json.to_string()).with_context(|| format!("cannot write {}", generated.display()))?;
    Ok(generated)
}
