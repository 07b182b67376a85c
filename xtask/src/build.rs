//! The npm package's generated part and the servers.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Attempt, Result};
use crate::setup::BuildTools;
use crate::workspace;

/// The three servers of the demo and the end-to-end tests: package and program have the same name.
pub(crate) const SERVERS: [&str; 3] = ["authress-sandbox", "authress-verifier", "authress-demo-shop"];

const MODULE: &str = "authress_login_wasm";

/// What every browser of the last years has and what the compiler uses by default. wasm-opt refuses a module with
/// features it was not told of.
const WASM_FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Package and servers.
pub(crate) fn everything(tools: &BuildTools) -> Result<()> {
    package(tools)?;
    servers()
}

/// The folder of generated files in the npm package.
pub(crate) fn dist() -> PathBuf {
    workspace::root().join("pkg/dist")
}

/// The optimised module and its glue.
pub(crate) fn package(tools: &BuildTools) -> Result<()> {
    println!("build: the browser client for wasm32");
    let flags = path_remapping().join("\u{1f}");
    run(tools.wasm.cargo("build").args(["--release", "--lib"]).env("CARGO_ENCODED_RUSTFLAGS", flags))?;
    let compiled = workspace::wasm_target().join("wasm32-unknown-unknown/release").join(format!("{MODULE}.wasm"));

    println!("build: the glue and the optimised module into pkg/dist");
    // Beside its place, because cargo's folder may be on another disk, from where it could not be moved in one step.
    let work = dist().with_extension(format!("unfinished-{}", std::process::id()));
    workspace::remove(&work)?;
    run(Command::new(&tools.wasm_bindgen)
        .args(["--target", "web", "--out-name", MODULE, "--remove-name-section", "--remove-producers-section"])
        .arg("--out-dir")
        .args([&work, &compiled]))?;
    let module = work.join(format!("{MODULE}_bg.wasm"));
    run(tools
        .node
        .package_program("wasm-opt")
        .args(["-Oz", "--strip-debug", "--strip-producers"])
        .args(WASM_FEATURES)
        .arg(&module)
        .arg("--output")
        .arg(&module))?;
    // In one step, so that a server that is running never finds half a package.
    workspace::publish(&work, &dist())
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
