//! Verifiers' statements that were used.

use crate::bounded_map::BoundedMap;

/// More than arrive while one statement is valid, which is an hour at most.
const MAX_STATEMENTS: usize = 20_000;

/// The statements that completed a login.
#[derive(Debug)]
pub(crate) struct SpentStatements(BoundedMap<String, ()>);

/// The statement was used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AlreadySpent;

impl Default for SpentStatements {
    fn default() -> Self {
        Self(BoundedMap::new(MAX_STATEMENTS))
    }
}

impl SpentStatements {
    /// Uses a statement, a JWT whose signature is valid.
    ///
    /// Two statements are the same if header and claims are: `jti` cannot tell them apart, because SDKs use the same
    /// one for all statements of a user, and a signature can be written in several ways in base64url.
    pub(crate) fn spend(&mut self, statement: &str) -> Result<(), AlreadySpent> {
        let (signed, _) = statement.rsplit_once('.').unwrap_or((statement, ""));
        if self.0.contains(&signed.to_owned()) {
            return Err(AlreadySpent);
        }
        self.0.insert(signed.to_owned(), ());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_spent_however_its_signature_is_written() {
        let mut spent = SpentStatements::default();
        assert_eq!(spent.spend("header.claims.AQ"), Ok(()));
        assert_eq!(spent.spend("header.claims.AR"), Err(AlreadySpent));
        assert_eq!(spent.spend("header.others.AQ"), Ok(()));
    }
}
