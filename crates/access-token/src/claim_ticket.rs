//! Moving a cart to an account that already exists.
//!
//! A shopper fills a cart anonymously, signs in, and the identity turns out to own another user id.
//! Authress links neither to the other. So the shop asks the anonymous session, while it still is one,
//! for a ticket, and whoever then signs in and brings the ticket takes the cart.
//!
//! A ticket is a bearer token for one cart, so it is signed, lives for minutes, is taken once, and only
//! by the shop that issued it. It never opens an account: it gives a cart away and reads nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authress_jws::{JwkSet, SigningKey, VerifyError, verify};
use authress_single_use::{SingleUse, Use};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;

use crate::policy::{AccessToken, DEFAULT_LEEWAY_S, MAX_USER_ID_BYTES};

/// How long a ticket is valid: a sign-in with a provider has to fit in.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How long a used ticket must be remembered: its lifetime, and before and after it the difference that the clocks of
/// two servers of the shop may have ([`DEFAULT_LEEWAY_S`]).
pub const TICKET_REMEMBERED: Duration = Duration::from_secs(10 * 60 + 2 * DEFAULT_LEEWAY_S as u64);

/// The `typ` header: no ticket is an access token, and no access token a ticket.
pub const TICKET_TYPE: &str = "cart-claim+jwt";

/// Issues and takes the tickets of one shop.
#[derive(Debug)]
pub struct ClaimTickets {
    shop: String,
    key: SigningKey,
    keys: JwkSet,
    spent: Arc<dyn SingleUse>,
}

impl ClaimTickets {
    /// Tickets that `shop` (its origin) signs with `key` and gives out for itself. `spent` must remember
    /// for [`TICKET_REMEMBERED`] at least, must not forget early, and must say [`Use::Unknown`] while it cannot reach
    /// a store that it shares: a memory that goes on by itself then would let each instance take a ticket once.
    pub fn new(shop: impl Into<String>, key: SigningKey, spent: Arc<dyn SingleUse>) -> Self {
        let keys = JwkSet { keys: vec![key.public_jwk()] };
        Self { shop: shop.into(), key, keys, spent }
    }

    /// A ticket for what belongs to the holder of `token`, at `now` in seconds since 1970.
    ///
    /// # Errors
    /// [`TicketRefusal::Unavailable`] when the operating system gives no random bytes.
    pub fn issue(&self, token: &AccessToken, now: i64) -> Result<String, TicketRefusal> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| TicketRefusal::Unavailable)?;
        let claims = Claims {
            iss: &self.shop,
            aud: &self.shop,
            sub: &token.user_id,
            iat: now,
            exp: now.saturating_add(LIFETIME_S),
            jti: Base64UrlUnpadded::encode_string(&id),
        };
        Ok(self.key.sign_jwt(TICKET_TYPE, &claims))
    }

    /// Takes a ticket that the holder of `token` brings, and gives the user id whose cart is theirs now.
    /// The ticket is used up by that. The clock that issued the ticket and this one may be [`DEFAULT_LEEWAY_S`] apart,
    /// as with access tokens.
    ///
    /// # Errors
    /// [`TicketRefusal`].
    pub async fn redeem(&self, ticket: &str, token: &AccessToken, now: i64) -> Result<String, TicketRefusal> {
        let ticket = verify(ticket, &self.keys, Some(TICKET_TYPE))?;
        if ticket.claim_str("iss") != Some(&self.shop) || ticket.claim_str("aud") != Some(&self.shop) {
            return Err(TicketRefusal::Foreign);
        }
        match (ticket.claim_i64("iat"), ticket.claim_i64("exp")) {
            (Some(iat), Some(exp))
                if iat <= now.saturating_add(LEEWAY_S)
                    && now < exp.saturating_add(LEEWAY_S)
                    && exp.saturating_sub(iat) <= LIFETIME_S => {}
            (Some(_), Some(_)) => return Err(TicketRefusal::Expired),
            (_, None) | (None, _) => return Err(TicketRefusal::Forged),
        }
        let owner = ticket.claim_str("sub").filter(|sub| !sub.is_empty() && sub.len() <= MAX_USER_ID_BYTES);
        let (Some(owner), Some(id)) = (owner, ticket.claim_str("jti")) else { return Err(TicketRefusal::Forged) };
        // Before it is used up: a page that is too early may try again after the sign-in.
        if owner == token.user_id {
            return Err(TicketRefusal::SameUser);
        }
        match self.spent.spend(id).await {
            Use::First => Ok(owner.to_owned()),
            Use::Again => Err(TicketRefusal::AlreadyUsed),
            Use::Unknown => Err(TicketRefusal::Unavailable),
        }
    }
}

