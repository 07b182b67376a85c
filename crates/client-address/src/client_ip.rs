//! The client IP address: the peer of the connection, or the entry that trusted proxies added to a forwarding header.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

/// The operator's proxies in front of this server, and the header in which they forward the client IP address.
///
/// Any client can send a forwarding header. Only the entries that the operator's own proxies append are true, so
/// entries are counted from the right, and everything further left is ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    /// The number of proxies. With 0, the default, no forwarding header is read.
    pub hops: u8,
    /// The header that they append to.
    pub header: ForwardingHeader,
}

/// The header in which proxies forward the client IP address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`, a list of addresses.
    #[default]
    XForwardedFor,
    /// The `for` parameters of `Forwarded` (RFC 7239).
    Forwarded,
}

impl TrustedProxies {
    /// Returns the client IP address of a request. The peer address comes from axum's [`ConnectInfo`]; without it, all
    /// requests share one address.
    pub fn client_ip(&self, request: &Parts) -> IpAddr {
        let peer = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        self.client_ip_from(peer.unwrap_or(NO_ADDRESS), &request.headers)
    }

    /// Returns the entry that the outermost trusted proxy added, or without trusted proxies the `peer`.
    ///
    /// If that entry is missing or is not an address, the request bypassed the proxies, or there are fewer of them than
    /// configured. Then the peer counts: the rate limit becomes too strict for a few clients, and a forged header does
    /// not evade it.
    pub fn client_ip_from(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let from_header = self.entry(headers).ok().flatten();
        canonical(from_header.unwrap_or(peer))
    }

    /// Returns why the client IP address may not be the shopper's: usually a wrong number of proxies.
    pub fn forwarding_issue(&self, headers: &HeaderMap) -> Option<ForwardingIssue> {
        match self.entry(headers) {
            Err(issue) => Some(issue),
            Ok(None) if [&X_FORWARDED_FOR, &header::FORWARDED].iter().any(|name| headers.contains_key(*name)) => {
                Some(ForwardingIssue::HeaderIgnored)
            }
            Ok(_) => None,
        }
    }

    /// Returns the address that the outermost proxy added; `None` without proxies.
    fn entry(&self, headers: &HeaderMap) -> Result<Option<IpAddr>, ForwardingIssue> {
        let Some(from_the_right) = usize::from(self.hops).checked_sub(1) else { return Ok(None) };
        let name = match self.header {
            ForwardingHeader::XForwardedFor => X_FORWARDED_FOR,
            ForwardingHeader::Forwarded => header::FORWARDED,
        };
        // Several lines of one header are one list (RFC 9110 section 5.3); empty elements do not count (section
        // 5.6.1.2).
        let lines = headers.get_all(&name).iter().map(|line| line.as_bytes()).rev();
        let mut elements: Box<dyn Iterator<Item = &[u8]>> = match self.header {
            ForwardingHeader::XForwardedFor => Box::new(lines.flat_map(|line| line.rsplit(|byte| *byte == b','))),
            ForwardingHeader::Forwarded => Box::new(lines.flat_map(elements_from_the_right)),
        };
        let mut elements = elements.by_ref().map(<[u8]>::trim_ascii).filter(|element| !element.is_empty()).peekable();
        if elements.peek().is_none() {
            return Err(ForwardingIssue::HeaderMissing);
        }
        let element = elements.nth(from_the_right).ok_or(ForwardingIssue::TooFewEntries)?;
        let text = std::str::from_utf8(element).map_err(|_| ForwardingIssue::NoAddress)?;
        let address = match self.header {
            ForwardingHeader::XForwardedFor => parse_node(text),
            ForwardingHeader::Forwarded => forwarded_for(text).and_then(|node| parse_node(&node)),
        };
        address.map(Some).ok_or(ForwardingIssue::NoAddress)
    }
}

/// Why a client IP address may not be the shopper's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardingIssue {
    /// The request has a forwarding header, and no proxy is trusted.
    HeaderIgnored,
    /// Proxies are trusted, and the request does not have their header. The peer address is used.
    HeaderMissing,
    /// The header has fewer entries than there are trusted proxies. The peer address is used.
    TooFewEntries,
    /// The entry of the outermost trusted proxy is not an IP address. The peer address is used.
    NoAddress,
}

