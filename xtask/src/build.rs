//! The npm package's generated part and the servers.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Args;

use crate::setup::{BuildTools, StandardLibrary};
use crate::{notices, programs, setup, workspace};

/// The three servers of the demo and the end-to-end tests: package and program have the same name.
pub(crate) const SERVERS: [&str; 3] = ["authress-sandbox", "authress-verifier", "authress-demo-shop"];

/// The program of `cargo xtask contract`: package and program have the same name.
const CONTRACT: &str = "authress-contract";

const MODULE: &str = "authress_login_wasm";
/// The inputs of the last build: a build with the same ones has nothing to do. It is not published.
const INPUTS: &str = ".inputs";

/// Options of `cargo xtask build`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Fail unless the package is the one to publish: made by the pinned compiler, with the standard library from
    /// source
    #[arg(long)]
    release: bool,
    /// Build no servers
    #[arg(long)]
    only_package: bool,
}

/// `cargo xtask build`.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tools = setup::for_build()?;
    if options.release {
        tools.check_release()?;
    }
    if options.only_package { package(&tools) } else { everything(&tools) }
}

/// Package and servers.
pub(crate) fn everything(tools: &BuildTools) -> Result<()> {
    package(tools)?;
    servers()
}

/// The folder of generated files in the npm package.
pub(crate) fn dist() -> PathBuf {
    workspace::root().join("pkg/dist")
}

/// The modules that are compiled from the browser client, in the order of `xtask/package.mjs`'s arguments.
const FORMS: [Form; 2] =
    [Form { name: "module", flags: &[VECTORS, REFERENCES] }, Form { name: "portable", flags: &[] }];
/// WebAssembly's vectors, for the anti-abuse search. wasm2js does not know them.
const VECTORS: &str = "-Ctarget-feature=+simd128";
/// The linker keeps its relocations: by them the module is split into parts.
const REFERENCES: &str = "-Clink-arg=--emit-relocs";
/// Inlines functions of a few instructions. V8 compiles each function when it is first called, on the page's own
/// thread, and most of that time does not depend on the function's length; see docs/size.md.
const FEWER_FUNCTIONS: &str = "-Cllvm-args=-inline-threshold=10";

/// One way to compile the browser client.
struct Form {
    name: &'static str,
    flags: &'static [&'static str],
}

impl Form {
    /// Compiles it and returns the module's path, which a later form may reuse.
    fn compile(&self, tools: &BuildTools) -> Result<PathBuf> {
        println!("build: the browser client for wasm32, {}", self.name);
        let mut folder = match tools.library {
            StandardLibrary::SizeOptimized => workspace::small_wasm_target(),
            StandardLibrary::Precompiled => workspace::wasm_target(),
        };
        if self.flags.is_empty() {
            // Cargo keeps one set of flags in a folder.
            folder.push("portable");
        }
        let mut flags = path_remapping();
        flags.push(FEWER_FUNCTIONS.to_owned());
        flags.extend(self.flags.iter().map(|flag| (*flag).to_owned()));
        let mut command = tools.wasm.cargo("build");
        tools.library.prepare(command.args(["--release", "--lib"]), flags);
        programs::run(command.env("CARGO_TARGET_DIR", &folder))?;
        Ok(folder.join("wasm32-unknown-unknown/release").join(format!("{MODULE}.wasm")))
    }
}

/// The part of the npm package that is generated, in `pkg/dist`: entries, modules, and the JavaScript form.
pub(crate) fn package(tools: &BuildTools) -> Result<()> {
    // Beside its place, because cargo's folder may be on another disk, from where it could not be moved in one step.
    let work = dist().with_extension(format!("unfinished-{}", std::process::id()));
    let compiled = dist().with_extension(format!("compiled-{}", std::process::id()));
    let made = package_in(tools, &work, &compiled);
    workspace::remove(&compiled)?;
    workspace::remove(&work)?;
    made
}

fn package_in(tools: &BuildTools, work: &Path, compiled: &Path) -> Result<()> {
    workspace::remove(work)?;
    std::fs::create_dir_all(compiled).with_context(|| format!("cannot create {}", compiled.display()))?;
    let mut modules = Vec::new();
    for form in &FORMS {
        let (made, kept) = (form.compile(tools)?, compiled.join(format!("{}.wasm", form.name)));
        std::fs::copy(&made, &kept).with_context(|| format!("cannot copy {}", made.display()))?;
        modules.push(kept);
    }

    let inputs = inputs(&modules)?;
    if std::fs::read(dist().join(INPUTS)).is_ok_and(|built| built == inputs) {
        println!("build: pkg/dist is up to date");
        return Ok(());
    }
    println!("build: the entries of the package, the optimised modules and the JavaScript form into pkg/dist");
    programs::run(
        tools
            .node
            .command()
            .current_dir(workspace::root())
            .arg("xtask/package.mjs")
            .arg(&tools.wasm_bindgen)
            .args(&modules)
            .arg(work),
    )?;
    notices::write(&tools.wasm, work)?;
    std::fs::write(work.join(INPUTS), inputs)
        .with_context(|| format!("cannot write {}", work.join(INPUTS).display()))?;
    // In one step, so that a server that is running never finds half a package.
    workspace::publish(work, &dist())
}

