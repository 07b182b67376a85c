//! `fetch` with the access token.

use crate::{
    browser::request,
    client::Client,
    error::{Failure, promise},
};
use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{AbortSignal, Request, Response};

/// The answer to a token that is not accepted, RFC 6750 section 3.1.
const UNAUTHORIZED: u16 = 401;

#[wasm_bindgen]
impl Client {
    /// `fetch`: sends the token along, and once more with a new one if it is not accepted.
    pub fn fetch(&self, signal: Option<AbortSignal>, request: Request) -> Promise {
        let client = self.clone();
        promise(signal, async move { Ok(client.send(request).await?.into()) })
    }
}

impl Client {
    async fn send(&self, request: Request) -> Result<Response, Failure> {
        let token = self.login.token_for(&request.url()).await?;
        // A body can be read once; the copy is for the second try.
        let again = request.clone().map_err(Failure)?;
        let response = request::with_token(request, token.as_ref()).await.map_err(Failure)?;
        if response.status() != UNAUTHORIZED {
            return Ok(response);
        }
        match self.login.token_instead_of(token.as_ref()).await {
            Some(token) => request::with_token(again, Some(&token)).await.map_err(Failure),
            None => Ok(response),
        }
    }
}
