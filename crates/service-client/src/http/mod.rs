//! Requests and responses: how they are built, sent once, and read within limits.

mod http_client;
mod request;
mod response;

pub use http_client::HttpClientUnavailable;
pub(crate) use http_client::{HttpClient, bearer};
pub(crate) use request::ApiRequest;
pub(crate) use response::ApiResponse;