impl ForwardingIssue {
    /// All issues.
    pub const ALL: [Self; 4] = [Self::HeaderIgnored, Self::HeaderMissing, Self::TooFewEntries, Self::NoAddress];

    /// The value of the label `reason` in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::HeaderIgnored => "HeaderIgnored",
            Self::HeaderMissing => "HeaderMissing",
            Self::TooFewEntries => "TooFewEntries",
            Self::NoAddress => "NoAddress",
        }
    }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const NO_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The network prefix that counts as one client: an IPv4 address, or the /64 of an IPv6 address. One household or one
/// server gets a /64 and can use every address in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetworkPrefix {
    /// A single address.
    V4(Ipv4Addr),
    /// The upper 64 bits.
    V6([u16; 4]),
}

impl From<IpAddr> for NetworkPrefix {
    fn from(address: IpAddr) -> Self {
        match canonical(address) {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

impl std::fmt::Display for NetworkPrefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6([a, b, c, d]) => write!(f, "{}/64", Ipv6Addr::new(*a, *b, *c, *d, 0, 0, 0, 0)),
        }
    }
}

/// The network around a client: the /24 of an IPv4 address, or the /48 of an IPv6 address. A provider hands out a whole
/// /48 to one customer, who then has 65,536 client prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// The upper 24 bits.
    V4([u8; 3]),
    /// The upper 48 bits.
    V6([u16; 3]),
}

impl From<NetworkPrefix> for Network {
    fn from(client: NetworkPrefix) -> Self {
        match client {
            NetworkPrefix::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            NetworkPrefix::V6([a, b, c, _]) => Self::V6([a, b, c]),
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::V4([a, b, c]) => write!(f, "{}/24", Ipv4Addr::new(*a, *b, *c, 0)),
            Self::V6([a, b, c]) => write!(f, "{}/48", Ipv6Addr::new(*a, *b, *c, 0, 0, 0, 0, 0)),
        }
    }
}

/// Turns `::ffff:192.0.2.1` into `192.0.2.1`. Otherwise all IPv4 clients of a dual-stack socket would share one /64.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Splits a list at commas outside of quoted strings (RFC 7239 section 4), the last element first.
///
/// It reads from the right, where the operator's own proxies append. Read from the left, a quotation mark that an
/// attacker opens and does not close would swallow the comma and with it the entry that a proxy appends.
fn elements_from_the_right(line: &[u8]) -> Vec<&[u8]> {
    let mut elements = Vec::new();
    let (mut end, mut quoted) = (line.len(), false);
    for (at, byte) in line.iter().enumerate().rev() {
        let (before, rest) = line.split_at(at);
        match byte {
            b'"' if !ends_in_escape(before) => quoted = !quoted,
            b',' if !quoted => {
                elements.push(rest.get(1..end - at).unwrap_or_default());
                end = at;
            }
            _ => {}
        }
    }
    elements.push(line.get(..end).unwrap_or_default());
    elements
}

/// Returns whether the next character is part of a quoted pair (RFC 9110 section 5.6.4).
fn ends_in_escape(text: &[u8]) -> bool {
    text.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Returns the value of the only `for` of an element (RFC 7239 section 4): a token, or a quoted string without its
/// quotation marks and quoted pairs.
fn forwarded_for(element: &str) -> Option<String> {
    let mut values = pairs(element).into_iter().filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| unquoted(value.trim()))
    });
    match (values.next(), values.next()) {
        (Some(value), None) => value,
        (Some(_), Some(_)) | (None, _) => None,
    }
}

/// Splits an element at semicolons outside of quoted strings.
fn pairs(element: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let is_end = |character: char| {
        let is_end = character == ';' && !quoted;
        if character == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = character == '\\' && quoted && !escaped;
        is_end
    };
    element.split(is_end).collect()
}

fn unquoted(value: &str) -> Option<String> {
    let Some(quoted) = value.strip_prefix('"') else { return Some(value.to_owned()) };
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            // The closing quotation mark must be the last character.
            '"' => return characters.next().is_none().then_some(text),
            '\\' => text.push(characters.next()?),
            other => text.push(other),
        }
    }
    None
}

