//! The return from a provider or verifier: `GET /login`.

use std::collections::HashMap;

use authress_login_protocol::secret::Secret;

use crate::answer::{Answer, AnswerMode, Outcome, location};
use crate::authentication::authentication_url;
use crate::cookies::{auth_code_cookie, login_cookies};
use crate::entropy::Entropy;
use crate::extension;
use crate::identity::{AlreadyOwned, Identity, IdentityKey};
use crate::request::{AuthenticationRequest, IssuedCode, Progress, Standing};
use crate::state::{Call, State};
use crate::tokens::{Grant, Profile, issue};

/// What the browser gets.
#[derive(Debug)]
pub(crate) enum Return {
    /// Back to the application, logged in or not.
    Redirect(Answer),
    /// On to the provider or verifier.
    Continue(String),
    /// A page to pick a provider on, for this request.
    Picker(String),
    /// Nothing in the query can be trusted: a page of our own.
    Refused(RefusedReturn),
}

/// An error page's content.
#[derive(Debug)]
pub(crate) struct RefusedReturn {
    pub(crate) code: &'static str,
    pub(crate) sentence: String,
    /// The way back to the application, where the request is known and still open.
    pub(crate) back: Option<String>,
}

/// Query parameters that must not repeat: a repeated one would mean different things to different
/// readers.
#[derive(Debug, Default)]
pub(crate) struct Query(HashMap<String, String>);

