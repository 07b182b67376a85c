//! The setting `authress.api_url`: the hosts of the Authress account at which pages log in.

use super::error::ConfigError;
use crate::decision::AuthressDomain;

/// The most hosts. A login compares its `redirect_uri` with each of them.
const MAX_HOSTS: usize = 8;

/// Parses the hosts, which are separated by commas or white space. The first is the default; there is at least one.
pub(super) fn parse(text: &str) -> Result<(AuthressDomain, Vec<AuthressDomain>), ConfigError> {
    let mut domains: Vec<AuthressDomain> = Vec::new();
    let separates = |character: char| character == ',' || character.is_ascii_whitespace();
    for (index, host) in text.split(separates).filter(|host| !host.is_empty()).enumerate() {
        let position = index + 1;
        let domain = host.parse().map_err(|reason| ConfigError::InvalidApiUrl { position, reason })?;
        if domains.contains(&domain) {
            return Err(ConfigError::DuplicateApiUrl { position });
        }
        if position > MAX_HOSTS {
            return Err(ConfigError::TooManyApiUrls { limit: MAX_HOSTS });
        }
        domains.push(domain);
    }
    let mut domains = domains.into_iter();
    let first = domains.next().ok_or(ConfigError::MissingApiUrl)?;
    Ok((first, domains.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(text: &str) -> Result<Vec<String>, String> {
        let (first, others) = parse(text).map_err(|error| error.to_string())?;
        Ok(std::iter::once(first).chain(others).map(|domain| domain.origin()).collect())
    }

    #[test]
    fn hosts_are_separated_by_commas_or_white_space() {
        let both = ["https://login.example.com".to_owned(), "https://acc-1.login.authress.io".to_owned()];
        for text in [
            "https://login.example.com,https://acc-1.login.authress.io",
            "https://login.example.com https://acc-1.login.authress.io",
            " https://login.example.com/ ,\n\thttps://ACC-1.login.authress.io, ",
        ] {
            assert_eq!(origins(text).as_deref(), Ok(&both[..]), "{text:?}");
        }
        assert_eq!(origins("https://login.example.com").as_deref(), Ok(&both[..1]));
    }

    #[test]
    fn each_mistake_has_its_code_and_names_the_host_by_its_position() {
        let nine: Vec<String> = (0..9).map(|number| format!("https://login{number}.example.com")).collect();
        assert_eq!(origins(&nine[..8].join(" ")).map(|hosts| hosts.len()), Ok(8));
        for (text, words) in [
            (",", &["MissingApiUrl: AUTHRESS_API_URL"][..]),
            ("login.example.com", &["InvalidApiUrl: AUTHRESS_API_URL must be a URL"]),
            ("https://a.example, login.example.com", &["InvalidApiUrl: host 2 of AUTHRESS_API_URL must be a URL"]),
            ("https://a.example;https://b.example", &["InvalidApiUrl: AUTHRESS_API_URL must be"]),
            ("https://a.example https://b.example https://A.example:443", &["DuplicateApiUrl: host 3", "Remove"]),
            (&nine.join(","), &["TooManyApiUrls: ", "at most 8"]),
        ] {
            let error = origins(text).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{text}: {error}");
            assert!(!error.contains("example;") && !error.contains("b.example"), "no values: {error}");
        }
    }
}
