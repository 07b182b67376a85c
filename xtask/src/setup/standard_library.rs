//! The form in which the module gets Rust's standard library.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::wasm_target::WasmTarget;
use crate::progress::Step;
use crate::{programs, workspace};

/// The form of the standard library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StandardLibrary {
    /// Compiled from source together with the module, for size and without panic messages: 9.5 % fewer bytes, see
    /// docs/size.md. Needs the component `rust-src` and compiler options that are not stable yet. The published module
    /// has this form.
    SizeOptimized,
    /// As the compiler comes with it. Always available; for development.
    Precompiled,
}

impl StandardLibrary {
    /// The size-optimised form if its source is installed or can be; `AUTHRESS_LOGIN_WASM_LIBRARY=plain` asks for the
    /// other.
    pub(super) fn choose(wasm: &WasmTarget) -> Self {
        let is_plain_wanted = std::env::var_os("AUTHRESS_LOGIN_WASM_LIBRARY").is_some_and(|form| form == "plain");
        if !is_plain_wanted && matches!(wasm, WasmTarget::Official) && ensure_source() {
            StandardLibrary::SizeOptimized
        } else {
            StandardLibrary::Precompiled
        }
    }

    /// The name in `xtask/size-budget.json`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            StandardLibrary::SizeOptimized => "small",
            StandardLibrary::Precompiled => "plain",
        }
    }

    /// Adds the arguments, environment and compiler `flags` of this form to `command`, a `cargo build`.
    pub(crate) fn prepare(self, command: &mut Command, mut flags: Vec<String>) {
        if self == StandardLibrary::SizeOptimized {
            command.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
            command.env("RUSTC_BOOTSTRAP", "1");
            flags.extend(
                [
                    "-Zunstable-options",
                    "-Cpanic=immediate-abort",
                    "-Zlocation-detail=none",
                    "-Zfmt-debug=none",
                    // The default for speed, not for size: less is left over for LLVM to clean up.
                    "-Zinline-mir=yes",
                ]
                .map(str::to_owned),
            );
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    }
}

/// Whether the library's source is installed; tries to install it.
fn ensure_source() -> bool {
    if is_source_installed() {
        return true;
    }
    if programs::find(&["rustup"]).is_none() {
        return false;
    }
    let added = Step::new("rustup component add", "the standard library's source, for the published module", "seconds")
        .dispensable(Duration::from_secs(180))
        .run(
            Command::new("rustup")
                .current_dir(workspace::root())
                .args(["component", "add", "rust-src"])
                .env("RUSTUP_MAX_RETRIES", "1")
                .env("RUST_BACKTRACE", "0"),
        );
    if let Err(failure) = added {
        println!("        {failure:#}");
    }
    is_source_installed()
}

/// Whether the compiler in use has the standard library's source.
pub(super) fn is_source_installed() -> bool {
    let sysroot = programs::output(Command::new("rustc").current_dir(workspace::root()).args(["--print", "sysroot"]));
    sysroot.is_some_and(|folder| Path::new(&folder).join("lib/rustlib/src/rust/library/Cargo.lock").is_file())
}
