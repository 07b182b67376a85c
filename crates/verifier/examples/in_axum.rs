//! The verifier in a shop's own axum server: the login route with its rules beside the shop's own routes.

use std::error::Error;
use std::net::SocketAddr;
use std::num::NonZeroU32;

use authress_verifier::{
    AccessKey, AuthressDomain, Limits, LocalRateLimiter, NavigationsOnly, Rate, RateLimit, TrustedProxies, Verifier,
    router_with_policy,
};
use axum::{Router, routing::get};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let access_key: AccessKey = std::env::var("AUTHRESS_ACCESS_KEY")?.parse()?;
    let shop = shop("https://login.example.com".parse()?, access_key)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:9000").await?;
    axum::serve(listener, shop.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

pub(crate) fn shop(domain: AuthressDomain, access_key: AccessKey) -> Result<Router, Box<dyn Error>> {
    let rate = |n| Rate { per_minute: n, burst: n };
    let limits = Limits {
        client: rate(NonZeroU32::new(30).ok_or("never")?),
        global: rate(NonZeroU32::new(3000).ok_or("never")?),
    };
    let limit = RateLimit::new(LocalRateLimiter::new(limits), TrustedProxies::default());

    // Answers GET /v1/login, each state once. What could not be answered takes no token of the limit.
    let login = router_with_policy(Verifier::new(domain, access_key), (NavigationsOnly, limit));
    Ok(Router::new().route("/", get(|| async { "the shop" })).merge(login))
}
