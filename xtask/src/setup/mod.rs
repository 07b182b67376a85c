//! Installs every tool that the other commands need. Repeating it is cheap: each part first checks whether it is
//! installed.
//!
//! No part asks a question. One that cannot be installed ends the set-up with an error that names it, unless it is for tests
//! that are left out without it.

mod apt;
mod browser;
mod debian_std;
mod engines;
pub(crate) mod inventory;
mod nginx;
mod node;
mod packages;
mod promtool;
mod redis;
mod standard_library;
mod toolchain;
mod tools;
mod wasm_target;
mod wrk;

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};

pub(crate) use browser::Browser;
pub(crate) use engines::{Firefox, Webkit};
pub(crate) use node::Node;
pub(crate) use standard_library::StandardLibrary;
pub(crate) use tools::{cargo_cyclonedx, cargo_deny, cargo_fuzz, cargo_semver_checks};
pub(crate) use wasm_target::WasmTarget;

use crate::engines::Engine;
use crate::progress::seconds;
use crate::{programs, workspace};

/// The target that the module is compiled for.
const TRIPLE: &str = "wasm32-unknown-unknown";

/// The tools that a build needs.
#[derive(Debug)]
pub(crate) struct BuildTools {
    /// The compiler for wasm32.
    pub(crate) wasm: WasmTarget,
    /// The CLI that makes the JavaScript glue, of exactly the version of the locked crate.
    pub(crate) wasm_bindgen: PathBuf,
    /// Node.js with the packages of `tests/package.json`.
    pub(crate) node: Node,
    /// The form of the standard library in the module.
    pub(crate) library: StandardLibrary,
}

impl BuildTools {
    fn new(wasm: WasmTarget, wasm_bindgen: PathBuf, node: Node) -> Self {
        let library = StandardLibrary::choose(&wasm);
        let tools = BuildTools { wasm, wasm_bindgen, node, library };
        if let Err(reason) = tools.check_release() {
            println!("set-up: builds are for development, not for publishing: {reason:#}");
        }
        tools
    }

    /// Fails unless these tools make the module that is published: another compiler or another form of the standard
    /// library makes another module.
    pub(crate) fn check_release(&self) -> Result<()> {
        toolchain::check()?;
        match self.library {
            StandardLibrary::SizeOptimized => Ok(()),
            StandardLibrary::Precompiled => Err(anyhow!(
                "the standard library is not compiled for size: run \
                `rustup component add rust-src` and `rustup target add wasm32-unknown-unknown`"
            )),
        }
    }
}

/// The tools that tests need.
#[derive(Debug)]
pub(crate) struct TestTools {
    /// The tools that a build needs.
    pub(crate) build: BuildTools,
    /// `wasm-pack`, which runs the browser tests.
    pub(crate) wasm_pack: PathBuf,
    /// Chromium and its driver.
    pub(crate) browser: Browser,
    /// This program, by the path from which it was started: a build may put a newer one there.
    pub(crate) xtask: Option<PathBuf>,
    /// `promtool`, if it could be installed.
    pub(crate) promtool: Option<PathBuf>,
    /// If the set-up was asked for it.
    firefox: Option<Firefox>,
    /// If the set-up was asked for it.
    webkit: Option<Webkit>,
}

impl TestTools {
    /// A `node` command for a script that drives Chromium or starts servers: the variables `CHROME`, `CHROMEDRIVER` and
    /// `XTASK` name the programs that it needs.
    pub(crate) fn node_script(&self) -> Command {
        self.for_browser(self.build.node.command())
    }

    /// A `node` command for a script that drives this engine.
    pub(crate) fn node_script_in(&self, engine: Engine) -> Result<Command> {
        let mut command = match engine {
            Engine::Chromium => self.node_script(),
            Engine::Firefox => {
                let mut command = self.node_script();
                command.env("FIREFOX", &self.firefox()?.firefox);
                command
            }
            Engine::Webkit => {
                let webkit = self.webkit()?;
                let mut command = Command::new(&webkit.xvfb_run);
                command.arg("--auto-servernum").arg(self.build.node.command().get_program());
                command.env("WEBKIT_DRIVER", &webkit.driver);
                self.for_browser(command)
            }
        };
        command.env("ENGINE", engine.name());
        Ok(command)
    }

    /// Firefox, if the set-up was asked for it.
    pub(crate) fn firefox(&self) -> Result<&Firefox> {
        self.firefox.as_ref().context("the set-up was not asked for Firefox")
    }

