//! Who asks, for the rate limit: the address of the connection, or the one that trusted proxies
//! have written down.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

/// How many proxies of one's own stand between the internet and this server, and where they note
/// whom they serve.
///
/// Anybody can send a forwarding header; only what the own proxies have added to its end is true.
/// So entries are counted from the right, and whatever stands further left is never looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    /// How many. 0, the default: none, and the headers are not read.
    pub hops: u8,
    /// The header they write.
    pub header: ForwardingHeader,
}

/// The header in which proxies note whom they serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`, a list of addresses.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239), of which the `for` parameters are read.
    Forwarded,
}

impl TrustedProxies {
    /// The address of whoever sent the request. That of the connection comes from axum's [`ConnectInfo`];
    /// a server that does not provide it makes one client of all.
    pub fn client_of(&self, request: &Parts) -> IpAddr {
        let peer = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        self.client_address(peer.unwrap_or(NO_ADDRESS), &request.headers)
    }

    /// The address of the client: the one of the `peer` without trusted proxies, else the entry that
    /// the outermost of them has added.
    ///
    /// If that entry is missing or is no address, the request came past the proxies, or fewer of them
    /// are there than configured. Then the peer counts: a limit that is too strict for a few, and
    /// not one that a made-up header evades.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let from_header = self.entry(headers).ok().flatten();
        canonical(from_header.unwrap_or(peer))
    }

    /// What makes it doubtful that the address of the client is the shopper's: usually a wrong number of proxies.
    pub fn doubt(&self, headers: &HeaderMap) -> Option<AddressDoubt> {
        match self.entry(headers) {
            Err(doubt) => Some(doubt),
            Ok(None) if [&X_FORWARDED_FOR, &header::FORWARDED].iter().any(|name| headers.contains_key(*name)) => {
                Some(AddressDoubt::HeaderIgnored)
            }
            Ok(_) => None,
        }
    }

    /// The address that the outermost proxy has added; `None` without proxies.
    fn entry(&self, headers: &HeaderMap) -> Result<Option<IpAddr>, AddressDoubt> {
        let Some(from_the_right) = usize::from(self.hops).checked_sub(1) else { return Ok(None) };
        let name = match self.header {
            ForwardingHeader::XForwardedFor => X_FORWARDED_FOR,
            ForwardingHeader::Forwarded => header::FORWARDED,
        };
        // Several lines of one header are one list (RFC 9110 section 5.3), and empty elements are none (section 5.6.1.2).
        let lines = headers.get_all(&name).iter().map(|line| line.as_bytes()).rev();
        let mut elements: Box<dyn Iterator<Item = &[u8]>> = match self.header {
            ForwardingHeader::XForwardedFor => Box::new(lines.flat_map(|line| line.rsplit(|letter| *letter == b','))),
            ForwardingHeader::Forwarded => Box::new(lines.flat_map(elements_from_the_right)),
        };
        let mut elements = elements.by_ref().map(<[u8]>::trim_ascii).filter(|element| !element.is_empty()).peekable();
        if elements.peek().is_none() {
            return Err(AddressDoubt::HeaderMissing);
        }
        let element = elements.nth(from_the_right).ok_or(AddressDoubt::TooFewEntries)?;
        let text = std::str::from_utf8(element).map_err(|_| AddressDoubt::NoAddress)?;
        let address = match self.header {
            ForwardingHeader::XForwardedFor => parse_node(text),
            ForwardingHeader::Forwarded => forwarded_for(text).and_then(|node| parse_node(&node)),
        };
        address.map(Some).ok_or(AddressDoubt::NoAddress)
    }
}

/// Why it is doubtful whether the address of a client is the shopper's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressDoubt {
    /// There is a forwarding header, and no proxy is trusted.
    HeaderIgnored,
    /// Proxies are trusted, and the header that they write is not there. The address is the connection's.
    HeaderMissing,
    /// The header has fewer entries than there are trusted proxies. The address is the connection's.
    TooFewEntries,
    /// The entry of the outermost trusted proxy is no address. The address is the connection's.
    NoAddress,
}

