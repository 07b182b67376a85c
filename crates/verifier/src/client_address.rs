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
    /// If that entry is missing or is no address, somebody came past the proxies or fewer of them
    /// are there than configured. Then the peer counts: a limit that is too strict for a few, and
    /// not one that a made-up header evades.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let Some(from_the_right) = usize::from(self.hops).checked_sub(1) else { return canonical(peer) };
        let name: HeaderName = match self.header {
            ForwardingHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            ForwardingHeader::Forwarded => header::FORWARDED,
        };
        // Several lines of one header are one list (RFC 9110 section 5.3).
        let lines = headers.get_all(name).iter().map(|line| line.as_bytes()).rev();
        let address = match self.header {
            ForwardingHeader::XForwardedFor => {
                let entry = lines.flat_map(|line| line.rsplit(|letter| *letter == b',')).nth(from_the_right);
                entry.and_then(text).and_then(|entry| parse_node(entry.trim()))
            }
            ForwardingHeader::Forwarded => {
                let entry = lines.flat_map(elements_from_the_right).nth(from_the_right);
                entry.and_then(text).and_then(forwarded_for).and_then(|node| parse_node(&node))
            }
        };
        canonical(address.unwrap_or(peer))
    }
}

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

fn text(entry: &[u8]) -> Option<&str> {
    std::str::from_utf8(entry).ok()
}

fn forwarded_for(element: &str) -> Option<String> {
    let mut values = element.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"').to_owned())
    });
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        (Some(_), Some(_)) | (None, _) => None,
    }
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
