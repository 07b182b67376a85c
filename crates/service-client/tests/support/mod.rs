//! A server on loopback that gives scripted replies, some of which are faults, and records what it receives.

// Each test file is a separate program and uses a part of this.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authress_service_client::{AuthressDomain, ManagementClient, RetryPolicy, ServiceClientTokens};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, Response};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// A key that the tests of Authress's SDK for JavaScript publish, as an access key.
pub(crate) const ACCESS_KEY: &str = "sc_aAKceYi7VJDCU8vB7HcTo3Q.pogP.ignore-account-id.MC4CAQAwBQYDK2VwBCIEIDVjjrIVCH3dVRq4ixRzBwjVHSoB2QzZ2iJuHq1Wshwp";

/// The public key that belongs to it, which the same tests publish.
pub(crate) const PUBLIC_KEY_X: &str = "JxtSC5tZZJuaW7Aeu5Kh_3tgCpPZRkHaaFyTj5sQ3KU";

/// What the server does with a request.
pub(crate) enum Reply {
    /// A complete response.
    Full(Response<Body>),
    /// Closes the connection without a response, after it has read the request.
    Close,
    /// A status and headers, half of the body, and then the end of the connection.
    CloseInBody,
    /// No response at all.
    Silence,
    /// A status and headers, and a body that never ends.
    EndlessBody,
    /// A body without a length that is larger than any client reads.
    HugeBody,
}

/// A JSON response.
pub(crate) fn json(status: u16, body: Value) -> Reply {
    full(status, &[("content-type", "application/json")], &body.to_string())
}

/// A response without a body.
pub(crate) fn empty(status: u16) -> Reply {
    full(status, &[], "")
}

/// A response with these headers.
pub(crate) fn full(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let builder =
        headers.iter().fold(Response::builder().status(status), |builder, (name, value)| builder.header(*name, *value));
    Reply::Full(builder.body(Body::from(body.to_owned())).unwrap())
}

/// A request as the server has received it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Received {
    /// Method and target, for example `GET /v1/users`.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    pub(crate) fn token(&self) -> String {
        self.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A server that ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) origin: String,
    received: Arc<Mutex<Vec<Received>>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
}

impl Server {
    /// Replies to the nth request with the nth reply.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let replies = Arc::new(Mutex::new(VecDeque::from_iter(replies)));
        let server = Self { origin, received: Arc::clone(&received), replies: Arc::clone(&replies) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (received, replies) = (Arc::clone(&received), Arc::clone(&replies));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (received, replies) = (Arc::clone(&received), Arc::clone(&replies));
                    async move {
                        let request = read(request).await;
                        received.lock().unwrap().push(request);
                        let reply = replies.lock().unwrap().pop_front();
                        respond(reply.expect("no reply is left")).await
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        server
    }

    /// The requests so far. All replies must have been used.
    pub(crate) fn received(&self) -> Vec<Received> {
        let left = self.replies.lock().unwrap().len();
        assert_eq!(left, 0, "{left} replies were not requested");
        self.received.lock().unwrap().clone()
    }

    /// The lines of the requests so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.received().iter().map(Received::line).collect()
    }

    /// A client of this server, with short delays between tries.
    pub(crate) fn client(&self) -> ManagementClient {
        self.client_with(self.tokens())
    }

    pub(crate) fn client_with(&self, tokens: ServiceClientTokens) -> ManagementClient {
        let policy = RetryPolicy {
            first_delay: Duration::from_millis(1),
            longest_delay: Duration::from_millis(5),
            ..RetryPolicy::default()
        };
        ManagementClient::new(tokens).unwrap().with_retry_policy(policy)
    }

    pub(crate) fn tokens(&self) -> ServiceClientTokens {
        let domain: AuthressDomain = self.origin.parse().unwrap();
        ServiceClientTokens::new(ACCESS_KEY.parse().unwrap(), Some(&domain))
    }
}

async fn read(request: Request<Incoming>) -> Received {
    let (parts, body) = request.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Received { method: parts.method, target: parts.uri.to_string(), headers: parts.headers, body }
}

/// An error makes the server close the connection.
async fn respond(reply: Reply) -> Result<Response<Body>, io::Error> {
    let closed = || io::Error::other("closed by the script");
    let first = || stream::iter([Ok(Bytes::from_static(b"{\"userId\": "))]);
    let json = |body| Ok(Response::builder().header("content-type", "application/json").body(body).unwrap());
    match reply {
        Reply::Full(response) => Ok(response),
        Reply::Close => Err(closed()),
        Reply::CloseInBody => json(Body::from_stream(first().chain(stream::iter([Err(closed())])))),
        Reply::Silence => std::future::pending().await,
        Reply::EndlessBody => json(Body::from_stream(first().chain(stream::pending::<Result<Bytes, io::Error>>()))),
        Reply::HugeBody => {
            let chunk = Bytes::from(vec![b' '; 1024 * 1024]);
            json(Body::from_stream(stream::repeat_with(move || Ok::<_, io::Error>(chunk.clone())).take(64)))
        }
    }
}
