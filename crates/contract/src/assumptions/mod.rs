//! The list of assumptions about Authress: for each one sentence, the code that rests on it, and how a run judges it.
//!
//! This is the list's only home. What the sandbox implements and what the client and the verifier expect stands in
//! docs/decisions.md; each record there that was inferred has its assumptions here.

mod assumption;
mod callback;
mod link;
mod observed;
mod session;
mod start;
mod verifier;

pub(crate) use assumption::Assumption;

/// All assumptions, in the order of a login.
pub(crate) fn all() -> Vec<Assumption> {
    [start::LIST, verifier::LIST, callback::LIST, session::LIST, link::LIST].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::facts::Facts;

    #[test]
    fn ids_are_unique_and_sentences_are_sentences() {
        let all = all();
        let ids: BTreeSet<&str> = all.iter().map(|assumption| assumption.id).collect();
        assert_eq!(ids.len(), all.len());
        for Assumption { id, sentence, observed_by, .. } in all {
            assert!(id.contains('.') && sentence.ends_with('.') && !observed_by.is_empty(), "{id}");
            assert!(!sentence.contains('\n') && sentence.len() < 160, "{id}");
        }
    }

    #[test]
    fn what_rests_on_an_assumption_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let index = std::fs::read_to_string(root.join("docs/decisions.md")).unwrap();
        for Assumption { id, rests_on, decision, .. } in all() {
            assert!(root.join(rests_on).is_file(), "{id}: {rests_on}");
            assert!(decision.is_empty() || index.contains(&format!("- [{decision}. ")), "{id}: {decision}");
        }
    }

    #[test]
    fn every_record_about_authress_has_an_assumption() {
        let decisions: BTreeSet<&str> = all().iter().map(|assumption| assumption.decision).collect();
        // The records that infer how Authress behaves. The others are choices of this project.
        for record in [
            "C4", "C5", "C6", "C7", "C14", "C15", "C16", "C18", "C21", "C26", "C28", "C29", "C32", "C34", "C38", "C43",
            "C44", "C45", "V1", "V2", "V3", "V5", "V6", "A1", "A2",
        ] {
            assert!(decisions.contains(record), "{record}");
        }
    }

    #[test]
    fn nothing_is_judged_without_an_observation() {
        for assumption in all() {
            assert!((assumption.judge)(&Facts::default()).is_err(), "{}", assumption.id);
        }
    }
}
