//! Replaces what a report must not contain. Shapes are made without values already; this is the second net, under
//! everything that comes from outside: observations, reasons and the driver's own messages.

/// Values of this run and what stands in their place.
#[derive(Debug, Default)]
pub(crate) struct Redactor(Vec<(String, &'static str)>);

/// What stands in place of a token, key, code or id.
const REDACTED: &str = "<redacted>";
/// A shorter word with a digit may be a version or an error's number.
const LONGEST_HARMLESS: usize = 20;

impl Redactor {
    /// Replaces `value` from now on. The longest value is replaced first.
    pub(crate) fn add(&mut self, value: &str, placeholder: &'static str) {
        if !value.is_empty() {
            self.0.push((value.to_owned(), placeholder));
            self.0.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        }
    }

    /// The text without known values, e-mail addresses, and words that could be a token or an id.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, placeholder) in &self.0 {
            text = text.replace(value.as_str(), placeholder);
        }
        text.split_inclusive(|c: char| !is_token_character(c)).map(redacted_word).collect()
    }
}

/// A word and the character that ended it.
fn redacted_word(word: &str) -> String {
    let end = word.chars().next_back().filter(|c| !is_token_character(*c));
    let core = end.map_or(word, |end| word.strip_suffix(end).unwrap_or(word));
    let has_digit = core.bytes().any(|b| b.is_ascii_digit());
    let mixes_case = core.bytes().any(|b| b.is_ascii_uppercase()) && core.bytes().any(|b| b.is_ascii_lowercase());
    let is_long = core.len() > LONGEST_HARMLESS;
    let is_private =
        core.contains('@') || core.starts_with("eyJ") || (is_long && (has_digit || (mixes_case && core.len() > 60)));
    if !is_private {
        return word.to_owned();
    }
    end.map_or(REDACTED.to_owned(), |end| format!("{REDACTED}{end}"))
}

/// Characters of tokens, keys, ids and e-mail addresses.
fn is_token_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-.+/=|@%~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_become_placeholders_the_longest_first() {
        let mut redactor = Redactor::default();
        redactor.add("user_1", "<user id>");
        redactor.add("user_12", "<other id>");
        assert_eq!(redactor.text("user_12 and user_1"), "<other id> and <user id>");
    }

    #[test]
    fn tokens_ids_and_addresses_go_even_if_they_are_unknown() {
        let redactor = Redactor::default();
        for private in [
            "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1In0.c2ln",
            "ada@example.com",
            "slack|T024BE7LD/U024BE7LH1",
            "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g",
            "user_0123456789abcdefghjkmnpq",
            "9f86d081884c7d659a2feaa0c55ad015",
        ] {
            let shown = redactor.text(&format!("before {private}, after"));
            assert_eq!(shown, "before <redacted>, after", "{private}");
        }
    }

    #[test]
    fn ordinary_sentences_stay() {
        let sentence = "the browser stays at `/login`: 400 `AuthenticationRequestExpired`, Max-Age=2592000 (3.2)";
        assert_eq!(Redactor::default().text(sentence), sentence);
    }
}
