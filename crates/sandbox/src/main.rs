//! `authress-sandbox --config FILE` and `authress-sandbox certificate --out DIR NAME…`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use authress_dev_server::{self_signed_certificate, shutdown_signal};
use authress_sandbox::{Config, Dialect, Sandbox};
use clap::{Parser, Subcommand};

/// A local Authress for development and tests, on loopback only.
#[derive(Debug, Parser)]
#[command(
    name = "authress-sandbox",
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The configuration
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
    /// How the sandbox behaves where servers differ: default or strict, in place of what the configuration says
    #[arg(long, value_name = "NAME", value_parser = Dialect::named)]
    dialect: Option<Dialect>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a self-signed certificate for host names
    Certificate {
        /// The folder for cert.pem and key.pem
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The host names
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse() {
        Arguments { command: Some(Command::Certificate { out, names }), .. } => certificate(&out, &names),
        Arguments { config: Some(file), dialect, .. } => run(&file, dialect).await,
        Arguments { config: None, .. } => Err("--config is missing".to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("authress-sandbox: {sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn run(file: &Path, dialect: Option<Dialect>) -> Result<(), String> {
    let mut config = Config::read(file).map_err(|error| error.to_string())?;
    if let Some(dialect) = dialect {
        config.dialect = dialect;
    }
    let sandbox = Sandbox::prepare(&config).map_err(|error| error.to_string())?;
    eprintln!("authress-sandbox: for development only: at its fake identity providers, everyone can log in as anyone.");
    eprintln!("authress-sandbox: listening on {} for {}", sandbox.local_addr(), sandbox.public_url());
    let stop = shutdown_signal();
    println!("ready {}", sandbox.public_url());
    sandbox.run(stop).await.map_err(|error| error.to_string())
}

fn certificate(dir: &Path, names: &[String]) -> Result<(), String> {
    let files = self_signed_certificate(names, dir).map_err(|error| error.to_string())?;
    eprintln!("wrote {} and {}", files.certificate.display(), files.private_key.display());
    Ok(())
}
