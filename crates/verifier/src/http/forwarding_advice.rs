//! What an operator should check when the client IP address may not be the shopper's.

use authress_client_address::ForwardingIssue;

/// Returns the log message for an issue, with the settings by name.
pub(crate) fn forwarding_advice(issue: ForwardingIssue) -> &'static str {
    match issue {
        ForwardingIssue::HeaderIgnored => {
            "a login request has a forwarding header, but client_address.trusted_hops is 0. If this server is \
             behind proxies of yours, set it to their number; otherwise all shoppers count as one client"
        }
        ForwardingIssue::HeaderMissing => {
            "a login request has no forwarding header, so the peer address is used. Set \
             client_address.trusted_hops to the number of your proxies and client_address.header to the header that \
             they append to, and let only them reach this port"
        }
        ForwardingIssue::TooFewEntries => {
            "a login request has fewer forwarding entries than client_address.trusted_hops, so the peer address is \
             used. Set it to the number of your proxies that add an entry"
        }
        ForwardingIssue::NoAddress => {
            "the forwarding entry of the outermost trusted proxy is not an IP address, so the peer address is \
             used. Compare client_address.trusted_hops and client_address.header with the headers that your proxies send"
        }
    }
}
