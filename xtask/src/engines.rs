//! The browser engines that tests run in.

use crate::failure::Result;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Chromium's, in which everything runs.
    Chromium,
    /// Firefox's.
    Firefox,
    /// WebKitGTK's, the nearest to Safari's that Debian has.
    Webkit,
}

impl Engine {
    /// All of them, in the order in which they run.
    pub(crate) const ALL: [Engine; 3] = [Engine::Chromium, Engine::Firefox, Engine::Webkit];

    /// The name on the command line, and in `ENGINE` for the scripts of `tests/e2e`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Engine::Chromium => "chromium",
            Engine::Firefox => "firefox",
            Engine::Webkit => "webkit",
        }
    }

    /// Reads what stands behind `--engines`: `all`, or names with commas between them.
    pub(crate) fn parse_list(text: &str) -> Result<Vec<Engine>> {
        if text == "all" {
            return Ok(Engine::ALL.to_vec());
        }
        let named: Vec<&str> = text.split(',').map(str::trim).collect();
        let is_known = |name: &&str| Engine::ALL.iter().any(|engine| engine.name() == *name);
        if let Some(unknown) = named.iter().find(|name| !is_known(name)) {
            return Err(format!("there is no engine {unknown:?}: use all, or some of chromium,firefox,webkit").into());
        }
        Ok(Engine::ALL.into_iter().filter(|engine| named.contains(&engine.name())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_read_from_the_command_line() {
        assert_eq!(Engine::parse_list("all").unwrap(), Engine::ALL);
        assert_eq!(Engine::parse_list("webkit, chromium").unwrap(), [Engine::Chromium, Engine::Webkit]);
        for wrong in ["", "chrome", "firefox,", "all,firefox"] {
            assert!(Engine::parse_list(wrong).is_err(), "{wrong}");
        }
    }
}
