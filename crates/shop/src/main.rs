//! `authress-demo-shop --config FILE`: serves the demo shop on loopback until it is stopped.
//!
//! Prints one line `ready {publicUrl}` on standard output once it accepts connections.

use std::path::PathBuf;
use std::process::ExitCode;

use authress_demo_shop::config::Config;
use authress_demo_shop::{Shop, app};
use authress_dev_server::{bind, serve, shutdown_signal};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("authress-demo-shop: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::read(&config_path(std::env::args_os().skip(1))?)?;
    let bound = bind(config.listen)?;
    // The actual port, also if port 0 was requested.
    config.listen = bound.local_addr();
    let (tls, public_url) = (config.tls.clone(), config.origin());
    let shop = Shop::new(config).map_err(|error| error.to_string())?;
    tokio::spawn(shop.clone().resume_migrations());
    let router = app(shop);
    println!("ready {public_url}");
    serve(bound, router, tls, shutdown_signal()).await?;
    Ok(())
}

fn config_path(mut args: impl Iterator<Item = std::ffi::OsString>) -> Result<PathBuf, &'static str> {
    match (args.next(), args.next(), args.next()) {
        (Some(flag), Some(path), None) if flag == "--config" => Ok(path.into()),
        _ => Err("start it as: authress-demo-shop --config FILE"),
    }
}
