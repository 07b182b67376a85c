//! A compiler with the standard library for wasm32. In this order:
//!
//! 1. the one in the sysroot of the compiler in use,
//! 2. the one that this project made from Debian's packages earlier,
//! 3. the one that `rustup target add` installs,
//! 4. one made from Debian's packages, see [`debian_std`].

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Error, Result, anyhow, bail};

use super::{TRIPLE, apt, debian_std};
use crate::progress::Step;
use crate::{programs, workspace};

/// A compiler for wasm32.
#[derive(Debug)]
pub(crate) enum WasmTarget {
    /// The compiler in use has the target.
    Official,
    /// A sysroot made from Debian's packages.
    Debian(debian_std::Sysroot),
}

impl WasmTarget {
    /// A command that compiles for wasm32 (`cargo`, `wasm-pack`) in the workspace's folder.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        self.command_with_path(program, &[])
    }

    /// The same with more folders in front of PATH.
    pub(crate) fn command_with_path(&self, program: impl AsRef<std::ffi::OsStr>, folders: &[PathBuf]) -> Command {
        let mut command = Command::new(program);
        command.current_dir(workspace::root()).env("CARGO_TARGET_DIR", workspace::wasm_target());
        match self {
            WasmTarget::Official => command.env("PATH", programs::path_with(folders)),
            WasmTarget::Debian(sysroot) => sysroot.prepare(&mut command, folders),
        };
        command
    }

    /// `cargo SUBCOMMAND … --target wasm32-unknown-unknown` for the browser client.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        self.cargo_for(subcommand, "authress-login-wasm")
    }

    /// `cargo SUBCOMMAND … --target wasm32-unknown-unknown` for a package of the workspace.
    pub(crate) fn cargo_for(&self, subcommand: &str, package: &str) -> Command {
        let mut command = self.command("cargo");
        command.args([subcommand, "--package", package, "--target", TRIPLE]);
        if workspace::locked() {
            command.arg("--locked");
        }
        command
    }

    /// `cargo metadata` of what is compiled for wasm32.
    pub(crate) fn metadata(&self) -> Command {
        let mut command = self.command("cargo");
        command.args(["metadata", "--format-version", "1", "--filter-platform", TRIPLE]);
        if workspace::locked() {
            command.arg("--locked");
        }
        command
    }

    /// A description for the end of the set-up's output.
    pub(crate) fn description(&self) -> String {
        match self {
            WasmTarget::Official => format!("of {}", rustc_version()),
            WasmTarget::Debian(sysroot) => format!("built from Debian's packages in {}", sysroot.folder.display()),
        }
    }
}

/// Finds or installs the compiler.
pub(crate) fn ensure() -> Result<WasmTarget> {
    match std::env::var("AUTHRESS_LOGIN_WASM_STD").as_deref() {
        Ok("rustup") => return ensure_official(),
        Ok("debian") => return ensure_debian(),
        Ok(other) => bail!("AUTHRESS_LOGIN_WASM_STD={other} is not known: use rustup or debian"),
        Err(_) => {}
    }
    if is_in_sysroot() {
        return Ok(WasmTarget::Official);
    }
    if let Some(sysroot) = debian_std::existing()? {
        return Ok(WasmTarget::Debian(sysroot));
    }
    match ensure_official() {
        Ok(target) => Ok(target),
        Err(failure) if apt::is_available() => {
            println!("        {failure:#}; Debian's packages will do instead");
            ensure_debian()
        }
        Err(_) => Err(missing()),
    }
}

fn ensure_official() -> Result<WasmTarget> {
    if !is_in_sysroot() {
        if programs::find(&["rustup"]).is_none() {
            bail!("there is no rustup to add the wasm32 standard library");
        }
        let why = "the standard library for wasm32";
        // With a limit: a network that drops packets must not block the set-up, because there is another way.
        Step::new("rustup target add", why, "seconds where rustup's servers can be reached")
            .dispensable(Duration::from_secs(180))
            .run(
                Command::new("rustup")
                    .args(["target", "add", TRIPLE])
                    .env("RUSTUP_MAX_RETRIES", "1")
                    .env("RUST_BACKTRACE", "0"),
            )?;
    }
    if is_in_sysroot() { Ok(WasmTarget::Official) } else { Err(missing()) }
}

fn ensure_debian() -> Result<WasmTarget> {
    Ok(WasmTarget::Debian(debian_std::ensure()?))
}

fn missing() -> Error {
    anyhow!(
        "the Rust standard library for wasm32-unknown-unknown is missing: run `rustup target add wasm32-unknown-unknown`, \
     or install your system's package of it (Fedora: rust-std-static-wasm32-unknown-unknown, Arch: rust-wasm)"
    )
}

/// Whether the compiler in use has the standard library for wasm32.
pub(super) fn is_in_sysroot() -> bool {
    let sysroot = programs::output(Command::new("rustc").current_dir(workspace::root()).args(["--print", "sysroot"]));
    sysroot.is_some_and(|folder| Path::new(&folder).join("lib/rustlib").join(TRIPLE).join("lib").is_dir())
}

fn rustc_version() -> String {
    programs::output(Command::new("rustc").current_dir(workspace::root()).arg("--version")).unwrap_or_default()
}
