//! What a shopper downloads, in bytes.

use crate::build;
use crate::failure::Result;
use crate::setup::BuildTools;
use crate::workspace;

/// Builds the package and prints the sizes of its files: as they are, gzip level 9, brotli quality 11.
pub(crate) fn print(tools: &BuildTools) -> Result<()> {
    build::package(tools)?;
    let mut command = tools.node.command();
    command.current_dir(workspace::root()).args([
        "xtask/size.mjs",
        "pkg/index.js",
        "pkg/client.js",
        "pkg/load.js",
        "pkg/errors.js",
    ]);
    for name in ["authress_login_wasm.js", "authress_login_wasm_bg.wasm"] {
        command.arg(build::dist().join(name));
    }
    build::run(&mut command)
}
