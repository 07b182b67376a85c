//! Finds terms in text in every spelling: `hand over`, `handOver`, `HandOver`, `hand_over`, `HAND_OVER`, and across the
//! line ends of comments.

use std::collections::HashMap;

use super::glossary::Replaced;

/// Finds the terms of a list.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    /// By the first word, in lower case.
    terms: HashMap<String, Vec<Term<'a>>>,
}

/// A use of a term.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hit<'a> {
    pub(crate) line: usize,
    pub(crate) replaced: &'a Replaced,
}

#[derive(Debug)]
struct Term<'a> {
    words: Vec<String>,
    kind: Kind,
    replaced: &'a Replaced,
}

/// What a term's own spelling says about where it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// In lower case: in prose and in names.
    Phrase,
    /// With capitals or underscores: only in names, in any of their spellings.
    Name,
    /// A single word with a capital: only with the same capitals. `Parcel` is a type, a parcel is not.
    Type,
}

/// A word of a name or of prose.
#[derive(Debug)]
struct Word<'t> {
    start: usize,
    text: &'t str,
}

impl Word<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

impl<'a> Scanner<'a> {
    /// A scanner for these terms.
    pub(crate) fn new(replaced: &'a [Replaced]) -> Self {
        let mut terms: HashMap<String, Vec<Term<'a>>> = HashMap::new();
        for replaced in replaced {
            let words: Vec<String> = words(&replaced.term).iter().map(|word| word.text.to_lowercase()).collect();
            let is_name = replaced.term.contains(|letter: char| letter.is_uppercase() || letter == '_');
            let kind = match (is_name, words.len()) {
                (false, _) => Kind::Phrase,
                (true, 1) => Kind::Type,
                (true, _) => Kind::Name,
            };
            if let Some(first) = words.first().cloned() {
                terms.entry(first).or_default().push(Term { words, kind, replaced });
            }
        }
        Scanner { terms }
    }

    /// Every use of a term in `text`, in order.
    pub(crate) fn hits<'s>(&'s self, text: &'s str) -> impl Iterator<Item = Hit<'a>> + 's {
        let words = words(text);
        let mut hits = Vec::new();
        for (index, word) in words.iter().enumerate() {
            for term in self.terms.get(&word.text.to_lowercase()).into_iter().flatten() {
                if words.get(index..).is_some_and(|rest| term.is_at_start(text, rest)) {
                    let line = 1 + text.bytes().take(word.start).filter(|byte| *byte == b'\n').count();
                    hits.push(Hit { line, replaced: term.replaced });
                }
            }
        }
        hits.into_iter()
    }
}

impl Term<'_> {
    fn is_at_start(&self, text: &str, words: &[Word<'_>]) -> bool {
        let Some(candidate) = words.get(..self.words.len()) else { return false };
        let has_words = candidate.iter().zip(&self.words).all(|(found, word)| found.text.to_lowercase() == *word);
        let has_capitals = self.kind != Kind::Type || candidate.iter().any(|word| word.text == self.replaced.term);
        has_words
            && has_capitals
            && candidate.windows(2).all(|pair| match pair {
                [left, right] => self.allows(text.get(left.end()..right.start).unwrap_or_default()),
                _ => false,
            })
    }

    /// Whether the term's words may be this far apart.
    fn allows(&self, gap: &str) -> bool {
        match self.kind {
            Kind::Phrase => gap.chars().all(|letter| letter.is_whitespace() || "_-/*!#>".contains(letter)),
            Kind::Name | Kind::Type => gap.chars().all(|letter| letter == '_'),
        }
    }
}

/// Splits at everything that is no letter or digit, and where a capital begins a word within a name.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut letters = text.char_indices().peekable();
    let mut previous = ' ';
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map_or(' ', |(_, next)| *next);
        let begins_after_lower = letter.is_uppercase() && (previous.is_lowercase() || previous.is_ascii_digit());
        let ends_acronym = letter.is_uppercase() && previous.is_uppercase() && next.is_lowercase();
        if let Some(from) = start.filter(|_| !letter.is_alphanumeric() || begins_after_lower || ends_acronym) {
            words.extend(text.get(from..at).map(|text| Word { start: from, text }));
            start = None;
        }
        if letter.is_alphanumeric() && start.is_none() {
            start = Some(at);
        }
        previous = letter;
    }
    words.extend(start.and_then(|from| text.get(from..).map(|text| Word { start: from, text })));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(term: &str, text: &str) -> Vec<usize> {
        let replaced = [Replaced { term: term.to_owned(), by: String::new() }];
        let scanner = Scanner::new(&replaced);
        scanner.hits(text).map(|hit| hit.line).collect()
    }

    #[test]
    fn a_phrase_is_found_in_prose_and_in_names() {
        for text in [
            "Hand over a",
            "fn hand_over()",
            "handOverParcel()",
            "HandOver",
            "HAND_OVER",
            "hand-over",
            "    /// hand\n    /// over",
        ] {
            assert_eq!(lines("hand over", text), [1], "{text}");
        }
        assert_eq!(lines("parcel", "one\n// Parcel's\nparcel"), [2, 3]);
    }

    #[test]
    fn parts_of_words_and_of_sentences_are_not_found() {
        for text in ["forehand over", "hand overt", "hand. Over", "hand(over)", "hand, over", "handed over"] {
            assert!(lines("hand over", text).is_empty(), "{text}");
        }
        assert!(lines("parcel", "parcels").is_empty());
    }

    #[test]
    fn a_name_of_several_words_is_found_in_every_spelling_and_not_in_prose() {
        for text in ["ParcelSteps", "parcel_steps", "parcelSteps(", "PARCEL_STEPS", "struct HTTPParcelSteps"] {
            assert_eq!(lines("ParcelSteps", text), [1], "{text}");
        }
        for text in ["parcel steps;", "parcel\nsteps", "parcel-steps"] {
            assert!(lines("ParcelSteps", text).is_empty(), "{text}");
        }
        assert_eq!(lines("hand_out", "client.hand_out(), and hand out"), [1]);
    }

    #[test]
    fn a_type_of_one_word_is_found_with_its_capital() {
        assert_eq!(lines("Parcel", "a parcel\nParcel::now()\nparcel"), [2]);
    }
}
