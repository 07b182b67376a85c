//! The names of the tools for people, and where each comes from on each system.

use crate::setup::inventory::{Inventory, System, Tool};

/// The name in the report.
pub(super) fn name(tool: Tool) -> &'static str {
    match tool {
        Tool::Rust => "Rust",
        Tool::PinnedRust => "Rust, to publish",
        Tool::CCompiler => "C compiler",
        Tool::Node => "Node.js",
        Tool::Npm => "npm",
        Tool::NpmPackages => "npm packages",
        Tool::WasmLibrary => "wasm32 library",
        Tool::LibrarySource => "library source",
        Tool::WasmBindgen => "wasm-bindgen",
        Tool::WasmPack => "wasm-pack",
        Tool::CargoDeny => "cargo-deny",
        Tool::CargoCyclonedx => "cargo-cyclonedx",
        Tool::CargoSemverChecks => "cargo-semver-checks",
        Tool::CargoFuzz => "cargo-fuzz",
        Tool::Chromium => "Chromium",
        Tool::Chromedriver => "chromedriver",
        Tool::HeadlessShell => "headless shell",
        Tool::Redis => "Redis",
        Tool::Nginx => "nginx",
        Tool::Firefox => "Firefox",
        Tool::Geckodriver => "geckodriver",
        Tool::WebkitDriver => "WebKitGTK driver",
        Tool::Xvfb => "Xvfb",
        Tool::Xauth => "xauth",
        Tool::Wrk => "wrk",
        Tool::SystemdAnalyze => "systemd-analyze",
        Tool::Promtool => "promtool",
        Tool::Shellcheck => "shellcheck",
        Tool::Kubectl => "kubectl",
        Tool::Curl => "curl",
        Tool::RedisCli => "redis-cli",
        Tool::SocketActivate => "systemd-socket-activate",
    }
}

/// The command that installs it; each command that needs it does so, too. `None` if a person has to.
pub(super) fn installed_by(tool: Tool, machine: &Inventory) -> Option<&'static str> {
    let has_apt = machine.system == System::Apt;
    let is_automatic = match tool {
        Tool::Rust | Tool::PinnedRust | Tool::CCompiler | Tool::Node | Tool::Npm | Tool::Kubectl => false,
        Tool::NpmPackages
        | Tool::WasmBindgen
        | Tool::WasmPack
        | Tool::CargoDeny
        | Tool::CargoCyclonedx
        | Tool::CargoSemverChecks
        | Tool::CargoFuzz
        | Tool::Geckodriver => true,
        Tool::LibrarySource => machine.has_rustup,
        Tool::WasmLibrary => machine.has_rustup || has_apt,
        Tool::Chromium
        | Tool::Chromedriver
        | Tool::HeadlessShell
        | Tool::Redis
        | Tool::Nginx
        | Tool::Firefox
        | Tool::WebkitDriver
        | Tool::Xvfb
        | Tool::Xauth
        | Tool::Wrk
        | Tool::SystemdAnalyze
        | Tool::Promtool
        | Tool::Shellcheck
        | Tool::Curl
        | Tool::RedisCli
        | Tool::SocketActivate => has_apt,
    };
    let command = match tool {
        Tool::CargoFuzz => "cargo xtask fuzz",
        Tool::CargoCyclonedx | Tool::CargoSemverChecks => "cargo xtask release --dry-run X.Y.Z",
        _ => SET_UP,
    };
    is_automatic.then_some(command)
}

/// How a person gets it on this system: a command, or a sentence.
pub(super) fn how(tool: Tool, machine: &Inventory) -> String {
    // What a system's package tool has: the packages on macOS, and those on Windows if it is of use there.
    let packaged = |macos, windows| packaged(tool, machine.system, macos, windows);
    match tool {
        Tool::Rust => "install rustup (https://rustup.rs); it gets the version in rust-toolchain.toml".to_owned(),
        Tool::PinnedRust => {
            "run cargo through rustup and without RUSTUP_TOOLCHAIN; it gets the version in rust-toolchain.toml"
                .to_owned()
        }
        Tool::WasmLibrary => "rustup target add wasm32-unknown-unknown".to_owned(),
        Tool::LibrarySource => "rustup component add rust-src".to_owned(),
        Tool::NpmPackages
        | Tool::WasmBindgen
        | Tool::WasmPack
        | Tool::CargoDeny
        | Tool::CargoCyclonedx
        | Tool::CargoSemverChecks
        | Tool::CargoFuzz
        | Tool::Geckodriver => {
            if machine.system == System::Windows {
                IN_WSL.to_owned()
            } else {
                SET_UP.to_owned()
            }
        }
        Tool::CCompiler => packaged("xcode-select --install", BUILD_TOOLS),
        Tool::Node | Tool::Npm => packaged("brew install node", IN_WSL),
        Tool::Chromium => packaged(CHROME_ON_MACOS, IN_WSL),
        Tool::Chromedriver => packaged("brew install --cask chromedriver, of Chrome's major version", IN_WSL),
        Tool::HeadlessShell => packaged("nothing: the stories run in Chromium itself", IN_WSL),
        Tool::Redis => packaged("brew install redis", IN_WSL),
        Tool::Nginx => packaged("brew install nginx", IN_WSL),
        Tool::Firefox => packaged(FIREFOX_ON_MACOS, IN_WSL),
        // A browser of Linux, and the display that it needs there.
        Tool::WebkitDriver | Tool::Xvfb | Tool::Xauth => packaged(WEBKIT_ON_MACOS, IN_WSL),
        Tool::Wrk => packaged("brew install wrk", IN_WSL),
        Tool::SystemdAnalyze | Tool::SocketActivate => {
            packaged("there is none for macOS: the tests of the units say that they were not run", IN_WSL)
        }
        Tool::Promtool => packaged("brew install prometheus", IN_WSL),
        Tool::Shellcheck => packaged("brew install shellcheck", IN_WSL),
        Tool::Kubectl => match machine.system {
            System::Apt | System::OtherUnix => "install kubectl as its own documentation says".to_owned(),
            System::Macos => "brew install kubernetes-cli".to_owned(),
            System::Windows => IN_WSL.to_owned(),
        },
        Tool::Curl => packaged("curl is a part of macOS", IN_WSL),
        Tool::RedisCli => packaged("brew install redis", IN_WSL),
    }
}

fn packaged(tool: Tool, system: System, macos: &str, windows: &str) -> String {
    let packages = tool.apt_packages().join(" ");
    match system {
        System::Apt => format!("sudo apt-get install {packages}"),
        System::OtherUnix => format!("use this system's package tool; Debian's packages are: {packages}"),
        System::Macos => macos.to_owned(),
        System::Windows => windows.to_owned(),
    }
}

const SET_UP: &str = "cargo xtask setup";
const IN_WSL: &str = "wsl --install, then `cargo xtask doctor` in that Linux";
const BUILD_TOOLS: &str =
    "winget install Microsoft.VisualStudio.2022.BuildTools, with the workload \"Desktop development with C++\"";
const CHROME_ON_MACOS: &str = "brew install --cask google-chrome, and set CHROME to \
                               \"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome\"";
const FIREFOX_ON_MACOS: &str =
    "brew install --cask firefox, and set FIREFOX to /Applications/Firefox.app/Contents/MacOS/firefox";
const WEBKIT_ON_MACOS: &str = "there is none for macOS: `--engines chromium,firefox` leaves this engine out";
