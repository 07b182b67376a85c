//! The program `authress-verifier`. It prints one line to standard output when it is ready, and logs to standard error.

use std::error::Error;
use std::ffi::OsString;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authress_verifier::{
    BACKLOG, ClockReading, Config, ConfigWarning, HealthTarget, Listeners, Listening, LogConfig, LogOutput, Login,
    Metrics, PassedSockets, ServerLimits, Service, Verifier, check_health, self_check, serve, serve_counted,
    termination, usage,
};

fn main() -> ExitCode {
    let command = match Command::read(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(UnexpectedArgument) => {
            // The argument is not printed, because it may be an access key.
            let _ = writeln!(stderr(), "authress-verifier: UnexpectedArgument: the usage is below.\n\n{}", usage());
            return ExitCode::FAILURE;
        }
    };
    let done = match command {
        Command::Help => write_out(&usage()),
        Command::Version => write_out(concat!("authress-verifier ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Check(file) => check(file.as_deref()),
        Command::HealthCheck { file, url } => health_check(file.as_deref(), url.as_deref()),
        Command::Run(file) => run(file),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr(), "authress-verifier: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The command line.
enum Command {
    Help,
    Version,
    Check(Option<PathBuf>),
    HealthCheck { file: Option<PathBuf>, url: Option<String> },
    Run(Option<PathBuf>),
}

struct UnexpectedArgument;

impl Command {
    fn read(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, UnexpectedArgument> {
        let (mut file, mut url, mut is_check, mut is_health_check) = (None, None, false, false);
        let mut is_first = true;
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--help") => return Ok(Self::Help),
                Some("--version") => return Ok(Self::Version),
                Some("healthcheck") if is_first => is_health_check = true,
                Some("--check") if !is_health_check => is_check = true,
                Some("--config") if file.is_none() => {
                    file = Some(PathBuf::from(arguments.next().ok_or(UnexpectedArgument)?));
                }
                Some("--url") if is_health_check && url.is_none() => {
                    let text = arguments.next().ok_or(UnexpectedArgument)?;
                    url = Some(text.into_string().map_err(|_| UnexpectedArgument)?);
                }
                Some(_) | None => return Err(UnexpectedArgument),
            }
            is_first = false;
        }
        Ok(match (is_health_check, is_check) {
            (true, _) => Self::HealthCheck { file, url },
            (false, true) => Self::Check(file),
            (false, false) => Self::Run(file),
        })
    }
}

type Done = Result<(), Box<dyn Error>>;

fn write_out(text: &str) -> Done {
    stdout().write_all(text.as_bytes())?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn check(file: Option<&Path>) -> Done {
    let config = Config::read(file)?;
    let mut text = config.effective.clone();
    for warning in &config.warnings {
        text.push_str(&format!("# warning: {warning}\n"));
    }
    text.push_str(&format!("# key {} signs", config.verifier.key_id(Instant::now())));
    if let Some((next, _)) = config.verifier.next_key() {
        text.push_str(&format!("; after five minutes {next} signs"));
    }
    text.push('\n');
    for login_url in config.verifier.login_urls() {
        text.push_str(&format!("# responses redirect to {login_url}\n"));
    }
    text.push_str(&set_up(&config.verifier));
    let report = self_check(config).await?;
    text.push_str(&report.to_string());
    write_out(&text)?;
    Ok(report.result()?)
}

/// The checklist for the Authress account, and what of it this program knows.
fn set_up(verifier: &Verifier) -> String {
    let key_ids = [Some(verifier.key_id(Instant::now())), verifier.next_key().map(|(key_id, _)| key_id)];
    let (origins, key_ids) = (
        verifier.login_urls().filter_map(|url| url.strip_suffix("/login")).collect::<Vec<_>>().join(" or "),
        key_ids.into_iter().flatten().collect::<Vec<_>>().join(", "),
    );
    format!(
        "# Compare the following with Authress; the set-up checklist is docs/set-up.md\n\
         # step 1: pages have authressApiUrl {origins}, which is on the shop's own site\n\
         # step 4: service client {client} of account {account} may replace user token generation; its Authorization \
         Url is the public https address of /v1/login\n\
         # step 8: it has the access key {key_ids}, which can sign in as any user\n",
        client = verifier.client_id(),
        account = verifier.account_id(),
    )
}

#[tokio::main(flavor = "current_thread")]
async fn health_check(file: Option<&Path>, url: Option<&str>) -> Done {
    let target = match url {
        Some(url) => HealthTarget::parse(url)?,
        None => HealthTarget::local(Listeners::read(file)?)?,
    };
    let sentence = check_health(&target).await?;
    write_out(&format!("{sentence}\n"))
}

/// Runs one thread for each core. With a single one, the current-thread runtime saves the work-stealing.
fn run(file: Option<PathBuf>) -> Done {
    // Before there are threads.
    let sockets = PassedSockets::take()?;
    let mut runtime = match worker_threads() {
        1 => tokio::runtime::Builder::new_current_thread(),
        threads => {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            runtime.worker_threads(threads);
            runtime
        }
    };
    let runtime = runtime.enable_all().build()?;
    let done = runtime.block_on(serve_logins(file, sockets));
    // Does not wait for a thread that reads a file without an end, such as a pipe.
    runtime.shutdown_background();
    done
}

/// Returns `TOKIO_WORKER_THREADS`, as tokio itself reads it, or the number of cores that this process may use.
fn worker_threads() -> usize {
    let chosen = std::env::var("TOKIO_WORKER_THREADS").ok().and_then(|text| text.parse().ok());
    let threads = chosen.or_else(|| std::thread::available_parallelism().ok().map(usize::from));
    threads.unwrap_or(1).max(1)
}

async fn serve_logins(file: Option<PathBuf>, sockets: PassedSockets) -> Done {
    check_clock()?;
    let config = Config::read(file.as_deref())?;
    let _log = start_logging(config.log)?;
    report(&config.warnings);
    let server = config.server;
    raise_open_files(server.connections);
    let addresses = Listeners { logins: config.listen, internal: config.metrics_listen };
    let Listening { logins, internal } = sockets.listen(addresses)?;
    let stop = termination()?;
    let (issuers, login_urls) = {
        let list = |texts: &mut dyn Iterator<Item = &str>| texts.collect::<Vec<_>>().join(" ");
        (list(&mut config.verifier.issuers()), list(&mut config.verifier.login_urls()))
    };
    let (service, router) = Service::new(config)?;
    if let Some(listener) = internal {
        tracing::info!(address = %listener.local_addr()?, "serving metrics and health checks");
        let limits = ServerLimits { connections: INTERNAL_CONNECTIONS, ..ServerLimits::default() };
        tokio::spawn(serve(listener, service.internal_router(), limits, std::future::pending()));
    }
    reload_keys_on_hangup(file, service.login.clone(), service.metrics.clone())?;
    tracing::info!(
        issuer = issuers,
        redirect_uri = login_urls,
        key_id = service.login.verifier().key_id(Instant::now()),
        "answering logins"
    );
    let _ = writeln!(stdout(), "ready http://{}", logins.local_addr()?);
    notify(Notification::Ready);
    let connections = service.metrics.connections();
    // Problems of the shared store are logged at the start, and the first login finds a connection.
    let store = service.clone();
    tokio::spawn(async move { store.check_store().await });
    let announced = async move {
        stop.await;
        service.announce_stop();
        notify(Notification::Stopping);
        tracing::info!("stopping");
    };
    serve_counted(logins, router, server, connections, announced).await?;
    Ok(())
}

/// A message to the service manager, if it asks for one (`Type=notify` of systemd).
#[derive(Clone, Copy)]
enum Notification {
    Ready,
    Stopping,
}

#[cfg(unix)]
fn notify(notification: Notification) {
    let state = match notification {
        Notification::Ready => sd_notify::NotifyState::Ready,
        Notification::Stopping => sd_notify::NotifyState::Stopping,
    };
    // Without NOTIFY_SOCKET it does nothing.
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(error = %error.kind(), "the service manager cannot be notified. Check NotifyAccess= of the unit");
    }
}

#[cfg(not(unix))]
fn notify(_: Notification) {}

/// The log of the program. On drop it waits until the queued lines are written.
struct Log(Arc<LogOutput>);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.flush(Duration::from_secs(1));
    }
}

fn start_logging(config: LogConfig) -> std::io::Result<Log> {
    let output = Arc::new(LogOutput::to(stderr())?);
    // tracing would print its internal errors to standard error, which panics if standard error is closed.
    let builder = tracing_subscriber::fmt()
        .with_max_level(config.level)
        .with_writer(Arc::clone(&output))
        .log_internal_errors(false);
    if config.json {
        builder.json().flatten_event(true).with_current_span(false).init();
    } else {
        builder.with_ansi(stderr().is_terminal()).init();
    }
    Ok(Log(output))
}

/// The limit of connections of the internal listener.
const INTERNAL_CONNECTIONS: usize = 32;

/// Open files in addition to `server.connections`: the internal listener, standard streams, listeners, Redis, the
/// provider of the human check, the runtime.
#[cfg(unix)]
const OTHER_FILES: u64 = 96;

/// Raises the soft limit of open files. On many systems it is 1024, which is too low for 1024 connections.
#[cfg(unix)]
fn raise_open_files(connections: usize) {
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
    // At the shutdown those that wait for a free connection are accepted, too.
    let wanted = needed.saturating_add(BACKLOG.into());
    let has = rlimit::Resource::NOFILE.get().map_or(0, |(soft, _)| soft);
    let has = if has < wanted { rlimit::increase_nofile_limit(wanted).unwrap_or(has) } else { has };
    if has < needed {
        tracing::warn!(
            open_files = has,
            wanted = needed,
            "the limit of open files is too low for server.connections. Raise it (LimitNOFILE= of systemd, ulimit -n), \
             or lower server.connections"
        );
    }
}

#[cfg(not(unix))]
fn raise_open_files(_: usize) {}

/// Reloads the access keys on SIGHUP. Other settings need a restart. Errors leave the keys unchanged.
#[cfg(unix)]
fn reload_keys_on_hangup(file: Option<PathBuf>, login: Login, metrics: Metrics) -> std::io::Result<()> {
    let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match read_keys_in_thread(file.clone(), login.verifier()).await {
                Ok(verifier) => {
                    let next = verifier.next_key().map(|(key_id, _)| key_id.to_owned());
                    let key_id = verifier.key_id(Instant::now()).to_owned();
                    login.replace_verifier(verifier);
                    metrics.key_reload(true);
                    tracing::info!(key_id, next, "the access keys were reloaded");
                }
                Err(error) => {
                    metrics.key_reload(false);
                    tracing::error!(error, "the access keys were not reloaded");
                }
            }
        }
    });
    Ok(())
}

