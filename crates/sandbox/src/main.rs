//! `authress-sandbox --config FILE`, `authress-sandbox certificate --out DIR NAME…`, and `authress-sandbox tls …` for a server
//! beside it that speaks plain HTTP.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use authress_dev_server::{TlsFiles, bind, self_signed_certificate, shutdown_signal, terminate_tls};
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
    /// Accept TLS for a server that speaks plain HTTP, such as the verifier
    Tls {
        /// The loopback address to listen on
        #[arg(long, value_name = "ADDRESS")]
        listen: SocketAddr,
        /// The server's address
        #[arg(long, value_name = "ADDRESS")]
        upstream: SocketAddr,
        /// The folder of cert.pem and key.pem
        #[arg(long, value_name = "DIR")]
        certificate: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse() {
        Arguments { command: Some(Command::Certificate { out, names }), .. } => certificate(&out, &names),
        Arguments { command: Some(Command::Tls { listen, upstream, certificate }), .. } => {
            tls(listen, upstream, &certificate).await
        }
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

async fn tls(listen: SocketAddr, upstream: SocketAddr, certificate: &Path) -> Result<(), String> {
    let files = TlsFiles { certificate: certificate.join("cert.pem"), private_key: certificate.join("key.pem") };
    let result = async {
        files.check()?;
        let bound = bind(listen)?;
        println!("ready https://{}", bound.local_addr());
        terminate_tls(bound, upstream, &files, shutdown_signal()).await
    };
    result.await.map_err(|error| error.to_string())
}
