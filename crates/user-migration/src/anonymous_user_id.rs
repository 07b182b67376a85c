//! The user ids that the verifier creates.

/// Returns whether `user_id` has the form of the verifier's ids with this prefix (its setting `user_id.prefix`, empty by
/// default): `user_`, the prefix and `_` unless it is empty, and 26 lower-case letters and digits.
///
/// An anonymous user keeps its id when it becomes an account, so this says only that the user once was anonymous.
pub fn is_of_verifier(user_id: &str, prefix: &str) -> bool {
    let rest = user_id.strip_prefix("user_").and_then(|rest| {
        if prefix.is_empty() { Some(rest) } else { rest.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')) }
    });
    rest.is_some_and(|random| {
        random.len() == 26 && random.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_this_deployment_are_anonymous() {
        let random = "0123456789abcdefghjkmnpqrs";
        assert!(is_of_verifier(&format!("user_{random}"), ""));
        assert!(is_of_verifier(&format!("user_eu1_{random}"), "eu1"));
        for (id, prefix) in [
            (format!("user_{random}"), "eu1"),
            (format!("user_eu1_{random}"), ""),
            (format!("user_eu1_{random}"), "eu"),
            (format!("user_{}", &random[1..]), ""),
            (format!("user_{random}0"), ""),
            (format!("user_{}", random.to_uppercase()), ""),
            ("google-oauth2|109536627844722397911".to_owned(), ""),
            (random.to_owned(), ""),
            (String::new(), ""),
        ] {
            assert!(!is_of_verifier(&id, prefix), "{id} {prefix}");
        }
    }
}
