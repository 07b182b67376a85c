//! The command `--check`: tries what a login needs, before the first shopper does.
//!
//! It signs a user id, asks the Authress domain for its time, and runs the Redis commands of a login. It sends nothing
//! to the verifier itself, which may not run yet. `rules` says what an observation means, and `report` prints it.

mod report;
mod rules;

use std::time::{Duration, Instant};

use reqwest::header;
use url::form_urlencoded;

pub use self::report::{Check, ChecksFailed, Finding, Level, Report};
use self::rules::ServerClock;
use crate::config::Config;
use crate::decision::{ClockReading, ENTROPY_BYTES, LoginRequest, Verifier};
use crate::http::https_client;
use crate::service::{Service, ServiceError};
use crate::shared_store::StoreFailure;

/// Checks whether logins can be answered with this configuration.
///
/// It takes at most three seconds for the Authress domain and some seconds for Redis.
///
/// # Errors
/// [`ServiceError`], if the service cannot be created.
pub async fn self_check(config: Config) -> Result<Report, ServiceError> {
    let login_urls: Vec<String> = config.verifier.login_urls().map(str::to_owned).collect();
    let domain = config.verifier.login_url().trim_end_matches("/login").to_owned();
    let proxies = rules::proxies(config.proxies);
    let public_address = rules::public_address(config.human_check.as_ref(), &login_urls);
    let store = config.store.as_ref().map(|store| (store.prefix.clone(), store.timeout));
    let (service, _) = Service::new(config)?;
    let key = match sign(&service.login.verifier(), &login_urls) {
        Ok(message) => Finding::new(Check::Key, Level::Ok, message),
        Err(reason) => Finding::new(Check::Key, Level::Failed, reason),
    };
    let clock = rules::clock(&domain, ask_for_time(&domain).await);
    let redis = match store {
        Some((prefix, timeout)) => rules::redis(&prefix, redis_time(&service).await, timeout),
        None => rules::no_redis(),
    };
    Ok(Report(vec![key, clock, redis, proxies, public_address]))
}

/// Signs a user id for each host, as for a login.
fn sign(verifier: &Verifier, login_urls: &[String]) -> Result<String, String> {
    let now = ClockReading::now().ok_or("ClockBefore1970: set the system's clock")?;
    for login_url in login_urls {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("state", "check")
            .append_pair("redirect_uri", login_url)
            .finish();
        let mut entropy = [0; ENTROPY_BYTES];
        getrandom::fill(&mut entropy).map_err(|_| "NoRandomness: the operating system has no random bytes")?;
        let refused = |code: &str| format!("{code}: the verifier refuses its own login URL");
        let request = LoginRequest::parse(&query).map_err(|refusal| refused(refusal.code.name()))?;
        let approved = verifier.approve(&request).map_err(|refusal| refused(refusal.code.name()))?;
        let _user_id = approved.sign(&entropy, now);
    }
    Ok(format!("the access key {} signs a user id", verifier.key_id(now.monotonic)))
}

/// How long the Authress domain may take to respond.
const LIMIT: Duration = Duration::from_secs(3);

/// Reads the header `Date` of any response of the domain.
async fn ask_for_time(domain: &str) -> Result<ServerClock, &'static str> {
    let now = || ClockReading::now().map(|now| now.since_1970).ok_or("the clock of this machine is before 1970");
    let client = https_client(LIMIT).map_err(|_| "the system has no root certificates (ca-certificates)")?;
    let before = now()?;
    let request = client.head(domain).header(header::CACHE_CONTROL, "no-cache");
    let response = request.send().await.map_err(|_| "no connection, or no response in time")?;
    let after = now()?;
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    // RFC 9111 section 5.1: a response from a cache has its age, and an old date.
    if text(header::AGE).is_some_and(|age| age != "0") {
        return Err("the response is from a cache");
    }
    let date = text(header::DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    let date = date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
    Ok(ServerClock { date: date.ok_or("the response has no date")?, before, after })
}

/// Returns the time of a login's commands. The first round makes the connection and loads the scripts.
async fn redis_time(service: &Service) -> Result<Duration, StoreFailure> {
    service.check_store().await?;
    let start = Instant::now();
    service.check_store().await?;
    Ok(start.elapsed())
}
