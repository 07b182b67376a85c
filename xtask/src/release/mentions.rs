//! Where examples and pages name a version of an npm package. A release leaves none on the version before it.

use anyhow::{Context, Result};
use serde_json::Value;

use super::plan::Mention;
use crate::{repository, workspace};

/// How the names of the npm packages begin.
const PREFIX: &str = "authress-login-";
/// The examples and pages, as `git ls-files` takes them.
const FILES: [&str; 6] = ["README.md", "docs", "examples", "pkg", "sandbox-pkg", "crates"];

/// Every mention of the repository, in the order of the files.
pub(super) fn read() -> Result<Vec<Mention>> {
    let tracked = repository::git(&[&["ls-files", "--"], FILES.as_slice()].concat())?;
    let is_read = |file: &&str| file.ends_with(".md") || file.ends_with("/package.json");
    let mut mentions = Vec::new();
    for file in tracked.lines().filter(is_read) {
        let text =
            std::fs::read_to_string(workspace::root().join(file)).with_context(|| format!("cannot read {file}"))?;
        mentions.extend(if file.ends_with(".md") { in_page(file, &text) } else { in_manifest(file, &text)? });
    }
    Ok(mentions)
}

/// What a manifest requires, each with the sign before its version, such as `^`.
fn in_manifest(file: &str, text: &str) -> Result<Vec<Mention>> {
    let manifest: Value = serde_json::from_str(text).with_context(|| format!("{file} is not JSON"))?;
    let required =
        ["dependencies", "devDependencies"].into_iter().filter_map(|key| manifest.get(key)?.as_object()).flatten();
    let ours = required.filter(|(name, _)| name.starts_with(PREFIX));
    Ok(ours.filter_map(|(name, version)| mention(file, &format!("{name} "), version.as_str()?)).collect())
}

/// What a page names as `authress-login-wasm@1.2.3`, each once.
fn in_page(file: &str, text: &str) -> Vec<Mention> {
    let mut mentions = Vec::new();
    for rest in text.split(PREFIX).skip(1) {
        let Some((package, version)) = rest.split_once('@') else { continue };
        if !package.chars().all(|letter| letter.is_ascii_lowercase()) {
            continue;
        }
        let end = version.find(|letter: char| !letter.is_ascii_alphanumeric() && !".-+".contains(letter));
        let version = version.get(..end.unwrap_or(version.len())).unwrap_or_default().trim_end_matches('.');
        if let Some(mention) = mention(file, &format!("{PREFIX}{package}@"), version)
            && !mentions.contains(&mention)
        {
            mentions.push(mention);
        }
    }
    mentions
}

/// A mention, if a version stands there: not a tag such as `next`.
fn mention(file: &str, name: &str, version: &str) -> Option<Mention> {
    let number = version.trim_start_matches(['^', '~']);
    let sign = version.strip_suffix(number)?;
    number.parse().ok().map(|version| Mention { file: file.to_owned(), before: format!("{name}{sign}"), version })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(mentions: &[Mention]) -> Vec<String> {
        mentions.iter().map(|Mention { file, before, version }| format!("{file}: {before}{version}")).collect()
    }

    #[test]
    fn manifests_and_pages_are_read() {
        let manifest = r#"{ "dependencies": { "authress-login-wasm": "^1.2.0", "vite": "8.0.0" },
            "devDependencies": { "authress-login-sandbox": "1.1.0", "authress-login-other": "next" } }"#;
        let found = in_manifest("a/package.json", manifest).unwrap();
        assert_eq!(
            texts(&found),
            ["a/package.json: authress-login-wasm ^1.2.0", "a/package.json: authress-login-sandbox 1.1.0"]
        );
        let page = "authress-login-wasm, `authress-login-wasm@1.2.0/dist/a.js`, authress-login-wasm@1.2.0. Then \
                    authress-login-sandbox@next, authress-login-sandbox@1.3.0-rc.1, and mail to x@1.0.0";
        let found = in_page("a.md", page);
        assert_eq!(texts(&found), ["a.md: authress-login-wasm@1.2.0", "a.md: authress-login-sandbox@1.3.0-rc.1"]);
    }

    #[test]
    fn every_example_and_the_pages_with_addresses_are_found() {
        let found = read().unwrap();
        let is_in = |file: &str| found.iter().any(|mention| mention.file == file);
        for entry in std::fs::read_dir(workspace::root().join("examples")).unwrap() {
            let entry = entry.unwrap();
            if entry.path().join("package.json").is_file() {
                let file = format!("examples/{}/package.json", entry.file_name().to_string_lossy());
                assert!(is_in(&file), "{file}");
            }
        }
        assert!(is_in("pkg/README.md") && is_in("docs/frameworks/script.md"));
    }
}