impl AddressDoubt {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::HeaderIgnored, Self::HeaderMissing, Self::TooFewEntries, Self::NoAddress];

    /// Its name in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::HeaderIgnored => "HeaderIgnored",
            Self::HeaderMissing => "HeaderMissing",
            Self::TooFewEntries => "TooFewEntries",
            Self::NoAddress => "NoAddress",
        }
    }

    /// What the operator makes of it.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::HeaderIgnored => {
                "a login has a forwarding header, and client_address.trusted_hops is 0: if proxies of yours are in \
                 front, set it to their number, or all shoppers count as one client"
            }
            Self::HeaderMissing => {
                "a login has no forwarding header, so the address of the connection counts: set \
                 client_address.trusted_hops to the number of proxies in front and client_address.header to the header \
                 they write, and let nothing but them reach this port"
            }
            Self::TooFewEntries => {
                "a login has fewer forwarding entries than client_address.trusted_hops, so the address of the \
                 connection counts: set it to the number of proxies in front that add an entry"
            }
            Self::NoAddress => {
                "the forwarding entry of the outermost trusted proxy is no address, so that of the connection counts: \
                 compare client_address.trusted_hops and client_address.header with what the proxies write"
            }
        }
    }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const NO_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// What one client is to the rate limit: an IPv4 address, or the /64 an IPv6 address is in, because
/// that is what one household or one server gets, and every address in it is theirs to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientNetwork {
    /// One address.
    V4(Ipv4Addr),
    /// The upper 64 bits.
    V6([u16; 4]),
}

impl From<IpAddr> for ClientNetwork {
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

impl std::fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6([a, b, c, d]) => write!(f, "{}/64", Ipv6Addr::new(*a, *b, *c, *d, 0, 0, 0, 0)),
        }
    }
}

