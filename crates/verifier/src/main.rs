//! `authress-verifier`: settings from the environment, one line on stdout once it answers.

use std::error::Error;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

use authress_verifier::{Config, USAGE, serve, standalone, termination};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if arguments == ["--help"] {
        let _ = stdout().write_all(USAGE.as_bytes());
        return ExitCode::SUCCESS;
    }
    if !arguments.is_empty() {
        // Not repeated: an argument may be an access key.
        let _ = writeln!(
            stderr(),
            "authress-verifier: UnexpectedArgument: settings are read from the environment.\n\n{USAGE}"
        );
        return ExitCode::FAILURE;
    }
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr(), "authress-verifier: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(stderr).with_ansi(stderr().is_terminal()).init();
    let Config { listen, verifier } = Config::from_env()?;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        format!("CannotListen: {listen} cannot be listened on: {}. Set LISTEN to another address", error.kind())
    })?;
    let stop = termination()?;
    tracing::info!(issuer = verifier.issuer(), redirect_uri = verifier.login_url(), "answering logins");
    let _ = writeln!(stdout(), "ready http://{}", listener.local_addr()?);
    serve(listener, standalone(verifier), stop).await?;
    Ok(())
}
