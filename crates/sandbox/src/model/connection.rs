//! Connections to the sandbox's fake identity providers, and the people who log in with them.

use crate::model::grant::Profile;

/// A fake identity provider.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A person that a tester can log in as at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The provider's own id of this person.
    pub(crate) subject: String,
    pub(crate) name: String,
    pub(crate) email: String,
}

/// The people that every provider's login page offers as buttons.
pub(crate) const PRESET_PEOPLE: [(&str, &str); 3] =
    [("ada", "Ada Lovelace"), ("grace", "Grace Hopper"), ("linus", "Linus Pauling")];

/// The longest name a tester may type, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 64;

impl Person {
    /// A preset person by subject, or another one by the name that was typed. `None` for a name that is
    /// empty, too long or contains control characters.
    pub(crate) fn from_choice(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MAX_NAME_CHARS || text.contains(char::is_control) {
            return None;
        }
        let name = PRESET_PEOPLE.iter().find(|(subject, _)| *subject == text).map_or(text, |(_, name)| name);
        let email = if text.contains('@') { text.to_owned() } else { format!("{}@people.example", mailbox(text)) };
        Some(Self { subject: text.to_owned(), name: name.to_owned(), email })
    }

    pub(crate) fn profile(&self, public_url: &str) -> Profile {
        Profile {
            name: Some(self.name.clone()),
            email: Some(self.email.clone()),
            picture: Some(format!("{public_url}/sandbox/pictures/{}", mailbox(&self.name))),
        }
    }
}

/// The text as an e-mail local part or path segment: letters and digits, the rest dots.
fn mailbox(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_person_has_a_full_name_and_another_one_the_typed_name() {
        assert_eq!(Person::from_choice("ada").unwrap().name, "Ada Lovelace");
        let typed = Person::from_choice(" Mae J ").unwrap();
        assert_eq!((typed.name.as_str(), typed.email.as_str()), ("Mae J", "mae.j@people.example"));
        assert_eq!(Person::from_choice("x@y.test").unwrap().email, "x@y.test");
    }

    #[test]
    fn empty_and_long_names_and_control_characters_are_rejected() {
        assert_eq!(Person::from_choice("  "), None);
        assert_eq!(Person::from_choice(&"x".repeat(65)), None);
        assert_eq!(Person::from_choice("a\u{0}b"), None);
    }
}
