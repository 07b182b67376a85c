//! Authorization codes that are waiting for their exchange, apart from those of applications, which belong to an
//! [`AuthenticationRequest`](crate::model::authentication_request::AuthenticationRequest).

use crate::bounded_map::BoundedMap;
use crate::model::connection::Person;
use crate::model::grant::Grant;

const MAX_CODES: usize = 1_000;

/// Codes that fake identity providers have issued to the sandbox.
pub(crate) type ProviderCodes = BoundedMap<String, ProviderCode>;

/// A code of a fake identity provider, to be exchanged at `/login`.
#[derive(Debug, Clone)]
pub(crate) struct ProviderCode {
    pub(crate) request_id: String,
    pub(crate) connection_id: String,
    pub(crate) person: Person,
}

/// Codes that the sandbox has issued to extensions.
pub(crate) type ExtensionCodes = BoundedMap<String, ExtensionCode>;

/// What an extension's code can be exchanged for, and the values that the exchange must repeat.
#[derive(Debug, Clone)]
pub(crate) struct ExtensionCode {
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    pub(crate) grant: Grant,
    pub(crate) expires_at_ms: u64,
}

/// An empty map of codes.
pub(crate) fn no_codes<Code>() -> BoundedMap<String, Code> {
    BoundedMap::new(MAX_CODES)
}
