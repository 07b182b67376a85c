//! The points in which servers of this protocol differ, one switch for each.
//!
//! This is the one home of such switches. The configuration file, the command line and the control routes set them,
//! [`State`](crate::state::State) holds them, and the code that depends on one reads it from there. A point in which
//! no server differs is a constant beside the code that it belongs to. The table in this crate's README says what
//! evidence each switch rests on.

use serde::{Deserialize, Serialize};
use serde_json::Value;

const DAY_S: u64 = 24 * 60 * 60;

/// How the sandbox behaves where servers differ.
///
/// In JSON it is the name of a dialect, `"default"` or `"strict"`, or an object of single switches in camel case. An
/// object may name the dialect whose switches it changes: `{"base": "strict", "noSession": 409}`; without `base` it
/// changes those of the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dialect {
    /// What the `user` cookie contains.
    pub identity_cookie: IdentityCookie,
    /// What the `user` cookie contains instead if a profile is so large that a JWT outgrows a cookie.
    pub large_identity_cookie: LargeIdentityCookie,
    /// What `PATCH /api/session` responds with.
    pub renewal: RenewalResponse,
    /// The status of the response to a renewal where there is no session.
    pub no_session: NoSession,
    /// What a callback that reports an error contains beside `nonce` and `iss`.
    pub callback_errors: CallbackErrors,
    /// How a link that is refused ends.
    pub refused_link: RefusedLink,
    /// Which status and codes invalid input has.
    pub invalid_input: InvalidInput,
    /// The `aud` of an access token for which the application has requested no audience.
    pub access_token_audience: AccessTokenAudience,
    /// The form of the user ids of people who log in at a provider.
    pub user_ids: UserIds,
    /// Whether the user ids of service clients must follow Authress's grammar: 1 to 128 of the characters
    /// `a-zA-Z0-9+._|/~:@-` and white space. Otherwise they are 1 to 256 bytes without control characters.
    pub checks_user_ids: bool,
    /// Whether the request to a verifier names the service client in `client_id`.
    pub client_id_for_verifiers: bool,
    /// Whether a connection whose configuration says nothing about `linking` allows it.
    pub links_by_default: bool,
    /// Whether an identity of a service client can be linked.
    pub links_service_clients: bool,
    /// How long a session lasts after its last use, in seconds.
    pub session_lifetime_seconds: u64,
    /// How long access and id tokens are valid, in seconds.
    pub token_lifetime_seconds: u64,
    /// Whether a callback to a page on localhost has the session's id in `session_token`.
    pub session_token_on_localhost: bool,
    /// The issuer of tokens and callbacks, in relation to the host that the pages use.
    pub issuer: IssuerHost,
    /// Whether the redirect to the application drops the query of the redirect URL. Otherwise the query is extended
    /// as it is, whatever it contains, as RFC 6749 section 3.1.2 demands.
    pub drops_redirect_query: bool,
    /// How many requests per minute to the routes of a login are answered, before the status is 429.
    pub login_limit: Option<u32>,
    /// Whether scripts can read the access token: Authress's setting of an application. Otherwise its cookie is
    /// `HttpOnly`, except for pages on localhost, whose tokens are in the query.
    pub enable_access_to_token: bool,
    /// Whether an expired request is refused with an error named `Expired`.
    pub names_expired: bool,
    /// Whether the requested audiences must be among those of the application.
    pub checks_audiences: bool,
    /// Whether an `inviteId` must be that of an invite that can be used, when the login begins and when it ends.
    /// Otherwise the login goes on as one without an invite.
    pub checks_invites: bool,
    /// Which error an unknown tenant is.
    pub unknown_tenant: UnknownTenant,
    /// Whether `/login` completes a login or link only in the browser that began it. A page that shares cookies with
    /// the login host gets one for each request; for any other page `authenticationUrl` leads through the login host,
    /// which expects the page's origin as the referrer. Otherwise knowing the request's id is enough.
    pub binds_logins: bool,
    /// Whether the statement of a verifier is accepted once. Otherwise it is accepted until it expires, also for
    /// another login.
    pub spends_statements: bool,
    /// Whether every link brings a code, and attaches the identity only when that is exchanged. Otherwise a link is
    /// made before the browser returns to the page.
    pub attaches_links_after_exchange: bool,
    /// How long lists of access records lag behind, in seconds, at most 300.
    pub list_lag_seconds: u64,
    /// Whether lists of access records have another order with every walk from page to page. Otherwise they are sorted
    /// by id.
    pub shuffles_lists: bool,
    /// Whether the status of an updated access record is 202. Otherwise it is 200.
    pub accepts_record_updates: bool,
    /// How long after its acceptance the deletion of a user is done, in seconds.
    pub user_deletion_delay_seconds: u64,
    /// Whether the routes that a browser navigates to during a login refuse requests that are no navigations
    /// (`Sec-Fetch-Mode`). Otherwise a page of the site can follow a login in the background.
    pub refuses_background_logins: bool,
}