/// `::ffff:192.0.2.1` is `192.0.2.1`: else everybody who comes by IPv4 to a socket of both kinds
/// would be one client.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The elements of a list, split at commas outside of quotation marks (RFC 7239 section 4), the last one first.
///
/// Read from the right, because only there stands what the own proxies have written: a quotation mark that a
/// stranger opens and does not close would swallow the comma and with it what a proxy adds to the line.
fn elements_from_the_right(line: &[u8]) -> Vec<&[u8]> {
    let mut elements = Vec::new();
    let (mut end, mut quoted) = (line.len(), false);
    for (at, letter) in line.iter().enumerate().rev() {
        let (before, rest) = line.split_at(at);
        match letter {
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

/// Whether the next letter is part of a quoted pair (RFC 9110 section 5.6.4).
fn ends_in_escape(text: &[u8]) -> bool {
    text.iter().rev().take_while(|letter| **letter == b'\\').count() % 2 == 1
}

/// The value of the only `for` of an element (RFC 7239 section 4): a token, or a quoted string without its quotation
/// marks and quoted pairs.
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

/// An element split at semicolons outside of quotation marks.
fn pairs(element: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let is_end = |letter: char| {
        let is_end = letter == ';' && !quoted;
        if letter == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = letter == '\\' && quoted && !escaped;
        is_end
    };
    element.split(is_end).collect()
}

fn unquoted(value: &str) -> Option<String> {
    let Some(quoted) = value.strip_prefix('"') else { return Some(value.to_owned()) };
    let mut text = String::with_capacity(quoted.len());
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // Nothing may follow it.
            '"' => return letters.next().is_none().then_some(text),
            '\\' => text.push(letters.next()?),
            other => text.push(other),
        }
    }
    None
}

/// An address with or without a port, IPv6 with or without brackets (RFC 7239 section 6).
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
        TrustedProxies { hops, header }.client_address(PEER.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn without_trusted_proxies_no_header_is_believed() {
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
    fn a_list_that_is_too_short_or_no_address_gives_the_peer() {
        for lines in [&[][..], &[""], &["1.1.1.1"], &["1.1.1.1, unknown, 2.2.2.2"], &["1.1.1.1, _hidden, x"]] {
            assert_eq!(client(2, ForwardingHeader::XForwardedFor, lines), PEER, "{lines:?}");
        }
    }

    #[test]
    fn empty_elements_are_none() {
        for lines in [&["203.0.113.9,"][..], &["203.0.113.9, ,\t,"], &["203.0.113.9", ""], &["203.0.113.9,", " , "]] {
            assert_eq!(client(1, ForwardingHeader::XForwardedFor, lines), "203.0.113.9", "{lines:?}");
        }
        assert_eq!(client(2, ForwardingHeader::XForwardedFor, &["203.0.113.9, , 10.0.0.1,"]), "203.0.113.9");
        assert_eq!(client(2, ForwardingHeader::XForwardedFor, &[",, 10.0.0.1"]), PEER);
    }

    #[test]
    fn a_wrong_number_of_proxies_and_another_header_are_noticed() {
        let doubt = |hops, header, lines: &[(&'static str, &'static str)]| {
            let lines =
                lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            TrustedProxies { hops, header }.doubt(&lines.collect())
        };
        const ONE: (&str, &str) = ("x-forwarded-for", "203.0.113.9");
        let x = ForwardingHeader::XForwardedFor;
        assert_eq!(doubt(0, x, &[]), None);
        assert_eq!(doubt(0, x, &[ONE]), Some(AddressDoubt::HeaderIgnored), "0 behind a proxy");
        assert_eq!(doubt(0, x, &[("forwarded", "for=203.0.113.9")]), Some(AddressDoubt::HeaderIgnored));
        assert_eq!(doubt(1, x, &[ONE]), None);
        assert_eq!(doubt(2, x, &[ONE]), Some(AddressDoubt::TooFewEntries), "2 with one proxy");
        assert_eq!(doubt(1, x, &[]), Some(AddressDoubt::HeaderMissing));
        assert_eq!(doubt(1, x, &[("x-forwarded-for", ", ")]), Some(AddressDoubt::HeaderMissing));
        assert_eq!(doubt(1, ForwardingHeader::Forwarded, &[ONE]), Some(AddressDoubt::HeaderMissing), "another header");
        assert_eq!(doubt(1, x, &[("x-forwarded-for", "unknown")]), Some(AddressDoubt::NoAddress));
    }

    #[test]
    fn every_spelling_of_an_address_is_read() {
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
    fn forwarded_is_read_as_in_rfc_7239_section_4() {
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
    fn a_household_is_one_client() {
        let network = |text: &str| ClientNetwork::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:1:ffff::2"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_eq!(network("2001:db8:0:1::1").to_string(), "2001:db8:0:1::/64");
    }

    #[test]
    fn a_quotation_mark_that_stays_open_swallows_nothing_of_what_the_proxy_adds() {
        for invented in ["for=192.0.2.66;x=\"", "for=192.0.2.66;x=\"\\", "for=192.0.2.66;\"", "\\\"", "\"\"\""] {
            for own in ["for=203.0.113.9", "for=\"203.0.113.9:4711\"", "for=203.0.113.9;host=\"a,b\""] {
                let line = format!("{invented}, {own}");
                assert_eq!(client(1, ForwardingHeader::Forwarded, &[&line]), "203.0.113.9", "{line}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_a_stranger_puts_in_front_changes_nothing(
            invented in "([ -~\u{e4}]|for=192[.]0[.]2[.]66|[;,\"\\\\]){0,60}",
            hops in 1_u8..4,
        ) {
            for (header, entry) in [
                (ForwardingHeader::XForwardedFor, "203.0.113.9"),
                (ForwardingHeader::Forwarded, "for=203.0.113.9"),
                (ForwardingHeader::Forwarded, "for=\"203.0.113.9:1\";by=\"[2001:db8::1]\""),
            ] {
                let own = vec![entry; usize::from(hops)].join(", ");
                let one_line = format!("{invented},{own}");
                for lines in [&[invented.as_str(), own.as_str()][..], &[one_line.as_str()]] {
                    prop_assert_eq!(client(hops, header, lines), "203.0.113.9");
                }
            }
        }
    }
}