/// Why a ticket moves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketRefusal {
    /// Not a ticket, or not signed with this shop's key.
    Forged,
    /// A ticket of another shop.
    Foreign,
    /// Too late, or from a clock that is further ahead than [`DEFAULT_LEEWAY_S`].
    Expired,
    /// It was taken before.
    AlreadyUsed,
    /// The cart belongs to whoever brings the ticket already.
    SameUser,
    /// Whether it was taken before cannot be known now.
    Unavailable,
}

impl TicketRefusal {
    /// The stable code of this refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Forged => "TicketForged",
            Self::Foreign => "TicketForeign",
            Self::Expired => "TicketExpired",
            Self::AlreadyUsed => "TicketAlreadyUsed",
            Self::SameUser => "TicketSameUser",
            Self::Unavailable => "TicketUnavailable",
        }
    }
}

impl fmt::Display for TicketRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forged => "this is not a ticket of this shop; ask for a new one before signing in",
            Self::Foreign => "this ticket is of another shop; ask this one for a ticket before signing in",
            Self::Expired => "the ticket has expired; go back to the cart and start again",
            Self::AlreadyUsed => "this ticket was used before; the cart has been moved",
            Self::SameUser => "the cart is already this user's; sign in to the other account first",
            Self::Unavailable => "tickets cannot be taken now; try again soon",
        })
    }
}

impl std::error::Error for TicketRefusal {}

impl From<VerifyError> for TicketRefusal {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::TooLong
            | VerifyError::NotThreeSegments
            | VerifyError::InvalidBase64(_)
            | VerifyError::InvalidJson(_)
            | VerifyError::UnsupportedAlgorithm
            | VerifyError::UnsupportedExtension
            | VerifyError::UnexpectedType
            | VerifyError::MissingKeyId
            | VerifyError::UnknownKeyId
            | VerifyError::InvalidSignature => Self::Forged,
        }
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

const LIFETIME_S: i64 = 10 * 60;
const LEEWAY_S: i64 = DEFAULT_LEEWAY_S as i64;

#[cfg(test)]
mod tests {
    use authress_single_use::{MemorySingleUse, WhenFull};
    use serde_json::{Value, json};

    use super::*;

    const SHOP: &str = "https://shop.example.com";
    const NOW: i64 = 1_800_000_000;

    fn key(kid: &str) -> SigningKey {
        SigningKey::generate(kid).unwrap()
    }

    fn tickets_with(shop: &str, key: SigningKey, capacity: usize) -> ClaimTickets {
        ClaimTickets::new(shop, key, Arc::new(MemorySingleUse::new(TICKET_REMEMBERED, capacity, WhenFull::Refuse)))
    }

    fn tickets() -> ClaimTickets {
        tickets_with(SHOP, key("k"), 100)
    }

    fn user(user_id: &str) -> AccessToken {
        AccessToken { user_id: user_id.to_owned(), claims: serde_json::Map::new() }
    }

    #[tokio::test]
    async fn a_ticket_gives_its_cart_once() {
        let tickets = tickets();
        let ticket = tickets.issue(&user("user_a"), NOW).unwrap();
        assert_eq!(tickets.redeem(&ticket, &user("user_b"), NOW + 30).await.as_deref(), Ok("user_a"));
        for thief in ["user_b", "user_c"] {
            assert_eq!(tickets.redeem(&ticket, &user(thief), NOW + 31).await, Err(TicketRefusal::AlreadyUsed));
        }
    }

    #[tokio::test]
    async fn tickets_of_one_second_are_different_ones() {
        let tickets = tickets();
        let (one, two) = (tickets.issue(&user("user_a"), NOW).unwrap(), tickets.issue(&user("user_a"), NOW).unwrap());
        assert!(tickets.redeem(&one, &user("user_b"), NOW).await.is_ok());
        assert!(tickets.redeem(&two, &user("user_b"), NOW).await.is_ok());
    }

