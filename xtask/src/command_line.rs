//! The words after `cargo xtask`: options may stand anywhere, unknown ones are refused.

use crate::failure::Result;

/// What is left of the command line; each reader takes its words out.
#[derive(Debug)]
pub(crate) struct CommandLine {
    words: Vec<String>,
}

impl CommandLine {
    /// The words this process was started with, without the program's own name.
    pub(crate) fn from_env() -> Self {
        CommandLine { words: std::env::args().skip(1).collect() }
    }

    /// Takes the next word that is not an option.
    pub(crate) fn word(&mut self) -> Option<String> {
        let at = self.words.iter().position(|word| !word.starts_with('-'))?;
        Some(self.words.remove(at))
    }

    /// Takes `--name`, if it is there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let at = self.words.iter().position(|word| word == name);
        at.map(|at| self.words.remove(at)).is_some()
    }

    /// Takes `--name value` or `--name=value`, if it is there.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>> {
        let prefix = format!("{name}=");
        if let Some(at) = self.words.iter().position(|word| word.starts_with(&prefix)) {
            return Ok(self.words.remove(at).strip_prefix(&prefix).map(str::to_owned));
        }
        let Some(at) = self.words.iter().position(|word| word == name) else { return Ok(None) };
        self.words.remove(at);
        if at < self.words.len() {
            Ok(Some(self.words.remove(at)))
        } else {
            Err(format!("{name} needs a value").into())
        }
    }

    /// Refuses whatever nobody took.
    pub(crate) fn finish(self) -> Result<()> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(format!("{word:?} is not understood here; `cargo xtask` lists the commands").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> CommandLine {
        CommandLine { words: words.iter().map(|word| (*word).to_owned()).collect() }
    }

    #[test]
    fn options_are_taken_in_any_order_and_both_spellings() {
        let mut line = line(&["--json", "--topology", "https", "--authorization-url=http://127.0.0.1:1/"]);
        assert_eq!(line.value("--topology").unwrap().as_deref(), Some("https"));
        assert_eq!(line.value("--authorization-url").unwrap().as_deref(), Some("http://127.0.0.1:1/"));
        assert!(line.flag("--json"));
        assert!(line.finish().is_ok());
    }

    #[test]
    fn a_missing_value_and_an_unknown_word_are_refused() {
        assert!(line(&["--port"]).value("--port").is_err());
        assert!(line(&["--prot", "1"]).finish().is_err());
    }
}
