//! `cargo xtask demo`: the whole thing for a person to try, or with `--check` for a script.

use std::time::Instant;

use crate::command_line::CommandLine;
use crate::engines::Engine;
use crate::failure::Result;
use crate::progress::seconds;
use crate::stack::{self, Ports, Stack, Topology};
use crate::{build, ports, setup, workspace};

/// Where the storefront, the sandbox and the verifier are when nobody else is.
const USUAL: [u16; 3] = [5173, 8888, 9000];

/// Sets up, builds and starts everything; then waits for Ctrl-C, or walks the login once.
pub(crate) fn run(mut line: CommandLine) -> Result<()> {
    let check = line.flag("--check");
    let port = line.value("--port")?.map(|text| parse_port(&text)).transpose()?;
    line.finish()?;
    // Now, not after minutes of building.
    if let Some(port) = port.filter(|port| !ports::is_free(*port)) {
        return Err(format!(
            "port {port} is in use by another program: stop it, name another one with --port, or leave --port out and \
             a free one is chosen"
        )
        .into());
    }
    if check { walk(port) } else { show(port) }
}

fn show(port: Option<u16>) -> Result<()> {
    let start = Instant::now();
    build::everything(&setup::for_build()?)?;
    let stack = Stack::start(Topology::Localhost, chosen_ports(port)?, None)?;
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
        Some(_) => Stack::start(Topology::Localhost, chosen_ports(port)?, None)?,
        None => stack::start_on_free_ports(Topology::Localhost, None)?,
    };
    println!("\ndemo: everything is up after {}; walking the login in headless Chromium", seconds(start.elapsed()));
    let script = workspace::root().join("tests/e2e/walk.mjs");
    build::run(tools.node_script().arg(script).arg(stack.description().to_string()))?;
    println!("demo: the login works; {} in all", seconds(start.elapsed()));
    Ok(())
}

/// The usual ports, and a free one wherever somebody else is.
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
    })
}

fn parse_port(text: &str) -> Result<u16> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("--port {text}: a port is a number from 1 to 65535").into()),
        Ok(port) => Ok(port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers() {
        assert_eq!(parse_port("5173").unwrap(), 5173);
        for wrong in ["0", "65536", "http", "-1", ""] {
            assert!(parse_port(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_port_asked_for_is_the_shops() {
        let ports = chosen_ports(Some(9000)).unwrap();
        assert_eq!(ports.shop, 9000);
        assert_ne!(ports.verifier, 9000);
    }
}
