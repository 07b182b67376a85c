//! `contract.toml`: which account is compared, and what the run may use.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use authress_secret::Secret;
use authress_verifier::AccessKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

/// The file's content. Unknown settings are errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The custom domain: the very host that the storefront's page uses.
    authress_api_url: Address,
    /// Begins with `app_`.
    pub(crate) application_id: String,
    /// A redirect URL of the application. Nothing has to run there: the browser of this run shows a page of its own.
    page_url: Address,
    /// A second redirect URL of the application, on localhost.
    #[serde(default)]
    localhost_url: Option<Address>,
    /// The account's host without the custom domain, `https://{account}.login.authress.io`.
    #[serde(default)]
    default_host: Option<Address>,
    service_client: ServiceClient,
    #[serde(default)]
    connection: Option<Connection>,
    #[serde(default)]
    person: Person,
    #[serde(default)]
    browser: Browser,
}

/// An http(s) URL.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Address(Url);

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let url = Url::parse(&text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
        url.map(Self).ok_or_else(|| format!("{text} is not an http(s) URL"))
    }
}

/// The service client whose connection signs anonymous shoppers in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceClient {
    /// Its Authorization Url.
    authorization_url: Address,
    /// Who responds at the Authorization Url.
    #[serde(default)]
    verifier: VerifierMode,
    /// The loopback address to which the public address forwards, for `verifier = "listen"`.
    #[serde(default)]
    listen: Option<String>,
    /// A file with one recorded query of a request to the verifier, for `verifier = "deployed"`.
    #[serde(default)]
    recorded: Option<PathBuf>,
    /// The name of the environment variable that has the access key.
    #[serde(default)]
    access_key_env: Option<String>,
    /// The path of a file that has the access key. A relative path is relative to `contract.toml`.
    #[serde(default)]
    access_key_file: Option<PathBuf>,
    /// The access key itself, only together with `access_key_in_clear = true`.
    #[serde(default, deserialize_with = "secret")]
    access_key: Option<Secret>,
    #[serde(default)]
    access_key_in_clear: bool,
}

/// Who responds at the Authorization Url.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum VerifierMode {
    /// This run, inside of its own browser: no request reaches the public address.
    #[default]
    Browser,
    /// This run, on a loopback address to which the public address forwards.
    Listen,
    /// The verifier that is deployed there. It signs as it always does, so ages and user ids cannot be chosen.
    Deployed,
}

/// Connections of identity providers.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Connection {
    /// A connection with linking set to `EXPLICIT`.
    id: String,
    /// A connection whose linking is off.
    #[serde(default)]
    linking_off_id: Option<String>,
}

/// Who acts on the providers' pages without `--headed`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    /// A script that signs in and cancels; docs/contract.md has its form. Relative to `contract.toml`.
    #[serde(default)]
    script: Option<PathBuf>,
}

/// Chromium.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Browser {
    /// More arguments.
    #[serde(default)]
    args: Vec<String>,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(Secret::new))
}

impl Config {
    /// Reads the file and the access key that it names.
    pub(crate) fn read(path: &Path) -> Result<(Self, AccessKey)> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let config = Self::parse(&text, &folder).with_context(|| format!("{} is not valid", path.display()))?;
        let key = config.service_client.access_key()?;
        let access_key =
            key.expose().parse().map_err(|error| anyhow::anyhow!("the access key is not valid: {error}"))?;
        Ok((config, access_key))
    }

    /// Parses the file; relative paths are relative to `folder`.
    pub(crate) fn parse(text: &str, folder: &Path) -> Result<Self> {
        // The error of the TOML reader quotes the line, which may be the access key's.
        let mut config: Self = toml::from_str(text).map_err(|error| anyhow::anyhow!("{}", error.message()))?;
        for path in [&mut config.service_client.access_key_file, &mut config.service_client.recorded] {
            *path = path.take().map(|path| folder.join(path));
        }
        config.person.script = config.person.script.take().map(|path| folder.join(path));
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let is_origin = |Address(url): &Address| format!("{}/", url.origin().ascii_serialization()) == url.as_str();
        if !is_origin(&self.authress_api_url) || !self.default_host.as_ref().is_none_or(is_origin) {
            bail!("authress_api_url and default_host are origins such as https://login.example.com, without a path");
        }
        if !self.application_id.starts_with("app_") {
            bail!("application_id begins with app_");
        }
        if self.localhost_url.as_ref().is_some_and(|Address(url)| url.host_str() != Some("localhost")) {
            bail!("localhost_url is an address of the host localhost");
        }
        let client = &self.service_client;
        if (client.verifier == VerifierMode::Listen) != client.listen.is_some() {
            bail!("service_client.listen goes with service_client.verifier = \"listen\", and only with it");
        }
        if client.recorded.is_some() && client.verifier != VerifierMode::Deployed {
            bail!("service_client.recorded goes with service_client.verifier = \"deployed\"");
        }
        let sources = [client.access_key_env.is_some(), client.access_key_file.is_some(), client.access_key.is_some()];
        if sources.iter().filter(|given| **given).count() != 1 {
            bail!("service_client has exactly one of access_key_env, access_key_file and access_key");
        }
        if client.access_key.is_some() != client.access_key_in_clear {
            bail!(
                "service_client.access_key stands in this file in clear: put it into an environment variable \
                 (access_key_env) or a file (access_key_file), or confirm it with access_key_in_clear = true"
            );
        }
        Ok(())
    }

    /// Origin of the Authress host, without a slash at its end.
    pub(crate) fn authress_origin(&self) -> String {
        self.authress_api_url.0.origin().ascii_serialization()
    }

    /// What the browser's script gets: everything but the access key.
    pub(crate) fn for_driver(&self, service_client_id: &str, is_headed: bool, is_slow: bool) -> Result<Value> {
        let recorded = match &self.service_client.recorded {
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read {}", path.display()))?
                    .trim()
                    .to_owned(),
            ),
            None => None,
        };
        Ok(json!({
            "authressApiUrl": self.authress_origin(),
            "applicationId": self.application_id,
            "serviceClientId": service_client_id,
            "pageUrl": self.page_url.0.as_str(),
            "localhostUrl": self.localhost_url.as_ref().map(|Address(url)| url.as_str()),
            "defaultHost": self.default_host.as_ref().map(|Address(url)| url.origin().ascii_serialization()),
            "authorizationUrl": self.service_client.authorization_url.0.as_str(),
            "verifier": self.service_client.verifier,
            "listen": self.service_client.listen,
            "recorded": recorded,
            "connectionId": self.connection.as_ref().map(|connection| &connection.id),
            "linkingOffId": self.connection.as_ref().and_then(|connection| connection.linking_off_id.as_ref()),
            "personScript": self.person.script,
            "browserArgs": self.browser.args,
            "headed": is_headed,
            "slow": is_slow,
        }))
    }
}

