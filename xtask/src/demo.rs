//! `cargo xtask demo`: the whole thing for a person to try, or with `--check` for a script.

use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::engines::Engine;
use crate::progress::seconds;
use crate::stack::{self, Dialect, Ports, ServerOptions, Stack, Topology};
use crate::{build, ports, programs, setup, workspace};

/// Options of `cargo xtask demo`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Walk through the login once in headless Chromium, then exit
    #[arg(long)]
    check: bool,
    /// The storefront's port [default: 5173, or a free one if it is in use]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

/// The usual ports of the storefront, the sandbox and the verifier.
const USUAL: [u16; 3] = [5173, 8888, 9000];

/// Sets up, builds and starts everything; then waits for Ctrl-C, or walks the login once.
pub(crate) fn run(options: &Options) -> Result<()> {
    let &Options { check, port } = options;
    // Now, not after minutes of building.
    if let Some(port) = port.filter(|port| !ports::is_free(*port)) {
        bail!(
            "port {port} is in use by another program: stop it, name another one with --port, or leave --port out and \
             a free one is chosen"
        );
    }
    if check { walk(port) } else { show(port) }
}

fn show(port: Option<u16>) -> Result<()> {
    let start = Instant::now();
    build::everything(&setup::for_build()?)?;
    let stack = Stack::start(Topology::Localhost, Dialect::Default, chosen_ports(port)?, &ServerOptions::of_demo())?;
    println!("\nThe storefront is ready after {}: open", seconds(start.elapsed()));
    println!("\n    {}\n", stack.shop_url());
    println!("Everything runs on this machine only; shoppers and carts are forgotten when it stops.");
    println!("The servers' logs are in {}. Ctrl-C stops.", stack.logs().display());
    loop {
        // Ctrl-C ends this process, and the servers go with it.
        std::thread::park();
    }
}

fn walk(port: Option<u16>) -> Result<()> {
    let start = Instant::now();
    let tools = setup::everything(&[Engine::Chromium])?;
    build::everything(&tools.build)?;
    let stack = match port {
        Some(_) => Stack::start(Topology::Localhost, Dialect::Default, chosen_ports(port)?, &ServerOptions::of_demo())?,
        None => stack::start_on_free_ports(Topology::Localhost, Dialect::Default, &ServerOptions::of_demo())?,
    };
    println!("\ndemo: everything is up after {}; walking the login in headless Chromium", seconds(start.elapsed()));
    let script = workspace::root().join("tests/e2e/walk.mjs");
    programs::run(tools.node_script().arg(script).arg(stack.description().to_string()))?;
    println!("demo: the login works; {} in all", seconds(start.elapsed()));
    Ok(())
}

/// The usual ports, and a free one in place of each that is in use.
fn chosen_ports(shop: Option<u16>) -> Result<Ports> {
    let free = Ports::free()?;
    let [usual_shop, usual_sandbox, usual_verifier] = USUAL;
    let choose = |usual: u16, free: u16| {
        // A port asked for by --port may be one of the others' usual ones.
        if Some(usual) != shop && ports::is_free(usual) { usual } else { free }
    };
    Ok(Ports {
        shop: shop.unwrap_or_else(|| choose(usual_shop, free.shop)),
        sandbox: choose(usual_sandbox, free.sandbox),
        verifier: choose(usual_verifier, free.verifier),
        internal: free.internal,
        verifier_tls: free.verifier_tls,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_asked_for_is_the_shops() {
        let ports = chosen_ports(Some(9000)).unwrap();
        assert_eq!(ports.shop, 9000);
        assert_ne!(ports.verifier, 9000);
    }
}