/// The time limit for reading the files of the access keys.
#[cfg(unix)]
const READ_LIMIT: Duration = Duration::from_secs(10);

/// Reads the keys in a separate thread, because a pipe without a writer or an unresponsive network file system blocks
/// the reader. At most one blocked thread remains: the next reload waits for it, up to the time limit.
#[cfg(unix)]
async fn read_keys_in_thread(file: Option<PathBuf>, old: Arc<Verifier>) -> Result<Verifier, String> {
    static READING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let read = async {
        let reading = READING.lock().await;
        let read = tokio::task::spawn_blocking(move || {
            let _reading = reading;
            read_keys(file.as_deref(), &old).map_err(|error| error.to_string())
        });
        read.await.unwrap_or_else(|error| Err(error.to_string()))
    };
    let too_slow =
        "SecretFileTooSlow: a file could not be read within 10 seconds. Use a regular file instead of a pipe";
    tokio::time::timeout(READ_LIMIT, read).await.unwrap_or_else(|_| Err(too_slow.to_owned()))
}

#[cfg(not(unix))]
fn reload_keys_on_hangup(_: Option<PathBuf>, _: Login, _: Metrics) -> std::io::Result<()> {
    Ok(())
}

fn read_keys(file: Option<&Path>, old: &Verifier) -> Result<Verifier, Box<dyn Error>> {
    let Config { verifier, warnings, .. } = Config::read(file)?;
    report(&warnings);
    if !verifier.issuers().eq(old.issuers()) {
        return Err("an Authress domain or the service client has changed. Restart to use the new one".into());
    }
    Ok(verifier.keep_key_activation_time(old))
}

fn report(warnings: &[ConfigWarning]) {
    for warning in warnings {
        tracing::warn!(code = warning.code(), "suspicious setting: {warning}");
    }
}

fn check_clock() -> Result<(), &'static str> {
    ClockReading::now().map(|_| ()).ok_or("ClockBefore1970: set the system's clock")
}
