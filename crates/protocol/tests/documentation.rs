//! Every error code is in the types and in the README, and the loader's sentences are the table's.
#![allow(clippy::unwrap_used)]

use authress_login_protocol::error::ErrorCode;
use std::{fs, path::Path};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

#[test]
fn every_code_is_typed_and_documented() {
    let (types, readme) = (read("pkg/index.d.ts"), read("README.md"));
    for code in ErrorCode::ALL {
        assert!(types.contains(&format!("| '{}'", code.as_str())), "{code:?} is missing from pkg/index.d.ts");
        assert!(readme.contains(&format!("| `{}`", code.as_str())), "{code:?} is missing from README.md");
    }
}

#[test]
fn no_code_is_typed_that_does_not_exist() {
    let types = read("pkg/index.d.ts");
    let (_, union) = types.split_once("export type LoginErrorCode =").unwrap();
    let (union, _) = union.split_once(';').unwrap();
    for line in union.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let code = line.trim_start_matches("| '").trim_end_matches('\'');
        assert!(ErrorCode::ALL.iter().any(|known| known.as_str() == code), "{code} is no code");
    }
}

#[test]
fn the_package_says_what_the_table_says() {
    let package = read("pkg/errors.js");
    let (_, mut rest) = package.split_once("const SENTENCES = {").unwrap();
    for code in ErrorCode::ALL {
        let entry = rest.trim_start().strip_prefix(code.as_str()).and_then(|rest| rest.strip_prefix(':'));
        let quoted = ["'", code.sentence(), "',"].concat();
        let after = entry.and_then(|sentence| sentence.trim_start().strip_prefix(&quoted));
        rest = after.unwrap_or_else(|| panic!("{code:?} is at another place or worded otherwise in pkg/errors.js"));
    }
    assert!(rest.trim_start().starts_with("};"), "and no other");
}

#[test]
fn every_code_has_its_part_in_the_documentation() {
    for code in ErrorCode::ALL {
        let address = code.documentation();
        let (file, anchor) = address.split_once('#').unwrap();
        let text = read(file);
        let part =
            text.split("\n## ").find(|part| part.lines().next().is_some_and(|title| title.to_lowercase() == anchor));
        let part = part.unwrap_or_else(|| panic!("{file} has no heading for {anchor}"));
        let (_, advice) = part.split_once(&["> ", code.sentence()].concat()).expect("the table's sentence");
        assert!(advice.trim().len() > 10, "{code:?}: what is to be done");
    }
    let headings = read("docs/errors.md").matches("\n## ").count();
    assert_eq!(headings, ErrorCode::ALL.len(), "and no other");
}