/// Parses an address with or without a port, IPv6 with or without brackets (RFC 7239 section 6).
fn parse_node(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port).or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const PEER: &str = "198.51.100.1";

    fn client(hops: u8, header: ForwardingHeader, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            let name = match header {
                ForwardingHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
                ForwardingHeader::Forwarded => header::FORWARDED,
            };
            headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        TrustedProxies { hops, header }.client_ip_from(PEER.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn without_trusted_proxies_forwarding_headers_are_ignored() {
        assert_eq!(client(0, ForwardingHeader::XForwardedFor, &["203.0.113.9"]), PEER);
        assert_eq!(client(0, ForwardingHeader::Forwarded, &["for=203.0.113.9"]), PEER);
    }

    #[test]
    fn entries_are_counted_from_the_right() {
        let line = &["1.1.1.1, 2.2.2.2 ,3.3.3.3"][..];
        assert_eq!(client(1, ForwardingHeader::XForwardedFor, line), "3.3.3.3");
        assert_eq!(client(2, ForwardingHeader::XForwardedFor, line), "2.2.2.2");
        assert_eq!(client(1, ForwardingHeader::XForwardedFor, &["1.1.1.1, 2.2.2.2", "3.3.3.3"]), "3.3.3.3");
        assert_eq!(client(2, ForwardingHeader::XForwardedFor, &["1.1.1.1, 2.2.2.2", "3.3.3.3"]), "2.2.2.2");
    }

    #[test]
    fn a_missing_or_invalid_entry_falls_back_to_the_peer() {
        for lines in [&[][..], &[""], &["1.1.1.1"], &["1.1.1.1, unknown, 2.2.2.2"], &["1.1.1.1, _hidden, x"]] {
            assert_eq!(client(2, ForwardingHeader::XForwardedFor, lines), PEER, "{lines:?}");
        }
    }

    #[test]
    fn empty_elements_do_not_count() {
        for lines in [&["203.0.113.9,"][..], &["203.0.113.9, ,\t,"], &["203.0.113.9", ""], &["203.0.113.9,", " , "]] {
            assert_eq!(client(1, ForwardingHeader::XForwardedFor, lines), "203.0.113.9", "{lines:?}");
        }
        assert_eq!(client(2, ForwardingHeader::XForwardedFor, &["203.0.113.9, , 10.0.0.1,"]), "203.0.113.9");
        assert_eq!(client(2, ForwardingHeader::XForwardedFor, &[",, 10.0.0.1"]), PEER);
    }

    #[test]
    fn a_wrong_number_of_proxies_or_another_header_is_reported() {
        let issue = |hops, header, lines: &[(&'static str, &'static str)]| {
            let lines =
                lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            TrustedProxies { hops, header }.forwarding_issue(&lines.collect())
        };
        const ONE: (&str, &str) = ("x-forwarded-for", "203.0.113.9");
        let x = ForwardingHeader::XForwardedFor;
        assert_eq!(issue(0, x, &[]), None);
        assert_eq!(issue(0, x, &[ONE]), Some(ForwardingIssue::HeaderIgnored), "0 behind a proxy");
        assert_eq!(issue(0, x, &[("forwarded", "for=203.0.113.9")]), Some(ForwardingIssue::HeaderIgnored));
        assert_eq!(issue(1, x, &[ONE]), None);
        assert_eq!(issue(2, x, &[ONE]), Some(ForwardingIssue::TooFewEntries), "2 with one proxy");
        assert_eq!(issue(1, x, &[]), Some(ForwardingIssue::HeaderMissing));
        assert_eq!(issue(1, x, &[("x-forwarded-for", ", ")]), Some(ForwardingIssue::HeaderMissing));
        assert_eq!(
            issue(1, ForwardingHeader::Forwarded, &[ONE]),
            Some(ForwardingIssue::HeaderMissing),
            "another header"
        );
        assert_eq!(issue(1, x, &[("x-forwarded-for", "unknown")]), Some(ForwardingIssue::NoAddress));
    }

    #[test]
    fn every_spelling_of_an_address_is_parsed() {
        for (entry, address) in [
            ("203.0.113.9", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(client(1, ForwardingHeader::XForwardedFor, &[entry]), address, "{entry}");
        }
    }

    #[test]
    fn forwarded_is_parsed_as_in_rfc_7239_section_4() {
        for (lines, address) in [
            (&["for=192.0.2.60;proto=http;by=203.0.113.43"][..], "192.0.2.60"),
            (&["for=192.0.2.43, For=\"[2001:db8:cafe::17]:4711\""], "2001:db8:cafe::17"),
            (&["for=192.0.2.43", "for=198.51.100.17"], "198.51.100.17"),
            (&["for=192.0.2.43;host=\"a,b\""], "192.0.2.43"),
            (&["for=192.0.2.43;host=\"a\\\",b\\\\\""], "192.0.2.43"),
            (&["for=\"_gazonk\""], PEER),
            (&["host=\"a;for=b\";for=203.0.113.9"], "203.0.113.9"),
            (&["for=203.0.113.9;host=\"a;for=192.0.2.66\""], "203.0.113.9"),
            (&["host=\"a\\\";for=192.0.2.66;x=\\\"\";for=203.0.113.9"], "203.0.113.9"),
            (&["For = \"203.0.113.\\9\""], "203.0.113.9"),
            (&["for=\"[2001:db8::\\1]:4711\""], "2001:db8::1"),
            (&["for=\"203.0.113.9\"x"], PEER),
            (&["for=\"203.0.113.9"], PEER),
            (&["for=\"203.0.113.9\\\""], PEER),
            (&["for=203.0.113.9, ,"], "203.0.113.9"),
            (&["for=203.0.113.9", ""], "203.0.113.9"),
            (&["for=unknown"], PEER),
            (&["for=192.0.2.43;for=192.0.2.44"], PEER),
            (&["by=192.0.2.43"], PEER),
        ] {
            assert_eq!(client(1, ForwardingHeader::Forwarded, lines), address, "{lines:?}");
        }
    }

    #[test]
    fn an_ipv6_64_prefix_is_one_client() {
        let prefix = |text: &str| NetworkPrefix::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(prefix("2001:db8:0:1::1"), prefix("2001:db8:0:1:ffff::2"));
        assert_ne!(prefix("2001:db8:0:1::1"), prefix("2001:db8:0:2::1"));
        assert_ne!(prefix("192.0.2.1"), prefix("192.0.2.2"));
        assert_eq!(prefix("::ffff:192.0.2.1"), prefix("192.0.2.1"));
        assert_eq!(prefix("2001:db8:0:1::1").to_string(), "2001:db8:0:1::/64");
    }

    #[test]
    fn an_unclosed_quotation_mark_does_not_swallow_the_entry_of_a_proxy() {
        for forged in ["for=192.0.2.66;x=\"", "for=192.0.2.66;x=\"\\", "for=192.0.2.66;\"", "\\\"", "\"\"\""] {
            for own in ["for=203.0.113.9", "for=\"203.0.113.9:4711\"", "for=203.0.113.9;host=\"a,b\""] {
                let line = format!("{forged}, {own}");
                assert_eq!(client(1, ForwardingHeader::Forwarded, &[&line]), "203.0.113.9", "{line}");
            }
        }
    }

    proptest! {
        #[test]
        fn forged_entries_on_the_left_change_nothing(
            forged in "([ -~\u{e4}]|for=192[.]0[.]2[.]66|[;,\"\\\\]){0,60}",
            hops in 1_u8..4,
        ) {
            for (header, entry) in [
                (ForwardingHeader::XForwardedFor, "203.0.113.9"),
                (ForwardingHeader::Forwarded, "for=203.0.113.9"),
                (ForwardingHeader::Forwarded, "for=\"203.0.113.9:1\";by=\"[2001:db8::1]\""),
            ] {
                let own = vec![entry; usize::from(hops)].join(", ");
                let one_line = format!("{forged},{own}");
                for lines in [&[forged.as_str(), own.as_str()][..], &[one_line.as_str()]] {
                    prop_assert_eq!(client(hops, header, lines), "203.0.113.9");
                }
            }
        }
    }
}
