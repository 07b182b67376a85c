//! The pinned compiler. rust-toolchain.toml names it, and rustup obeys; this checks that it was obeyed, because
//! RUSTUP_TOOLCHAIN or a compiler without rustup can stand in its place.

use std::process::Command;

use crate::failure::{Attempt, Result};
use crate::{programs, workspace};

const FILE: &str = "rust-toolchain.toml";

/// Fails if the compiler in use is not the pinned one.
pub(crate) fn check() -> Result<()> {
    let path = workspace::root().join(FILE);
    let text = std::fs::read_to_string(&path).attempt(|| format!("read {}", path.display()))?;
    let pinned = channel(&text).ok_or_else(|| format!("{FILE} has no line `channel = \"…\"`"))?;
    let mut rustc = Command::new("rustc");
    let used = programs::output(rustc.current_dir(workspace::root()).arg("--version"));
    let used = used.as_deref().and_then(|text| text.split(' ').nth(1)).ok_or("rustc does not say its version")?;
    if used == pinned {
        return Ok(());
    }
    Err(format!("the compiler is Rust {used}, and {FILE} pins {pinned}: run `rustup toolchain install {pinned}`")
        .into())
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
    fn the_container_is_built_by_the_pinned_compiler() {
        let root = workspace::root();
        let text = std::fs::read_to_string(root.join(FILE)).unwrap();
        let container = std::fs::read_to_string(root.join("deploy/Containerfile")).unwrap();
        assert!(container.contains(&format!("/rust:{}-slim", channel(&text).unwrap())));
    }
}
