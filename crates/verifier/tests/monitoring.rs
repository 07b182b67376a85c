//! The alerts, their runbooks and the dashboard, compared with the metrics of the real program.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use support::key;
use support::program::{exchange, start_with};
use yaml_rust2::{Yaml, YamlLoader};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn alerts() -> Vec<Yaml> {
    let documents = YamlLoader::load_from_str(&read("deploy/prometheus/alerts.yml")).unwrap();
    let groups = documents[0]["groups"].as_vec().unwrap();
    groups.iter().flat_map(|group| group["rules"].as_vec().unwrap().clone()).collect()
}

fn dashboard() -> Value {
    serde_json::from_str(&read("deploy/grafana/verifier.json")).unwrap()
}

/// Returns the expressions of all alerts and panels.
fn expressions() -> Vec<String> {
    let of_alerts = alerts().into_iter().map(|alert| alert["expr"].as_str().unwrap().to_owned());
    let dashboard = dashboard();
    let targets = dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let of_panels = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let of_variables = variables.map(|variable| variable["query"].as_str().unwrap().to_owned());
    of_alerts.chain(of_panels).chain(of_variables).collect()
}

/// Returns the names of metrics in a text.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    words.filter(|word| word.starts_with("authress_verifier_")).map(str::to_owned).collect()
}

/// Returns the labels `name="value"` in a text. A regular expression of alternatives counts as each of them.
fn labels_in(text: &str) -> BTreeSet<(String, String)> {
    let mut labels = BTreeSet::new();
    for (position, operator) in text.match_indices("=\"").chain(text.match_indices("~\"")) {
        let name = text[..position].trim_end_matches(['=', '!', '~']);
        let start = name.rfind(|character: char| !character.is_ascii_alphanumeric() && character != '_').unwrap();
        let value = text[position + operator.len()..].split('"').next().unwrap();
        labels.extend(value.split('|').map(|value| (name[start + 1..].to_owned(), value.to_owned())));
    }
    labels
}

/// Returns the samples of a program without requests.
fn samples() -> String {
    let verifier = start_with(&key(), &[("METRICS_LISTEN", "127.0.0.1:0")]);
    let request = "GET /metrics HTTP/1.1\r\nHost: internal\r\nConnection: close\r\n\r\n";
    let response = exchange(&verifier.metrics_address(), request);
    let lines = response.lines().filter(|line| line.starts_with("authress_verifier_"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_metric_and_label_of_alerts_and_dashboard_is_exported() {
    let samples = samples();
    let (names, labels) = (metrics_in(&samples), labels_in(&samples));
    assert!(names.contains("authress_verifier_login_seconds_bucket"), "{samples}");
    assert!(labels.contains(&("code".to_owned(), "Answered".to_owned())), "{samples}");
    let expressions = expressions();
    let mut used = BTreeSet::new();
    for expression in &expressions {
        for name in metrics_in(expression) {
            assert!(names.contains(&name), "{name} of {expression}");
            used.insert(name);
        }
        for (label, value) in labels_in(expression).into_iter().filter(|(label, _)| label != "instance") {
            assert!(labels.contains(&(label.clone(), value.clone())), "{label}={value} of {expression}");
        }
    }
    // No metric is forgotten; a histogram is used by its buckets.
    let unused: Vec<&String> = names.difference(&used).filter(|name| !name.contains("login_seconds_")).collect();
    assert_eq!(unused, Vec::<&String>::new());
}

#[test]
fn every_alert_has_its_runbook_and_every_runbook_its_alert() {
    let runbooks = read("docs/runbooks.md");
    let mut headings: BTreeSet<&str> = runbooks.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        let annotations = &alert["annotations"];
        // The anchor that GitHub gives the heading.
        let link = format!("docs/runbooks.md#{}", name.to_ascii_lowercase());
        assert_eq!(annotations["runbook_url"].as_str(), Some(link.as_str()));
        for annotation in ["summary", "description"] {
            assert!(annotations[annotation].as_str().is_some_and(|text| !text.is_empty()), "{name}: {annotation}");
        }
        assert!(["critical", "warning"].contains(&alert["labels"]["severity"].as_str().unwrap()), "{name}");
        assert!(headings.remove(name), "{name} has no heading, or two alerts have one name");
        let section = runbooks.split(&format!("\n## {name}\n")).nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        for part in ["\n**Meaning.** ", "\n**Confirm.** ", "\n**Do.** ", "\n**Over when** "] {
            assert!(section.contains(part), "{name}: {part}");
        }
    }
    assert!(headings.is_empty(), "headings without an alert: {headings:?}");
}

#[test]
fn the_panels_of_the_dashboard_are_complete() {
    let dashboard = dashboard();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        assert_eq!(panel["datasource"]["uid"], "${source}", "{title}: no data source of one Grafana");
        let position = &panel["gridPos"];
        assert!(position["x"].as_u64().unwrap() + position["w"].as_u64().unwrap() <= 24, "{title}");
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{title}");
    }
}

/// Runs promtool (or the program that PROMTOOL names) on the rules; `false` if it is not installed.
fn promtool(arguments: &[&str]) -> bool {
    let mut command = Command::new(std::env::var_os("PROMTOOL").unwrap_or("promtool".into()));
    let command = command.current_dir(root().join("deploy/prometheus")).args(arguments).stdin(Stdio::null());
    match command.output() {
        Err(_) => {
            support::not_run("promtool is not installed");
            false
        }
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));
            true
        }
    }
}

#[test]
fn promtool_accepts_the_rules_and_the_alerts_fire() {
    if promtool(&["check", "rules", "alerts.yml"]) {
        promtool(&["test", "rules", "alerts_test.yml"]);
    }
    // Each alert fires in one of the tests.
    let tests = read("deploy/prometheus/alerts_test.yml");
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        assert!(tests.contains(&format!("'{{alertname=\"{name}\"}}', value: 1")), "{name}");
    }
}

#[test]
fn labels_are_found_in_expressions() {
    let found = labels_in("a{code=~\"X|Y\",b=\"Z\",instance=~\"$instance\"} / c{code!~\"W\"}");
    let found: Vec<String> = found.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(found, ["b=Z", "code=W", "code=X", "code=Y", "instance=$instance"]);
}
