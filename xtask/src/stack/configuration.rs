//! The configuration of each server, and the description of all of them that tests read.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::{Dialect, Ports, ServerOptions, Topology};
use crate::workspace;

const APPLICATION_ID: &str = "app_demo";
/// A third-party application that lives on the shop's own origin.
const EXTENSION_ID: &str = "ext_demo";
const SHOPPER_CONNECTION_ID: &str = "sc_demoShop";
/// A page of a developer, which the contract test uses: nothing has to listen there.
const LOCALHOST_PAGE: &str = "http://localhost:8080";
const ACCESS_KEY_FILE: &str = "access-key";
/// The service client of the shop's server, apart from the verifier's: neither can do what the other may.
const SERVER_CLIENT_ID: &str = "sc_demoServer";
const SERVER_ACCESS_KEY_FILE: &str = "server-access-key";
/// What the shop's server uses of the management API.
const SERVER_RESOURCES: [&str; 4] = ["Authress:Invites", "Authress:AccessRecords", "Authress:Users", "carts"];

/// The addresses of one stack.
#[derive(Debug)]
pub(crate) struct Configuration {
    topology: Topology,
    dialect: Dialect,
    ports: Ports,
    /// The storefront, as the browser sees it.
    pub(crate) shop_url: String,
    sandbox_url: String,
    /// The sandbox in plain HTTP on loopback, for the shop's server and for tests.
    sandbox_control_url: String,
    verifier_url: String,
    /// The verifier in plain HTTP on loopback, for tests.
    verifier_internal_url: String,
    authorization_url: String,
    /// Whether pages may follow logins in the background.
    background: bool,
    /// Whether Authress decides who may open a cart.
    ownership: bool,
}

impl Configuration {
    /// The configuration of servers on these ports.
    pub(crate) fn new(topology: Topology, dialect: Dialect, ports: Ports, servers: &ServerOptions) -> Self {
        let verifier_url = topology.verifier_url(ports.verifier);
        let control_port = if topology.is_https() { ports.internal } else { ports.sandbox };
        Configuration {
            topology,
            dialect,
            ports,
            shop_url: topology.shop_url(ports.shop),
            sandbox_url: topology.sandbox_url(ports.sandbox),
            sandbox_control_url: format!("http://127.0.0.1:{control_port}"),
            authorization_url: servers.authorization_url.clone().unwrap_or(format!("{verifier_url}/v1/login")),
            verifier_internal_url: format!("http://127.0.0.1:{}", ports.verifier),
            background: servers.background,
            ownership: servers.ownership,
            verifier_url,
        }
    }

    /// The arguments of the TLS in front of the verifier.
    pub(crate) fn verifier_tls(&self, folder: &Path) -> Vec<String> {
        let [listen, upstream] = [self.ports.verifier_tls, self.ports.verifier].map(loopback);
        let certificate = folder.to_string_lossy().into_owned();
        ["tls", "--listen", &listen, "--upstream", &upstream, "--certificate", &certificate].map(str::to_owned).into()
    }

    /// The sandbox's configuration file.
    pub(crate) fn sandbox(&self, folder: &Path) -> Value {
        let mut config = json!({
            "listen": loopback(self.ports.sandbox),
            "publicUrl": self.sandbox_url,
            "dialect": self.dialect.name(),
            "applications": [{ "applicationId": APPLICATION_ID, "redirectUrls": [self.shop_url, LOCALHOST_PAGE] }],
            "extensions": [{ "extensionId": EXTENSION_ID, "redirectUrls": [self.shop_url] }],
            "serviceClients": [{
                "clientId": SHOPPER_CONNECTION_ID,
                "authorizationUrl": self.authorization_url,
                "accessKeyFile": folder.join(ACCESS_KEY_FILE),
            }, {
                "clientId": SERVER_CLIENT_ID,
                // No login uses it.
                "authorizationUrl": "http://127.0.0.1:9/no-login",
                "accessKeyFile": folder.join(SERVER_ACCESS_KEY_FILE),
                "options": { "grantTokenGeneration": false, "grantUserPermissionsAccess": true },
                "statements": [{
                    "roles": ["Authress:Owner"],
                    "resources": SERVER_RESOURCES.map(|uri| json!({ "resourceUri": uri })),
                }],
            }],
            "claimableCollections": ["carts"],
            "connections": sandbox_connections(),
            "control": true,
        });
        if let (true, Some(fields)) = (self.topology.is_https(), config.as_object_mut()) {
            fields.insert("tls".to_owned(), tls(folder));
            fields.insert("internalListen".to_owned(), loopback(self.ports.internal).into());
        }
        config
    }