impl Query {
    /// `None` when a name occurs twice.
    pub(crate) fn parse(query: &str) -> Option<Self> {
        let mut values = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if values.insert(name.into_owned(), value.into_owned()).is_some() {
                return None;
            }
        }
        Some(Self(values))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Ends a pending request: with a login, a link, a refusal, or a page when the return cannot be
/// trusted.
pub(crate) fn receive(state: &mut State, call: &Call, query: Option<&Query>, entropy: &mut Entropy) -> Return {
    let Some(query) = query else {
        return page("InvalidRequest", "A parameter occurs twice in this address.", None);
    };
    let Some(request) = query.get("state").and_then(|id| state.requests.get(&id.to_owned())).cloned() else {
        return page("InvalidAuthenticationRequest", "No login was started under this state; start again.", None);
    };
    match request.standing(call.now_ms) {
        Standing::Pending => (),
        Standing::Answered => {
            return page("AuthenticationRequestUsed", "This login was already completed; each works once.", None);
        }
        Standing::Expired => {
            let sentence = "The login took longer than five minutes; start again.";
            return refuse(state, &request, "invalid_request", "AuthenticationRequestExpired", sentence);
        }
    }
    if let Some(error) = query.get("error") {
        let sentence = if error == "access_denied" { "The login was cancelled." } else { "The provider failed." };
        let code = if error == "access_denied" { "UserCancelled" } else { "ConnectionFailed" };
        return refuse(state, &request, "access_denied", code, sentence);
    }
    let Some(code) = query.get("code") else {
        return match request.connection_id {
            Some(_) => Return::Continue(authentication_url(state, &request)),
            None => Return::Picker(request.id),
        };
    };
    match identify(state, &request, code, query.get("iss"), call.now_ms) {
        Ok(identified) => complete(state, call, &request, identified, entropy),
        Err(refused) => Return::Refused(refused),
    }
}

/// Somebody whom a connection identified.
struct Identified {
    key: IdentityKey,
    profile: Profile,
    anonymous: bool,
}

fn identify(
    state: &mut State,
    request: &AuthenticationRequest,
    code: &str,
    iss: Option<&str>,
    now_ms: u64,
) -> Result<Identified, RefusedReturn> {
    let back = |code, sentence: &str| {
        let outcome = Outcome::Error { error: "server_error", code, description: sentence };
        Some(location(request, &state.public_url, outcome))
    };
    if let Some(client) = request.connection_id.as_ref().and_then(|id| state.service_clients.get(id)) {
        let user = client.check_answer(code, iss, &state.public_url, now_ms).map_err(|refusal| {
            let sentence = format!("The user verifier's answer was refused: {refusal}.");
            RefusedReturn { code: refusal.code(), back: back(refusal.code(), &sentence), sentence }
        })?;
        let key = IdentityKey { connection_id: client.id.clone(), subject: user.user_id };
        return Ok(Identified { key, profile: Profile { email: user.email, ..Profile::default() }, anonymous: true });
    }
    let answer = state.provider_codes.get(&code.to_owned()).filter(|answer| {
        let right_connection = request.connection_id.as_ref().is_none_or(|id| *id == answer.connection_id);
        answer.request_id == request.id && right_connection
    });
    let Some(answer) = answer.cloned() else {
        let sentence = "The provider's code belongs to another login, or was used before.";
        return Err(RefusedReturn {
            code: "ProviderCodeInvalid",
            sentence: sentence.to_owned(),
            back: back("ProviderCodeInvalid", sentence),
        });
    };
    state.provider_codes.remove(&code.to_owned());
    let key = IdentityKey { connection_id: answer.connection_id, subject: answer.person.subject.clone() };
    Ok(Identified { key, profile: answer.person.profile(state.public_url.as_str()), anonymous: false })
}

/// Finds or makes the user id, starts the session and answers in the mode the request gets.
fn complete(
    state: &mut State,
    call: &Call,
    request: &AuthenticationRequest,
    identified: Identified,
    entropy: &mut Entropy,
) -> Return {
    let Identified { key, profile, anonymous } = identified;
    let connection_id = key.connection_id.clone();
    let user_id = match (&request.link_to_user, state.identities.owner(&key)) {
        (Some(current), _) => current.clone(),
        (None, Some(owner)) => owner.to_owned(),
        (None, None) if anonymous => key.subject.clone(),
        (None, None) => format!("usr_{}", entropy.id()),
    };
    let provider_token = (!anonymous).then(|| Secret::new(format!("provider-{}", entropy.id())));
    let identity = Identity { user_id: user_id.clone(), profile: profile.clone(), provider_token, anonymous };
    if let Err(AlreadyOwned) = state.identities.attach(key, identity) {
        let sentence = "This identity already belongs to another user and cannot be linked.";
        return refuse(state, request, "access_denied", "IdentityAlreadyOwned", sentence);
    }
    let grant = Grant {
        user_id,
        connection_id,
        application_id: request.application_id.clone(),
        audiences: request.audiences.clone(),
        scope: request.scope.clone(),
        profile,
    };
    if request.extension.is_some() {
        return Return::Redirect(extension::answer(state, call, request, grant, entropy));
    }
    // The browser's earlier session ends with the new one, so that a leaked old cookie is worth nothing.
    state.sessions.end(&call.session_ids);
    let session_id = entropy.id();
    state.sessions.start(session_id.clone(), grant.clone(), call.now_ms);
    Return::Redirect(answer(state, call, request, grant, session_id, entropy))
}

fn answer(
    state: &mut State,
    call: &Call,
    request: &AuthenticationRequest,
    grant: Grant,
    session_id: String,
    entropy: &mut Entropy,
) -> Answer {
    let mode = AnswerMode::choose(request, &state.public_url);
    let (progress, location, cookies) = match &mode {
        AnswerMode::Code | AnswerMode::CodeInCookie(_) => {
            let code = entropy.id();
            let mut cookies = login_cookies(&state.public_url, mode.cookie_domain(), &session_id, None);
            let in_query = match mode.cookie_domain() {
                Some(domain) => {
                    cookies.push(auth_code_cookie(&code, domain, state.code_lifetime_ms.div_ceil(1000)));
                    "cookie"
                }
                None => code.as_str(),
            };
            let location = location(request, &state.public_url, Outcome::Code(in_query));
            let expires_at_ms = call.now_ms + state.code_lifetime_ms;
            (Progress::CodeIssued(Box::new(IssuedCode { code, grant, session_id, expires_at_ms })), location, cookies)
        }
        AnswerMode::TokensInQuery | AnswerMode::TokensInCookies(_) => {
            let tokens = issue(&state.signing_key, &state.public_url, &grant, call.now_ms, entropy);
            let cookies = login_cookies(&state.public_url, mode.cookie_domain(), &session_id, Some(&tokens));
            let outcome = if mode == AnswerMode::TokensInQuery { Outcome::Tokens(&tokens) } else { Outcome::Done };
            (Progress::Finished, location(request, &state.public_url, outcome), cookies)
        }
        AnswerMode::SessionOnly => {
            let cookies = login_cookies(&state.public_url, None, &session_id, None);
            (Progress::Finished, location(request, &state.public_url, Outcome::Done), cookies)
        }
    };
    if let Some(stored) = state.requests.get_mut(&request.id) {
        stored.progress = progress;
    }
    Answer { location, cookies }
}

/// Ends the request and tells the application why, without touching any session.
fn refuse(
    state: &mut State,
    request: &AuthenticationRequest,
    error: &'static str,
    code: &'static str,
    description: &'static str,
) -> Return {
    if let Some(stored) = state.requests.get_mut(&request.id) {
        stored.progress = Progress::Finished;
    }
    let location = location(request, &state.public_url, Outcome::Error { error, code, description });
    Return::Redirect(Answer { location, cookies: vec![] })
}

fn page(code: &'static str, sentence: &str, back: Option<String>) -> Return {
    Return::Refused(RefusedReturn { code, sentence: sentence.to_owned(), back })
}
