//! `fetch` with the access token.

use crate::{browser::request, client::Login, error::Failure};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Request;

/// The answer to a token that is not accepted, RFC 6750 section 3.1.
const UNAUTHORIZED: u16 = 401;

/// Sends the token along, and once more with a new one if it is not accepted.
pub(crate) async fn fetch(login: Login, request: JsValue) -> Result<JsValue, Failure> {
    let request: Request = request.unchecked_into();
    let token = login.token_for(&request.url()).await?;
    // A body can be read once; the copy is for the second try.
    let again = request.clone().map_err(Failure)?;
    let response = request::with_token(request, token.as_ref()).await.map_err(Failure)?;
    if response.status() != UNAUTHORIZED {
        return Ok(response.into());
    }
    match login.token_instead_of(token.as_ref()).await {
        Some(token) => Ok(request::with_token(again, Some(&token)).await.map_err(Failure)?.into()),
        None => Ok(response.into()),
    }
}
