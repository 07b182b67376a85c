//! What is installed of everything that this workspace's commands need. Looks, and installs nothing.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::tools::Installed;
use super::{
    apt, browser, debian_std, engines, nginx, node, promtool, redis, standard_library, toolchain, wasm_target, wrk,
};
use crate::programs;

/// The first version of kubectl whose Kustomize builds the objects of `deploy/kubernetes`.
const OLDEST_KUBECTL: &str = "1.21";

/// Something that a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    Rust,
    /// The compiler that makes the published package.
    PinnedRust,
    /// It links every Rust program, and compiles what some crates have in C.
    CCompiler,
    Node,
    Npm,
    NpmPackages,
    WasmLibrary,
    LibrarySource,
    WasmBindgen,
    WasmPack,
    CargoDeny,
    CargoCyclonedx,
    CargoSemverChecks,
    CargoFuzz,
    Chromium,
    Chromedriver,
    /// Chromium without its window. The stories run in it where it is installed.
    HeadlessShell,
    Redis,
    Nginx,
    Firefox,
    Geckodriver,
    WebkitDriver,
    Xvfb,
    Xauth,
    Wrk,
    SystemdAnalyze,
    Promtool,
    Shellcheck,
    /// It builds the Kubernetes objects.
    Kubectl,
    Curl,
    RedisCli,
    SocketActivate,
}

impl Tool {
    /// All of them, in the order in which they are best installed.
    pub(crate) const ALL: [Tool; 32] = [
        Tool::Rust,
        Tool::PinnedRust,
        Tool::CCompiler,
        Tool::Node,
        Tool::Npm,
        Tool::NpmPackages,
        Tool::WasmLibrary,
        Tool::LibrarySource,
        Tool::WasmBindgen,
        Tool::WasmPack,
        Tool::CargoDeny,
        Tool::CargoCyclonedx,
        Tool::CargoSemverChecks,
        Tool::CargoFuzz,
        Tool::Chromium,
        Tool::Chromedriver,
        Tool::HeadlessShell,
        Tool::Redis,
        Tool::Nginx,
        Tool::Firefox,
        Tool::Geckodriver,
        Tool::WebkitDriver,
        Tool::Xvfb,
        Tool::Xauth,
        Tool::Wrk,
        Tool::SystemdAnalyze,
        Tool::Promtool,
        Tool::Shellcheck,
        Tool::Kubectl,
        Tool::Curl,
        Tool::RedisCli,
        Tool::SocketActivate,
    ];

    /// Debian's packages of it; none for what does not come from Debian.
    pub(crate) fn apt_packages(self) -> &'static [&'static str] {
        match self {
            Tool::CCompiler => &["build-essential"],
            Tool::Node | Tool::Npm => node::PACKAGES,
            Tool::Chromium | Tool::Chromedriver => browser::PACKAGES,
            Tool::HeadlessShell => browser::SHELL_NAMES,
            Tool::Redis => redis::PACKAGES,
            Tool::Nginx => nginx::PACKAGES,
            Tool::Firefox => engines::FIREFOX_PACKAGES,
            Tool::WebkitDriver | Tool::Xvfb | Tool::Xauth => engines::WEBKIT_PACKAGES,
            Tool::Wrk => wrk::NAMES,
            Tool::SystemdAnalyze | Tool::SocketActivate => &["systemd"],
            Tool::Promtool => promtool::PACKAGES,
            Tool::Shellcheck => &["shellcheck"],
            Tool::Curl => &["curl"],
            Tool::RedisCli => &["redis-tools"],
            Tool::Rust
            | Tool::PinnedRust
            | Tool::NpmPackages
            | Tool::WasmLibrary
            | Tool::LibrarySource
            | Tool::WasmBindgen
            | Tool::WasmPack
            | Tool::CargoDeny
            | Tool::CargoCyclonedx
            | Tool::CargoSemverChecks
            | Tool::CargoFuzz
            | Tool::Geckodriver
            // Debian 12 has version 1.20, whose Kustomize knows no components.
            | Tool::Kubectl => &[],
        }
    }
}

/// The kind of machine: it decides where tools come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// Debian, Ubuntu and their like.
    Apt,
    /// Another Linux, or another Unix.
    OtherUnix,
    Macos,
    Windows,
}

