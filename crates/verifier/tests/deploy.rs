//! The files in `deploy/`, tested with the programs that read them.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use support::deploy::{Folder, check, deploy, is_installed};

#[test]
fn the_example_configuration_file_is_valid() {
    check("example", &deploy("verifier.toml"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Returns the sources of each `COPY` from the working tree.
fn copied() -> Vec<String> {
    let text = deploy("Containerfile");
    let lines = text.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from="));
    let mut names = Vec::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        names.extend(words[..words.len() - 1].iter().map(|word| (*word).to_owned()));
    }
    names
}

/// The files of these folders that are in the repository.
fn tracked(names: &[String]) -> Vec<String> {
    match Command::new("git").current_dir(root()).arg("ls-files").args(names).output() {
        Ok(Output { stdout, status, .. }) if status.success() => {
            String::from_utf8(stdout).unwrap().lines().map(str::to_owned).collect()
        }
        Ok(_) | Err(_) => {
            support::not_run("git is not installed, or this is no repository");
            Vec::new()
        }
    }
}

#[test]
fn the_image_contains_only_sources_and_all_that_it_needs() {
    let copied = copied();
    for (name, is_source) in copied.iter().map(|name| (name, root().join(name).exists() && !name.contains('.'))) {
        assert!(is_source || ["Cargo.toml", "Cargo.lock"].contains(&name.as_str()), "COPY {name}");
    }
    // Both ignore files are equal and allow the same files.
    let ignored = std::fs::read_to_string(root().join(".containerignore")).unwrap();
    assert_eq!(ignored, std::fs::read_to_string(root().join(".dockerignore")).unwrap());
    let rules: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(rules.first(), Some(&"*"));
    // The last rule that fits decides. One of the crates has the name of a secret.
    let (rules, of_secrets) = rules.split_at(rules.len() - 3);
    assert_eq!(of_secrets, ["**/access-key*", "!crates/access-key", "crates/access-key/**/access-key*"]);
    for file in tracked(&copied) {
        let path = file.strip_prefix("crates/access-key/").unwrap_or(&file);
        assert!(!path.split('/').any(|part| part.starts_with("access-key")), "the image lacks {file}");
    }
    let allowed: Vec<&str> = rules.iter().filter_map(|rule| rule.strip_prefix('!')).collect();
    assert_eq!(allowed, copied);

    let folder = Folder::new("image");
    for name in &copied {
        let status = Command::new("cp").arg("-r").arg(root().join(name)).arg(&folder.0).status().unwrap();
        assert!(status.success(), "{name}");
    }
    let mut cargo = Command::new(env!("CARGO"));
    let metadata = cargo.current_dir(&folder.0).args(["metadata", "--offline", "--locked", "--format-version=1"]);
    let Output { status, stdout, stderr } = metadata.stdin(Stdio::null()).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&stdout).unwrap();
    let is_there =
        metadata["packages"].as_array().unwrap().iter().any(|package| package["name"] == "authress-verifier");
    assert!(is_there);
}

#[test]
fn git_ignores_access_keys_and_no_recipe_puts_one_into_the_working_tree() {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["check-ignore", "access-key", "access-key.txt", "deploy/access-key"]);
    match git.output() {
        Ok(Output { stdout, status, .. }) if status.code() != Some(128) => {
            assert_eq!(String::from_utf8_lossy(&stdout).lines().count(), 3, "each of them is ignored");
        }
        Ok(_) | Err(_) => support::not_run("git is not installed, or this is no repository"),
    }
    for path in [
        "README.md",
        "crates/verifier/README.md",
        "docs/verifier.md",
        "deploy/kubernetes/base/kustomization.yaml",
        "deploy/authress-verifier.service",
    ] {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        for relative in ["> access-key", "FILE=access-key", "--from-file=access-key\n", " access-key /etc"] {
            assert!(!text.contains(relative), "{path}: {relative:?}");
        }
    }
}

#[test]
fn containers_listen_on_ipv6_and_ipv4() {
    let containerfile = deploy("Containerfile");
    let listen = containerfile.split_whitespace().find_map(|word| word.strip_prefix("LISTEN=")).unwrap();
    let table: toml::Table = deploy("kubernetes/base/verifier.toml").parse().unwrap();
    for listen in [listen, table["listen"].as_str().unwrap(), table["metrics"]["listen"].as_str().unwrap()] {
        let address: std::net::SocketAddr = listen.parse().unwrap();
        assert!(address.is_ipv6() && address.ip().is_unspecified(), "{listen}");
    }
}

const UNITS: [&str; 3] = ["authress-verifier.service", "authress-verifier.socket", "authress-verifier-metrics.socket"];

#[test]
fn systemd_accepts_the_units() {
    if !is_installed(Command::new("systemd-analyze")) {
        return;
    }
    // Returns what systemd reports about the units, with one of them changed.
    let verify = |changed: &str, line: &str, by: &str| {
        let folder = Folder::new("systemd");
        let files: Vec<String> = UNITS
            .iter()
            .map(|name| {
                let unit = deploy(name);
                assert!(*name != changed || unit.contains(line), "{name} has no {line}");
                let unit = if *name == changed { unit.replace(line, by) } else { unit };
                folder.write(
                    name,
                    &unit.replace("/usr/local/bin/authress-verifier", env!("CARGO_BIN_EXE_authress-verifier")),
                )
            })
            .collect();
        let Output { status, stdout, stderr } =
            Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&files).output().unwrap();
        let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        let ours: Vec<String> =
            text.lines().filter(|line| line.contains("authress-verifier")).map(str::to_owned).collect();
        (status.success(), ours)
    };
    assert_eq!(verify("", "", ""), (true, Vec::new()));
    for (unit, line, by) in [
        (UNITS[0], "NoNewPrivileges=yes", "NoNewPrivileges=perhaps"),
        (UNITS[1], "ListenStream=127.0.0.1:9000", "ListenStream=127.0.0.1:"),
        (UNITS[2], "Service=authress-verifier.service", "Service=other.service"),
    ] {
        assert!(!verify(unit, line, by).1.is_empty(), "it reports {by}");
    }
}

/// On one core the harness prints the name of a test, without the end of the line, before it runs the test.
#[test]
fn a_test_that_is_not_run_says_so_on_a_line_of_its_own() {
    let mut tests = Command::new(std::env::current_exe().unwrap());
    tests.args(["--exact", "systemd_accepts_the_units", "--test-threads=1"]).env("PATH", "/nowhere");
    let Output { status, stdout, .. } = tests.output().unwrap();
    let printed = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{printed}");
    assert!(printed.lines().any(|line| line == "not run: systemd-analyze is not installed"), "{printed}");
}

#[test]
fn the_socket_units_have_the_addresses_of_the_example_and_the_names_that_the_verifier_knows() {
    let table: toml::Table = deploy("verifier.toml").parse().unwrap();
    let setting = |unit: &str, name: &str| {
        let text = deploy(unit);
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{unit}: {name}")).to_owned()
    };
    assert_eq!(setting(UNITS[1], "ListenStream="), table["listen"].as_str().unwrap());
    assert_eq!(setting(UNITS[2], "ListenStream="), table["metrics"]["listen"].as_str().unwrap());
    assert_eq!(setting(UNITS[2], "FileDescriptorName="), authress_verifier::METRICS_SOCKET);
    assert_ne!(setting(UNITS[1], "FileDescriptorName="), authress_verifier::METRICS_SOCKET);
    assert_eq!(setting(UNITS[0], "Sockets="), format!("{} {}", UNITS[1], UNITS[2]));
}
