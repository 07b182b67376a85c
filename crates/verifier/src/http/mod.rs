//! HTTP below the login: the server and its limits, the client's IP address, policies on request headers, and error
//! responses.

mod client_ip;
mod error_response;
mod navigation;
mod policy;
mod read_deadline;
mod response_headers;
mod server;

pub use client_ip::{AddressDoubt, ClientNetwork, ForwardingHeader, TrustedProxies};
pub use error_response::pages_for_shoppers;
pub(crate) use error_response::{accepts_html, as_page, depends_on_accept};
pub use navigation::{NavigationsOnly, check_navigation};
pub use policy::{Guarded, Policy, PolicyLayer};
pub(crate) use response_headers::{protect, with_protective_headers};
pub use server::{AnyApp, Connections, ServerLimits, serve, serve_counted, termination};