    /// The verifier's environment.
    pub(crate) fn verifier(&self, folder: &Path) -> Vec<(&'static str, String)> {
        vec![
            ("AUTHRESS_API_URL", self.sandbox_url.clone()),
            ("AUTHRESS_CLIENT_ID", SHOPPER_CONNECTION_ID.to_owned()),
            ("AUTHRESS_ACCESS_KEY_FILE", folder.join(ACCESS_KEY_FILE).to_string_lossy().into_owned()),
            ("LISTEN", loopback(self.ports.verifier)),
            // All shoppers of a test have the same IP address.
            ("RATE_LIMIT_CLIENT_BURST", "1000".to_owned()),
            ("NAVIGATION_ALLOW_BACKGROUND", self.background.to_string()),
        ]
    }

    /// The shop's configuration file.
    pub(crate) fn shop(&self, folder: &Path) -> Value {
        json!({
            "listen": loopback(self.ports.shop),
            "publicUrl": self.shop_url,
            "tls": if self.topology.is_https() { tls(folder) } else { Value::Null },
            "issuer": self.sandbox_url,
            "jwksUrl": format!("{}/.well-known/openid-configuration/jwks", self.sandbox_control_url),
            "applicationId": APPLICATION_ID,
            "shopperConnectionId": SHOPPER_CONNECTION_ID,
            "connections": connections(),
            "reminders": true,
            "management": {
                "apiUrl": self.sandbox_control_url,
                "accessKeyFile": folder.join(SERVER_ACCESS_KEY_FILE),
                "ownership": self.ownership,
            },
            "verifierOrigin": self.background.then(|| origin_of(&self.authorization_url)),
            "pages": workspace::root().join("www"),
            "package": workspace::root().join("pkg"),
        })
    }

    /// The servers' addresses and ids for tests; the caller adds process ids and the folder of the logs.
    pub(crate) fn description(&self, folder: &Path) -> Value {
        let public_ports = [self.ports.shop, self.ports.sandbox, self.ports.verifier_tls];
        let addresses = self.topology.addresses(public_ports);
        json!({
            "topology": self.topology.name(),
            "dialect": self.dialect.name(),
            "shopUrl": self.shop_url,
            "sandboxUrl": self.sandbox_url,
            "sandboxControlUrl": self.sandbox_control_url,
            "verifierUrl": self.verifier_url,
            "verifierInternalUrl": self.verifier_internal_url,
            "localhostPage": LOCALHOST_PAGE,
            "applicationId": APPLICATION_ID,
            "extensionId": EXTENSION_ID,
            "shopperConnectionId": SHOPPER_CONNECTION_ID,
            "connections": connections(),
            "browserArgs": self.topology.browser_args(public_ports),
            "addresses": addresses.into_iter().collect::<BTreeMap<_, _>>(),
            "tls": if self.topology.is_https() { tls(folder) } else { Value::Null },
        })
    }
}

fn connections() -> Value {
    json!([
        { "connectionId": "con_acorn", "name": "Acorn ID" },
        { "connectionId": "con_birch", "name": "Birch Accounts" },
    ])
}

