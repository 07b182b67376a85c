//! Whose tokens are accepted: the configured host of Authress, and the hosts that mean the same account.

use std::fmt;
use std::net::Ipv4Addr;

/// The host of an Authress account, as configured.
///
/// Authress serves each account at `{account}.login.authress.io`, `{account}.api.authress.io` and
/// `{account}.api-{region}.authress.io`. A token can name any of these, depending on where it was requested: a service
/// client without a custom domain signs as `https://{account}.api.authress.io/v1/clients/{id}` wherever the account's
/// users log in. So these hosts are one issuer here, and only these: a custom domain is compared as it is.
///
/// Everything compares text. A URL parser would repair what this must refuse: user names, ports, upper case, dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccountHost {
    /// A custom domain, a development server, or a host of Authress that names no account: its origin.
    Origin(String),
    /// A host of Authress that names this account.
    Account(String),
}

impl AccountHost {
    /// Parses an origin: scheme and host, no slash at the end.
    pub(crate) fn parse(origin: &str) -> Result<Self, InvalidIssuer> {
        let url = reqwest::Url::parse(origin).map_err(|_| InvalidIssuer)?;
        let is_local = url.host_str().is_some_and(|host| {
            let is_loopback = host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
            host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || is_loopback
        });
        let is_origin = url.origin().is_tuple() && url.origin().ascii_serialization() == origin;
        if !is_origin || !(url.scheme() == "https" || (url.scheme() == "http" && is_local)) {
            return Err(InvalidIssuer);
        }
        let account = origin.strip_prefix("https://").and_then(account_of);
        Ok(account.map_or_else(|| Self::Origin(origin.to_owned()), |account| Self::Account(account.to_owned())))
    }

    /// The issuer of users' tokens. The keys of users' tokens are below it.
    pub(crate) fn of_users(&self) -> String {
        match self {
            Self::Origin(origin) => origin.clone(),
            Self::Account(account) => format!("https://{account}.login.authress.io"),
        }
    }

    /// The issuer of the tokens that a service client signs. Its keys are below it.
    pub(crate) fn of_client(&self, client_id: &str) -> String {
        let origin = match self {
            Self::Origin(origin) => origin.clone(),
            Self::Account(account) => format!("https://{account}.api.authress.io"),
        };
        format!("{origin}{CLIENTS_PATH}{client_id}")
    }

    /// Reads the `iss` of a token: `None` if its host is another one.
    pub(crate) fn read<'a>(&self, iss: &'a str) -> Option<Named<'a>> {
        let path = match self {
            Self::Origin(origin) => iss.strip_prefix(origin.as_str())?,
            Self::Account(account) => {
                let rest = iss.strip_prefix("https://")?;
                let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                if account_of(host) != Some(account) {
                    return None;
                }
                path
            }
        };
        match path {
            "" => Some(Named::Users),
            path => path.strip_prefix(CLIENTS_PATH).map(Named::Client),
        }
    }
}

/// Who signed a token, according to its `iss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    /// Authress, for a user.
    Users,
    /// The service client with this id, for itself.
    Client(&'a str),
}

/// The path below which Authress publishes the keys of service clients, and which their issuers have.
const CLIENTS_PATH: &str = "/v1/clients/";

/// The account of a host `{account}.{login, api or api-region}.authress.io`.
fn account_of(host: &str) -> Option<&str> {
    let (account, service) = host.strip_suffix(".authress.io")?.split_once('.')?;
    let is_account = !account.is_empty() && account.bytes().all(|byte| is_label_byte(byte) || byte == b'_');
    let is_service = match service.strip_prefix("api") {
        Some(region) => region.is_empty() || region.strip_prefix('-').is_some_and(is_region),
        None => service == "login",
    };
    (is_account && is_service).then_some(account)
}

fn is_region(text: &str) -> bool {
    text.bytes().all(is_label_byte) && !text.is_empty() && !text.starts_with('-') && !text.ends_with('-')
}

/// A byte of a label in lower case (RFC 1123 section 2.1).
fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// The issuer is not an origin, or one without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidIssuer;

impl fmt::Display for InvalidIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the issuer must be the Authress custom domain such as https://login.example.com, in lower case, without \
             a path or slash at the end; http is for this machine only",
        )
    }
}

impl std::error::Error for InvalidIssuer {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(origin: &str) -> AccountHost {
        AccountHost::parse(origin).unwrap()
    }

    /// The vectors that the npm package's entry for servers reads, too.
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vectors {
        origins: Origins,
        account: Account,
        custom_domains: CustomDomains,
    }

    #[derive(serde::Deserialize)]
    struct Origins {
        accepted: Vec<String>,
        rejected: Vec<String>,
    }

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Account {
        configured: Vec<String>,
        users: String,
        client: String,
        same_issuer: Vec<String>,
        other_issuers: Vec<String>,
    }

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct CustomDomains {
        configured: Vec<String>,
        other_issuers: Vec<String>,
        other_endings: Vec<String>,
    }