    #[tokio::test]
    async fn an_expired_ticket_is_refused() {
        let tickets = tickets();
        let ticket = tickets.issue(&user("user_a"), NOW).unwrap();
        for time in [NOW + 605, NOW + 100_000, NOW - 6] {
            assert_eq!(tickets.redeem(&ticket, &user("user_b"), time).await, Err(TicketRefusal::Expired), "{time}");
        }
        assert!(tickets.redeem(&ticket, &user("user_b"), NOW + 599).await.is_ok(), "it was not used up");
    }

    #[tokio::test]
    async fn the_clocks_of_two_servers_of_a_shop_may_be_a_little_apart() {
        let tickets = tickets();
        for time in [NOW - 2, NOW - 5, NOW + 604] {
            let ticket = tickets.issue(&user("user_a"), NOW).unwrap();
            assert_eq!(tickets.redeem(&ticket, &user("user_b"), time).await.as_deref(), Ok("user_a"), "{time}");
        }
    }

    #[test]
    fn a_used_ticket_is_remembered_for_as_long_as_any_clock_accepts_it() {
        let accepted = LIFETIME_S + 2 * LEEWAY_S;
        assert_eq!(i64::try_from(TICKET_REMEMBERED.as_secs()).unwrap(), accepted);
        assert_eq!(i64::try_from(TICKET_LIFETIME.as_secs()).unwrap(), LIFETIME_S);
    }

    #[tokio::test]
    async fn forged_tickets_are_refused() {
        let tickets = tickets();
        let good = tickets.issue(&user("user_a"), NOW).unwrap();
        let claims = json!({ "iss": SHOP, "aud": SHOP, "sub": "user_a", "iat": NOW, "exp": NOW + 60, "jti": "x" });
        let (head, _) = good.rsplit_once('.').unwrap();
        for forged in [
            key("k").sign_jwt(TICKET_TYPE, &claims),
            key("other").sign_jwt(TICKET_TYPE, &claims),
            tickets.key.sign_jwt("at+jwt", &claims),
            format!("{head}.{}", "A".repeat(86)),
            head.to_owned(),
            String::new(),
        ] {
            assert_eq!(tickets.redeem(&forged, &user("user_b"), NOW).await, Err(TicketRefusal::Forged), "{forged}");
        }
    }

    #[tokio::test]
    async fn tickets_with_other_claims_are_refused_even_with_the_right_key() {
        let tickets = tickets();
        for (name, value, refusal) in [
            ("iss", json!("https://other.example.com"), TicketRefusal::Foreign),
            ("aud", json!("https://other.example.com"), TicketRefusal::Foreign),
            ("exp", json!(NOW + 601), TicketRefusal::Expired),
            ("iat", json!(i64::MIN), TicketRefusal::Expired),
            ("exp", Value::Null, TicketRefusal::Forged),
            ("jti", Value::Null, TicketRefusal::Forged),
            ("sub", json!(""), TicketRefusal::Forged),
        ] {
            let mut claims =
                json!({ "iss": SHOP, "aud": SHOP, "sub": "user_a", "iat": NOW, "exp": NOW + 60, "jti": "x" });
            claims[name] = value;
            let ticket = tickets.key.sign_jwt(TICKET_TYPE, &claims);
            assert_eq!(tickets.redeem(&ticket, &user("user_b"), NOW).await, Err(refusal), "{name}");
        }
    }

    #[tokio::test]
    async fn who_has_the_cart_already_does_not_use_the_ticket_up() {
        let tickets = tickets();
        let ticket = tickets.issue(&user("user_a"), NOW).unwrap();
        assert_eq!(tickets.redeem(&ticket, &user("user_a"), NOW).await, Err(TicketRefusal::SameUser));
        assert!(tickets.redeem(&ticket, &user("user_b"), NOW).await.is_ok());
    }

    #[tokio::test]
    async fn when_it_cannot_be_known_whether_it_was_taken_it_is_not() {
        let tickets = tickets_with(SHOP, key("k"), 2);
        let mut last = Ok(String::new());
        for _ in 0..4 {
            last = tickets.redeem(&tickets.issue(&user("user_a"), NOW).unwrap(), &user("user_b"), NOW).await;
        }
        assert_eq!(last, Err(TicketRefusal::Unavailable));
    }
}
