//! The hosted page on which users look after their account: `GET /settings`.

use crate::account::profile_of;
use crate::login::Query;
use crate::state::{Call, State};

/// What the page shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) start_page: StartPage,
    pub(crate) user: Option<SettingsUser>,
    pub(crate) back: Back,
}

/// Whose settings they are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SettingsUser {
    /// The name, or the user id of somebody without one.
    pub(crate) name: String,
    /// The devices' names.
    pub(crate) devices: Vec<String>,
}

/// Which part of the page comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartPage {
    /// The default.
    Profile,
    /// The devices.
    Mfa,
}

/// The way back to the application.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Back {
    /// No `redirect_uri` was given.
    Nowhere,
    /// A place the application allows.
    To(String),
    /// A place it does not allow.
    Refused,
}

/// Reads the browser's session: the page is navigated to, so there is no `Origin` to check, and no
/// other page can read it.
pub(crate) fn settings(state: &State, call: &Call, query: &Query) -> Settings {
    let user = state.sessions.find(&call.session_ids, call.now_ms).map(|(_, grant)| {
        let profile = profile_of(state, grant.user_id.clone());
        let devices = state.devices.of_user(&grant.user_id).iter().map(|device| device.name.clone()).collect();
        SettingsUser { name: profile.profile.name.unwrap_or(profile.user_id), devices }
    });
    let application = query.get("client_id").and_then(|id| state.applications.get(id));
    let back = match query.get("redirect_uri") {
        None => Back::Nowhere,
        Some(uri) => application
            .and_then(|application| application.allows_redirect(uri))
            .map_or(Back::Refused, |url| Back::To(url.into())),
    };
    let start_page = if query.get("start_page") == Some("MFA") { StartPage::Mfa } else { StartPage::Profile };
    Settings { start_page, user, back }
}