impl ServiceClient {
    fn access_key(&self) -> Result<Secret> {
        if let Some(name) = &self.access_key_env {
            return std::env::var(name).map(Secret::new).with_context(|| format!("the environment variable {name}"));
        }
        if let Some(path) = &self.access_key_file {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            return Ok(Secret::new(text));
        }
        self.access_key.clone().context("the access key is missing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = r#"
        authress_api_url = "https://login.example.com"
        application_id = "app_shop"
        page_url = "https://www.example.com/contract-test"
        [service_client]
        authorization_url = "https://shop.example.com/v1/login"
    "#;

    fn parse(rest: &str) -> Result<Config> {
        Config::parse(&format!("{START}\n{rest}"), Path::new("/folder"))
    }

    #[test]
    fn the_example_of_the_documentation_is_valid() {
        let blocks = authress_documentation::code_blocks().unwrap();
        let examples: Vec<_> = blocks.iter().filter(|block| block.shows("toml", "contract.toml")).collect();
        for example in &examples {
            let config = Config::parse(&example.code, Path::new(""));
            assert!(config.is_ok(), "{}: {config:?}", example.place());
        }
        let first = examples.iter().find(|block| block.page == "docs/contract.md").unwrap();
        let config = Config::parse(&first.code, Path::new("")).unwrap();
        assert_eq!(config.service_client.verifier, VerifierMode::Browser);
        assert!(config.connection.is_some());
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = parse("access_key_file = \"key\"").unwrap();
        assert_eq!(config.service_client.access_key_file, Some(PathBuf::from("/folder/key")));
    }

    #[test]
    fn the_access_key_is_in_clear_only_where_the_file_says_so() {
        let key = "access_key = \"sc_a.kid.acc-1.c2VjcmV0\"";
        let refused = parse(key).unwrap_err().to_string();
        assert!(refused.contains("access_key_in_clear"), "{refused}");
        assert!(!refused.contains("c2VjcmV0"), "{refused}");
        let config = parse(&format!("{key}\naccess_key_in_clear = true")).unwrap();
        assert_eq!(config.service_client.access_key().unwrap().expose(), "sc_a.kid.acc-1.c2VjcmV0");
        assert!(!format!("{config:?}").contains("c2VjcmV0"));
    }

    #[test]
    fn the_error_of_the_reader_does_not_quote_the_access_key() {
        let error = format!("{:#}", parse("access_key = \"sc_a.kid.acc-1.c2VjcmV0\" x").unwrap_err());
        assert!(!error.contains("c2VjcmV0"), "{error}");
    }

    #[test]
    fn mistakes_are_named() {
        for (rest, named) in [
            ("", "access_key_env"),
            ("access_key_env = \"A\"\naccess_key_file = \"b\"", "exactly one"),
            ("access_key_env = \"A\"\nverifier = \"listen\"", "listen"),
            ("access_key_env = \"A\"\nlisten = \"127.0.0.1:9000\"", "listen"),
            ("access_key_env = \"A\"\nrecorded = \"query.txt\"", "deployed"),
            ("access_key_env = \"A\"\nverifer = \"listen\"", "verifer"),
        ] {
            let error = format!("{:#}", parse(rest).unwrap_err());
            assert!(error.contains(named), "{rest}: {error}");
        }
    }

    #[test]
    fn the_driver_never_gets_the_access_key() {
        let key = "access_key = \"sc_a.kid.acc-1.c2VjcmV0\"\naccess_key_in_clear = true";
        let driver = parse(key).unwrap().for_driver("sc_a", false, false).unwrap().to_string();
        assert!(driver.contains("sc_a") && !driver.contains("c2VjcmV0"), "{driver}");
    }
}
