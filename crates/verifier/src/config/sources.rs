//! The sources of settings: the environment first, then a TOML file, then the default.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use authress_secret::Secret;

use super::error::{ConfigError, InvalidToml};
use super::secret_file;
use super::settings::{SETTINGS, variable};
use super::unknown_variable::{self, Unknown};
use super::warning::ConfigWarning;
use crate::rate_limit::Rate;

/// The values of all settings as text.
pub(crate) struct Sources {
    variables: BTreeMap<&'static str, String>,
    file: BTreeMap<&'static str, String>,
    pub(crate) warnings: Vec<ConfigWarning>,
}

impl Sources {
    /// Reads the environment of the process and the TOML file.
    pub(crate) fn of_process(file: Option<&Path>) -> Result<Self, ConfigError> {
        let file = file.map(std::fs::read_to_string).transpose();
        let file = file.map_err(|error| ConfigError::UnreadableFile(error.kind()))?;
        Self::read(std::env::vars_os(), file.as_deref())
    }

    /// Reads environment variables and the text of a TOML file. In both, an empty value counts as not set.
    pub(crate) fn read(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        file: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let (mut variables, mut warnings) = (BTreeMap::new(), Vec::new());
        let mut named: Vec<_> = environment.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        // Sorted, so that the first of several errors is always the same.
        named.sort();
        for (name, value) in named {
            let Some(name) = name.to_str() else { continue };
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == name) {
                let value = value.into_string().map_err(|_| ConfigError::NotUnicode { key: setting.key })?;
                variables.insert(setting.key, value);
                continue;
            }
            match unknown_variable::classify(name) {
                Unknown::Foreign => {}
                Unknown::Suspicious => warnings.push(ConfigWarning::UnknownVariable { name: name.to_owned() }),
                Unknown::Misspelt(meant) => {
                    return Err(ConfigError::UnknownVariable {
                        name: name.to_owned(),
                        meant: meant.map(|setting| setting.key),
                    });
                }
            }
        }
        Ok(Self { variables, file: file.map(read_file).transpose()?.unwrap_or_default(), warnings })
    }

    /// Returns the value and the name under which it was set.
    pub(crate) fn get(&self, key: &'static str) -> Option<(&str, String)> {
        let from_variable = self.variables.get(key).map(|value| (value.as_str(), variable(key)));
        let from_file = || self.file.get(key).map(|value| (value.as_str(), key.to_owned()));
        let default = || SETTINGS.iter().find(|setting| setting.key == key && !setting.default.is_empty());
        from_variable.or_else(from_file).or_else(|| default().map(|setting| (setting.default, variable(key))))
    }

    /// Returns one line for each setting with its value and its source; the values of secrets are not shown.
    pub(crate) fn effective(&self) -> String {
        let mut text = String::new();
        for setting in SETTINGS {
            let (value, source) = match (self.variables.get(setting.key), self.file.get(setting.key)) {
                (Some(value), _) => (value.as_str(), "environment"),
                (None, Some(value)) => (value.as_str(), "file"),
                (None, None) => (setting.default, "default"),
            };
            let shown = match (setting.is_secret, source) {
                (_, "default") if value.is_empty() => "(not set)".to_owned(),
                (true, _) => "(set, not shown)".to_owned(),
                (false, _) => format!("{value:?}"),
            };
            text.push_str(&format!("{} = {shown}  # {source}\n", setting.key));
        }
        text
    }
}

/// Flattens the file. Every leaf must be a known setting that is not secret.
fn read_file(text: &str) -> Result<BTreeMap<&'static str, String>, ConfigError> {
    // The message of the parser is not used: it quotes the invalid line, which may contain a secret.
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = |span: std::ops::Range<usize>| text.get(..span.start).unwrap_or_default();
        let is_duplicate = error.message().starts_with("duplicate key");
        ConfigError::InvalidFile {
            line: error.span().map(|span| before(span).matches('\n').count() + 1),
            reason: if is_duplicate { InvalidToml::Duplicate } else { InvalidToml::Other },
        }
    })?;
    let mut leaves = BTreeMap::new();
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => {
                for (inner_name, value) in inner {
                    add_leaf(&mut leaves, &format!("{name}.{inner_name}"), value)?;
                }
            }
            value => add_leaf(&mut leaves, &name, value)?,
        }
    }
    Ok(leaves)
}

