//! Requests for the account of the session: profile, linked identities, credentials of the connection, second factors.

use crate::{
    error::{Error, ErrorCode},
    http::{Method, Request},
    json::{JsonObject, ObjectWriter, quote},
    page::Page,
    secret::Secret,
    session::credentials::SessionCredentials,
    settings::Settings,
    web_url::{path_segment, query_of},
};

/// Returns `GET /session/profile`: the account with its linked identities.
pub fn profile(credentials: SessionCredentials) -> Result<Request, Error> {
    let with_credentials = credentials.with_credentials;
    let bearer = credentials.bearer()?;
    Ok(request(Method::Get, "profile", None, bearer, with_credentials))
}

/// Whether a profile shows that this user has an identity of a connection. Not every profile names its user.
pub fn has_identity(profile: &Secret, user_id: &str, connection_id: &str) -> bool {
    let Some(profile) = JsonObject::parse(profile.expose()) else { return false };
    let is_of_user = profile.str("userId").is_none_or(|id| id == user_id);
    let Some(identities) = profile.list("linkedIdentities").filter(|_| is_of_user) else { return false };
    // Within a string the quotes would be escaped, so that this is a member.
    let member = ["\"connectionId\":", &quote(connection_id)].concat();
    identities.as_bytes().windows(member.len()).any(|part| part == member.as_bytes())
}

/// Returns `DELETE /session/identities/{id}`, which unlinks an identity. `identity_id` is its connection id, or its
/// user id at that connection.
pub fn unlink_identity(credentials: SessionCredentials, identity_id: &str) -> Result<Request, Error> {
    if identity_id.is_empty() {
        return Err(ErrorCode::InvalidConnection.into());
    }
    let with_credentials = credentials.with_credentials;
    let bearer = credentials.bearer()?;
    let path = ["identities/", &path_segment(identity_id)].concat();
    Ok(request(Method::Delete, &path, None, bearer, with_credentials))
}

/// Returns `GET /session/credentials`: the access token of the identity provider.
pub fn connection_credentials(credentials: SessionCredentials) -> Result<Request, Error> {
    let with_credentials = credentials.with_credentials;
    Ok(request(Method::Get, "credentials", None, credentials.bearer()?, with_credentials))
}

/// Returns `GET /session/devices`: the second factors.
pub fn devices(credentials: SessionCredentials) -> Result<Request, Error> {
    let with_credentials = credentials.with_credentials;
    Ok(request(Method::Get, "devices", None, credentials.bearer()?, with_credentials))
}

/// Returns `DELETE /session/devices/{id}`.
pub fn delete_device(credentials: SessionCredentials, device_id: &str) -> Result<Request, Error> {
    if device_id.is_empty() {
        return Err(Error::with_detail(ErrorCode::InvalidInput, "deleteDevice needs a device id."));
    }
    let with_credentials = credentials.with_credentials;
    let path = ["devices/", &path_segment(device_id)].concat();
    Ok(request(Method::Delete, &path, None, credentials.bearer()?, with_credentials))
}

/// Returns `POST /session/devices`.
///
/// Fails with [`ErrorCode::UserChanged`] if a security key or passkey was created for another user.
pub fn register_device(credentials: SessionCredentials, device: &Device) -> Result<Request, Error> {
    let credentials = credentials.check_user(device.user_id())?;
    let with_credentials = credentials.with_credentials;
    let body = Secret::new(device.to_json());
    Ok(request(Method::Post, "devices", Some(body), credentials.bearer()?, with_credentials))
}

/// A second factor to register.
#[derive(Clone, Debug)]
pub enum Device {
    /// A security key or passkey.
    WebAuthn {
        /// The shopper's name for the device.
        name: Option<String>,
        /// The credential that the authenticator created.
        credential: Credential,
    },
    /// An app with time-based one-time codes (RFC 6238).
    Totp {
        /// The shopper's name for the device.
        name: Option<String>,
        /// The option `totp` as JSON: the shared secret and the first code.
        totp: Secret,
    },
}

/// A WebAuthn credential. Binary values are in standard base64.
#[derive(Clone, Debug)]
pub struct Credential {
    /// `platform` or `cross-platform`, if the browser says so.
    pub authenticator_attachment: Option<String>,
    /// The credential id.
    pub credential_id: String,
    /// The credential type, `public-key`.
    pub credential_type: String,
    /// The user id for which it was created.
    pub user_id: String,
    /// The attestation object.
    pub attestation: String,
    /// The client data.
    pub client: String,
}

impl Device {
    /// Returns the user id for which it was created, if it was created for one.
    fn user_id(&self) -> Option<&str> {
        match self {
            Self::WebAuthn { credential, .. } => Some(&credential.user_id),
            Self::Totp { .. } => None,
        }
    }

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

/// Returns the relying party id of WebAuthn credentials: the parent domain of the Authress host, so that the shop can
/// use them too. A host of two labels or an IP address is its own relying party.
pub fn relying_party_id(settings: &Settings) -> String {
    let host = settings.host().host();
    match (settings.host().domain(), host.split_once('.')) {
        (Some(_), Some((_, parent))) if parent.split_once('.').is_some() => parent.to_owned(),
        _ => host.to_owned(),
    }
}

/// A page of Authress for the settings of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserConfigurationScreen {
    /// Profile and linked identities.
    Profile,
    /// Second factors.
    Mfa,
}

