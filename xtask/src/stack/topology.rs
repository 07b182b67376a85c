//! What varies between stacks: the relation between the storefront's and Authress's addresses, which decides how tokens
//! come back (in the query, as cookies, or by an authorization code), and the sandbox's dialect.

use clap::ValueEnum;

/// A relation of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Topology {
    /// All servers on loopback in plain HTTP: tokens come back in the query.
    Localhost,
    /// `app.shop.test` and `login.shop.test`, one site: tokens come as cookies.
    Https,
    /// `www.other.test` and `login.shop.test`, two sites: an authorization code comes back.
    CrossSite,
}

/// How the sandbox behaves where servers differ: a name of `authress_sandbox::Dialect`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// As this project has assumed from the beginning.
    #[default]
    Default,
    /// As public evidence shows the real Authress.
    Strict,
}

impl Dialect {
    /// The name, as on the command line and in the sandbox's configuration.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Dialect::Default => "default",
            Dialect::Strict => "strict",
        }
    }
}

/// Authress's host name in both https topologies.
const LOGIN_HOST: &str = "login.shop.test";

impl Topology {
    /// The name, as on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Topology::Localhost => "localhost",
            Topology::Https => "https",
            Topology::CrossSite => "cross-site",
        }
    }

    /// Whether shop and sandbox need a certificate.
    pub(crate) fn is_https(self) -> bool {
        self != Topology::Localhost
    }

    /// The host names that a certificate has to cover: the shop's, then Authress's.
    pub(crate) fn hosts(self) -> [&'static str; 2] {
        match self {
            Topology::Localhost => ["localhost", "127.0.0.1"],
            Topology::Https => ["app.shop.test", LOGIN_HOST],
            Topology::CrossSite => ["www.other.test", LOGIN_HOST],
        }
    }

    /// The storefront's address in the browser.
    pub(crate) fn shop_url(self, port: u16) -> String {
        self.url(0, port)
    }

    /// Authress's address in the browser.
    pub(crate) fn sandbox_url(self, port: u16) -> String {
        self.url(1, port)
    }

    /// Maps each address that the browser uses to the one on which the server listens. Empty for plain HTTP, where they
    /// are the same.
    pub(crate) fn addresses(self, shop_port: u16, sandbox_port: u16) -> Vec<(String, String)> {
        if !self.is_https() {
            return Vec::new();
        }
        let ports = [shop_port, sandbox_port];
        self.hosts()
            .iter()
            .zip(ports)
            .map(|(host, port)| (format!("{host}:443"), format!("127.0.0.1:{port}")))
            .collect()
    }

    /// Chromium's arguments for resolving the host names and accepting the certificate.
    pub(crate) fn browser_args(self, shop_port: u16, sandbox_port: u16) -> Vec<String> {
        if !self.is_https() {
            return Vec::new();
        }
        let addresses = self.addresses(shop_port, sandbox_port);
        let rules: Vec<String> = addresses.iter().map(|(name, real)| format!("MAP {name} {real}")).collect();
        vec![format!("--host-resolver-rules={}", rules.join(", ")), "--ignore-certificate-errors".to_owned()]
    }

    fn url(self, which: usize, port: u16) -> String {
        let host = self.hosts().get(which).copied().unwrap_or_default();
        // The browser sees port 443 on both names: `browser_args` maps them to the servers' ports.
        if self.is_https() { format!("https://{host}") } else { format!("http://{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_the_topology() {
        assert_eq!(Topology::Localhost.shop_url(5173), "http://localhost:5173");
        assert_eq!(Topology::Localhost.sandbox_url(8888), "http://127.0.0.1:8888");
        assert_eq!(Topology::Https.shop_url(5173), "https://app.shop.test");
        assert_eq!(Topology::CrossSite.shop_url(5173), "https://www.other.test");
        assert_eq!(Topology::CrossSite.sandbox_url(8888), "https://login.shop.test");
    }

    #[test]
    fn the_browser_is_led_to_the_real_ports() {
        assert!(Topology::Localhost.browser_args(1, 2).is_empty());
        assert!(Topology::Localhost.addresses(1, 2).is_empty());
        assert_eq!(Topology::CrossSite.addresses(1, 2)[0], ("www.other.test:443".to_owned(), "127.0.0.1:1".to_owned()));
        assert_eq!(
            Topology::Https.browser_args(1, 2)[0],
            "--host-resolver-rules=MAP app.shop.test:443 127.0.0.1:1, MAP login.shop.test:443 127.0.0.1:2"
        );
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        for topology in Topology::value_variants() {
            assert_eq!(Topology::from_str(topology.name(), false).unwrap(), *topology);
        }
    }
}
