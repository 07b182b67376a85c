//! The registered second factors of each user.

use serde::{Deserialize, Serialize};

use crate::bounded_map::BoundedMap;

/// How many devices one account may have.
pub(crate) const MAX_DEVICES: usize = 10;

const MAX_ACCOUNTS: usize = 10_000;

/// A registered second factor. The secret of a TOTP device is not kept after the registration.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    pub(crate) device_id: String,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) device_type: DeviceType,
    /// RFC 3339, in UTC.
    pub(crate) created: String,
    /// A WebAuthn credential can be registered once.
    #[serde(skip)]
    pub(crate) credential_id: Option<String>,
}

/// The kinds of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DeviceType {
    #[serde(rename = "WebAuthN")]
    WebAuthn,
    #[serde(rename = "TOTP")]
    Totp,
}

/// The devices by user id.
#[derive(Debug)]
pub(crate) struct Devices(BoundedMap<String, Vec<Device>>);

impl Default for Devices {
    fn default() -> Self {
        Self(BoundedMap::new(MAX_ACCOUNTS))
    }
}

impl Devices {
    /// The user's devices, oldest first.
    pub(crate) fn of_user(&self, user_id: &str) -> &[Device] {
        self.0.get(&user_id.to_owned()).map_or(&[], Vec::as_slice)
    }

    /// The user's devices to add one; `None` when the user has [`MAX_DEVICES`].
    pub(crate) fn of_user_with_room(&mut self, user_id: &str) -> Option<&mut Vec<Device>> {
        let key = user_id.to_owned();
        if !self.0.contains(&key) {
            self.0.insert(key.clone(), vec![]);
        }
        self.0.get_mut(&key).filter(|devices| devices.len() < MAX_DEVICES)
    }

    /// Removes all devices of a user.
    pub(crate) fn remove_user(&mut self, user_id: &str) {
        self.0.remove(&user_id.to_owned());
    }

    /// Removes the device; `false` when the user has no such device.
    pub(crate) fn remove(&mut self, user_id: &str, device_id: &str) -> bool {
        let Some(devices) = self.0.get_mut(&user_id.to_owned()) else { return false };
        let before = devices.len();
        devices.retain(|device| device.device_id != device_id);
        devices.len() < before
    }
}
