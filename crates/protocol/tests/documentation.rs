//! Every error code has a section in docs/errors.md. The tables of codes are written by `cargo xtask generate`.
#![allow(clippy::unwrap_used)]

use authress_login_protocol::error::ErrorCode;
use std::{fs, path::Path};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
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
