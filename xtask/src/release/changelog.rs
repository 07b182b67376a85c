//! The sections of CHANGELOG.md, in the format of Keep a Changelog.

/// A section: what stands between the brackets of its heading, the date after them, and whether there is text below it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Section<'a> {
    pub(crate) name: &'a str,
    pub(crate) date: Option<&'a str>,
    pub(crate) is_empty: bool,
}

/// The text below the heading of a section. Links to files of the repository begin with `files`, an address, because the text
/// is shown elsewhere.
pub(crate) fn notes(text: &str, name: &str, files: Option<&str>) -> String {
    let heading = format!("## [{name}]");
    let below = text.lines().skip_while(|line| !line.starts_with(&heading)).skip(1);
    let lines: Vec<&str> = below.take_while(|line| !line.starts_with("## ")).collect();
    let notes = lines.join("\n").trim().to_owned() + "\n";
    let Some(files) = files else { return notes };
    let mut parts = notes.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |notes, part| {
        let is_relative = !part.starts_with("http") && !part.starts_with('#');
        format!("{notes}]({}{part}", if is_relative { format!("{files}/") } else { String::new() })
    })
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
    fn notes_are_the_text_of_one_section_with_links_that_work_elsewhere() {
        let text = "## [Unreleased]\n\n## [1.1.0] - 2026-11-29\n\n### Added\n\n- a [b](docs/b.md#c), [d](https://e)\n\n## [1.0.0]\n- f\n";
        assert_eq!(
            notes(text, "1.1.0", Some("https://forge.example/blob/v1.1.0")),
            "### Added\n\n- a [b](https://forge.example/blob/v1.1.0/docs/b.md#c), [d](https://e)\n"
        );
        assert_eq!(notes(text, "1.1.0", None), "### Added\n\n- a [b](docs/b.md#c), [d](https://e)\n");
        assert_eq!(notes(text, "1.0.0", None), "- f\n");
    }

    #[test]
    fn dates_are_those_of_iso_8601() {
        assert!(is_date("2026-11-29"));
        for wrong in ["", "2026-11", "29-11-2026", "2026-13-01", "2026-00-10", "2026-01-32", "2026-1-1", "2026-aa-01"] {
            assert!(!is_date(wrong), "{wrong}");
        }
    }
}
