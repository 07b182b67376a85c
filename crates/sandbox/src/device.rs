//! Second factors: `/api/session/devices`. They are registered, listed and removed; the sandbox's
//! logins do not ask for them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bounded::Bounded;
use crate::clock::rfc3339;
use crate::entropy::Entropy;
use crate::refusal::Refusal;
use crate::state::{Call, State};
use crate::totp::{self, TotpRefusal};
use crate::web_authn::{self, Registration};

/// How many devices one account may have.
pub(crate) const MAX_DEVICES: usize = 10;

const MAX_ACCOUNTS: usize = 10_000;
const MAX_NAME_CHARS: usize = 64;

/// The devices by user id.
#[derive(Debug)]
pub(crate) struct Devices(Bounded<String, Vec<Device>>);

/// A registered second factor. The secret of a TOTP device is forgotten once its code was checked.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    device_id: String,
    pub(crate) name: String,
    #[serde(rename = "type")]
    device_type: DeviceType,
    /// RFC 3339, in UTC.
    created: String,
    /// A WebAuthn credential is registered once.
    #[serde(skip)]
    credential_id: Option<String>,
}

/// The kinds of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DeviceType {
    #[serde(rename = "WebAuthN")]
    WebAuthn,
    #[serde(rename = "TOTP")]
    Totp,
}

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

impl Default for Devices {
    fn default() -> Self {
        Self(Bounded::new(MAX_ACCOUNTS))
    }
}

impl Devices {
    /// Oldest first.
    pub(crate) fn of_user(&self, user_id: &str) -> &[Device] {
        self.0.get(&user_id.to_owned()).map_or(&[], Vec::as_slice)
    }

    fn of_user_mut(&mut self, user_id: &str) -> Option<&mut Vec<Device>> {
        let key = user_id.to_owned();
        if !self.0.contains(&key) {
            self.0.insert(key.clone(), vec![]);
        }
        self.0.get_mut(&key)
    }
}

/// `GET /api/session/devices`.
pub(crate) fn list(state: &State, call: &Call) -> Result<Vec<Device>, Refusal> {
    let caller = state.caller(call, None)?;
    Ok(state.devices.of_user(&caller.user_id).to_vec())
}

/// `POST /api/session/devices`.
pub(crate) fn register(
    state: &mut State,
    call: &Call,
    body: DeviceBody,
    entropy: &mut Entropy,
) -> Result<Device, Refusal> {
    let user_id = state.caller(call, None)?.user_id;
    if body.name.chars().count() > MAX_NAME_CHARS || body.name.contains(char::is_control) {
        let title = "A device's name has at most 64 characters and no control characters.";
        return Err(Refusal::new(400, "InvalidDeviceName", title));
    }
    let credential_id = match body.device_type {
        DeviceType::Totp => check_totp(&body, call.now_ms).map(|()| None)?,
        DeviceType::WebAuthn => Some(check_web_authn(state, body.code, &user_id)?),
    };
    let full = || Refusal::new(409, "TooManyDevices", "An account has at most 10 devices; remove one first.");
    let devices = state.devices.of_user_mut(&user_id).filter(|devices| devices.len() < MAX_DEVICES).ok_or_else(full)?;
    if credential_id.is_some() && devices.iter().any(|device| device.credential_id == credential_id) {
        return Err(Refusal::new(409, "DeviceAlreadyRegistered", "This credential is registered already."));
    }
    let device = Device {
        device_id: format!("dev_{}", entropy.id()),
        name: body.name,
        device_type: body.device_type,
        created: rfc3339(call.now_ms),
        credential_id,
    };
    devices.push(device.clone());
    Ok(device)
}

/// `DELETE /api/session/devices/{id}`.
pub(crate) fn remove(state: &mut State, call: &Call, device_id: &str) -> Result<(), Refusal> {
    let user_id = state.caller(call, None)?.user_id;
    let unknown = || Refusal::new(404, "DeviceNotFound", "The user has no such device.");
    let devices = state.devices.0.get_mut(&user_id).ok_or_else(unknown)?;
    let position = devices.iter().position(|device| device.device_id == device_id).ok_or_else(unknown)?;
    devices.remove(position);
    Ok(())
}

fn check_totp(body: &DeviceBody, now_ms: u64) -> Result<(), Refusal> {
    let secret = body.totp_data.as_ref().map_or("", |data| data.secret.as_str());
    // A code that was sent as a number has lost its leading zeros.
    let code = body.code.as_str().unwrap_or_default();
    totp::check(secret, code, now_ms).map_err(|refusal| match refusal {
        TotpRefusal::UnusableSecret => {
            Refusal::new(400, "InvalidTotpSecret", "totpData.secret must be base32 of 10 to 128 bytes.")
        }
        TotpRefusal::WrongCode => Refusal::new(
            400,
            "InvalidVerificationCode",
            "The code is not the one for this secret now; check the clock of the authenticator and try the next code.",
        ),
    })
}

/// The id of the credential.
fn check_web_authn(state: &State, code: Value, user_id: &str) -> Result<String, Refusal> {
    let refused = |title| Refusal::new(400, "InvalidWebAuthnRegistration", title);
    let registration: Registration = serde_json::from_value(code)
        .map_err(|_| refused("code must have the text fields credentialId, type, userId, attestation and client."))?;
    web_authn::check(&registration, user_id, |origin| state.knows_origin(origin)).map_err(refused)?;
    Ok(registration.credential_id)
}
