//! What a published crate says about itself, for those who look for it.

/// The categories of crates.io that this project uses. The registry drops others without a word.
const CATEGORIES: [&str; 12] = [
    "algorithms",
    "authentication",
    "caching",
    "cryptography",
    "database",
    "development-tools::testing",
    "memory-management",
    "network-programming",
    "wasm",
    "web-programming",
    "web-programming::http-client",
    "web-programming::http-server",
];

/// The most keywords and categories that crates.io accepts.
const MOST: usize = 5;
/// The longest keyword that crates.io accepts, in characters.
const LONGEST_KEYWORD: usize = 20;

/// The manifest of a crate, and its README.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) description: Option<String>,
    pub(crate) documentation: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) rust_version: Option<String>,
    pub(crate) keywords: Vec<String>,
    pub(crate) categories: Vec<String>,
    /// All but `default`.
    pub(crate) features: Vec<String>,
    /// Whether the manifest names the features that docs.rs documents.
    pub(crate) has_docs_rs: bool,
    /// The text of the README that is published.
    pub(crate) readme: Option<String>,
}

/// What is missing or would be refused.
pub(super) fn faults(name: &str, metadata: &Metadata) -> Vec<String> {
    let mut faults = Vec::new();
    for (key, value) in [
        ("description", &metadata.description),
        ("documentation", &metadata.documentation),
        ("rust-version", &metadata.rust_version),
        ("readme", &metadata.readme),
    ] {
        if value.as_deref().is_none_or(|value| value.trim().is_empty()) {
            faults.push(format!("{name} has no {key}"));
        }
    }
    for (key, values) in [("keywords", &metadata.keywords), ("categories", &metadata.categories)] {
        if values.is_empty() || values.len() > MOST {
            faults.push(format!("{name} has {} {key}: 1 to {MOST} are possible", values.len()));
        }
    }
    let keywords = metadata.keywords.iter().filter(|keyword| !is_keyword(keyword));
    faults.extend(keywords.map(|keyword| format!("{name} has the keyword {keyword:?}, which crates.io refuses")));
    let unknown = metadata.categories.iter().filter(|category| !CATEGORIES.contains(&category.as_str()));
    faults.extend(unknown.map(|category| {
        format!("{name} has the category {category:?}: is it one of crates.io's? Then add it to {}", file!())
    }));
    if !metadata.features.is_empty() && !metadata.has_docs_rs {
        faults.push(format!("{name} has features and no [package.metadata.docs.rs], so docs.rs leaves some out"));
    }
    let readme = metadata.readme.as_deref().unwrap_or_default();
    let silent = metadata.features.iter().filter(|feature| !readme.contains(&format!("`{feature}`")));
    faults.extend(silent.map(|feature| format!("the README of {name} does not explain the feature `{feature}`")));
    faults
}

/// Letters, digits, `-`, `_` and `+`, beginning with a letter or a digit.
fn is_keyword(keyword: &str) -> bool {
    keyword.len() <= LONGEST_KEYWORD
        && keyword.starts_with(|first: char| first.is_ascii_alphanumeric())
        && keyword.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_+".contains(letter))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A crate that says everything.
    pub(crate) fn complete() -> Metadata {
        let text = |text: &str| Some(text.to_owned());
        Metadata {
            description: text("Keeps carts"),
            documentation: text("https://docs.rs/carts"),
            repository: text("https://forge.example/shop"),
            rust_version: text("1.88"),
            keywords: vec!["cart".to_owned(), "single-use".to_owned()],
            categories: vec!["authentication".to_owned()],
            features: vec!["redis".to_owned()],
            has_docs_rs: true,
            readme: text("# carts\n\nThe feature `redis` keeps them in Redis.\n"),
        }
    }

    #[test]
    fn a_complete_crate_has_no_faults() {
        assert_eq!(faults("carts", &complete()), [""; 0]);
        let without_features = Metadata { features: Vec::new(), has_docs_rs: false, ..complete() };
        assert_eq!(faults("carts", &without_features), [""; 0]);
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        assert_eq!(
            faults("carts", &Metadata { features: vec!["redis".to_owned()], ..Metadata::default() }),
            [
                "carts has no description",
                "carts has no documentation",
                "carts has no rust-version",
                "carts has no readme",
                "carts has 0 keywords: 1 to 5 are possible",
                "carts has 0 categories: 1 to 5 are possible",
                "carts has features and no [package.metadata.docs.rs], so docs.rs leaves some out",
                "the README of carts does not explain the feature `redis`",
            ]
        );
    }

    #[test]
    fn what_the_registry_would_refuse_or_drop_is_found() {
        let of = |keywords: &[&str], categories: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            faults("carts", &Metadata { keywords: owned(keywords), categories: owned(categories), ..complete() })
        };
        assert_eq!(of(&["a", "b", "c", "d", "e", "f"], &["wasm"]), ["carts has 6 keywords: 1 to 5 are possible"]);
        for keyword in ["two words", "-first", "longer-than-twenty-letters"] {
            let expected = format!("carts has the keyword {keyword:?}, which crates.io refuses");
            assert_eq!(of(&[keyword], &["wasm"]), [expected]);
        }
        let unknown = of(&["cart"], &["shops"]);
        assert!(unknown[0].starts_with("carts has the category \"shops\""), "{unknown:?}");
    }
}