/// The content of the `user` cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IdentityCookie {
    /// The signed id token.
    IdToken,
    /// A JWT without header and signature, and without `aud`, `azp` and `client_id`.
    Lean,
}

/// The content of the `user` cookie for a large profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LargeIdentityCookie {
    /// The same as for a small one.
    Jwt,
    /// The claims in JSON, percent-encoded.
    Json,
}

/// The response to a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RenewalResponse {
    /// The tokens in the body, and in cookies where the page can have them.
    Tokens,
    /// `{}`, with the tokens in cookies only.
    Cookies,
}

/// The status of the response where there is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum NoSession {
    /// 400.
    BadRequest,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 409.
    Conflict,
}

/// The parameters of a callback with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CallbackErrors {
    /// `error`, `errorCode` and `error_description`.
    WithCode,
    /// `error` and `error_description`.
    WithoutCode,
}

/// How a link is refused, because the identity belongs to another user or the connection does not allow links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusedLink {
    /// A callback with an error.
    CallbackError,
    /// A callback with `nonce` and `iss` only, as if nothing had happened.
    PlainCallback,
    /// As soon as it is known and never by a callback: the request for the link is refused with
    /// `{title, errorCode, errorId}`, and what is known at its end only leads to an error page.
    NoCallback,
}

/// The error responses to invalid input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InvalidInput {
    /// 400, with a code for each field.
    BadRequest,
    /// 422, with the codes `InvalidRequest`, `DeviceProcessingFailed` and `InvalidDevice` where Authress is known to
    /// use them.
    UnprocessableContent,
}

/// The `aud` of access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessTokenAudience {
    /// A list with the issuer.
    Issuer,
    /// A list with the id of the account.
    Account,
    /// None.
    Absent,
}

/// The form of user ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UserIds {
    /// `usr_` and random letters and digits.
    Random,
    /// As real ones: `google-oauth2|1095…`, `slack|T0/U1`, and others with `:`, `@` and a space.
    Provider,
}

/// The host of the issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IssuerHost {
    /// The public host.
    Public,
    /// `tenant.` and the public host. A public host that is an IP address has none below it.
    Below,
    /// The public host without its first label, if it has at least three. An IP address has none above it.
    Above,
}

/// The error of an unknown tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UnknownTenant {
    /// 404 `TenantNotFound`.
    NotFound,
    /// `InvalidTenantIdentifier`, as invalid input.
    InvalidIdentifier,
}

impl Default for Dialect {
    /// The sandbox's own dialect.
    fn default() -> Self {
        Self {
            identity_cookie: IdentityCookie::IdToken,
            large_identity_cookie: LargeIdentityCookie::Jwt,
            renewal: RenewalResponse::Tokens,
            no_session: NoSession::NotFound,
            callback_errors: CallbackErrors::WithCode,
            refused_link: RefusedLink::CallbackError,
            invalid_input: InvalidInput::BadRequest,
            access_token_audience: AccessTokenAudience::Issuer,
            user_ids: UserIds::Random,
            checks_user_ids: false,
            client_id_for_verifiers: true,
            links_by_default: true,
            links_service_clients: false,
            session_lifetime_seconds: 90 * DAY_S,
            token_lifetime_seconds: DAY_S,
            session_token_on_localhost: false,
            issuer: IssuerHost::Public,
            drops_redirect_query: false,
            login_limit: None,
            enable_access_to_token: true,
            names_expired: false,
            checks_audiences: false,
            checks_invites: false,
            unknown_tenant: UnknownTenant::NotFound,
            binds_logins: false,
            spends_statements: false,
            attaches_links_after_exchange: false,
            list_lag_seconds: 0,
            shuffles_lists: false,
            accepts_record_updates: false,
            user_deletion_delay_seconds: 0,
            refuses_background_logins: false,
        }
    }
}

