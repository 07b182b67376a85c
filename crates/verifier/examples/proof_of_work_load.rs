//! Logs in with the proof of work, as many times as the benchmark asks for. A step begins with a line on standard input
//! and ends with one on standard output, so that the benchmark can read the verifier's processor time in between.
//!
//! ```sh
//! cargo run --profile server -p authress-verifier --example proof_of_work_load -- http://127.0.0.1:9000 100
//! ```

#[path = "../tests/support/proof_of_work.rs"]
#[allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod proof_of_work;

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use authress_verifier::LOGIN_PATH;
use reqwest::{Client, StatusCode, header};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let base = arguments.next().ok_or("the first argument is the verifier's URL")?;
    let logins: usize = arguments.next().ok_or("the second argument is the number of logins")?.parse()?;
    // The requests are without TLS, but the client needs a provider of it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;

    // The connection is made before anything is measured.
    page(&client, &base, logins).await?;
    ended(logins)?;

    step()?;
    let mut pages = Vec::new();
    for number in 0..logins {
        pages.push(page(&client, &base, number).await?);
    }
    let bytes: usize = pages.iter().map(String::len).sum();
    ended(bytes / logins)?;

    step()?;
    let start = Instant::now();
    let solutions: Vec<String> = pages.iter().map(|page| proof_of_work::solve(page)).collect();
    ended(start.elapsed().as_micros() / u128::try_from(logins)?)?;

    step()?;
    for (number, solution) in solutions.iter().enumerate() {
        let body = serde_json::json!({ "answer": solution });
        let request = client.post(url(&base, number)).header("x-forwarded-for", address(number));
        let response = request.header("sec-fetch-site", "same-origin").json(&body).send().await?;
        let status = response.status();
        let text = response.text().await?;
        if status != StatusCode::OK || !text.contains("location") {
            return Err(format!("the solution was refused: {status} {text}").into());
        }
    }
    ended(logins)?;
    Ok(())
}

/// Waits for a line.
fn step() -> std::io::Result<()> {
    std::io::stdin().lock().read_line(&mut String::new()).map(drop)
}

fn ended(result: impl std::fmt::Display) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{result}")
}

/// The page with the challenge.
async fn page(client: &Client, base: &str, number: usize) -> Result<String, Box<dyn Error>> {
    let request = client.get(url(base, number)).header("x-forwarded-for", address(number));
    let response = request.header(header::ACCEPT, "text/html").send().await?;
    if response.status() != StatusCode::OK {
        return Err(format!("there is no page with a challenge: {}", response.status()).into());
    }
    Ok(response.text().await?)
}

fn url(base: &str, number: usize) -> String {
    format!(
        "{base}{LOGIN_PATH}?client_id=sc_shop&state=areq_{number:031}&redirect_uri=https%3A%2F%2Flogin.example.com%2Flogin"
    )
}

/// An address for each login, so that none is limited.
fn address(number: usize) -> String {
    format!("10.{}.{}.1", number / 256 % 256, number % 256)
}
