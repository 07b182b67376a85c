//! The form in which the module gets Rust's standard library.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::wasm_target::WasmTarget;
use crate::progress::Step;
use crate::{programs, workspace};

/// The form of the standard library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    /// Compiled together with the module, for size and without the words of panics. This needs the library's source
    /// and options of the compiler that are not stable yet.
    Small,
    /// As the compiler comes with it: larger, and always to be had.
    Plain,
}

impl Library {
    /// The name in `xtask/size-budget.json`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Library::Small => "small",
            Library::Plain => "plain",
        }
    }

    /// The smaller form if its source is there or can be had; `AUTHRESS_LOGIN_WASM_LIBRARY=plain` asks for the other.
    pub(crate) fn choose(wasm: &WasmTarget) -> Library {
        let is_plain_wanted = std::env::var_os("AUTHRESS_LOGIN_WASM_LIBRARY").is_some_and(|form| form == "plain");
        if !is_plain_wanted && matches!(wasm, WasmTarget::Official) && has_source() {
            Library::Small
        } else {
            Library::Plain
        }
    }

    /// Gives `command`, a `cargo build`, what this form needs, besides `flags` for the compiler.
    pub(crate) fn prepare(self, command: &mut Command, mut flags: Vec<String>) {
        if self == Library::Small {
            command.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
            command.env("RUSTC_BOOTSTRAP", "1");
            flags.extend(
                [
                    "-Zunstable-options",
                    "-Cpanic=immediate-abort",
                    "-Zlocation-detail=none",
                    "-Zfmt-debug=none",
                    // As for speed, where it is on by itself: less is left over for LLVM to clean up.
                    "-Zinline-mir=yes",
                ]
                .map(str::to_owned),
            );
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    }
}

fn has_source() -> bool {
    if is_source_there() {
        return true;
    }
    if programs::find(&["rustup"]).is_none() {
        return false;
    }
    let added = Step::new("rustup component add", "the standard library's source, for a smaller module", "seconds")
        .dispensable(Duration::from_secs(180))
        .run(
            Command::new("rustup")
                .current_dir(workspace::root())
                .args(["component", "add", "rust-src"])
                .env("RUSTUP_MAX_RETRIES", "1")
                .env("RUST_BACKTRACE", "0"),
        );
    if let Err(failure) = added {
        println!("        {failure}; the module will be larger");
    }
    is_source_there()
}

fn is_source_there() -> bool {
    let sysroot = programs::output(Command::new("rustc").current_dir(workspace::root()).args(["--print", "sysroot"]));
    sysroot.is_some_and(|folder| Path::new(&folder).join("lib/rustlib/src/rust/library/Cargo.lock").is_file())
}
