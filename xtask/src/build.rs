//! The npm package's generated part and the servers.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Attempt, Result};
use crate::setup::{BuildTools, Library};
use crate::{notices, workspace};

/// The three servers of the demo and the end-to-end tests: package and program have the same name.
pub(crate) const SERVERS: [&str; 3] = ["authress-sandbox", "authress-verifier", "authress-demo-shop"];

const MODULE: &str = "authress_login_wasm";
/// Says what the generated files were made from; it is not published.
const STAMP: &str = ".made-from";

/// Package and servers.
pub(crate) fn everything(tools: &BuildTools) -> Result<()> {
    package(tools)?;
    servers()
}

/// The folder of generated files in the npm package.
pub(crate) fn dist() -> PathBuf {
    workspace::root().join("pkg/dist")
}

/// What `pkg/package.json` publishes from `pkg/dist`: the entries with the module and its JavaScript form.
pub(crate) fn package(tools: &BuildTools) -> Result<()> {
    println!("build: the browser client for wasm32");
    let library = Library::choose(&tools.wasm);
    let mut command = tools.wasm.cargo("build");
    library.prepare(command.args(["--release", "--lib"]), path_remapping());
    run(&mut command)?;
    let folder = match library {
        Library::Small => workspace::small_wasm_target(),
        Library::Plain => workspace::wasm_target(),
    };
    let compiled = folder.join("wasm32-unknown-unknown/release").join(format!("{MODULE}.wasm"));

    let made_from = made_from(&compiled)?;
    let stamp = dist().join(STAMP);
    if std::fs::read(&stamp).is_ok_and(|stamp| stamp == made_from) {
        println!("build: pkg/dist is up to date");
        return Ok(());
    }
    println!("build: the entries of the package, the optimised module and its JavaScript form into pkg/dist");
    // Beside its place, because cargo's folder may be on another disk, from where it could not be moved in one step.
    let work = dist().with_extension(format!("unfinished-{}", std::process::id()));
    workspace::remove(&work)?;
    run(tools.node.command().current_dir(workspace::root()).arg("xtask/package.mjs").args([
        &tools.wasm_bindgen,
        &compiled,
        &work,
    ]))?;
    notices::write(&tools.wasm, &work)?;
    std::fs::write(work.join(STAMP), made_from).attempt(|| format!("write {}", work.join(STAMP).display()))?;
    // In one step, so that a server that is running never finds half a package.
    workspace::publish(&work, &dist())
}

/// Everything that the generated part of the package depends on, one after the other.
fn made_from(compiled: &Path) -> Result<Vec<u8>> {
    let mut files = vec![compiled.to_owned()];
    for folder in ["pkg", "xtask", "xtask/package"] {
        let folder = workspace::root().join(folder);
        let entries = std::fs::read_dir(&folder).attempt(|| format!("read {}", folder.display()))?;
        let is_script = |path: &PathBuf| path.extension().is_some_and(|end| end == "js" || end == "mjs");
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_script));
    }
    files.extend(["Cargo.lock", "tests/package-lock.json"].map(|name| workspace::root().join(name)));
    files.sort();
    let mut bytes = Vec::new();
    for file in files {
        let content = std::fs::read(&file).attempt(|| format!("read {}", file.display()))?;
        bytes.extend(format!("{} {}\n", file.display(), content.len()).into_bytes());
        bytes.extend(content);
    }
    Ok(bytes)
}

/// The servers, in cargo's dev profile.
pub(crate) fn servers() -> Result<()> {
    println!("build: the servers");
    let mut command = workspace::cargo("build");
    for server in SERVERS {
        command.args(["--package", server]);
    }
    run(command.arg("--bins"))
}

/// The program of a server; it has to be built already.
pub(crate) fn server(name: &str) -> Result<PathBuf> {
    let program = workspace::target().join("debug").join(name);
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!("{} is not built: run `cargo xtask build` first", program.display()).into())
    }
}

/// Runs a command whose own output tells enough.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    let status = command.stdin(std::process::Stdio::null()).status().attempt(|| format!("start {name}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} failed ({status}): its message stands above").into()) }
}

/// Panic messages contain source paths: without this what a shopper downloads would name the builder's folders.
fn path_remapping() -> Vec<String> {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))
        .unwrap_or_default();
    // Below this folder there is one for each registry, named after it and with a number that tells nobody anything.
    let registries = std::fs::read_dir(cargo_home.join("registry/src"));
    let registries = registries.into_iter().flatten().filter_map(|entry| Some((entry.ok()?.path(), "crates")));
    // Where several fit, the compiler takes the last.
    [(workspace::root().to_owned(), "."), (cargo_home.clone(), "cargo")]
        .into_iter()
        .chain(registries)
        .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()))
        .collect()
}
