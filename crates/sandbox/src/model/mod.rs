//! What the sandbox knows: applications, users, sessions, pending requests and codes, each with its rules.
//!
//! Nothing here knows the whole [`State`](crate::state::State), a request or HTTP.

pub(crate) mod access;
pub(crate) mod access_record;
pub(crate) mod access_records;
pub(crate) mod anti_abuse;
pub(crate) mod application;
pub(crate) mod authentication_request;
pub(crate) mod authorization_code;
pub(crate) mod connection;
pub(crate) mod device;
pub(crate) mod grant;
pub(crate) mod identity;
pub(crate) mod invite;
pub(crate) mod login_count;
pub(crate) mod resource_uri;
pub(crate) mod role;
pub(crate) mod service_client;
pub(crate) mod session;
pub(crate) mod spent_statements;
pub(crate) mod user_deletion;
