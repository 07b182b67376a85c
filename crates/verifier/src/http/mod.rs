//! HTTP below the login: the server and its limits, policies on request headers, error responses, and the client. The client IP
//! address comes from `authress-client-address`.

mod error_response;
mod forwarding_advice;
mod https_client;
mod navigation;
mod policy;
mod read_deadline;
mod response_headers;
mod server;

pub use authress_client_address::{ForwardingHeader, ForwardingIssue, Network, NetworkPrefix, TrustedProxies};
pub use error_response::html_error_pages;
pub(crate) use error_response::{accepts_html, error_response, vary_on_accept};
pub(crate) use forwarding_advice::forwarding_advice;
pub use https_client::HttpClientUnavailable;
pub(crate) use https_client::https_client;
pub use navigation::{NavigationsOnly, check_navigation, check_navigation_or_background};
pub use policy::{Policy, PolicyLayer, PolicyService};
pub(crate) use response_headers::{protect, with_protective_headers};
pub use server::{App, BACKLOG, Connections, ListeningSocket, ServerLimits, serve, serve_counted, termination};