    /// WebKitGTK, if the set-up was asked for it.
    pub(crate) fn webkit(&self) -> Result<&Webkit> {
        self.webkit.as_ref().context("the set-up was not asked for WebKitGTK")
    }

    /// The command with the variables `CHROME`, `CHROMEDRIVER` and `XTASK`, in the workspace's folder.
    pub(crate) fn for_browser(&self, mut command: Command) -> Command {
        command.current_dir(workspace::root()).env("CHROME", &self.browser.chrome);
        command.env("CHROMEDRIVER", &self.browser.driver);
        match &self.browser.shell {
            Some(shell) => command.env("CHROME_HEADLESS_SHELL", shell),
            None => command.env_remove("CHROME_HEADLESS_SHELL"),
        };
        if let Some(xtask) = &self.xtask {
            command.env("XTASK", xtask);
        }
        command
    }
}

/// What a benchmark of the verifier needs besides cargo.
pub(crate) fn for_bench() -> Result<Node> {
    wrk::ensure()?;
    node::ensure()
}

/// The same for a benchmark of several verifiers, which share a Redis.
pub(crate) fn for_bench_with_redis() -> Result<Node> {
    redis::ensure()?;
    for_bench()
}

/// Installs what the documentation needs: no compiler for wasm32.
pub(crate) fn for_docs() -> Result<Node> {
    node::ensure()
}

/// Installs everything for these engines, and Chromium in any case: for `cargo xtask setup`, `test` and `demo --check`.
pub(crate) fn everything(engines: &[Engine]) -> Result<TestTools> {
    let start = Instant::now();
    // What fails fastest first.
    let node = node::ensure()?;
    // The packages are downloaded and unpacked while the tools are compiled.
    let wasm = wasm_target::ensure()?;
    let ((wasm_bindgen, wasm_pack), promtool) = std::thread::scope(|scope| {
        let packages = scope.spawn(|| {
            packages::ensure(engines)?;
            promtool::ensure()
        });
        let compiled = compiled_tools(engines);
        let promtool = packages.join().map_err(|_| anyhow!("the installation of packages panicked"))??;
        Ok::<_, anyhow::Error>((compiled?, promtool))
    })?;
    // Each of these finds what was installed, or says what is missing.
    let browser = browser::ensure()?;
    redis::ensure()?;
    nginx::ensure();
    wrk::ensure_for_tests();
    let webkit = engines.contains(&Engine::Webkit).then(engines::webkit).transpose()?;
    let firefox = engines.contains(&Engine::Firefox).then(engines::firefox).transpose()?;
    println!("set-up: complete after {}", seconds(start.elapsed()));
    println!("        wasm32 standard library: {}", wasm.description());
    println!("        browser: {} {}", browser.chrome.display(), browser.version);
    if let Some(firefox) = &firefox {
        println!("        browser: {} {}", firefox.firefox.display(), firefox.version);
    }
    if let Some(webkit) = &webkit {
        println!("        browser: WebKitGTK by {}", webkit.driver.display());
    }
    let versions: Vec<String> = [("wasm-bindgen", &wasm_bindgen), ("wasm-pack", &wasm_pack)]
        .iter()
        .map(|(name, program)| format!("{name} {}", programs::version(program).unwrap_or_default()))
        .collect();
    println!("        tools: {}, node {}", versions.join(", "), node.version);
    let xtask = std::env::current_exe().ok();
    Ok(TestTools {
        build: BuildTools::new(wasm, wasm_bindgen, node),
        wasm_pack,
        browser,
        xtask,
        promtool,
        firefox,
        webkit,
    })
}

/// The tools that are compiled from crates.io. The last of them is found again by the engine that needs it.
fn compiled_tools(engines: &[Engine]) -> Result<(PathBuf, PathBuf)> {
    let programs = (tools::wasm_bindgen()?, tools::wasm_pack()?);
    if engines.contains(&Engine::Firefox) && std::env::var_os("GECKODRIVER").is_none() {
        tools::geckodriver()?;
    }
    Ok(programs)
}

/// Installs what `build`, `lint`, `size` and `demo` need: no browser.
pub(crate) fn for_build() -> Result<BuildTools> {
    let node = node::ensure()?;
    Ok(BuildTools::new(wasm_target::ensure()?, tools::wasm_bindgen()?, node))
}