/// Everything that the generated part of the package depends on, one after the other.
fn inputs(modules: &[PathBuf]) -> Result<Vec<u8>> {
    let mut files = Vec::new();
    for folder in ["pkg", "pkg/src", "pkg/generated", "xtask", "xtask/package"] {
        let folder = workspace::root().join(folder);
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let is_script = |path: &PathBuf| path.extension().is_some_and(|end| end == "js" || end == "mjs");
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_script));
    }
    files.extend(["Cargo.lock", "tests/package-lock.json"].map(|name| workspace::root().join(name)));
    files.sort();
    let mut bytes = Vec::new();
    for file in modules.iter().chain(&files) {
        let content = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        // The folder of the modules has another name each time.
        let name = file.file_name().unwrap_or_default().display();
        bytes.extend(format!("{name} {}\n", content.len()).into_bytes());
        bytes.extend(content);
    }
    Ok(bytes)
}

/// `cargo xtask sandbox-package`: the generated part of the sandbox's npm package, in `sandbox-pkg/dist`.
pub(crate) fn sandbox_package(tools: &BuildTools) -> Result<()> {
    println!("build: the sandbox for wasm32, into sandbox-pkg/dist");
    // Cargo keeps one set of flags in a folder.
    let folder = workspace::wasm_target().join("sandbox");
    let mut command = tools.wasm.cargo_for("build", "authress-sandbox-wasm");
    StandardLibrary::Precompiled.prepare(command.args(["--release", "--lib"]), path_remapping());
    programs::run(command.env("CARGO_TARGET_DIR", &folder))?;
    let module = folder.join("wasm32-unknown-unknown/release/authress_sandbox_wasm.wasm");
    let dist = workspace::root().join("sandbox-pkg/dist");
    let work = dist.with_extension(format!("unfinished-{}", std::process::id()));
    workspace::remove(&work)?;
    let mut script = tools.node.command();
    script.current_dir(workspace::root()).arg("xtask/sandbox-package.mjs");
    programs::run(script.args([&tools.wasm_bindgen, &module, &work]))?;
    notices::write_for_sandbox(&tools.wasm, &work)?;
    workspace::publish(&work, &dist)
}

/// The servers and the contract test's program, in cargo's dev profile.
pub(crate) fn servers() -> Result<()> {
    println!("build: the servers");
    compile(SERVERS.iter().chain([&CONTRACT]))
}

/// The same programs beside the native tests, which have compiled almost everything: with the features that their
/// dependencies have there. Chosen alone the servers need fewer features, for which cargo compiles most dependencies again.
pub(crate) fn servers_beside_tests() -> Result<()> {
    println!("build: the servers");
    let mut command = workspace::cargo("build");
    command.arg("--workspace");
    // Not `--bins`, which would replace this very program.
    for name in SERVERS.iter().chain([&CONTRACT]) {
        command.args(["--bin", name]);
    }
    // One test target makes cargo count the dependencies of tests, too.
    programs::run(command.args(["--test", "responses"]))
}

/// The contract test's program, built first.
pub(crate) fn contract_program() -> Result<PathBuf> {
    println!("build: the contract test");
    compile([&CONTRACT])?;
    server(CONTRACT)
}

fn compile<'a>(packages: impl IntoIterator<Item = &'a &'static str>) -> Result<()> {
    let mut command = workspace::cargo("build");
    for package in packages {
        command.args(["--package", package]);
    }
    programs::run(command.arg("--bins"))
}

/// The program of a server; it has to be built already.
pub(crate) fn server(name: &str) -> Result<PathBuf> {
    let program = workspace::target().join("debug").join(name);
    if program.is_file() {
        Ok(program)
    } else {
        Err(anyhow!("{} is not built: run `cargo xtask build` first", program.display()))
    }
}

/// Panic messages contain source paths: without this what a shopper downloads would name the builder's folders.
fn path_remapping() -> Vec<String> {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))
        .unwrap_or_default();
    // Below this folder there is one for each registry, whose name ends in a hash.
    let registries = std::fs::read_dir(cargo_home.join("registry/src"));
    let registries = registries.into_iter().flatten().filter_map(|entry| Some((entry.ok()?.path(), "crates")));
    // Where several fit, the compiler takes the last.
    [(workspace::root().to_owned(), "."), (cargo_home.clone(), "cargo")]
        .into_iter()
        .chain(registries)
        .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()))
        .collect()
}