fn add_leaf(leaves: &mut BTreeMap<&'static str, String>, key: &str, value: toml::Value) -> Result<(), ConfigError> {
    let setting = SETTINGS.iter().find(|setting| setting.key == key);
    let setting = setting.ok_or_else(|| {
        let in_lower_case = SETTINGS.iter().find(|setting| setting.key == key.to_ascii_lowercase());
        match in_lower_case {
            Some(setting) => ConfigError::UpperCaseSetting { key: setting.key },
            None => ConfigError::UnknownSetting { key: key.to_owned() },
        }
    })?;
    if setting.is_secret {
        return Err(ConfigError::SecretInFile { key: setting.key });
    }
    let text = match value {
        toml::Value::String(text) => text,
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
            return Err(ConfigError::Invalid { name: key.to_owned(), expected: "a string, an integer or a boolean" });
        }
    };
    // An empty value counts as not set, as in the environment.
    if !text.is_empty() {
        leaves.insert(setting.key, text);
    }
    Ok(())
}

impl Sources {
    pub(crate) fn parsed<T: FromStr>(&self, key: &'static str, expected: &'static str) -> Result<T, ConfigError> {
        let (value, name) = self.get(key).unwrap_or_default();
        value.parse().map_err(|_| ConfigError::Invalid { name, expected })
    }

    pub(crate) fn one_of<T: Copy>(
        &self,
        key: &'static str,
        expected: &'static str,
        choices: &[(&str, T)],
    ) -> Result<T, ConfigError> {
        let (value, name) = self.get(key).unwrap_or_default();
        let chosen = choices.iter().find(|(word, _)| value.eq_ignore_ascii_case(word)).map(|(_, choice)| *choice);
        chosen.ok_or(ConfigError::Invalid { name, expected })
    }

    pub(crate) fn number(&self, key: &'static str, range: std::ops::RangeInclusive<u32>) -> Result<u32, ConfigError> {
        let (value, name) = self.get(key).unwrap_or_default();
        let number = value.parse().ok().filter(|number| range.contains(number));
        number.ok_or(ConfigError::InvalidNumber { name, range })
    }

    pub(crate) fn seconds(&self, key: &'static str, least: u32) -> Result<Duration, ConfigError> {
        Ok(Duration::from_secs(self.number(key, least..=3600)?.into()))
    }

    /// Returns the secret in a variable or in the file that another setting names, without white space around it;
    /// `not_both` is the message of the error when both are set.
    pub(crate) fn secret(
        &self,
        key: &'static str,
        file: &'static str,
        not_both: &'static str,
    ) -> Result<Option<Secret>, ConfigError> {
        match (self.get(key), self.get(file)) {
            (None, None) => Ok(None),
            (Some((text, _)), None) => Ok(Some(Secret::new(text.trim()))),
            (None, Some((path, _))) => secret_file::read(file, path).map(Some),
            (Some((_, name)), Some(_)) => Err(ConfigError::Invalid { name, expected: not_both }),
        }
    }

