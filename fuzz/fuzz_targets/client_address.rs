//! Whatever a stranger puts in front: what the own proxy added to the end decides.
#![no_main]

use std::net::IpAddr;

use authress_verifier::{ForwardingHeader, TrustedProxies};
use axum::http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|invented: &[u8]| {
    let peer: IpAddr = [198, 51, 100, 1].into();
    let own: IpAddr = [203, 0, 113, 9].into();
    for (name, header, entry) in [
        ("x-forwarded-for", ForwardingHeader::XForwardedFor, "203.0.113.9"),
        ("forwarded", ForwardingHeader::Forwarded, "for=203.0.113.9"),
    ] {
        let Ok(line) = HeaderValue::from_bytes(invented) else { return };
        let mut headers = HeaderMap::new();
        headers.append(name, line);
        headers.append(name, HeaderValue::from_static(entry));
        assert_eq!(TrustedProxies { hops: 1, header }.client_address(peer, &headers), own);
    }
});
