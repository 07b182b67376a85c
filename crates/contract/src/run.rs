//! A run: starts the browser's script, signs what it asks for, collects what it observes, and writes the report after
//! each observation, so that a run that stops midway has one.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use authress_verifier::AccessKey;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::assumptions;
use crate::config::Config;
use crate::facts::Facts;
use crate::redact::Redactor;
use crate::report::Report;
use crate::statement::{Statement, management_token};

/// A line of the script.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Message {
    /// An observation.
    Fact { name: String, value: Value },
    /// Why observations are missing.
    Missing { names: Vec<String>, reason: String },
    /// A sentence for the person at the terminal.
    Say { text: String },
    /// Asks for a statement; the next line to the script has its `location`.
    Sign { statement: Statement },
    /// Asks for the service client's own token; the next line to the script has it.
    ManagementToken,
    /// A user id that this run has made or met.
    UserId { value: String },
    /// What the run left behind.
    Remark { text: String },
    /// The script has done everything.
    Done,
}

/// What a run needs besides the configuration.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) config: Config,
    pub(crate) access_key: AccessKey,
    pub(crate) is_headed: bool,
    pub(crate) is_slow: bool,
    /// The folder for `contract-report.md` and `contract-report.json`.
    pub(crate) out: PathBuf,
    pub(crate) node: PathBuf,
    pub(crate) script: PathBuf,
}

/// The findings so far.
struct Findings {
    facts: Facts,
    redactor: Redactor,
    remarks: Vec<String>,
    is_complete: bool,
}

impl Run {
    /// Runs the script to its end and returns whether it got there.
    pub(crate) fn start(self) -> Result<bool> {
        let mut child = self.spawn()?;
        let input = child.stdin.take().context("the script has no standard input")?;
        let output = child.stdout.take().context("the script has no standard output")?;
        let errors = child.stderr.take().context("the script has no standard error")?;
        let input = Arc::new(Mutex::new(Some(input)));
        stop_on_signal(Arc::clone(&input));

        let config = self.config.for_driver(self.access_key.client_id(), self.is_headed, self.is_slow)?;
        let mut findings = Findings {
            facts: Facts::default(),
            redactor: self.redactor(&config),
            remarks: Vec::new(),
            is_complete: false,
        };
        findings.facts.add("config".to_owned(), config.clone());
        if let Some(recorded) = config.get("recorded").filter(|query| query.is_string()) {
            findings.facts.add("recorded-query".to_owned(), recorded.clone());
        }
        send(&input, &config);
        // Playwright's errors quote addresses, so they are read here and not inherited.
        let errors = std::thread::spawn(move || {
            BufReader::new(errors).lines().map_while(std::result::Result::ok).collect::<Vec<_>>()
        });
        self.write(&findings)?;
        for line in BufReader::new(output).lines() {
            let line = line.context("cannot read from the script")?;
            let Ok(message) = serde_json::from_str(&line) else { bail!("the script wrote a line of an unknown form") };
            if let Some(reply) = self.handle(message, &mut findings)? {
                send(&input, &reply);
            }
            self.write(&findings)?;
        }
        let status = child.wait().context("cannot wait for the script")?;
        for line in errors.join().unwrap_or_default() {
            eprintln!("contract: {}", findings.redactor.text(&line));
        }
        findings.is_complete &= status.success();
        let report = self.write(&findings)?;
        println!("contract: {}", report.summary());
        println!("contract: the report is {}", self.out.join("contract-report.md").display());
        Ok(findings.is_complete)
    }

    fn spawn(&self) -> Result<Child> {
        let mut command = Command::new(&self.node);
        command.arg(&self.script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A process group of its own: Ctrl-C reaches this process alone, which lets the script clean up.
        command.process_group(0).env("ENGINE", "chromium");
        command.spawn().with_context(|| format!("cannot start {}", self.node.display()))
    }

    fn redactor(&self, config: &Value) -> Redactor {
        let mut redactor = Redactor::default();
        redactor.add(self.access_key.account_id(), "<account id>");
        redactor.add(self.access_key.key_id(), "<key id>");
        let settings = [
            ("serviceClientId", "<service client id>"),
            ("applicationId", "<application id>"),
            ("connectionId", "<connection id>"),
            ("linkingOffId", "<connection id>"),
            ("authressApiUrl", "<Authress>"),
            ("defaultHost", "<default host>"),
            ("pageUrl", "<page>"),
            ("localhostUrl", "<page>"),
            ("authorizationUrl", "<verifier>"),
        ];
        for (name, placeholder) in settings {
            redactor.add(config.get(name).and_then(Value::as_str).unwrap_or_default(), placeholder);
        }
        redactor
    }

    fn handle(&self, message: Message, findings: &mut Findings) -> Result<Option<Value>> {
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
        let origin = self.config.authress_origin();
        match message {
            Message::Fact { name, value } => findings.facts.add(name, value),
            Message::Missing { names, reason } => {
                for name in names {
                    findings.facts.add_missing(name, reason.clone());
                }
            }
            Message::Say { text } => println!("contract: {}", findings.redactor.text(&text)),
            Message::Sign { statement } => {
                findings.redactor.add(&statement.user_id, "<user id>");
                // Without a location the script gives the observation up, for instance because `redirect_uri` is no URL.
                return Ok(Some(json!({ "location": statement.location(&self.access_key, &origin, now_s).ok() })));
            }
            Message::ManagementToken => {
                return Ok(Some(json!({ "token": management_token(&self.access_key, &origin, now_s) })));
            }
            Message::UserId { value } => findings.redactor.add(&value, "<user id>"),
            Message::Remark { text } => findings.remarks.push(text),
            Message::Done => findings.is_complete = true,
        }
        Ok(None)
    }

    fn write(&self, findings: &Findings) -> Result<Report> {
        let Findings { facts, redactor, remarks, is_complete } = findings;
        let report = Report::judge(&assumptions::all(), facts, redactor, remarks, *is_complete);
        std::fs::create_dir_all(&self.out).with_context(|| format!("cannot create {}", self.out.display()))?;
        let write = |name: &str, text: String| {
            let path = self.out.join(name);
            replace(&path, &text).with_context(|| format!("cannot write {}", path.display()))
        };
        write("contract-report.md", report.markdown())?;
        write("contract-report.json", format!("{:#}\n", report.json()))?;
        Ok(report)
    }
}

/// Writes the file in one step, so that a reader never sees half of it.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    std::fs::write(&unfinished, text)?;
    std::fs::rename(unfinished, path)
}

/// Sends a line to the script. If it has ended meanwhile, its last lines and its status tell.
fn send(input: &Mutex<Option<ChildStdin>>, value: &Value) {
    let mut input = input.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(input) = input.as_mut() {
        let _ = writeln!(input, "{value}");
    }
}

/// With Ctrl-C or SIGTERM the script's standard input closes: it ends what it is doing, cleans up and exits.
fn stop_on_signal(input: Arc<Mutex<Option<ChildStdin>>>) {
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
                return;
            };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        });
        eprintln!("contract: stopping; signing out and deleting users first");
        drop(input.lock().unwrap_or_else(PoisonError::into_inner).take());
    });
}
