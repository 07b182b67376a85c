//! The decision what to do about the address of the page.

use super::{
    callback_error::CallbackError, exchange::CodeExchange, generation::CurrentSession, login_result::LoginResult,
};
use crate::{
    authorization::pending::PendingAuthorization,
    callback_url::{self, CallbackParameters},
    page::Page,
    session::{cookies::Cookies, tokens::Tokens},
    settings::Settings,
};

/// What to do about the address, in the order of the fields.
#[derive(Debug, PartialEq, Eq)]
pub struct CallbackDecision {
    /// Whether the callback uses up its pending authorization, which is then removed from storage.
    pub consumes_pending: bool,
    /// The address to show from now on, `None` if it stays.
    pub clean_href: Option<String>,
    /// What to do with the session.
    pub action: CallbackAction,
}

/// What to do with the session because of a callback.
#[derive(Debug, PartialEq, Eq)]
pub enum CallbackAction {
    /// The address is no callback for this client. The session stays.
    Ignore,
    /// Report the result of a login or link that a sign-out has ended before.
    Ended(LoginResult),
    /// Exchange the code for tokens.
    Exchange(CodeExchange),
    /// Store the tokens of the callback.
    StoreTokens(Box<PendingAuthorization>, Tokens),
    /// Store the session that Authress has set in cookies.
    StoreCookies(Box<PendingAuthorization>),
    /// Report that the login or link failed. The session stays.
    Fail(Box<PendingAuthorization>, CallbackError),
}

impl CallbackAction {
    /// Returns the login or link to which the callback belongs.
    pub fn pending(&self) -> Option<&PendingAuthorization> {
        match self {
            Self::Ignore | Self::Ended(_) => None,
            Self::Exchange(exchange) => Some(exchange.pending()),
            Self::StoreTokens(pending, _) | Self::StoreCookies(pending) | Self::Fail(pending, _) => Some(pending),
        }
    }
}

/// Decides what to do about the address of `page`.
///
/// `find_pending` looks a pending authorization up by nonce. A callback changes the session only if this browser has a
/// pending authorization for it: otherwise an attacker could sign a shopper in to the attacker's account by a link
/// (login CSRF, RFC 6749 section 10.12).
pub fn decide(
    settings: &Settings,
    page: &Page,
    cookies: &Cookies,
    session: &CurrentSession,
    mut find_pending: impl FnMut(&str) -> Option<Box<PendingAuthorization>>,
) -> CallbackDecision {
    let href = page.href();
    let find = |nonce: &String| find_pending(nonce).filter(|pending| pending.nonce == *nonce);
    let nonces = callback_url::nonces(href);
    let Some(pending) = nonces.iter().find_map(find) else {
        let ended = nonces.iter().find_map(|nonce| session.ended(nonce));
        let (action, clean_href) = match ended {
            Some(result) => (CallbackAction::Ended(result), callback_url::without_callback_parameters(href)),
            None => (CallbackAction::Ignore, callback_url::without_stray_callback(settings, href)),
        };
        return CallbackDecision { consumes_pending: false, clean_href, action };
    };
    if !pending.belongs_to(settings) {
        // Another client of this page began it and needs the address, with the tokens where they count.
        let clean_href = if page.is_localhost() { None } else { callback_url::without_tokens(href) };
        return CallbackDecision { consumes_pending: false, clean_href, action: CallbackAction::Ignore };
    }
    let clean_href = pending.href_after_callback(href);
    let parameters = CallbackParameters::parse(href);
    let is_foreign = parameters.issuer.as_deref().is_some_and(|issuer| !settings.is_own_callback_issuer(issuer));
    if is_foreign || callback_url::has_duplicate_parameter(href) {
        // Forged, or with injected parameters: the genuine callback may still come.
        let action = CallbackAction::Fail(pending, CallbackError::Invalid);
        return CallbackDecision { consumes_pending: false, clean_href, action };
    }
    let action = if session.has_ended(&pending) {
        CallbackAction::Fail(pending, CallbackError::Outdated)
    } else {
        action(settings, page, cookies, &parameters, pending)
    };
    CallbackDecision { consumes_pending: true, clean_href, action }
}

fn action(
    settings: &Settings,
    page: &Page,
    cookies: &Cookies,
    parameters: &CallbackParameters,
    pending: Box<PendingAuthorization>,
) -> CallbackAction {
    if let Some(error) = parameters.error.clone() {
        let (error_code, description) = (parameters.error_code.clone(), parameters.error_description.clone());
        return CallbackAction::Fail(pending, CallbackError::AuthorizationServer { error, error_code, description });
    }
    if let Some(code) = &parameters.code {
        let code = match code.expose() {
            "cookie" => cookies.authorization_code(),
            _ => Some(code.clone()),
        };
        return match code {
            Some(code) => CallbackAction::Exchange(CodeExchange::new(pending, code)),
            None => CallbackAction::Fail(pending, CallbackError::Untrusted),
        };
    }
    match (parameters.id_token.clone(), page.is_localhost()) {
        (Some(id_token), true) => {
            match Tokens::new(settings, parameters.access_token.clone(), id_token, parameters.expires_in) {
                Ok(tokens) => CallbackAction::StoreTokens(pending, tokens),
                Err(_) => CallbackAction::Fail(pending, CallbackError::Untrusted),
            }
        }
        // Tokens in an address end in logs and histories, so they count on localhost only.
        (_, false) | (None, true) => CallbackAction::StoreCookies(pending),
    }
}
