//! An e-mail address, as far as a shop has to check it before it sends a mail.

use std::fmt;

/// An e-mail address of at most 254 characters (RFC 5321 section 4.5.3.1.3). Whether it exists, and whose it is, shows only
/// when its owner confirms it. `Debug` masks it: addresses are personal data.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct EmailAddress(String);

impl EmailAddress {
    /// Parses an address without display name, comments and quotes. The domain becomes lower case; the part before `@` is the
    /// mail server's own affair.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.trim().rsplit_once('@')?;
        let is_atom = |text: &str, extra: &str| {
            !text.is_empty()
                && text.split('.').all(|atom| {
                    !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || extra.contains(char::from(b)))
                })
        };
        let is_domain = domain.contains('.')
            && is_atom(domain, "-")
            && domain.split('.').all(|label| label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-'));
        // RFC 5322 section 3.2.3, atext. `%` and `!` route mail through other hosts on old servers.
        let is_local = local.len() <= 64 && is_atom(local, "#$&'*+-/=?^_`{|}~");
        let is_short = local.len() + 1 + domain.len() <= MAX_CHARACTERS;
        (is_local && is_domain && is_short).then(|| Self(format!("{local}@{}", domain.to_ascii_lowercase())))
    }

    /// The address itself.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        write!(f, "{}…@{domain}", local.chars().next().unwrap_or_default())
    }
}

const MAX_CHARACTERS: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_addresses_are_accepted_and_the_domain_becomes_lower_case() {
        for (given, expected) in [
            ("ada@example.com", "ada@example.com"),
            ("  Ada.L+cart@Mail.Example.COM ", "Ada.L+cart@mail.example.com"),
            ("o'neil@xn--bcher-kva.example", "o'neil@xn--bcher-kva.example"),
        ] {
            assert_eq!(EmailAddress::parse(given).map(|address| address.0).as_deref(), Some(expected));
        }
    }

    #[test]
    fn headers_lists_and_routes_are_not_addresses() {
        let long = format!("{}@example.com", "a".repeat(65));
        let long_domain = format!("a@{}.com", "b.".repeat(130));
        for given in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "ada@example..com",
            "a..b@example.com",
            "ada@-example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com,eve@example.com",
            "Ada <ada@example.com>",
            "\"a b\"@example.com",
            "ada@[127.0.0.1]",
            "a%b@example.com",
            "ädä@example.com",
            &long,
            &long_domain,
        ] {
            assert!(EmailAddress::parse(given).is_none(), "{given}");
        }
    }

    #[test]
    fn debug_output_masks_the_address() {
        assert_eq!(format!("{:?}", EmailAddress::parse("ada@example.com").unwrap()), "a…@example.com");
    }
}
