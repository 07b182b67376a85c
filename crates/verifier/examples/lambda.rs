//! The verifier as an AWS Lambda function behind a Function URL or an HTTP API of API Gateway. Its settings are the
//! environment variables of the function.

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

/// Returns the service that handles the events of the function.
pub(crate) fn function(
    config: Config,
) -> Result<impl Tower<Request, Response = Response, Error = Infallible, Future: Send>, Box<dyn Error + Send + Sync>> {
    let (_, router) = Service::new(config)?;
    Ok(router.map_request(|event: Request| {
        let client_ip = client_ip(&event);
        let mut request = event.map(Body::new);
        // Without a peer address, all shoppers would count as one client.
        if let Some(address) = client_ip {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 0)));
        }
        request
    }))
}

/// Returns the client IP address from the context of the gateway. A client can forge a header, but not the context.
fn client_ip(event: &Request) -> Option<IpAddr> {
    match event.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}
