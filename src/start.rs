//! The methods that begin a login or a link.

use crate::{
    client::Login,
    error::{Work, invalid_input},
    options, value,
};
use authress_login_client::OpenType;
use authress_login_protocol::{
    authorization::request::{AuthenticateOptions, LinkOptions},
    error::Error,
};
use wasm_bindgen::JsValue;

/// Null when the browser is on its way, otherwise where to go on.
// Two methods each end here, and what they read is long.
#[inline(never)]
pub(crate) fn authenticate(login: Login, options: Result<(AuthenticateOptions, OpenType), Error>) -> Work {
    Box::pin(async move {
        let (options, open) = options?;
        let started = login.authenticate(&options, open).await?;
        Ok(started.map_or(JsValue::NULL, |started| value::started(&started)))
    })
}

/// Undefined when the browser is on its way, otherwise where to go on.
#[inline(never)]
pub(crate) fn link_identity(login: Login, options: Result<(LinkOptions, OpenType), Error>) -> Work {
    Box::pin(async move {
        let (options, open) = options?;
        let started = login.link_identity(&options, open).await?;
        Ok(started.map_or(JsValue::UNDEFINED, |started| value::started(&started)))
    })
}

/// The options of `authenticateWithOneTimeCode`: a login with the service client that checks the
/// code, which stays on the page.
pub(crate) fn with_one_time_code(options: &JsValue) -> Result<(AuthenticateOptions, OpenType), Error> {
    let mut authenticate = options::login(options)?;
    authenticate.connection_id = options::text(options, "serviceClientId")?.filter(|id| !id.is_empty());
    if authenticate.connection_id.is_none() {
        return Err(invalid_input("serviceClientId is needed."));
    }
    Ok((authenticate, OpenType::ClientManaged))
}
