//! The hosted page with a user's account settings: `GET /settings`.

use crate::endpoints::account::profile_of;
use crate::endpoints::query::Query;
use crate::request_context::RequestContext;
use crate::state::State;

/// The content of the page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) start_page: StartPage,
    pub(crate) user: Option<SettingsUser>,
    pub(crate) application_link: ApplicationLink,
}

/// The signed-in user.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SettingsUser {
    /// The name, or the user id of a user without one.
    pub(crate) name: String,
    /// The devices' names.
    pub(crate) devices: Vec<String>,
}

/// The part of the page that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartPage {
    /// The default.
    Profile,
    /// The devices.
    Mfa,
}

/// The link back to the application.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ApplicationLink {
    /// No `redirect_uri` was given.
    None,
    /// A URL that the application allows.
    To(String),
    /// The `redirect_uri` is not one that the application allows.
    NotAllowed,
}

/// Reads the browser's session. A navigation carries no `Origin` to check, and no other page can read the response.
pub(crate) fn settings(state: &State, context: &RequestContext, query: &Query) -> Settings {
    let user = state.sessions.find(&context.session_ids, context.now_ms).map(|(_, grant)| {
        let profile = profile_of(state, grant.user_id.clone());
        let devices = state.devices.of_user(&grant.user_id).iter().map(|device| device.name.clone()).collect();
        SettingsUser { name: profile.profile.name.unwrap_or(profile.user_id), devices }
    });
    let application = query.get("client_id").and_then(|id| state.applications.get(id));
    let application_link = match query.get("redirect_uri") {
        None => ApplicationLink::None,
        Some(uri) => application
            .and_then(|application| application.allows_redirect(uri))
            .map_or(ApplicationLink::NotAllowed, |url| ApplicationLink::To(url.into())),
    };
    let start_page = if query.get("start_page") == Some("MFA") { StartPage::Mfa } else { StartPage::Profile };
    Settings { start_page, user, application_link }
}
