//! The browser engines that tests run in.

use std::str::FromStr;

/// A browser engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Chromium, in which every test runs.
    Chromium,
    /// Firefox.
    Firefox,
    /// WebKitGTK, the nearest to Safari that Debian has.
    Webkit,
}

impl Engine {
    /// All engines, in the order in which tests run in them.
    pub(crate) const ALL: [Engine; 3] = [Engine::Chromium, Engine::Firefox, Engine::Webkit];

    /// The name on the command line, and in `ENGINE` for the scripts of `tests/e2e`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Engine::Chromium => "chromium",
            Engine::Firefox => "firefox",
            Engine::Webkit => "webkit",
        }
    }
}

/// The value of `--engines`: `all`, or names separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Engines(pub(crate) Vec<Engine>);

impl FromStr for Engines {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Engines(Engine::ALL.to_vec()));
        }
        let named: Vec<&str> = text.split(',').map(str::trim).collect();
        let is_known = |name: &&str| Engine::ALL.iter().any(|engine| engine.name() == *name);
        if let Some(unknown) = named.iter().find(|name| !is_known(name)) {
            return Err(format!("there is no engine {unknown:?}: use all, or some of chromium,firefox,webkit"));
        }
        Ok(Engines(Engine::ALL.into_iter().filter(|engine| named.contains(&engine.name())).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_read_from_the_command_line() {
        assert_eq!("all".parse(), Ok(Engines(Engine::ALL.to_vec())));
        assert_eq!("webkit, chromium".parse(), Ok(Engines(vec![Engine::Chromium, Engine::Webkit])));
        for wrong in ["", "chrome", "firefox,", "all,firefox"] {
            assert!(wrong.parse::<Engines>().is_err(), "{wrong}");
        }
    }
}