/// The shop's providers as an account is set up for it, and one that is not: it does not allow links. Only stories name
/// it.
fn sandbox_connections() -> Value {
    json!([
        { "connectionId": "con_acorn", "name": "Acorn ID", "linking": "EXPLICIT" },
        { "connectionId": "con_birch", "name": "Birch Accounts", "linking": "EXPLICIT", "largeProfiles": true },
        { "connectionId": "con_cedar", "name": "Cedar Mail" },
    ])
}

fn tls(folder: &Path) -> Value {
    json!({ "certificate": folder.join("cert.pem"), "privateKey": folder.join("key.pem") })
}

/// Scheme, host and port of a URL with a path.
fn origin_of(url: &str) -> String {
    url.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn loopback(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: Ports = Ports { shop: 1, sandbox: 2, verifier: 3, internal: 4, verifier_tls: 5 };

    #[test]
    fn plain_http_needs_no_second_listener() {
        let configuration = Configuration::new(Topology::Localhost, Dialect::Default, PORTS, &ServerOptions::default());
        let sandbox = configuration.sandbox(Path::new("/f"));
        assert_eq!(sandbox["publicUrl"], "http://127.0.0.1:2");
        assert_eq!(sandbox["serviceClients"][0]["authorizationUrl"], "http://127.0.0.1:3/v1/login");
        assert!(sandbox.get("internalListen").is_none());
        // The shop offers providers that the sandbox has, by the same names.
        for offered in connections().as_array().unwrap() {
            let same = |one: &&Value| one["connectionId"] == offered["connectionId"] && one["name"] == offered["name"];
            assert!(sandbox["connections"].as_array().unwrap().iter().any(|one| same(&one)), "{offered}");
        }
        assert_eq!(configuration.shop(Path::new("/f"))["tls"], Value::Null);
    }

    #[test]
    fn the_extension_lives_on_the_shops_origin() {
        let configuration = Configuration::new(Topology::Localhost, Dialect::Default, PORTS, &ServerOptions::default());
        let extension = &configuration.sandbox(Path::new("/f"))["extensions"][0];
        assert_eq!(extension["extensionId"], configuration.description(Path::new("/f"))["extensionId"]);
        assert_eq!(extension["redirectUrls"], json!([configuration.shop_url]));
    }

    #[test]
    fn the_shop_asks_for_keys_without_tls() {
        let authorization_url = Some("http://127.0.0.1:9/v1/login".to_owned());
        let servers = ServerOptions { authorization_url, ..ServerOptions::default() };
        let configuration = Configuration::new(Topology::Https, Dialect::Strict, PORTS, &servers);
        let sandbox = configuration.sandbox(Path::new("/f"));
        assert_eq!(sandbox["internalListen"], "127.0.0.1:4");
        assert_eq!(sandbox["dialect"], "strict");
        assert_eq!(sandbox["serviceClients"][0]["authorizationUrl"], "http://127.0.0.1:9/v1/login");
        let shop = configuration.shop(Path::new("/f"));
        assert_eq!(shop["jwksUrl"], "http://127.0.0.1:4/.well-known/openid-configuration/jwks");
        assert_eq!(shop["issuer"], "https://login.shop.test");
    }

    #[test]
    fn logins_in_the_background_need_the_verifier_and_the_pages_policy() {
        for (background, allowed, origin) in
            [(false, "false", Value::Null), (true, "true", json!("http://127.0.0.1:9"))]
        {
            let authorization_url = Some("http://127.0.0.1:9/v1/login".to_owned());
            let servers = ServerOptions { authorization_url, background, ownership: false };
            let configuration = Configuration::new(Topology::Https, Dialect::Default, PORTS, &servers);
            let environment = configuration.verifier(Path::new("/f"));
            assert!(environment.contains(&("NAVIGATION_ALLOW_BACKGROUND", allowed.to_owned())));
            assert_eq!(configuration.shop(Path::new("/f"))["verifierOrigin"], origin);
        }
    }
}
