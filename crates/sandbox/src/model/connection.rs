//! Connections to the sandbox's fake identity providers, and the people who log in with them.

use serde_json::{Value, json};

use crate::dialect::UserIds;
use crate::entropy::Entropy;
use crate::model::grant::Profile;

/// A fake identity provider.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Whether its configuration allows links: Authress's setting `EXPLICIT`.
    pub(crate) links: bool,
    /// Whether it says so much about people that their identity outgrows a cookie.
    pub(crate) has_large_profiles: bool,
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

    /// The new user id of a person who has logged in at this connection first. Ids differ between connections, as
    /// those of real providers do: `position` is the connection's in the configuration.
    pub(crate) fn user_id(&self, form: UserIds, position: usize, entropy: &mut Entropy) -> String {
        match (form, position) {
            (UserIds::Random, _) => format!("usr_{}", entropy.id()),
            (UserIds::Provider, 0) => format!("google-oauth2|1{}", entropy.digits(20)),
            (UserIds::Provider, 1) => format!("slack|T{}/U{}", entropy.digits(4), entropy.digits(10)),
            (UserIds::Provider, _) => {
                // At most 64 characters, so that the id also fits into a path.
                let name: String = mailbox(&self.name).chars().take(20).collect();
                format!("Authress|email:{name}@people.example +{}", entropy.digits(8))
            }
        }
    }

    pub(crate) fn profile(&self, public_url: &str, is_large: bool) -> Profile {
        Profile {
            data: is_large.then(large_data),
            name: Some(self.name.clone()),
            email: Some(self.email.clone()),
            picture: Some(format!("{public_url}/sandbox/pictures/{}", mailbox(&self.name))),
        }
    }
}

/// What a provider with large profiles says about everyone: an identity of more than 1,024 bytes as a JWT, and of less
/// than the 4,096 bytes that browsers allow for a cookie in every form.
fn large_data() -> Value {
    let groups: Vec<String> = (100..160).map(|number| format!("team-{number}")).collect();
    json!({ "groups": groups })
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
    fn user_ids_look_like_those_of_providers_and_keep_to_the_grammar() {
        let mut entropy = Entropy::from_seed([1; 32]);
        let person = Person::from_choice(&"Ünïcode & long ".repeat(4)).unwrap();
        let beginnings = ["google-oauth2|1", "slack|T", "Authress|email:"];
        for (position, beginning) in beginnings.into_iter().enumerate() {
            let id = person.user_id(UserIds::Provider, position, &mut entropy);
            assert!(id.starts_with(beginning) && id.len() <= 64, "{id}");
            assert!(crate::model::service_client::follows_grammar(&id), "{id}");
            assert_ne!(id, person.user_id(UserIds::Provider, position, &mut entropy));
        }
        assert!(person.user_id(UserIds::Provider, 1, &mut entropy).contains('/'));
        let third = person.user_id(UserIds::Provider, 2, &mut entropy);
        assert!([':', '@', ' '].iter().all(|character| third.contains(*character)), "{third}");
    }

    #[test]
    fn empty_and_long_names_and_control_characters_are_rejected() {
        assert_eq!(Person::from_choice("  "), None);
        assert_eq!(Person::from_choice(&"x".repeat(65)), None);
        assert_eq!(Person::from_choice("a\u{0}b"), None);
    }
}
