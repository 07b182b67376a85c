//! Which version of a crate Cargo.lock has chosen.

use crate::failure::{Attempt, Result};
use crate::workspace;

/// The locked version of the crate `name`.
pub(crate) fn version_of(name: &str) -> Result<String> {
    let path = workspace::root().join("Cargo.lock");
    let text = std::fs::read_to_string(&path).attempt(|| format!("read {}", path.display()))?;
    find(&text, name).ok_or_else(|| {
        format!("Cargo.lock has no crate {name}: run `cargo update --workspace` so that it knows the dependencies")
            .into()
    })
}

/// Cargo writes each package as `name = "…"` followed by `version = "…"`.
fn find(lock: &str, name: &str) -> Option<String> {
    let wanted = format!("name = \"{name}\"");
    let mut lines = lock.lines().skip_while(|line| *line != wanted).skip(1);
    let version = lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::find;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                        [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"registry\"\n";

    #[test]
    fn the_whole_name_counts() {
        assert_eq!(find(LOCK, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(find(LOCK, "wasm").as_deref(), None);
    }
}
