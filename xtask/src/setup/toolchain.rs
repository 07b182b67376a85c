//! The pinned compiler. rust-toolchain.toml names it for rustup. This checks the one in use, because RUSTUP_TOOLCHAIN
//! or an installation without rustup can replace it.

use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::{programs, workspace};

const FILE: &str = "rust-toolchain.toml";

/// Fails if the compiler in use is not the pinned one.
pub(crate) fn check() -> Result<()> {
    let pinned = pinned()?;
    let used = used().context("rustc does not say its version")?;
    if used == pinned {
        return Ok(());
    }
    Err(anyhow!("the compiler is Rust {used}, and {FILE} pins {pinned}: run `rustup toolchain install {pinned}`"))
}

/// The version that rust-toolchain.toml names.
pub(super) fn pinned() -> Result<String> {
    let path = workspace::root().join(FILE);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    channel(&text).map(str::to_owned).with_context(|| format!("{FILE} has no line `channel = \"…\"`"))
}

/// The version of the compiler in use.
pub(super) fn used() -> Option<String> {
    let mut rustc = Command::new("rustc");
    let used = programs::output(rustc.current_dir(workspace::root()).arg("--version"))?;
    used.split(' ').nth(1).map(str::to_owned)
}

fn channel(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("channel = \"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channel_is_an_exact_version() {
        let text = std::fs::read_to_string(workspace::root().join(FILE)).unwrap();
        let parts: Vec<&str> = channel(&text).unwrap().split('.').collect();
        assert_eq!(parts.len(), 3);
        assert!(parts.iter().all(|part| part.parse::<u32>().is_ok()), "{parts:?}");
    }

    #[test]
    fn containers_have_the_pinned_compiler() {
        let root = workspace::root();
        let text = std::fs::read_to_string(root.join(FILE)).unwrap();
        let container = std::fs::read_to_string(root.join("deploy/Containerfile")).unwrap();
        assert!(container.contains(&format!("/rust:{}-slim", channel(&text).unwrap())));
        let development = std::fs::read_to_string(root.join(".devcontainer/devcontainer.json")).unwrap();
        let development: serde_json::Value = serde_json::from_str(&development).unwrap();
        assert!(development["image"].as_str().unwrap().ends_with(&format!("/rust:{}-trixie", channel(&text).unwrap())));
    }
}
