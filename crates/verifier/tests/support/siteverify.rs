//! A provider of human checks on loopback: says what it is told to, and remembers what it was asked.

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
    /// Said one after the other; the last one again and again. Nothing: silence.
    answers: Mutex<Vec<(u16, String)>>,
    forms: Mutex<Vec<Form>>,
}

impl SiteVerify {
    /// Ends with the test's runtime.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/siteverify", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let router = Router::new().route("/siteverify", post(verify)).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    pub(crate) fn says(&self, status: u16, text: &str) {
        *self.shared.answers.lock().unwrap() = vec![(status, text.to_owned())];
    }

    pub(crate) fn says_once_and_then(&self, first: (u16, &str), then: (u16, &str)) {
        *self.shared.answers.lock().unwrap() = vec![(first.0, first.1.to_owned()), (then.0, then.1.to_owned())];
    }

    pub(crate) fn is_silent(&self) {
        self.shared.answers.lock().unwrap().clear();
    }

    pub(crate) fn forms(&self) -> Vec<Form> {
        self.shared.forms.lock().unwrap().clone()
    }

    pub(crate) fn last_form(&self) -> Form {
        self.forms().pop().expect("it was asked")
    }
}

async fn verify(State(shared): State<Arc<Shared>>, RawForm(form): RawForm) -> (StatusCode, String) {
    let form = form_urlencoded::parse(&form).into_owned().collect();
    shared.forms.lock().unwrap().push(form);
    let answer = {
        let mut answers = shared.answers.lock().unwrap();
        if answers.len() > 1 { Some(answers.remove(0)) } else { answers.first().cloned() }
    };
    match answer {
        Some((status, text)) => (StatusCode::from_u16(status).unwrap(), text),
        None => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            (StatusCode::OK, String::new())
        }
    }
}
