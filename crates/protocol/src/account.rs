//! What a shopper with a session does with the account: profile, identities, credentials, devices.

use crate::{
    error::{Error, ErrorCode},
    http::{Method, Request},
    json::{JsonObject, ObjectWriter},
    page::Page,
    secret::Secret,
    settings::Settings,
    text,
    web_url::{path_segment, query_of},
};

/// How a request shows whose session it is for.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// Whose session it is.
    pub user_id: String,
    /// The access token, where script can read it.
    pub access_token: Option<Secret>,
    /// Whether the session cookie goes along.
    pub with_credentials: bool,
}

impl Authorization {
    /// Cookies are enough where they reach Authress; elsewhere the token has to be shown.
    pub(crate) fn bearer_unless_cookies(self) -> Result<Option<Secret>, Error> {
        if self.with_credentials { Ok(None) } else { self.bearer() }
    }

    /// The token is always shown if there is one. It is never left to the word "null".
    fn bearer(self) -> Result<Option<Secret>, Error> {
        match (self.access_token, self.with_credentials) {
            (None, false) => Err(ErrorCode::NotLoggedIn.into()),
            (token, _) => Ok(token),
        }
    }
}

/// `GET /session/profile`: the account with its linked identities.
pub fn profile(authorization: Authorization) -> Result<Request, Error> {
    let with_credentials = authorization.with_credentials;
    let bearer = authorization.bearer_unless_cookies()?;
    Ok(request(Method::Get, "profile", None, bearer, with_credentials))
}

/// `DELETE /session/identities/{id}`: takes an identity off the account. `identity_id` is its
/// connection id, or the user id that it has at that connection.
pub fn unlink_identity(authorization: Authorization, identity_id: &str) -> Result<Request, Error> {
    if identity_id.is_empty() {
        return Err(ErrorCode::InvalidConnection.into());
    }
    let with_credentials = authorization.with_credentials;
    let bearer = authorization.bearer_unless_cookies()?;
    let path = text::concat(&["identities/", &path_segment(identity_id)]);
    Ok(request(Method::Delete, &path, None, bearer, with_credentials))
}

/// `GET /session/credentials`: the identity provider's own access token.
pub fn connection_credentials(authorization: Authorization) -> Result<Request, Error> {
    let with_credentials = authorization.with_credentials;
    Ok(request(Method::Get, "credentials", None, authorization.bearer()?, with_credentials))
}

/// `GET /session/devices`: the second factors.
pub fn devices(authorization: Authorization) -> Result<Request, Error> {
    let with_credentials = authorization.with_credentials;
    Ok(request(Method::Get, "devices", None, authorization.bearer()?, with_credentials))
}

/// `DELETE /session/devices/{id}`.
pub fn delete_device(authorization: Authorization, device_id: &str) -> Result<Request, Error> {
    if device_id.is_empty() {
        return Err(Error::with_detail(ErrorCode::InvalidInput, "A device id is needed."));
    }
    let with_credentials = authorization.with_credentials;
    let path = text::concat(&["devices/", &path_segment(device_id)]);
    Ok(request(Method::Delete, &path, None, authorization.bearer()?, with_credentials))
}

/// `POST /session/devices`.
pub fn register_device(authorization: Authorization, device: &Device) -> Result<Request, Error> {
    let with_credentials = authorization.with_credentials;
    let body = Secret::new(device.to_json());
    Ok(request(Method::Post, "devices", Some(body), authorization.bearer()?, with_credentials))
}

/// A second factor to register.
#[derive(Clone, Debug)]
pub enum Device {
    /// A security key or passkey.
    WebAuthn {
        /// The shopper's name for it.
        name: Option<String>,
        /// What the authenticator made.
        credential: Credential,
    },
    /// An app that shows time-based codes.
    Totp {
        /// The shopper's name for it.
        name: Option<String>,
        /// The options `totp` as JSON; they hold the shared secret and the first code.
        totp: Secret,
    },
}

/// A WebAuthn credential, its binary parts in standard base64.
#[derive(Clone, Debug)]
pub struct Credential {
    /// `platform`, `cross-platform` or unknown.
    pub authenticator_attachment: Option<String>,
    /// The credential id.
    pub credential_id: String,
    /// The credential type, `public-key`.
    pub credential_type: String,
    /// The user id it was made for.
    pub user_id: String,
    /// The attestation object.
    pub attestation: String,
    /// The client data.
    pub client: String,
}

impl Device {
    fn to_json(&self) -> String {
        match self {
            Self::WebAuthn { name, credential } => {
                let code = ObjectWriter::new()
                    .optional("authenticatorAttachment", credential.authenticator_attachment.as_deref())
                    .string("credentialId", &credential.credential_id)
                    .string("type", &credential.credential_type)
                    .string("userId", &credential.user_id)
                    .string("attestation", &credential.attestation)
                    .string("client", &credential.client);
                let device = ObjectWriter::new().optional("name", name.as_deref()).raw("code", &code.finish());
                device.string("type", "WebAuthN").finish()
            }
            Self::Totp { name, totp } => {
                let code = JsonObject::parse(totp.expose());
                let code = code.as_ref().and_then(|totp| totp.str("verificationCode"));
                let device = ObjectWriter::new().optional("name", name.as_deref()).optional("code", code.as_deref());
                device.raw("totpData", totp.expose()).string("type", "TOTP").finish()
            }
        }
    }
}