/// Which version is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Needed {
    Any,
    AtLeast(String),
    Exactly(String),
    /// The number before the first dot.
    Major(u32),
}

impl Needed {
    /// Whether this version will do. One that cannot be read will not.
    pub(crate) fn accepts(&self, version: &str) -> bool {
        match self {
            Needed::Any => true,
            Needed::AtLeast(oldest) => match (numbers(version), numbers(oldest)) {
                (Some(version), Some(oldest)) => version >= oldest,
                (None, _) | (_, None) => false,
            },
            Needed::Exactly(exact) => version == exact,
            Needed::Major(major) => programs::major(version) == Some(*major),
        }
    }
}

/// `1.95.0` as numbers, without what follows a hyphen.
fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('-').next()?.split('.').map(|part| part.parse().ok()).collect()
}

/// What was found of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// It is there, and its version does not matter or was compared already.
    Installed,
    Version(String),
    /// It is there and cannot be used, for this reason.
    Unusable(String),
}

/// One line of the inventory.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) tool: Tool,
    pub(crate) needed: Needed,
    pub(crate) found: Found,
}

/// Everything there is to know about a machine.
#[derive(Clone, Debug)]
pub(crate) struct Inventory {
    pub(crate) system: System,
    /// It adds what belongs to the compiler.
    pub(crate) has_rustup: bool,
    pub(crate) items: Vec<Item>,
}

/// Looks at this machine.
pub(crate) fn take() -> Result<Inventory> {
    let system = match std::env::consts::OS {
        "windows" => System::Windows,
        "macos" => System::Macos,
        _ if apt::is_available() => System::Apt,
        _ => System::OtherUnix,
    };
    let items = Tool::ALL.into_iter().map(look).collect::<Result<_>>()?;
    Ok(Inventory { system, has_rustup: programs::find(&["rustup"]).is_some(), items })
}

/// Looks for one tool.
pub(super) fn look(tool: Tool) -> Result<Item> {
    let (needed, found) = match tool {
        Tool::Rust => (Needed::AtLeast(env!("CARGO_PKG_RUST_VERSION").to_owned()), known(toolchain::used())),
        Tool::PinnedRust => (Needed::Exactly(toolchain::pinned()?), known(toolchain::used())),
        Tool::CCompiler => (Needed::Any, program(&["cc", "gcc", "clang", "cl"])),
        Tool::Node => (Needed::AtLeast(node::OLDEST.to_string()), versioned(Ok(programs::find(&node::NAMES)))),
        Tool::Npm => (Needed::Any, program(&["npm"])),
        Tool::NpmPackages => (Needed::Any, installed(node::are_packages_installed())),
        Tool::WasmLibrary => {
            let is_there = wasm_target::is_in_sysroot() || debian_std::existing().is_ok_and(|made| made.is_some());
            (Needed::Any, installed(is_there))
        }
        Tool::LibrarySource => (Needed::Any, installed(standard_library::is_source_installed())),
        Tool::WasmBindgen => compiled(Installed::wasm_bindgen()?),
        Tool::WasmPack => compiled(Installed::wasm_pack()),
        Tool::CargoDeny => compiled(Installed::cargo_deny()),
        Tool::CargoCyclonedx => compiled(Installed::cargo_cyclonedx()),
        Tool::CargoFuzz => compiled(Installed::cargo_fuzz()),
        Tool::CargoSemverChecks => compiled(Installed::cargo_semver_checks()),
        Tool::Geckodriver => compiled(Installed::geckodriver()),
        Tool::Chromium => (Needed::Any, versioned(browser::chrome())),
        Tool::Chromedriver => (same_major_as_chromium(), versioned(browser::driver())),
        Tool::HeadlessShell => (same_major_as_chromium(), versioned(browser::shell())),
        Tool::Redis => (Needed::Any, program(&["redis-server"])),
        Tool::Nginx => (Needed::Any, program(&nginx::NAMES)),
        Tool::Firefox => (Needed::Any, versioned(engines::firefox_program())),
        Tool::WebkitDriver => (Needed::Any, path(engines::webkit_driver())),
        Tool::Xvfb => (Needed::Any, program(&["xvfb-run"])),
        Tool::Xauth => (Needed::Any, program(&["xauth"])),
        Tool::Wrk => (Needed::Any, program(wrk::NAMES)),
        Tool::SystemdAnalyze => (Needed::Any, program(&["systemd-analyze"])),
        Tool::Promtool => (Needed::Any, path(promtool::existing())),
        Tool::Shellcheck => (Needed::Any, program(&["shellcheck"])),
        Tool::Kubectl => (Needed::AtLeast(OLDEST_KUBECTL.to_owned()), kubectl()),
        Tool::Curl => (Needed::Any, program(&["curl"])),
        Tool::RedisCli => (Needed::Any, program(&["redis-cli"])),
        Tool::SocketActivate => (Needed::Any, program(&["systemd-socket-activate"])),
    };
    Ok(Item { tool, needed, found })
}

