//! `cargo xtask bench client` and `bench sizes`: this package beside the published client, and beside its peers.

use anyhow::Result;

use crate::engines::Engine;
use crate::{build, programs, setup};

/// What a shopper waits for; see `tests/bench/client.mjs`. The sizes come along, unless it is only a try.
pub(crate) fn speed(samples: Option<u32>, is_quick: bool) -> Result<()> {
    let tools = setup::everything(&[Engine::Chromium])?;
    build::everything(&tools.build)?;
    let mut command = tools.node_script();
    command.arg("tests/bench/client.mjs");
    if let Some(samples) = samples {
        command.args(["--samples", &samples.to_string()]);
    }
    if is_quick {
        command.arg("--quick");
    }
    programs::run(&mut command)?;
    if is_quick { Ok(()) } else { peers(&tools.build) }
}

/// What a page downloads for the same job, with each of the peers.
pub(crate) fn sizes() -> Result<()> {
    let tools = setup::for_build()?;
    build::package(&tools)?;
    peers(&tools)
}

fn peers(tools: &setup::BuildTools) -> Result<()> {
    tools.node.install_peers()?;
    let mut command = tools.node.command();
    command.current_dir(crate::workspace::root()).arg("tests/bench/sizes.mjs");
    programs::run(&mut command)
}
