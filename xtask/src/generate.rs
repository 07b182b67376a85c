//! What JavaScript, types and documentation repeat of the Rust code: `cargo xtask generate` writes it, and a test fails
//! while it is out of date.
//!
//! The facts live in `crates/protocol`; those of tokens on servers live in `crates/access-token`, whose own test writes
//! them. Rules that exist in both languages are no matter of this module: shared vectors in `tests/vectors` hold them to
//! each other.

use std::fmt::Write;

use anyhow::{Context, Result};
use authress_login_protocol::{
    callback::unfinished,
    callback_url,
    error::ErrorCode,
    jwt,
    session::{cookies, record},
    settings,
};

use crate::{programs, sections, workspace};

/// The longest line that Biome leaves as it is.
const LINE_WIDTH: usize = 120;

/// Writes every generated file, and every generated section of a file, anew.
pub(crate) fn write() -> Result<()> {
    for output in OUTPUTS {
        let (path, before) = (workspace::root().join(output.file), output.read()?);
        let now = output.updated(&before)?;
        if now != before {
            std::fs::write(&path, now).with_context(|| format!("cannot write {}", path.display()))?;
            println!("generate: {} has changed", output.file);
        }
    }
    // pkg/generated/access-token.js
    let test = ["--quiet", "--package", "authress-access-token", "--test", "package"];
    programs::run(workspace::cargo("test").args(test).env("WRITE_GENERATED", "1"))
}

/// Something that is generated.
struct Output {
    file: &'static str,
    /// The section of the file between two markers; without one the whole file is generated.
    section: Option<Section>,
    text: fn() -> String,
}

/// Lines between `{start}generated: {name}{end}` and `{start}/generated: {name}{end}`.
struct Section {
    name: &'static str,
    comment: (&'static str, &'static str),
}

const OUTPUTS: [Output; 4] = [
    Output { file: "pkg/generated/errors.js", section: None, text: error_messages },
    Output { file: "pkg/generated/constants.js", section: None, text: constants },
    Output {
        file: "pkg/types/errors.d.ts",
        section: Some(Section { name: "error-codes", comment: ("// ", "") }),
        text: error_code_union,
    },
    Output {
        file: "docs/errors.md",
        section: Some(Section { name: "error-codes", comment: ("<!-- ", " -->") }),
        text: error_table,
    },
];

impl Output {
    fn read(&self) -> Result<String> {
        let path = workspace::root().join(self.file);
        if self.section.is_none() && !path.exists() {
            return Ok(String::new());
        }
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// The file with what is generated in its place.
    fn updated(&self, before: &str) -> Result<String> {
        let Some(Section { name, comment: (start, end) }) = &self.section else { return Ok((self.text)()) };
        let marker = |slash| format!("{start}{slash}generated: {name}{end}\n");
        let updated = sections::replaced(before, (&marker(""), &marker("/")), &(self.text)());
        updated.with_context(|| format!("{} lacks the markers of the section {name:?}", self.file))
    }
}

fn error_messages() -> String {
    let mut text = header("crates/protocol/src/error.rs");
    text.push_str("/** What happened and what to do about it. `{cause}` stands for the cause's own message. */\n");
    text.push_str("export const MESSAGES = {\n");
    for code in ErrorCode::ALL {
        text.push_str(&entry(code.as_str(), &quoted(code.message())));
    }
    text.push_str("};\n");
    text
}

fn constants() -> String {
    let mut text = header("crates/protocol");
    for (comment, name, value) in [
        ("The record of the session in `localStorage`.", "SESSION_KEY", quoted(record::STORAGE_KEY)),
        (
            "Keys of unfinished callbacks in `sessionStorage` begin with it.",
            "CALLBACK_KEY_PREFIX",
            quoted(unfinished::KEY_PREFIX),
        ),
        (
            "The callback parameter that names the authorization request.",
            "NONCE_PARAMETER",
            quoted(callback_url::NONCE),
        ),
        (
            "Parameters that are removed from every address.",
            "TOKEN_PARAMETERS",
            format!("[{}]", callback_url::TOKEN_PARAMETERS.map(quoted).join(", ")),
        ),
        ("The cookie with the access token.", "AUTHORIZATION_COOKIE", quoted(cookies::AUTHORIZATION)),
        ("Seconds by which an expiry is brought forward.", "EXPIRY_MARGIN_S", jwt::EXPIRY_MARGIN_SECONDS.to_string()),
        ("Tokens with a shorter lifetime in seconds lose less.", "SHORT_TOKEN_S", jwt::SHORT_TOKEN_SECONDS.to_string()),
        (
            "The application without the setting `applicationId`.",
            "DEFAULT_APPLICATION_ID",
            quoted(settings::DEFAULT_APPLICATION_ID),
        ),
        (
            "What the id of a service client begins with.",
            "SERVICE_CLIENT_PREFIX",
            quoted(settings::SERVICE_CLIENT_PREFIX),
        ),
        ("What the id of an extension begins with.", "EXTENSION_PREFIX", quoted(settings::EXTENSION_PREFIX)),
    ] {
        let _ = write!(text, "/** {comment} */\nexport const {name} = {value};\n");
    }
    text
}

fn error_code_union() -> String {
    let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| format!("\n  | '{}'", code.as_str())).collect();
    format!(
        "/** Every code that `LoginError.code` can have. docs/errors.md of the repository explains each. */\nexport type LoginErrorCode ={};\n",
        codes.concat()
    )
}

fn error_table() -> String {
    let mut table = "| Code | Message |\n|---|---|\n".to_owned();
    for code in ErrorCode::ALL {
        let (name, anchor) = (code.as_str(), code.as_str().to_ascii_lowercase());
        let _ = writeln!(table, "| [`{name}`](#{anchor}) | {} |", code.message());
    }
    table
}

fn header(source: &str) -> String {
    format!("// Written by `cargo xtask generate` from {source}. Change it there.\n\n")
}

/// A member of an object, formatted as Biome does.
fn entry(name: &str, value: &str) -> String {
    let line = format!("  {name}: {value},\n");
    if line.trim_end().chars().count() <= LINE_WIDTH { line } else { format!("  {name}:\n    {value},\n") }
}

/// A string literal of JavaScript.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') { '"' } else { '\'' };
    assert!(
        !text.contains(['\\', '\n']) && !text.contains(quote),
        "{text:?} needs escapes, which are not written here"
    );
    format!("{quote}{text}{quote}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_files_are_up_to_date() {
        for output in &OUTPUTS {
            let before = output.read().unwrap();
            let now = output.updated(&before).unwrap();
            assert!(now == before, "{} is out of date: run `cargo xtask generate`", output.file);
        }
    }

    #[test]
    fn a_section_is_replaced_and_the_rest_of_the_file_stays() {
        let section = Section { name: "a", comment: ("<!-- ", " -->") };
        let output = Output { file: "x.md", section: Some(section), text: || "new\n".to_owned() };
        let file = |inside: &str| format!("head\n<!-- generated: a -->\n{inside}<!-- /generated: a -->\ntail\n");
        assert_eq!(output.updated(&file("old\nlines\n")).unwrap(), file("new\n"));
        assert_eq!(output.updated(&file("")).unwrap(), file("new\n"));
        let message = output.updated("head\n<!-- generated: a -->\n").unwrap_err().to_string();
        assert_eq!(message, "x.md lacks the markers of the section \"a\"");
    }
}