/// For which hosts a WebAuthn credential is made: the domain above the Authress host, so that it
/// serves the shop too. A host of two labels or an address stands for itself.
pub fn relying_party_id(settings: &Settings) -> String {
    let host = settings.host().host();
    match (settings.host().domain(), text::split_once(host, b'.')) {
        (Some(_), Some((_, parent))) if text::split_once(parent, b'.').is_some() => parent.to_owned(),
        _ => host.to_owned(),
    }
}

/// The page of Authress where shoppers see to their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserConfigurationScreen {
    /// Profile and linked identities.
    Profile,
    /// Second factors.
    Mfa,
}

impl UserConfigurationScreen {
    /// Reads the option `startPage`, default `Profile`.
    pub fn parse(start_page: Option<&str>) -> Result<Self, Error> {
        match start_page {
            None | Some("Profile") => Ok(Self::Profile),
            Some("MFA") => Ok(Self::Mfa),
            Some(_) => Err(Error::with_detail(ErrorCode::InvalidInput, "startPage is Profile or MFA.")),
        }
    }

    /// The address of the page, from which the shopper returns to `redirect_url` or this page.
    pub fn url(self, settings: &Settings, page: &Page, redirect_url: Option<&str>) -> Result<String, Error> {
        let start_page = match self {
            Self::Profile => "Profile",
            Self::Mfa => "MFA",
        };
        let query = query_of(&[
            ("client_id", settings.application_id()),
            ("start_page", start_page),
            ("redirect_uri", page.resolve(redirect_url)?.as_str()),
        ]);
        Ok(text::concat(&[&settings.origin(), "/settings?", &query]))
    }
}

fn request(
    method: Method,
    path: &str,
    body: Option<Secret>,
    bearer: Option<Secret>,
    with_credentials: bool,
) -> Request {
    Request { method, path: text::concat(&["/api/session/", path]), body, bearer, with_credentials }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authorization(token: Option<&str>, with_credentials: bool) -> Authorization {
        Authorization { user_id: "user_a".into(), access_token: token.map(Secret::new), with_credentials }
    }

    fn bearer(request: Result<Request, Error>) -> Option<String> {
        request.unwrap().bearer.map(|token| token.expose().to_owned())
    }

    #[test]
    fn a_token_is_shown_where_it_must_be_and_never_as_a_word() {
        assert_eq!(bearer(profile(authorization(Some("t"), false))).as_deref(), Some("t"));
        assert_eq!(bearer(profile(authorization(Some("t"), true))), None);
        assert_eq!(bearer(devices(authorization(Some("t"), true))).as_deref(), Some("t"));
        assert_eq!(bearer(devices(authorization(None, true))), None);
        for refused in [profile(authorization(None, false)), devices(authorization(None, false))] {
            assert_eq!(refused.unwrap_err().code, ErrorCode::NotLoggedIn);
        }
    }

    #[test]
    fn identifiers_stay_in_their_path_segment() {
        let both = || authorization(Some("t"), false);
        assert_eq!(unlink_identity(both(), "a/b c|d").unwrap().path, "/api/session/identities/a%2Fb%20c%7Cd");
        assert_eq!(delete_device(both(), "../x").unwrap().path, "/api/session/devices/..%2Fx");
        assert_eq!(unlink_identity(both(), "").unwrap_err().code, ErrorCode::InvalidConnection);
        assert_eq!(delete_device(both(), "").unwrap_err().code, ErrorCode::InvalidInput);
    }

    #[test]
    fn devices_are_written_under_their_wire_names() {
        let totp = Device::Totp { name: None, totp: Secret::new(r#"{"secretKey":"s","verificationCode":"123"}"#) };
        let json: serde_json::Value = serde_json::from_str(&totp.to_json()).unwrap();
        assert_eq!(
            (&json["code"], &json["type"], &json["totpData"]["secretKey"]),
            (&"123".into(), &"TOTP".into(), &"s".into())
        );
        let credential = Credential {
            authenticator_attachment: None,
            credential_id: "id".into(),
            credential_type: "public-key".into(),
            user_id: "user_a".into(),
            attestation: "YQ==".into(),
            client: "Yg==".into(),
        };
        let key = Device::WebAuthn { name: Some("Key".into()), credential };
        let json: serde_json::Value = serde_json::from_str(&key.to_json()).unwrap();
        assert_eq!(
            (&json["name"], &json["type"], &json["code"]["credentialId"]),
            (&"Key".into(), &"WebAuthN".into(), &"id".into())
        );
        assert!(!format!("{totp:?}").contains("123"));
    }

    #[test]
    fn a_relying_party_is_the_domain_above_the_host() {
        let id = |host: &str| relying_party_id(&Settings::new(host, None).unwrap());
        assert_eq!(id("https://login.shop.test:8443"), "shop.test");
        assert_eq!(id("https://shop.test"), "shop.test");
        assert_eq!(id("http://localhost:8888"), "localhost");
        assert_eq!(id("http://127.0.0.1:8888"), "127.0.0.1");
    }

    #[test]
    fn the_configuration_screen_knows_where_to_return() {
        let settings = Settings::new("https://login.shop.test", Some("app_shop")).unwrap();
        let page = Page::new("https://app.shop.test/me").unwrap();
        assert_eq!(
            UserConfigurationScreen::parse(Some("MFA")).unwrap().url(&settings, &page, None).unwrap(),
            "https://login.shop.test/settings?client_id=app_shop&start_page=MFA&redirect_uri=https%3A%2F%2Fapp.shop.test%2Fme"
        );
        assert!(UserConfigurationScreen::parse(Some("Else")).is_err());
    }
}