impl UserConfigurationScreen {
    /// Parses the option `startPage`. Default: `Profile`.
    pub fn parse(start_page: Option<&str>) -> Result<Self, Error> {
        match start_page {
            None | Some("Profile") => Ok(Self::Profile),
            Some("MFA") => Ok(Self::Mfa),
            Some(_) => Err(Error::with_detail(ErrorCode::InvalidInput, "startPage must be Profile or MFA.")),
        }
    }

    /// Returns the URL of the page. It links back to `redirect_url`. Default: `page`.
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
        Ok([&settings.origin(), "/settings?", &query].concat())
    }
}

fn request(
    method: Method,
    path: &str,
    body: Option<Secret>,
    bearer: Option<Secret>,
    with_credentials: bool,
) -> Request {
    Request { method, path: ["/api/session/", path].concat(), body, bearer, with_credentials }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(token: Option<&str>, with_credentials: bool) -> SessionCredentials {
        let access_token = token.map(Secret::new);
        SessionCredentials { user_id: "user_a".into(), access_token, with_credentials, may_link: false }
    }

    fn bearer(request: Result<Request, Error>) -> Option<String> {
        request.unwrap().bearer.map(|token| token.expose().to_owned())
    }

    #[test]
    fn a_token_is_sent_wherever_script_can_read_one() {
        for with_credentials in [true, false] {
            let with_token = || credentials(Some("t"), with_credentials);
            for request in [profile(with_token()), unlink_identity(with_token(), "con_a"), devices(with_token())] {
                assert_eq!(bearer(request).as_deref(), Some("t"), "{with_credentials}");
            }
        }
        assert_eq!(bearer(profile(credentials(None, true))), None, "the token is HttpOnly");
        for refused in [profile(credentials(None, false)), devices(credentials(None, false))] {
            assert_eq!(refused.unwrap_err().code, ErrorCode::NotLoggedIn);
        }
    }

    #[test]
    fn a_passkey_of_another_user_is_not_registered() {
        let passkey = |user_id: &str| {
            let text = String::new;
            let (credential_type, user_id) = (text(), user_id.to_owned());
            let (credential_id, attestation, client) = (text(), text(), text());
            let credential = Credential {
                authenticator_attachment: None,
                credential_id,
                credential_type,
                user_id,
                attestation,
                client,
            };
            register_device(credentials(Some("t"), true), &Device::WebAuthn { name: None, credential })
        };
        assert!(passkey("user_a").is_ok());
        assert_eq!(passkey("user_b").unwrap_err().code, ErrorCode::UserChanged);
    }

    #[test]
    fn a_profile_shows_the_identities_of_its_user() {
        let linked = r#"{"userId":"user_a","linkedIdentities":[{"connection":{"connectionId":"sc_shop","userId":"user_a"}},
            {"connection":{"connectionId":"con_a","userId":"google-oauth2|1095"}}]}"#;
        let has = |profile: &str, user, connection| has_identity(&Secret::new(profile), user, connection);
        assert!(has(linked, "user_a", "con_a"));
        assert!(has(&linked.replace("userId", "sub"), "user_a", "con_a"), "a profile that names no user");
        assert!(!has(linked, "user_b", "con_a"));
        assert!(!has(linked, "user_a", "con_b"));
        for profile in [
            "",
            "[]",
            "{}",
            r#"{"linkedIdentities":null}"#,
            r#"{"linkedIdentities":{"0":{"connection":{"connectionId":"con_a"}}}}"#,
            r#"{"linkedIdentities":[null,"con_a",5,[],{"connection":"con_a"},{"connection":{"connectionId":"con_ab"}}]}"#,
            r#"{"linkedIdentities":[{"name":"\"connectionId\":\"con_a\""}],"connection":{"connectionId":"con_a"}}"#,
        ] {
            assert!(!has(profile, "user_a", "con_a"), "{profile}");
        }
    }

    #[test]
    fn ids_are_encoded_as_one_path_segment() {
        let both = || credentials(Some("t"), false);
        assert_eq!(unlink_identity(both(), "a/b c|d").unwrap().path, "/api/session/identities/a%2Fb%20c%7Cd");
        assert_eq!(delete_device(both(), "../x").unwrap().path, "/api/session/devices/..%2Fx");
        assert_eq!(unlink_identity(both(), "").unwrap_err().code, ErrorCode::InvalidConnection);
        assert_eq!(delete_device(both(), "").unwrap_err().code, ErrorCode::InvalidInput);
    }

    #[test]
    fn devices_are_sent_under_their_wire_names() {
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
    fn the_relying_party_is_the_parent_domain_of_the_host() {
        let id = |host: &str| relying_party_id(&Settings::new(host, None).unwrap());
        assert_eq!(id("https://login.shop.test:8443"), "shop.test");
        assert_eq!(id("https://shop.test"), "shop.test");
        assert_eq!(id("http://localhost:8888"), "localhost");
        assert_eq!(id("http://127.0.0.1:8888"), "127.0.0.1");
    }

    #[test]
    fn the_configuration_screen_gets_the_redirect_url() {
        let settings = Settings::new("https://login.shop.test", Some("app_shop")).unwrap();
        let page = Page::new("https://app.shop.test/me").unwrap();
        assert_eq!(
            UserConfigurationScreen::parse(Some("MFA")).unwrap().url(&settings, &page, None).unwrap(),
            "https://login.shop.test/settings?client_id=app_shop&start_page=MFA&redirect_uri=https%3A%2F%2Fapp.shop.test%2Fme"
        );
        assert!(UserConfigurationScreen::parse(Some("Else")).is_err());
    }
}