    fn vectors() -> Vectors {
        serde_json::from_str(include_str!("../../../tests/vectors/issuers.json")).unwrap()
    }

    #[test]
    fn an_issuer_is_an_origin_with_tls_or_on_loopback() {
        let Origins { accepted, rejected } = vectors().origins;
        for good in accepted {
            assert!(AccountHost::parse(&good).is_ok(), "{good}");
        }
        for wrong in rejected {
            assert_eq!(AccountHost::parse(&wrong), Err(InvalidIssuer), "{wrong}");
        }
    }

    #[test]
    fn the_hosts_of_one_account_are_one_issuer() {
        let Account { configured, users, client, same_issuer, .. } = vectors().account;
        for configured in configured {
            let configured = host(&configured);
            assert_eq!(configured, AccountHost::Account("acc".to_owned()));
            assert_eq!((configured.of_users(), configured.of_client("sc_erp")), (users.clone(), client.clone()));
            for origin in &same_issuer {
                assert_eq!(configured.read(origin), Some(Named::Users), "{origin}");
                let of_client = format!("{origin}/v1/clients/sc_erp");
                assert_eq!(configured.read(&of_client), Some(Named::Client("sc_erp")), "{of_client}");
            }
        }
        assert_eq!(
            host("https://acc-test_account_id.api.authress.io").of_users(),
            "https://acc-test_account_id.login.authress.io"
        );
    }

    #[test]
    fn every_known_trick_is_refused() {
        let Account { configured, other_issuers, .. } = vectors().account;
        assert!(other_issuers.len() > 50);
        for iss in other_issuers {
            for configured in &configured {
                assert_eq!(host(configured).read(&iss), None, "{iss:?}");
            }
        }
    }

    #[test]
    fn a_custom_domain_is_only_itself() {
        let CustomDomains { configured, other_issuers, other_endings } = vectors().custom_domains;
        for origin in configured {
            let configured = host(&origin);
            assert_eq!(configured, AccountHost::Origin(origin.clone()));
            assert_eq!(configured.read(&origin), Some(Named::Users));
            assert_eq!(configured.read(&configured.of_client("sc_erp")), Some(Named::Client("sc_erp")));
            for other in &other_issuers {
                assert_eq!(configured.read(other), None, "{origin} {other}");
            }
            for ending in &other_endings {
                assert_eq!(configured.read(&format!("{origin}{ending}")), None, "{origin}{ending}");
            }
        }
    }

    /// The issuer of an account with one change, and pieces of such issuers in any order.
    fn issuers() -> impl Strategy<Value = String> {
        const OWN: &str = "https://acc.api-eu-west.authress.io/v1/clients/sc_erp";
        const PIECES: &[&str] = &[
            "https://",
            "http://",
            "acc",
            "Acc",
            "other",
            ".",
            "login",
            "api",
            "api-",
            "-eu",
            ".authress.io",
            ".evil.test",
            ":443",
            "@",
            "/",
            "/v1/clients/",
            "sc_erp",
            "?",
            "#",
            "\\",
            "%2e",
            " ",
            "\t",
            "\u{3002}",
        ];
        let pieces = || proptest::sample::select(PIECES);
        let changed = (0..OWN.len(), 0..12_usize, pieces()).prop_map(|(start, removed, piece)| {
            format!("{}{piece}{}", &OWN[..start], &OWN[(start + removed).min(OWN.len())..])
        });
        let any = proptest::collection::vec(pieces(), 0..8).prop_map(|pieces| pieces.concat());
        let likely = ("acc|other|a\\.cc", "login|api|api-[a-z-]{0,4}|cdn", pieces())
            .prop_map(|(account, service, end)| format!("https://{account}.{service}.authress.io{end}"));
        prop_oneof![changed, any, likely]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// The rule compares text; this test checks its result with a URL parser.
        #[test]
        fn an_accepted_issuer_is_a_host_of_the_account(iss in issuers()) {
            if let Some(named) = host("https://acc.login.authress.io").read(&iss) {
                let url = reqwest::Url::parse(&iss).unwrap();
                let name = url.host_str().unwrap();
                prop_assert!(name.starts_with("acc.") && name.ends_with(".authress.io"), "{}", iss);
                prop_assert_eq!(name.split('.').count(), 4);
                prop_assert_eq!((url.scheme(), url.username(), url.port()), ("https", "", None));
                match named {
                    Named::Users => prop_assert_eq!(url.path(), "/"),
                    // The policy compares the id with those it knows, so it need not be checked here.
                    Named::Client(client_id) => {
                        let end = format!("/v1/clients/{client_id}");
                        prop_assert!(iss.ends_with(&end));
                    }
                }
            }
        }
    }
}
