//! The methods that begin a login or a link. They are a part of the module that is downloaded when one
//! of them is called.

use crate::{
    client::{Client, Login},
    error::{Work, invalid_input, promise},
    options, value,
};
use authress_login_client::OpenType;
use authress_login_protocol::{
    authorization::request::{AuthenticateOptions, LinkOptions},
    error::{Error, ErrorCode},
};
use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
impl Client {
    /// An asynchronous method of those above, as for [`Client::call`].
    #[wasm_bindgen(js_name = callStart)]
    pub fn call_start(&self, method: &str, stopped: Promise, value: JsValue) -> Promise {
        let login = self.login.clone();
        let work = match method {
            "authenticate" => authenticate(login, options::authenticate(&value)),
            "authenticateWithOneTimeCode" => authenticate(login, with_one_time_code(&value)),
            "linkIdentity" => link_identity(login, options::link(&value)),
            "linkIdentityWithOneTimeCode" => link_identity(login, options::link_with_one_time_code(&value)),
            _ => Box::pin(async { Err(ErrorCode::InternalError.into()) }),
        };
        promise(stopped, work)
    }
}

/// Null when the browser is on its way, otherwise where to go on.
// Two methods each end here, and what they read is long.
#[inline(never)]
fn authenticate(login: Login, options: Result<(AuthenticateOptions, OpenType), Error>) -> Work {
    Box::pin(async move {
        let (options, open) = options?;
        let started = login.authenticate(&options, open).await?;
        Ok(started.map_or(JsValue::NULL, |started| value::started(&started)))
    })
}

/// Undefined when the browser is on its way, otherwise where to go on.
#[inline(never)]
fn link_identity(login: Login, options: Result<(LinkOptions, OpenType), Error>) -> Work {
    Box::pin(async move {
        let (options, open) = options?;
        let started = login.link_identity(&options, open).await?;
        Ok(started.map_or(JsValue::UNDEFINED, |started| value::started(&started)))
    })
}

/// The options of `authenticateWithOneTimeCode`: a login with the service client that checks the
/// code, which stays on the page.
fn with_one_time_code(options: &JsValue) -> Result<(AuthenticateOptions, OpenType), Error> {
    let mut authenticate = options::login(options)?;
    authenticate.connection_id = options::text(options, "serviceClientId")?.filter(|id| !id.is_empty());
    if authenticate.connection_id.is_none() {
        return Err(invalid_input("serviceClientId is needed."));
    }
    Ok((authenticate, OpenType::ClientManaged))
}
