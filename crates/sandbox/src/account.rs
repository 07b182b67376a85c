//! What a logged-in user may do: extend or end the session, read the profile, unlink, log out.

use authress_login_protocol::secret::Secret;
use serde::{Serialize, Serializer};

use crate::cookies::{login_cookies, logout_cookies};
use crate::entropy::Entropy;
use crate::identity::UnlinkRefusal;
use crate::refusal::Refusal;
use crate::site::{cookie_domains, parse_http_url, shared_cookie_domain};
use crate::state::{Call, State};
use crate::tokens::{Profile, TokenSet, issue};

/// `GET /api/session/profile`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserProfile {
    pub(crate) user_id: String,
    #[serde(flatten)]
    pub(crate) profile: Profile,
    linked_identities: Vec<LinkedIdentity>,
}

#[derive(Debug, Serialize)]
struct LinkedIdentity {
    connection: LinkedConnection,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkedConnection {
    connection_id: String,
    /// The connection's own id of the person.
    user_id: String,
}

/// `GET /api/session/credentials`: what the provider itself gave for the identity.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionCredentials {
    #[serde(serialize_with = "exposed")]
    access_token: Secret,
}

fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// `PATCH /api/session`: fresh tokens and cookies for the browser's session.
pub(crate) fn extend_session(
    state: &mut State,
    call: &Call,
    entropy: &mut Entropy,
) -> Result<(TokenSet, Vec<String>), Refusal> {
    let ids = state.trusted_session_ids(call).to_vec();
    let Some((session_id, grant)) = state.sessions.extend(&ids, call.now_ms) else {
        return Err(Refusal::new(404, "SessionNotFound", "There is no session; log in first."));
    };
    let tokens = issue(&state.signing_key, &state.public_url, &grant, call.now_ms, entropy);
    let page = call.origin.as_deref().and_then(parse_http_url);
    let domain = page.and_then(|page| shared_cookie_domain(&page, state.public_url.url()));
    let cookies = login_cookies(&state.public_url, domain.as_deref(), &session_id, Some(&tokens));
    Ok((tokens, cookies))
}

/// `DELETE /api/session`: the cookies to remove. Ending no session is no error.
pub(crate) fn end_session(state: &mut State, call: &Call) -> Vec<String> {
    let ids = state.trusted_session_ids(call).to_vec();
    state.sessions.end(&ids);
    logout_cookies(&state.public_url, &cookie_domains(state.public_url.url()))
}

/// `GET /api/session/profile`.
pub(crate) fn profile(state: &State, call: &Call) -> Result<UserProfile, Refusal> {
    let caller = state.caller(call, None)?;
    Ok(profile_of(state, caller.user_id))
}

/// What is known about a user.
pub(crate) fn profile_of(state: &State, user_id: String) -> UserProfile {
    let mut profile = Profile::default();
    let mut linked_identities = vec![];
    for (key, identity) in state.identities.of_user(&user_id) {
        // Of several identities, the one that was linked last describes the user.
        if !identity.anonymous {
            profile = identity.profile.clone();
        }
        let connection = LinkedConnection { connection_id: key.connection_id.clone(), user_id: key.subject.clone() };
        linked_identities.push(LinkedIdentity { connection });
    }
    UserProfile { user_id, profile, linked_identities }
}

/// `GET /api/session/credentials`: of the identity that the session or token was made with.
pub(crate) fn credentials(state: &State, call: &Call) -> Result<ConnectionCredentials, Refusal> {
    let caller = state.caller(call, None)?;
    // Tokens name the connection only. Of a user's several identities there, the newest one counts.
    let of_connection =
        state.identities.of_user(&caller.user_id).filter(|(key, _)| key.connection_id == caller.connection_id);
    let found = of_connection
        .last()
        .and_then(|(_, identity)| Some(ConnectionCredentials { access_token: identity.provider_token.clone()? }));
    let title = "No identity provider gave credentials for this session; log in with a provider.";
    found.ok_or_else(|| Refusal::new(404, "ConnectionCredentialsNotFound", title))
}

/// `DELETE /api/session/identities/{id}`.
pub(crate) fn unlink(state: &mut State, call: &Call, selector: &str) -> Result<(), Refusal> {
    let user_id = state.caller(call, None)?.user_id;
    state.identities.unlink(&user_id, selector).map_err(|refusal| match refusal {
        UnlinkRefusal::Unknown => Refusal::new(404, "IdentityNotFound", "The user has no such linked identity."),
        UnlinkRefusal::Last => Refusal::new(
            409,
            "LastIdentity",
            "The last identity a user can log in with cannot be unlinked; link another one first.",
        ),
    })
}

/// `GET /logout`: where to go, if the application allows that place, and the cookies to remove.
/// The session ends in either case.
pub(crate) fn logout(
    state: &mut State,
    call: &Call,
    application_id: Option<&str>,
    redirect_uri: Option<&str>,
) -> (Option<String>, Vec<String>) {
    state.sessions.end(&call.session_ids);
    let application = application_id.and_then(|id| state.applications.get(id));
    let place = redirect_uri.and_then(|uri| application?.allows_redirect(uri)).map(String::from);
    (place, logout_cookies(&state.public_url, &cookie_domains(state.public_url.url())))
}
