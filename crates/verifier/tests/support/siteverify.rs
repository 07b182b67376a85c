//! A provider of human checks on loopback with configurable responses. It records the requests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawForm, State};
use axum::http::StatusCode;
use axum::routing::post;
use url::form_urlencoded;

pub(crate) type Form = Vec<(String, String)>;

pub(crate) struct SiteVerify {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// The next responses; the last one repeats. Empty: no response.
    responses: Mutex<Vec<(u16, String)>>,
    forms: Mutex<Vec<Form>>,
}

impl SiteVerify {
    /// Starts the provider, which ends with the runtime of the test.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/siteverify", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let router = Router::new().route("/siteverify", post(verify)).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    pub(crate) fn respond_with(&self, status: u16, text: &str) {
        *self.shared.responses.lock().unwrap() = vec![(status, text.to_owned())];
    }

    pub(crate) fn respond_once_then(&self, first: (u16, &str), then: (u16, &str)) {
        *self.shared.responses.lock().unwrap() = vec![(first.0, first.1.to_owned()), (then.0, then.1.to_owned())];
    }

    pub(crate) fn do_not_respond(&self) {
        self.shared.responses.lock().unwrap().clear();
    }

    pub(crate) fn forms(&self) -> Vec<Form> {
        self.shared.forms.lock().unwrap().clone()
    }

    pub(crate) fn last_form(&self) -> Form {
        self.forms().pop().expect("a request")
    }
}

async fn verify(State(shared): State<Arc<Shared>>, RawForm(form): RawForm) -> (StatusCode, String) {
    let form = form_urlencoded::parse(&form).into_owned().collect();
    shared.forms.lock().unwrap().push(form);
    let response = {
        let mut responses = shared.responses.lock().unwrap();
        if responses.len() > 1 { Some(responses.remove(0)) } else { responses.first().cloned() }
    };
    match response {
        Some((status, text)) => (StatusCode::from_u16(status).unwrap(), text),
        None => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            (StatusCode::OK, String::new())
        }
    }
}
