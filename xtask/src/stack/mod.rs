//! The sandbox, the verifier and the shop, started in order on free ports and stopped together.

mod configuration;
mod server;
mod topology;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};

use crate::build;
use crate::{ports, programs};
use configuration::Configuration;
use server::{FolderGuard, Server};
pub(crate) use topology::{Dialect, Topology};

/// Options of `cargo xtask stack`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How the addresses of the storefront and of Authress relate
    #[arg(long, value_enum, default_value_t = Topology::Localhost)]
    topology: Topology,
    /// How the sandbox behaves where servers differ
    #[arg(long, value_enum, default_value_t)]
    dialect: Dialect,
    #[command(flatten)]
    servers: ServerOptions,
    /// Print the description of the servers as one line of JSON
    #[arg(long)]
    json: bool,
}

/// In what the servers differ from the usual ones.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ServerOptions {
    /// The service client's Authorization Url, in place of the verifier's
    #[arg(long, value_name = "URL")]
    authorization_url: Option<String>,
    /// Let pages follow logins in the background
    #[arg(long)]
    background: bool,
    /// Let Authress decide who may open a cart
    #[arg(long)]
    ownership: bool,
}

impl ServerOptions {
    /// The demo's servers ask Authress for everything that it knows.
    pub(crate) fn of_demo() -> Self {
        Self { ownership: true, ..Self::default() }
    }
}

/// The servers' ports on loopback.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    /// The storefront.
    pub(crate) shop: u16,
    /// The sandbox.
    pub(crate) sandbox: u16,
    /// The verifier.
    pub(crate) verifier: u16,
    /// The sandbox's second listener in plain HTTP, if its main listener uses TLS.
    pub(crate) internal: u16,
    /// The TLS in front of the verifier, if the sandbox uses TLS too.
    pub(crate) verifier_tls: u16,
}

impl Ports {
    /// Ports that are free now.
    pub(crate) fn free() -> Result<Self> {
        let [shop, sandbox, verifier, internal, verifier_tls] = ports::free()?;
        Ok(Ports { shop, sandbox, verifier, internal, verifier_tls })
    }
}

/// Running servers. They stop when this is dropped and when this process ends, even if it was killed.
#[derive(Debug)]
pub(crate) struct Stack {
    configuration: Configuration,
    // Fields are dropped in this order: the servers stop before their folder is removed.
    shop: Server,
    _verifier_tls: Option<Server>,
    verifier: Server,
    sandbox: Server,
    folder: FolderGuard,
}

impl Stack {
    /// Starts all three and returns when each has said that it is ready.
    pub(crate) fn start(topology: Topology, dialect: Dialect, ports: Ports, servers: &ServerOptions) -> Result<Self> {
        let folder = FolderGuard::create()?;
        let configuration = Configuration::new(topology, dialect, ports, servers);
        if topology.is_https() {
            let mut command = std::process::Command::new(build::server("authress-sandbox")?);
            command.args(["certificate", "--out"]).arg(&folder.path).args(topology.hosts());
            // Its output must not mix with the line of JSON that a caller waits for.
            programs::run(command.stdout(std::process::Stdio::null()))?;
        }
        let write = |name: &str, value: Value| -> Result<PathBuf> {
            let path = folder.path.join(name);
            std::fs::write(&path, format!("{value:#}")).with_context(|| format!("cannot write {}", path.display()))?;
            Ok(path)
        };
        // The sandbox first: it makes the access key the verifier needs and the keys the shop asks for.
        let sandbox_file = write("sandbox.json", configuration.sandbox(&folder.path))?;
        let sandbox = Server::start("authress-sandbox", config_argument(&sandbox_file), &[], &folder.path)?;
        let environment = configuration.verifier(&folder.path);
        let verifier = Server::start("authress-verifier", Vec::new(), &environment, &folder.path)?;
        let tls = || {
            let arguments = configuration.verifier_tls(&folder.path);
            Server::start_program("authress-sandbox", "verifier-tls", arguments, &[], &folder.path)
        };
        let verifier_tls = topology.is_https().then(tls).transpose()?;
        let shop_file = write("shop.json", configuration.shop(&folder.path))?;
        let shop = Server::start("authress-demo-shop", config_argument(&shop_file), &[], &folder.path)?;
        Ok(Stack { configuration, shop, _verifier_tls: verifier_tls, verifier, sandbox, folder })
    }

    /// The address to open in a browser.
    pub(crate) fn shop_url(&self) -> &str {
        &self.configuration.shop_url
    }

    /// The folder of the servers' logs.
    pub(crate) fn logs(&self) -> &Path {
        &self.folder.path
    }

    /// The servers' addresses, ids, processes and logs for tests, as JSON.
    pub(crate) fn description(&self) -> Value {
        let mut description = self.configuration.description(&self.folder.path);
        if let Some(fields) = description.as_object_mut() {
            let pids = json!({ "sandbox": self.sandbox.pid, "verifier": self.verifier.pid, "shop": self.shop.pid });
            fields.insert("pids".to_owned(), pids);
            fields.insert("logs".to_owned(), self.folder.path.to_string_lossy().into());
        }
        description
    }
}

/// `cargo xtask stack`: runs the servers until standard input closes.
pub(crate) fn run(options: &Options) -> Result<()> {
    let stack = start_on_free_ports(options.topology, options.dialect, &options.servers)?;
    if options.json {
        println!("{}", stack.description());
    } else {
        println!("{:#}", stack.description());
        println!("The servers stop when standard input closes (Ctrl-D) or with Ctrl-C.");
    }
    // If the caller cannot read this any more, the servers stop at once.
    if std::io::stdout().flush().is_ok() {
        let mut rest = [0; 256];
        let mut input = std::io::stdin();
        while matches!(input.read(&mut rest), Ok(count) if count > 0) {}
    }
    drop(stack);
    Ok(())
}

/// Starts the servers on free ports. Another program can take a port before the server does: then other ports are
/// tried.
pub(crate) fn start_on_free_ports(topology: Topology, dialect: Dialect, servers: &ServerOptions) -> Result<Stack> {
    let mut tries = 0;
    loop {
        let ports = Ports::free()?;
        match Stack::start(topology, dialect, ports, servers) {
            Err(failure) if tries < 2 && format!("{failure:#}").contains("in use") => {
                eprintln!("xtask: {failure:#}; trying other ports");
                tries += 1;
            }
            result => return result,
        }
    }
}

fn config_argument(file: &Path) -> Vec<String> {
    vec!["--config".to_owned(), file.to_string_lossy().into_owned()]
}
