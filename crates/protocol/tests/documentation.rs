//! Types, `pkg/errors.js` and `docs/errors.md` have the codes and messages of `error.rs`.
#![allow(clippy::unwrap_used)]

use authress_login_protocol::error::ErrorCode;
use std::{fs, path::Path};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

#[test]
fn every_code_is_typed() {
    let types = read("pkg/types/errors.d.ts");
    for code in ErrorCode::ALL {
        assert!(types.contains(&format!("| '{}'", code.as_str())), "{code:?} is missing from pkg/types/errors.d.ts");
    }
}

#[test]
fn every_typed_code_exists() {
    let types = read("pkg/types/errors.d.ts");
    let (_, union) = types.split_once("export type LoginErrorCode =").unwrap();
    let (union, _) = union.split_once(';').unwrap();
    for line in union.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let code = line.trim_start_matches("| '").trim_end_matches('\'');
        assert!(ErrorCode::ALL.iter().any(|known| known.as_str() == code), "{code} is not an error code");
    }
}

#[test]
fn the_package_has_every_message() {
    let package = read("pkg/errors.js");
    let (_, mut rest) = package.split_once("const SENTENCES = {").unwrap();
    for code in ErrorCode::ALL {
        let entry = rest.trim_start().strip_prefix(code.as_str()).and_then(|rest| rest.strip_prefix(':'));
        let quoted = ["'", code.message(), "',"].concat();
        let after = entry.and_then(|sentence| sentence.trim_start().strip_prefix(&quoted));
        rest = after.unwrap_or_else(|| panic!("{code:?} has another position or message in pkg/errors.js"));
    }
    assert!(rest.trim_start().starts_with("};"), "another code");
}

#[test]
fn the_documentation_lists_every_code_with_its_message() {
    let page = read("docs/errors.md");
    let (_, rest) = page.split_once("<!-- generated: error-codes -->\n").unwrap();
    let (table, _) = rest.split_once("<!-- /generated: error-codes -->").unwrap();
    let mut expected = "| Code | Message |\n|---|---|\n".to_owned();
    for code in ErrorCode::ALL {
        let address = code.documentation();
        let anchor = address.strip_prefix("docs/errors.md#").unwrap();
        expected.push_str(&format!("| [`{}`](#{anchor}) | {} |\n", code.as_str(), code.message()));
    }
    assert_eq!(table, expected, "the table in docs/errors.md");
}

#[test]
fn every_code_has_a_section_in_the_documentation() {
    let page = read("docs/errors.md");
    let mut headings = 0;
    for section in page.split("\n### ").skip(1) {
        let (title, text) = section.split_once('\n').unwrap();
        assert!(ErrorCode::ALL.iter().any(|code| code.as_str() == title), "{title} is not an error code");
        assert!(text.trim().len() > 40, "{title}: cause and solution");
        headings += 1;
    }
    assert_eq!(headings, ErrorCode::ALL.len(), "one section for each code");
}
