//! The verifier in an axum application: the login route with a rate limit beside the application's own routes.

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
        network: rate(NonZeroU32::new(300).ok_or("never")?),
        global: rate(NonZeroU32::new(3000).ok_or("never")?),
    };
    let limit = RateLimit::new(LocalRateLimiter::new(limits), TrustedProxies::default());

    // GET /v1/login. Each state is answered once. Requests that cannot be answered take no token of the rate limit.
    let login = router_with_policy(Verifier::new(domain, access_key), (NavigationsOnly::default(), limit));
    Ok(Router::new().route("/", get(|| async { "the shop" })).merge(login))
}
