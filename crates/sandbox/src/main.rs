//! `authress-sandbox --config FILE` and `authress-sandbox certificate --out DIR NAME…`.

use std::path::PathBuf;
use std::process::ExitCode;

use authress_dev_server::{self_signed_certificate, shutdown_signal};
use authress_sandbox::{Config, Sandbox};

const USAGE: &str = "usage: authress-sandbox --config FILE
       authress-sandbox certificate --out DIR NAME...";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["--config", file] => run(PathBuf::from(file)).await,
        ["certificate", "--out", dir, names @ ..] if !names.is_empty() => certificate(dir, names),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("authress-sandbox: {sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn run(file: PathBuf) -> Result<(), String> {
    let config = Config::read(&file).map_err(|error| error.to_string())?;
    let sandbox = Sandbox::prepare(&config).map_err(|error| error.to_string())?;
    eprintln!("authress-sandbox: for development only: at its fake identity providers, everyone can log in as anyone.");
    eprintln!("authress-sandbox: listening on {} for {}", sandbox.local_addr(), sandbox.public_url());
    let stop = shutdown_signal();
    println!("ready {}", sandbox.public_url());
    sandbox.run(stop).await.map_err(|error| error.to_string())
}

fn certificate(dir: &str, names: &[&str]) -> Result<(), String> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let files = self_signed_certificate(&names, &PathBuf::from(dir)).map_err(|error| error.to_string())?;
    eprintln!("wrote {} and {}", files.certificate.display(), files.private_key.display());
    Ok(())
}
