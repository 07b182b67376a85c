//! Second factors: `/api/session/devices`. They are registered, listed and removed; the sandbox's
//! logins do not ask for them.

pub(crate) mod totp;
mod web_authn;

use serde::Deserialize;
use serde_json::Value;

use crate::clock::rfc3339;
use crate::endpoints::devices::totp::TotpError;
use crate::endpoints::devices::web_authn::Registration;
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::model::device::{Device, DeviceType};
use crate::request_context::RequestContext;
use crate::state::State;

const MAX_NAME_CHARS: usize = 64;

/// The body of `POST /api/session/devices`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeviceBody {
    #[serde(default)]
    name: String,
    #[serde(rename = "type")]
    device_type: DeviceType,
    /// Six digits for TOTP, a credential for WebAuthn.
    #[serde(default)]
    code: Value,
    totp_data: Option<TotpData>,
}

#[derive(Deserialize)]
struct TotpData {
    /// Base32.
    #[serde(default)]
    secret: String,
}

impl std::fmt::Debug for TotpData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpData([redacted])")
    }
}

/// `GET /api/session/devices`.
pub(crate) fn list(state: &State, context: &RequestContext) -> Result<Vec<Device>, ApiError> {
    let user = state.authenticated_user(context, None)?;
    Ok(state.devices.of_user(&user.user_id).to_vec())
}

/// `POST /api/session/devices`.
pub(crate) fn register(
    state: &mut State,
    context: &RequestContext,
    body: DeviceBody,
    entropy: &mut Entropy,
) -> Result<Device, ApiError> {
    let user_id = state.authenticated_user(context, None)?.user_id;
    if body.name.chars().count() > MAX_NAME_CHARS || body.name.contains(char::is_control) {
        let title = "A device's name has at most 64 characters and no control characters.";
        return Err(ApiError::invalid_input("InvalidDeviceName", title).unprocessable_as("InvalidRequest"));
    }
    let credential_id = match body.device_type {
        DeviceType::Totp => check_totp(&body, context.now_ms).map(|()| None)?,
        DeviceType::WebAuthn => Some(check_web_authn(state, body.code, &user_id)?),
    };
    let full = || ApiError::new(409, "TooManyDevices", "An account has at most 10 devices; remove one first.");
    let devices = state.devices.of_user_with_room(&user_id).ok_or_else(full)?;
    if credential_id.is_some() && devices.iter().any(|device| device.credential_id == credential_id) {
        return Err(ApiError::new(409, "DeviceAlreadyRegistered", "This credential is registered already."));
    }
    let device = Device {
        device_id: format!("dev_{}", entropy.id()),
        name: body.name,
        device_type: body.device_type,
        created: rfc3339(context.now_ms),
        credential_id,
    };
    devices.push(device.clone());
    Ok(device)
}

/// `DELETE /api/session/devices/{id}`.
pub(crate) fn remove(state: &mut State, context: &RequestContext, device_id: &str) -> Result<(), ApiError> {
    let user_id = state.authenticated_user(context, None)?.user_id;
    if state.devices.remove(&user_id, device_id) {
        Ok(())
    } else {
        Err(ApiError::new(404, "DeviceNotFound", "The user has no such device."))
    }
}

fn check_totp(body: &DeviceBody, now_ms: u64) -> Result<(), ApiError> {
    let secret = body.totp_data.as_ref().map_or("", |data| data.secret.as_str());
    // A code that was sent as a number has lost its leading zeros.
    let code = body.code.as_str().unwrap_or_default();
    totp::check(secret, code, now_ms / 1000).map_err(|error| match error {
        TotpError::InvalidSecret => {
            let title = "totpData.secret must be base32 of 10 to 128 bytes.";
            ApiError::invalid_input("InvalidTotpSecret", title).unprocessable_as("InvalidRequest")
        }
        TotpError::WrongCode => {
            let title = "The code is not the one for this secret now; check the clock of the authenticator and try \
                         the next code.";
            ApiError::invalid_input("InvalidVerificationCode", title).unprocessable_as("DeviceProcessingFailed")
        }
    })
}

/// Returns the id of the credential.
fn check_web_authn(state: &State, code: Value, user_id: &str) -> Result<String, ApiError> {
    let invalid =
        |title| ApiError::invalid_input("InvalidWebAuthnRegistration", title).unprocessable_as("InvalidDevice");
    let registration: Registration = serde_json::from_value(code)
        .map_err(|_| invalid("code must have the text fields credentialId, type, userId, attestation and client."))?;
    web_authn::check(&registration, user_id, |origin| state.knows_origin(origin)).map_err(invalid)?;
    Ok(registration.credential_id)
}
