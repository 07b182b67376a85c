//! The wasm32 standard library from Debian's packages, for machines that cannot reach rustup's servers.
//!
//! Debian keeps a recent compiler (`rustc-web`) with the standard library's source and that source's own vendored
//! dependencies, so the library can be compiled without a network. The result goes into a sysroot of its own in the
//! cache whose `bin` folder holds a cargo, rustc and rustdoc that use it; commands find it by PATH.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{TRIPLE, apt};
use crate::progress::Step;
use crate::{programs, workspace};

const PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "lld-19"];
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
/// The name of the empty crate with which the standard library is compiled.
const EMPTY_CRATE: &str = "only_std";

/// A complete sysroot.
#[derive(Debug)]
pub(crate) struct Sysroot {
    /// Holds `bin` and `lib/rustlib`.
    pub(crate) folder: PathBuf,
    linker: PathBuf,
}

impl Sysroot {
    /// Makes `command` and whatever it starts use this sysroot; `folders` come first on PATH.
    pub(crate) fn prepare<'a>(&self, command: &'a mut Command, folders: &[PathBuf]) -> &'a mut Command {
        let folders: Vec<PathBuf> = folders.iter().cloned().chain([self.folder.join("bin")]).collect();
        // These variables of the cargo that started xtask belong to another compiler.
        for name in ["RUSTC", "RUSTDOC", "CARGO", "LD_LIBRARY_PATH"] {
            command.env_remove(name);
        }
        command
            .env("PATH", programs::path_with(&folders))
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", &self.linker)
            // clippy loads the compiler as a library, without the wrapper in `bin`.
            .env("SYSROOT", &self.folder)
    }
}

/// The sysroot of the installed Debian compiler, if it was completed earlier.
pub(crate) fn existing() -> Result<Option<Sysroot>> {
    let Some(version) = debian_rustc() else { return Ok(None) };
    let Some(linker) = linker() else { return Ok(None) };
    let folder = place(&version)?;
    Ok(folder.is_dir().then_some(Sysroot { folder, linker }))
}

/// Installs the packages and builds the sysroot, unless that has been done.
pub(crate) fn ensure() -> Result<Sysroot> {
    if !is_installed() {
        if !apt::is_available() {
            bail!("AUTHRESS_LOGIN_WASM_STD=debian needs Debian's package tool, which is not here");
        }
        apt::install(&PACKAGES, "a compiler and the standard library's source, for wasm32", "about 1 min, 500 MB")?;
    }
    if let Some(sysroot) = existing()? {
        return Ok(sysroot);
    }
    let version = debian_rustc().context("Debian's rustc-web is installed but /usr/bin/rustc does not run")?;
    let linker = linker().context("the linker wasm-ld is missing: install Debian's package lld-19")?;
    let folder = place(&version)?;
    let work = workspace::scratch("wasm32-std")?;
    compile(&work)?;
    let finished = work.join("sysroot");
    assemble(&work, &finished)?;
    // Moved in one step, so that a sysroot at this place is always complete.
    workspace::publish(&finished, &folder)?;
    workspace::remove(&work)?;
    Ok(Sysroot { folder, linker })
}

/// The sysroot belongs to one version of the compiler: an upgrade builds it again.
fn place(version: &str) -> Result<PathBuf> {
    Ok(workspace::cache_path()?.join(format!("wasm32-std-debian-{version}")))
}

fn is_installed() -> bool {
    source().is_dir()
        && Path::new(CARGO).is_file()
        && Path::new("/usr/bin/cargo-clippy").is_file()
        && linker().is_some()
}

/// Where the package `rust-web-src` puts the library's source; a compiler other than Debian's has none there.
fn source() -> &'static Path {
    Path::new("/usr/lib/rustlib/src/rust/library/vendor")
}

fn debian_rustc() -> Option<String> {
    source().is_dir().then(|| programs::version(Path::new(RUSTC))).flatten()
}

fn linker() -> Option<PathBuf> {
    programs::find(&["wasm-ld-19", "wasm-ld", "wasm-ld-20", "wasm-ld-21"])
}

fn compile(work: &Path) -> Result<()> {
    let manifest = format!(
        "[package]\nname = \"{EMPTY_CRATE}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n[workspace]\n"
    );
    write(&work.join("Cargo.toml"), &manifest)?;
    write(&work.join("lib.rs"), "")?;
    let mut command = Command::new(CARGO);
    command
        .current_dir(work)
        .args(["build", "--release", "--target", TRIPLE, "-Zbuild-std=std,panic_abort,test"])
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", work.join("target"));
    for name in ["RUSTDOC", "CARGO", "LD_LIBRARY_PATH", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(name);
    }
    Step::new("wasm32 standard library", "compiled from Debian's source", "75 s").run(&mut command)
}

/// Arranges the compiled library, and links to Debian's files, as rustc expects them.
fn assemble(work: &Path, sysroot: &Path) -> Result<()> {
    let wasm_lib = sysroot.join("lib/rustlib").join(TRIPLE).join("lib");
    let bin = sysroot.join("bin");
    for folder in [&wasm_lib, &bin] {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let deps = work.join("target").join(TRIPLE).join("release/deps");
    let entries = fs::read_dir(&deps).with_context(|| format!("cannot read {}", deps.display()))?;
    let own = format!("lib{EMPTY_CRATE}-");
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", deps.display()))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.ends_with(".rlib") && !name.starts_with(&own) {
            fs::copy(&path, wasm_lib.join(name)).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    let host = programs::output(Command::new(RUSTC).arg("-vV"))
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned)))
        .context("Debian's rustc does not say which host it is for")?;
    let host_lib = Path::new("/usr/lib/rustlib").join(&host);
    symlink(&host_lib, sysroot.join("lib/rustlib").join(&host))
        .with_context(|| format!("cannot link to {}", host_lib.display()))?;
    for name in ["cargo", "cargo-clippy", "clippy-driver"] {
        let program = Path::new("/usr/bin").join(name);
        symlink(&program, bin.join(name)).with_context(|| format!("cannot link to {}", program.display()))?;
    }
    for name in ["rustc", "rustdoc"] {
        // The wrapper finds its sysroot relative to itself, because the folder is moved once it is complete.
        let script = format!("#!/bin/sh\nexec /usr/bin/{name} --sysroot \"$(dirname \"$(dirname \"$0\")\")\" \"$@\"\n");
        let wrapper = bin.join(name);
        write(&wrapper, &script)?;
        make_executable(&wrapper).with_context(|| format!("cannot make {} executable", wrapper.display()))?;
    }
    Ok(())
}

/// Debian's packages are on no other system: this only lets the other commands compile there.
#[cfg(not(unix))]
fn symlink(_: impl AsRef<Path>, _: impl AsRef<Path>) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn make_executable(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
