//! Who a request counts for: the client IP address, and the network prefix that counts as one client.
//!
//! [`TrustedProxies`] finds the address, [`NetworkPrefix`] and [`Network`] group addresses. What is counted, and what
//! happens at a limit, is up to the server: the verifier limits logins, the demo shop carts.

mod client_ip;

pub use client_ip::{ForwardingHeader, ForwardingIssue, Network, NetworkPrefix, TrustedProxies};
