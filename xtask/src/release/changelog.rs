//! The sections of CHANGELOG.md, in the format of Keep a Changelog.

/// A section: what stands between the brackets of its heading, the date after them, and whether there is text below it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Section<'a> {
    pub(crate) name: &'a str,
    pub(crate) date: Option<&'a str>,
    pub(crate) is_empty: bool,
}

/// The name of the section with what is not released yet.
pub(crate) const UNRELEASED: &str = "Unreleased";

/// The sections from the top of the file to its end.
pub(crate) fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in text.lines() {
        let heading = line.strip_prefix("## [").and_then(|rest| rest.split_once(']'));
        if let Some((name, rest)) = heading {
            sections.push(Section { name, date: rest.trim().strip_prefix("- "), is_empty: true });
        } else if let Some(section) = sections.last_mut()
            && !line.trim().is_empty()
            && !line.starts_with("### ")
        {
            section.is_empty = false;
        }
    }
    sections
}

/// Whether this is a date such as 2026-11-29.
pub(crate) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let numbers: Vec<u32> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    match (lengths.as_slice(), numbers.as_slice()) {
        ([4, 2, 2], [_, month, day]) => (1..=12).contains(month) && (1..=31).contains(day),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read_in_order_with_their_dates() {
        let text = "# Changelog\n\nWords.\n\n## [Unreleased]\n\n### Added\n\n## [1.0.0] - 2026-11-29\n\n- a\n";
        assert_eq!(
            sections(text),
            [
                Section { name: "Unreleased", date: None, is_empty: true },
                Section { name: "1.0.0", date: Some("2026-11-29"), is_empty: false },
            ]
        );
        assert!(sections("# Changelog\n").is_empty());
    }

    #[test]
    fn dates_are_those_of_iso_8601() {
        assert!(is_date("2026-11-29"));
        for wrong in ["", "2026-11", "29-11-2026", "2026-13-01", "2026-00-10", "2026-01-32", "2026-1-1", "2026-aa-01"] {
            assert!(!is_date(wrong), "{wrong}");
        }
    }
}
