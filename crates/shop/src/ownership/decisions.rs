//! What Authress has said about users and carts, and for how long that counts. No clock, no I/O.

use std::collections::{BTreeMap, HashMap};

/// How long an allowed access counts without asking again, in seconds. An access that was taken away lasts as long.
pub(crate) const ALLOWED_FOR_S: i64 = 60;
/// How long a refused access counts, in seconds: short, because a claim or a migration may just have happened.
pub(crate) const REFUSED_FOR_S: i64 = 5;
/// How long an allowed access counts while Authress cannot be asked, in seconds.
pub(crate) const STALE_FOR_S: i64 = 60 * 60;
/// The most decisions that are remembered. The oldest goes first.
const MOST: usize = 20_000;

/// A user, and a resource below `carts`.
type Question = (String, String);

/// The decisions of the last hour.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    by_question: HashMap<Question, Decision>,
    /// The questions by the order of their decisions.
    by_age: BTreeMap<u64, Question>,
    count: u64,
}

#[derive(Clone, Copy, Debug)]
struct Decision {
    is_allowed: bool,
    at: i64,
    number: u64,
}

/// What is known about an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Authress has said so just now.
    Fresh {
        /// Whether the user may.
        is_allowed: bool,
    },
    /// It was allowed within the last hour: it counts if Authress cannot be asked.
    OnceAllowed,
    /// Authress has to be asked.
    Nothing,
}

impl Decisions {
    /// What is known at `now`, in seconds since 1970.
    pub(crate) fn of(&self, user_id: &str, cart_id: &str, now: i64) -> Known {
        let Some(decision) = self.by_question.get(&(user_id.to_owned(), cart_id.to_owned())) else {
            return Known::Nothing;
        };
        let age = now.saturating_sub(decision.at);
        match decision.is_allowed {
            // A clock that was set back makes every decision old.
            _ if age < 0 => Known::Nothing,
            true if age < ALLOWED_FOR_S => Known::Fresh { is_allowed: true },
            true if age < STALE_FOR_S => Known::OnceAllowed,
            false if age < REFUSED_FOR_S => Known::Fresh { is_allowed: false },
            true | false => Known::Nothing,
        }
    }

    /// Remembers a decision of Authress.
    pub(crate) fn note(&mut self, user_id: &str, cart_id: &str, is_allowed: bool, now: i64) {
        self.count += 1;
        let question = (user_id.to_owned(), cart_id.to_owned());
        let decision = Decision { is_allowed, at: now, number: self.count };
        if let Some(earlier) = self.by_question.insert(question.clone(), decision) {
            self.by_age.remove(&earlier.number);
        }
        self.by_age.insert(self.count, question);
        while self.by_age.len() > MOST
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.by_question.remove(&oldest);
        }
    }

    /// Forgets everything about a user whose carts belong to another one now.
    pub(crate) fn forget(&mut self, user_id: &str) {
        self.by_age.retain(|_, (user, _)| user != user_id);
        self.by_question.retain(|(user, _), _| user != user_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn noted(is_allowed: bool) -> Decisions {
        let mut decisions = Decisions::default();
        decisions.note("user_a", "cart_a", is_allowed, NOW);
        decisions
    }

    #[test]
    fn an_allowed_access_is_fresh_for_a_minute_and_stale_for_an_hour() {
        let decisions = noted(true);
        let known = |after| decisions.of("user_a", "cart_a", NOW + after);
        assert_eq!(known(0), Known::Fresh { is_allowed: true });
        assert_eq!(known(ALLOWED_FOR_S - 1), Known::Fresh { is_allowed: true });
        assert_eq!(known(ALLOWED_FOR_S), Known::OnceAllowed);
        assert_eq!(known(STALE_FOR_S), Known::Nothing);
        assert_eq!(known(-1), Known::Nothing, "the clock was set back");
    }

    #[test]
    fn a_refused_access_is_asked_again_soon_and_never_counts_as_allowed() {
        let decisions = noted(false);
        assert_eq!(decisions.of("user_a", "cart_a", NOW + 4), Known::Fresh { is_allowed: false });
        assert_eq!(decisions.of("user_a", "cart_a", NOW + REFUSED_FOR_S), Known::Nothing);
    }

    #[test]
    fn decisions_are_about_one_user_and_one_cart() {
        let decisions = noted(true);
        assert_eq!(decisions.of("user_b", "cart_a", NOW), Known::Nothing);
        assert_eq!(decisions.of("user_a", "cart_b", NOW), Known::Nothing);
    }

    #[test]
    fn the_last_decision_counts_and_a_user_can_be_forgotten() {
        let mut decisions = noted(true);
        decisions.note("user_a", "cart_a", false, NOW);
        assert_eq!(decisions.of("user_a", "cart_a", NOW), Known::Fresh { is_allowed: false });
        decisions.note("user_b", "cart_a", true, NOW);
        decisions.forget("user_a");
        assert_eq!(decisions.of("user_a", "cart_a", NOW), Known::Nothing);
        assert_eq!(decisions.of("user_b", "cart_a", NOW), Known::Fresh { is_allowed: true });
        assert_eq!(decisions.by_age.len(), 1);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_decision_goes_first() {
        let mut decisions = Decisions::default();
        for number in 0..=MOST {
            decisions.note(&number.to_string(), "cart", true, NOW);
        }
        assert_eq!((decisions.by_question.len(), decisions.by_age.len()), (MOST, MOST));
        assert_eq!(decisions.of("0", "cart", NOW), Known::Nothing);
        assert_eq!(decisions.of("1", "cart", NOW), Known::Fresh { is_allowed: true });
    }
}