fn known(version: Option<String>) -> Found {
    version.map_or(Found::Nothing, Found::Version)
}

fn installed(is_there: bool) -> Found {
    if is_there { Found::Installed } else { Found::Nothing }
}

/// A program whose version does not matter.
fn program(names: &[&str]) -> Found {
    path(Ok(programs::find(names)))
}

fn path(program: Result<Option<PathBuf>>) -> Found {
    match program {
        Ok(program) => installed(program.is_some()),
        Err(reason) => Found::Unusable(reason.to_string()),
    }
}

/// A program that says its version.
fn versioned(program: Result<Option<PathBuf>>) -> Found {
    match program {
        Ok(None) => Found::Nothing,
        Ok(Some(program)) => programs::version(&program)
            .map_or_else(|| Found::Unusable(format!("{} does not run", program.display())), Found::Version),
        Err(reason) => Found::Unusable(reason.to_string()),
    }
}

/// kubectl, which says its version at other words than the rest.
fn kubectl() -> Found {
    let Some(program) = programs::find(&["kubectl"]) else { return Found::Nothing };
    let printed = programs::output(Command::new(&program).args(["version", "--client", "--output=yaml"]));
    let version = printed.as_deref().and_then(version_of_kubectl);
    version.map_or_else(|| Found::Unusable(format!("{} does not run", program.display())), Found::Version)
}

/// The version in `kubectl version --client --output=yaml`, without its `v`.
fn version_of_kubectl(printed: &str) -> Option<String> {
    printed.lines().find_map(|line| line.trim().strip_prefix("gitVersion: v")).map(str::to_owned)
}

/// A tool that the set-up compiles from crates.io.
fn compiled(tool: Installed) -> (Needed, Found) {
    (Needed::Exactly(tool.needed.clone()), if tool.is_found { Found::Version(tool.needed) } else { Found::Nothing })
}

fn same_major_as_chromium() -> Needed {
    let version = browser::chrome().ok().flatten().and_then(|program| programs::version(&program));
    version.as_deref().and_then(programs::major).map_or(Needed::Any, Needed::Major)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let at_least = |oldest: &str| Needed::AtLeast(oldest.to_owned());
        assert!(at_least("1.88").accepts("1.95.0"));
        assert!(at_least("1.88").accepts("1.88.0"));
        assert!(at_least("20").accepts("20.20.2"));
        assert!(at_least("1.88").accepts("1.97.0-nightly"));
        assert!(!at_least("1.88").accepts("1.9.0"));
        assert!(!at_least("20").accepts("18.20.4"));
        assert!(!at_least("20").accepts("unknown"));
        assert!(Needed::Exactly("0.2.130".to_owned()).accepts("0.2.130"));
        assert!(!Needed::Exactly("0.2.130".to_owned()).accepts("0.2.13"));
        assert!(Needed::Major(156).accepts("156.0.1"));
        assert!(!Needed::Major(156).accepts("15.6.1"));
    }

    #[test]
    fn the_version_of_kubectl_is_not_that_of_its_compiler() {
        let printed = "clientVersion:\n  gitCommit: 4cb5f07\n  gitVersion: v1.32.4-dispatcher\n  goVersion: go1.23.8\n";
        let version = version_of_kubectl(printed).unwrap();
        assert_eq!(version, "1.32.4-dispatcher");
        let needed = Needed::AtLeast(OLDEST_KUBECTL.to_owned());
        assert!(needed.accepts(&version) && !needed.accepts("1.20.2"));
    }

    #[test]
    fn every_tool_is_listed_once() {
        let mut sorted = Tool::ALL.to_vec();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), Tool::ALL.len());
    }
}
