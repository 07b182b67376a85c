//! `cargo xtask bench client` and `bench sizes`: this package beside the published client, and beside its peers.

use std::path::Path;

use anyhow::{Context, Result};

use crate::engines::Engine;
use crate::{build, programs, setup};

/// What a shopper waits for; see `tests/bench/client.mjs`. The sizes come along, unless it is only a try.
pub(crate) fn speed(samples: Option<u32>, is_quick: bool, baseline: Option<&Path>) -> Result<()> {
    let tools = setup::everything(&[Engine::Chromium])?;
    build::everything(&tools.build)?;
    let mut command = tools.node_script();
    command.arg("tests/bench/client.mjs");
    if let Some(folder) = baseline {
        // The script runs at the root of the workspace, wherever this command was given.
        let folder = folder.canonicalize().with_context(|| format!("find the baseline {}", folder.display()))?;
        command.arg("--baseline").arg(folder);
    }
    if let Some(samples) = samples {
        command.args(["--samples", &samples.to_string()]);
    }
    if is_quick {
        command.arg("--quick");
    }
    programs::run(&mut command)?;
    if is_quick { Ok(()) } else { peers(&tools.build) }
}

/// Many tabs, leftover logins, long tokens; see `tests/bench/growth.mjs`.
pub(crate) fn growth() -> Result<()> {
    let tools = setup::everything(&[Engine::Chromium])?;
    build::everything(&tools.build)?;
    let mut command = tools.node_script();
    command.arg("tests/bench/growth.mjs");
    programs::run(&mut command)
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
