//! The methods that begin a login or a link. They are a part of the module that is downloaded when one
//! of them is called.

use crate::{
    client::{Client, Login},
    error::{Failure, Work, invalid_input, promise},
    options, value,
};
use authress_login_client::OpenType;
use authress_login_protocol::{
    authenticate::{AuthenticateOptions, LinkOptions},
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
        let work: Work = match method {
            "authenticate" => Box::pin(async move {
                let (options, open) = options::authenticate(&value)?;
                authenticate(login, options, open).await
            }),
            "authenticateWithOneTimeCode" => Box::pin(async move {
                let options = authenticate_options(&value)?;
                authenticate(login, options, OpenType::ClientManaged).await
            }),
            "linkIdentity" => Box::pin(async move {
                let (options, open) = options::link(&value)?;
                link_identity(login, options, open).await
            }),
            "linkIdentityWithOneTimeCode" => Box::pin(async move {
                let options = options::link_with_one_time_code(&value)?;
                link_identity(login, options, OpenType::ClientManaged).await
            }),
            _ => Box::pin(async { Err(ErrorCode::InternalError.into()) }),
        };
        promise(stopped, work)
    }
}

/// Null when the browser is on its way, otherwise where to go on.
async fn authenticate(login: Login, options: AuthenticateOptions, open: OpenType) -> Result<JsValue, Failure> {
    let started = login.authenticate(&options, open).await?;
    Ok(started.map_or(JsValue::NULL, |started| value::started(&started)))
}

/// Undefined when the browser is on its way, otherwise where to go on.
async fn link_identity(login: Login, options: LinkOptions, open: OpenType) -> Result<JsValue, Failure> {
    let started = login.link_identity(&options, open).await?;
    Ok(started.map_or(JsValue::UNDEFINED, |started| value::started(&started)))
}

/// The options of `authenticateWithOneTimeCode`: a login with the service client that checks the
/// code, which stays on the page.
fn authenticate_options(options: &JsValue) -> Result<AuthenticateOptions, Error> {
    let service_client_id = options::text(options, "serviceClientId")?.filter(|id| !id.is_empty());
    let service_client_id = service_client_id.ok_or_else(|| invalid_input("serviceClientId is needed."))?;
    Ok(AuthenticateOptions { connection_id: Some(service_client_id), ..options::login(options)? })
}
