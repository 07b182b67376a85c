//! The verifier as an AWS Lambda function behind a Function URL or an HTTP API of API Gateway. Its settings are
//! the variables of the function's environment.

use std::convert::Infallible;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};

use authress_verifier::{Config, Service};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use lambda_http::request::RequestContext;
use lambda_http::tower::Service as Tower;
use lambda_http::{Request, RequestExt};
use tower::ServiceExt;

#[tokio::main]
pub(crate) async fn main() -> Result<(), lambda_http::Error> {
    let config = Config::read(None)?;
    tracing_subscriber::fmt().json().flatten_event(true).with_max_level(config.log.level).init();
    lambda_http::run(function(config)?).await
}

/// What answers the function's events.
pub(crate) fn function(
    config: Config,
) -> Result<impl Tower<Request, Response = Response, Error = Infallible, Future: Send>, Box<dyn Error + Send + Sync>> {
    let (_, app) = Service::new(config)?;
    Ok(app.map_request(|event: Request| {
        let client = client_of(&event);
        let mut request = event.map(Body::new);
        // There is no connection here. Without an address all shoppers are one client, and soon refused.
        if let Some(address) = client {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 0)));
        }
        request
    }))
}

/// Whom the gateway has seen, by its own word: a client can put anything into a header, but not into the context.
fn client_of(event: &Request) -> Option<IpAddr> {
    match event.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}
