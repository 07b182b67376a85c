//! Bytes of a login: of its request and response, of what it sends to Redis and gets from there, and of its log line.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::instance::Starter;
use super::redis::Redis;
use crate::bench::load::{Addresses, Load};
use crate::bench::process::Server;
use crate::workspace;

/// The bytes of one login.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) request_bytes: usize,
    pub(super) response_bytes: usize,
    pub(super) log_line_bytes: f64,
}

/// A navigation by Chromium, forwarded by deploy/nginx.conf. Each number is a client of its own.
pub(super) fn request(number: usize) -> String {
    let state = state(number);
    let address = format!("10.{}.{}.200", number / 250 % 250, number % 250);
    format!(
        "GET /v1/login?client_id=sc_shop&state={state}&redirect_uri=https%3A%2F%2Flogin.example.com%2Flogin HTTP/1.1\r\n\
         Host: verifier.shop.example\r\n\
         X-Forwarded-For: {address}\r\n\
         sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\n\
         sec-ch-ua-mobile: ?1\r\n\
         sec-ch-ua-platform: \"Android\"\r\n\
         Upgrade-Insecure-Requests: 1\r\n\
         User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile \
         Safari/537.36\r\n\
         Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r\n\
         Sec-Fetch-Site: cross-site\r\n\
         Sec-Fetch-Mode: navigate\r\n\
         Sec-Fetch-User: ?1\r\n\
         Sec-Fetch-Dest: document\r\n\
         Referer: https://shop.example/\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\n\
         Accept-Language: de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7\r\n\r\n"
    )
}

/// A `state` as long as those of the load generator.
pub(super) fn state(number: usize) -> String {
    format!("areq_{number:031}")
}

/// Opens a connection and keeps it.
pub(super) fn connect(server: &Server) -> Result<TcpStream> {
    let address = server.url.strip_prefix("http://").unwrap_or(&server.url);
    let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).context("cannot set a time limit")?;
    Ok(stream)
}

/// Sends a login on the connection and reads its response, which has no body. Returns the bytes of the response.
pub(super) fn log_in(stream: &mut TcpStream, request: &str) -> Result<usize> {
    stream.write_all(request.as_bytes()).context("cannot send a login")?;
    let mut response = Vec::new();
    let mut buffer = [0; 4096];
    // A refusal has a body, of which the beginning is enough.
    while !response.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut buffer).context("cannot read a response")?;
        response.extend(buffer.get(..length).filter(|part| !part.is_empty()).context("the verifier has hung up")?);
    }
    if !response.starts_with(b"HTTP/1.1 302 ") {
        bail!("the login was refused: {}", String::from_utf8_lossy(&response));
    }
    Ok(response.len())
}

/// Logs in some times with one connection, and reads the log.
pub(super) fn exchange(starter: &Starter) -> Result<Exchange> {
    const LOGINS: usize = 20;
    let folder = workspace::scratch("log")?;
    let file = folder.join("log");
    let log = std::fs::File::create(&file).with_context(|| format!("cannot create {}", file.display()))?;
    let mut command = starter.command(None, &[("LOG_LEVEL", "info"), ("LOG_FORMAT", "json")]);
    let server = Server::start("authress-verifier", command.stderr(log))?;
    let mut stream = connect(&server)?;
    let (mut request_bytes, mut response_bytes) = (0, 0);
    for number in 0..LOGINS {
        let request = request(number);
        request_bytes = request.len();
        response_bytes = log_in(&mut stream, &request)?;
    }
    let start = Instant::now();
    let lengths = loop {
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        // The last line may be unfinished.
        let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n') && line.contains("\"request_id\""));
        let lengths: Vec<usize> = lines.map(str::len).collect();
        if lengths.len() == LOGINS {
            break lengths;
        }
        if start.elapsed() > Duration::from_secs(20) {
            bail!("the log has {} lines of {LOGINS} logins", lengths.len());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    workspace::remove(&folder)?;
    let total: usize = lengths.iter().sum();
    Ok(Exchange { request_bytes, response_bytes, log_line_bytes: total as f64 / LOGINS as f64 })
}

/// What one login asks of Redis.
#[derive(Debug)]
pub(super) struct RedisTraffic {
    /// Those that the verifier sends, and those that scripts call.
    pub(super) commands: BTreeMap<String, f64>,
    pub(super) received_bytes: f64,
    pub(super) sent_bytes: f64,
}

/// Counts over some seconds of logins.
pub(super) fn redis_traffic(starter: &Starter) -> Result<RedisTraffic> {
    let redis = Redis::start()?;
    let server = starter.start(Some(&redis), &[])?;
    let load = Load { seconds: 2, connections: 8, core: None, addresses: Addresses::Many };
    load.run(&server.url, 1)?;
    let before = redis.info()?;
    let logins = load.run(&server.url, load.seconds)?.requests;
    let after = redis.info()?;
    let earlier = before.calls();
    let per_login = after.calls().into_iter().map(|(name, calls)| {
        let calls = calls - earlier.get(&name).copied().unwrap_or_default();
        (name, round_to_tenths(calls / logins))
    });
    let grown = |name| Ok::<_, anyhow::Error>((after.number(name)? - before.number(name)?) / logins);
    Ok(RedisTraffic {
        commands: per_login.filter(|(_, calls)| *calls > 0.0).collect(),
        received_bytes: grown("total_net_input_bytes")?,
        sent_bytes: grown("total_net_output_bytes")?,
    })
}

/// wrk does not count the logins that are in flight when it stops.
fn round_to_tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