    pub(crate) fn rate(&self, per_minute: &'static str, burst: &'static str) -> Result<Rate, ConfigError> {
        const EXPECTED: &str = "a whole number of at least 1";
        let positive = |key| self.parsed::<NonZeroU32>(key, EXPECTED);
        let rate = Rate { per_minute: positive(per_minute)?, burst: positive(burst)? };
        if rate.time_to_fill() > Rate::LONGEST_TO_FILL {
            let (_, name) = self.get(burst).unwrap_or_default();
            return Err(ConfigError::Invalid {
                name,
                expected: "at most what is refilled within 100 years: 52560000 times the number per minute",
            });
        }
        Ok(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(variables: &[(&str, &str)], file: &str) -> Result<Sources, ConfigError> {
        Sources::read(variables.iter().map(|(name, value)| (name.into(), value.into())), Some(file))
    }

    #[test]
    fn the_environment_comes_before_the_file_and_the_file_before_the_default() {
        let file = "listen = \"127.0.0.1:1\"\n[rate_limit]\nclient_burst = 7\nglobal_burst = 8\n[navigation]\nrequired = false";
        let sources = sources(&[("RATE_LIMIT_CLIENT_BURST", "9"), ("LISTEN", "")], file).unwrap();
        let value = |key| sources.get(key).map(|(value, _)| value.to_owned());
        assert_eq!(value("rate_limit.client_burst").as_deref(), Some("9"));
        assert_eq!(value("rate_limit.global_burst").as_deref(), Some("8"));
        assert_eq!(value("rate_limit.client_per_minute").as_deref(), Some("10"));
        assert_eq!(value("listen").as_deref(), Some("127.0.0.1:1"));
        assert_eq!(value("navigation.required").as_deref(), Some("false"));
        assert_eq!(value("metrics.listen"), None);
    }

    #[test]
    fn errors_in_the_file_name_the_setting_and_do_not_show_its_value() {
        for (file, code) in [
            ("lisen = \"hunter2\"", "UnknownSetting"),
            ("[rate_limit]\nburst = 1", "UnknownSetting"),
            ("[authress]\naccess_key = \"hunter2\"", "SecretInConfigFile"),
            ("[redis]\nurl = \"hunter2\"", "SecretInConfigFile"),
            ("listen = [\"hunter2\"]", "InvalidSetting"),
            ("ok = 1\nlisten = hunter2", "InvalidConfigFile"),
            ("listen = \"hunter2\"\nlisten = \"hunter2\"", "InvalidConfigFile"),
            ("[Redis]\nprefix = \"hunter2\"", "UnknownSetting"),
        ] {
            let error = sources(&[], file).err().unwrap();
            assert_eq!(error.code(), code, "{file}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_error_in_the_file_has_the_line_and_what_to_do() {
        for (file, words) in [
            ("listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"", &["line 2", "twice", "Remove"][..]),
            ("[log]\nlevel = \"info\"\n\n[log]\nformat = \"json\"", &["line 4", "twice"]),
            ("[log]\nlevel = info\n", &["line 2", "quotation marks"]),
            ("listen = \n", &["line 1"]),
            ("[RATE_LIMIT]\nclient_burst = 7", &["rate_limit.client_burst", "lower case"]),
            ("[rate_limit]\nCLIENT_BURST = 7", &["rate_limit.client_burst", "lower case"]),
            ("LISTEN = \"127.0.0.1:1\"", &["listen", "lower case"]),
        ] {
            let error = sources(&[], file).err().unwrap().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{file:?}: {error}");
        }
    }

    #[test]
    fn an_empty_value_in_the_file_counts_as_not_set() {
        let file = "[authress]\nclient_id = \"\"\n[metrics]\nlisten = \"\"\n[log]\nformat = \"\"";
        let sources = sources(&[("METRICS_LISTEN", "")], file).unwrap();
        assert_eq!(sources.get("authress.client_id"), None);
        assert_eq!(sources.get("metrics.listen"), None);
        assert_eq!(sources.get("log.format").map(|(value, _)| value), Some("text"));
    }

    #[test]
    fn a_misspelt_variable_is_an_error_and_a_suspicious_one_a_warning() {
        for (name, words) in [
            ("RATE_LIMIT_CLIENT_BURTS", &["RATE_LIMIT_CLIENT_BURTS", "Did you mean RATE_LIMIT_CLIENT_BURST?"][..]),
            ("TRUSTED_HOPS", &["Did you mean CLIENT_ADDRESS_TRUSTED_HOPS?"]),
            ("AUTHRESS_ACCESS_KEY_FIEL", &["Did you mean AUTHRESS_ACCESS_KEY_FILE?"]),
            ("AUTHRESS_FOO", &["AUTHRESS_FOO", "--help"]),
        ] {
            let error = sources(&[(name, "hunter2")], "").err().unwrap();
            assert_eq!(error.code(), "UnknownVariable", "{name}");
            let text = format!("{error} {error:?}");
            assert!(words.iter().all(|word| text.contains(word)) && !text.contains("hunter2"), "{text}");
            assert!(sources(&[(name, "")], "").is_ok(), "empty counts as not set");
        }
        let warnings = sources(&[("REDIS_PASSWORD", "hunter2"), ("PATH", "/bin")], "").unwrap().warnings;
        let text = warnings.iter().map(|warning| format!("{warning} {warning:?}")).collect::<String>();
        assert!(warnings.len() == 1 && text.contains("REDIS_PASSWORD") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn the_effective_settings_do_not_show_secrets() {
        let sources = sources(&[("AUTHRESS_ACCESS_KEY", "hunter2"), ("REDIS_URL", "redis://:hunter2@x")], "").unwrap();
        let text = sources.effective();
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("authress.access_key = (set, not shown)  # environment"), "{text}");
        assert!(text.contains("listen = \"127.0.0.1:9000\"  # default"), "{text}");
        assert!(text.contains("metrics.listen = (not set)  # default"), "{text}");
    }
}