impl Dialect {
    /// The dialect that follows the public evidence of Authress's behaviour, and where there is none, whatever is
    /// hardest for a client, or safest for shoppers.
    pub fn strict() -> Self {
        Self {
            identity_cookie: IdentityCookie::Lean,
            large_identity_cookie: LargeIdentityCookie::Json,
            renewal: RenewalResponse::Cookies,
            no_session: NoSession::BadRequest,
            callback_errors: CallbackErrors::WithoutCode,
            refused_link: RefusedLink::PlainCallback,
            invalid_input: InvalidInput::UnprocessableContent,
            access_token_audience: AccessTokenAudience::Account,
            user_ids: UserIds::Provider,
            checks_user_ids: true,
            client_id_for_verifiers: false,
            links_by_default: false,
            links_service_clients: true,
            session_lifetime_seconds: 30 * DAY_S,
            session_token_on_localhost: true,
            names_expired: true,
            checks_audiences: true,
            checks_invites: true,
            unknown_tenant: UnknownTenant::InvalidIdentifier,
            binds_logins: true,
            spends_statements: true,
            list_lag_seconds: 3,
            shuffles_lists: true,
            accepts_record_updates: true,
            user_deletion_delay_seconds: 5,
            refuses_background_logins: true,
            ..Self::default()
        }
    }

    /// The dialect of this name, as `--dialect` and the configuration give it.
    ///
    /// # Errors
    /// A sentence that names the known ones.
    pub fn named(name: &str) -> Result<Self, String> {
        match name {
            "default" => Ok(Self::default()),
            "strict" => Ok(Self::strict()),
            other => Err(format!("there is no dialect {other:?}: it is default or strict")),
        }
    }

    /// Reads a dialect from the configuration: its name, or an object of switches.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(name) => Self::named(name),
            Value::Object(fields) => {
                let mut switches = fields.clone();
                let base = match switches.remove("base") {
                    Some(Value::String(name)) => Self::named(&name)?,
                    Some(_) => return Err("base must be the name of a dialect".to_owned()),
                    None => Self::default(),
                };
                base.with(switches)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                Err("dialect must be the name of a dialect or an object of switches".to_owned())
            }
        }
    }

    /// This dialect with some switches changed.
    pub(crate) fn with(&self, switches: serde_json::Map<String, Value>) -> Result<Self, String> {
        let mut all = serde_json::to_value(self).map_err(|error| error.to_string())?;
        if let Some(fields) = all.as_object_mut() {
            fields.extend(switches);
        }
        serde_json::from_value(all).map_err(|error| format!("the switches are not valid: {error}"))
    }
}

impl TryFrom<u16> for NoSession {
    type Error = String;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        match status {
            400 => Ok(Self::BadRequest),
            401 => Ok(Self::Unauthorized),
            403 => Ok(Self::Forbidden),
            404 => Ok(Self::NotFound),
            409 => Ok(Self::Conflict),
            other => Err(format!("noSession is 400, 401, 403, 404 or 409, not {other}")),
        }
    }
}

impl From<NoSession> for u16 {
    fn from(no_session: NoSession) -> Self {
        match no_session {
            NoSession::BadRequest => 400,
            NoSession::Unauthorized => 401,
            NoSession::Forbidden => 403,
            NoSession::NotFound => 404,
            NoSession::Conflict => 409,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_dialect_is_a_name_or_an_object_of_switches() {
        assert_eq!(Dialect::from_json(&json!("strict")), Ok(Dialect::strict()));
        assert_eq!(Dialect::from_json(&json!({})), Ok(Dialect::default()));
        let one = Dialect { no_session: NoSession::Conflict, ..Dialect::default() };
        assert_eq!(Dialect::from_json(&json!({ "noSession": 409 })), Ok(one));
        let changed = Dialect { login_limit: Some(3), ..Dialect::strict() };
        assert_eq!(Dialect::from_json(&json!({ "base": "strict", "loginLimit": 3 })), Ok(changed));
    }

    #[test]
    fn the_error_names_the_mistake() {
        for (value, named) in [
            (json!("lax"), "lax"),
            (json!({ "base": "lax" }), "lax"),
            (json!({ "base": 1 }), "base"),
            (json!({ "noSesion": 409 }), "noSesion"),
            (json!({ "noSession": 500 }), "500"),
            (json!({ "issuer": "beside" }), "beside"),
            (json!(true), "dialect"),
        ] {
            let error = Dialect::from_json(&value).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
