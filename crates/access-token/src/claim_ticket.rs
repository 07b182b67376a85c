//! Tickets that move a cart to an account that already exists.
//!
//! A shopper fills a cart anonymously and signs in with an identity that belongs to another user id. Authress cannot
//! link the two. So the page requests a ticket while the session is still anonymous, and redeems it after the sign-in
//! to move the cart.
//!
//! A ticket is a bearer token for one cart. It is signed, expires after minutes, and can be redeemed once, only at
//! the shop that issued it. It does not give access to an account.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authress_jws::{JwkSet, SigningKey, VerifyError, verify};
use authress_single_use::{SingleUse, Use};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;

use crate::policy::{AccessToken, DEFAULT_LEEWAY_S, MAX_USER_ID_BYTES};

/// The lifetime of a ticket: enough for a sign-in with a provider.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How long a redeemed ticket of the default lifetime must be remembered.
pub const TICKET_REMEMBERED: Duration = remembered_for(TICKET_LIFETIME);

/// The longest lifetime of a ticket: that of an Authress invite, 30 days.
pub const MAX_TICKET_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a redeemed ticket must be remembered: its lifetime, and before and after it the clock skew that two servers of
/// the shop may have ([`DEFAULT_LEEWAY_S`]).
pub const fn remembered_for(lifetime: Duration) -> Duration {
    Duration::from_secs(lifetime.as_secs() + 2 * DEFAULT_LEEWAY_S as u64)
}

/// The `typ` header, which differs from that of access tokens.
pub const TICKET_TYPE: &str = "cart-claim+jwt";

/// Issues and redeems the tickets of one shop.
#[derive(Debug)]
pub struct ClaimTickets {
    shop: String,
    key: SigningKey,
    keys: JwkSet,
    spent: Arc<dyn SingleUse>,
    lifetime_s: i64,
}

impl ClaimTickets {
    /// Tickets that `shop` (its origin) signs with `key`, valid for [`TICKET_LIFETIME`]. `spent` must remember ids for at
    /// least [`remembered_for`] their lifetime, and must return [`Use::Unknown`] while a shared store is unreachable: with local memory
    /// instead, each instance would accept a ticket once.
    pub fn new(shop: impl Into<String>, key: SigningKey, spent: Arc<dyn SingleUse>) -> Self {
        let keys = JwkSet { keys: vec![key.public_jwk()] };
        Self { shop: shop.into(), key, keys, spent, lifetime_s: LIFETIME_S }
    }

    /// The same tickets with another lifetime, at most [`MAX_TICKET_LIFETIME`]: days for a ticket that is mailed. Give them
    /// a key of their own, so that neither is accepted in place of the other.
    #[must_use]
    pub fn with_lifetime(self, lifetime: Duration) -> Self {
        let lifetime_s = i64::try_from(lifetime.min(MAX_TICKET_LIFETIME).as_secs()).unwrap_or(LIFETIME_S);
        Self { lifetime_s, ..self }
    }

    /// Issues a ticket for the cart of the user of `token`, at `now` in seconds since 1970.
    ///
    /// # Errors
    /// [`TicketError::Unavailable`] when the operating system gives no random bytes.
    pub fn issue(&self, token: &AccessToken, now: i64) -> Result<String, TicketError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| TicketError::Unavailable)?;
        let claims = Claims {
            iss: &self.shop,
            aud: &self.shop,
            sub: &token.user_id,
            iat: now,
            exp: now.saturating_add(self.lifetime_s),
            jti: Base64UrlUnpadded::encode_string(&id),
        };
        Ok(self.key.sign_jwt(TICKET_TYPE, &claims))
    }

    /// Redeems a ticket for the user of `token`, and returns the user id whose cart moves to that user. A ticket can be
    /// redeemed once. The clocks of the issuing server and this one may differ by [`DEFAULT_LEEWAY_S`].
    ///
    /// # Errors
    /// [`TicketError`].
    pub async fn redeem(&self, ticket: &str, token: &AccessToken, now: i64) -> Result<String, TicketError> {
        let claim = self.check(ticket, token, now)?;
        self.spend(&claim).await?;
        Ok(claim.owner)
    }

    /// Checks everything about a ticket but whether it was redeemed, for a shop that first writes down what it is going to
    /// do. [`Self::spend`] must follow before anything is moved.
    ///
    /// # Errors
    /// [`TicketError`], never [`TicketError::AlreadyUsed`] or [`TicketError::Unavailable`].
    pub fn check(&self, ticket: &str, token: &AccessToken, now: i64) -> Result<CartClaim, TicketError> {
        let ticket = verify(ticket, &self.keys, Some(TICKET_TYPE))?;
        if ticket.claim_str("iss") != Some(&self.shop) || ticket.claim_str("aud") != Some(&self.shop) {
            return Err(TicketError::Foreign);
        }
        match (ticket.claim_i64("iat"), ticket.claim_i64("exp")) {
            (Some(iat), Some(exp))
                if iat <= now.saturating_add(LEEWAY_S)
                    && now < exp.saturating_add(LEEWAY_S)
                    && exp.saturating_sub(iat) <= self.lifetime_s => {}
            (Some(_), Some(_)) => return Err(TicketError::Expired),
            (_, None) | (None, _) => return Err(TicketError::Forged),
        }
        let owner = ticket.claim_str("sub").filter(|sub| !sub.is_empty() && sub.len() <= MAX_USER_ID_BYTES);
        let (Some(owner), Some(id)) = (owner, ticket.claim_str("jti")) else { return Err(TicketError::Forged) };
        // Checked before the ticket is spent: a page that is too early may try again after the sign-in.
        if owner == token.user_id {
            return Err(TicketError::SameUser);
        }
        Ok(CartClaim { owner: owner.to_owned(), id: id.to_owned() })
    }

    /// Spends a ticket that was checked. It can be spent once.
    ///
    /// # Errors
    /// [`TicketError::AlreadyUsed`], [`TicketError::Unavailable`].
    pub async fn spend(&self, claim: &CartClaim) -> Result<(), TicketError> {
        match self.spent.spend(&claim.id).await {
            Use::First => Ok(()),
            Use::Again => Err(TicketError::AlreadyUsed),
            Use::Unknown => Err(TicketError::Unavailable),
        }
    }
}

/// A valid ticket that may have been redeemed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartClaim {
    /// The user id whose cart moves.
    pub owner: String,
    /// The `jti` of the ticket.
    id: String,
}

/// Why a ticket is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketError {
    /// Not a ticket, or not signed with this shop's key.
    Forged,
    /// A ticket of another shop.
    Foreign,
    /// Expired, or issued by a clock that is ahead by more than [`DEFAULT_LEEWAY_S`].
    Expired,
    /// It was redeemed before.
    AlreadyUsed,
    /// The cart already belongs to the user of the access token.
    SameUser,
    /// It is unknown now whether it was redeemed before.
    Unavailable,
}

impl TicketError {
    /// All errors.
    pub const ALL: &[Self] =
        &[Self::Forged, Self::Foreign, Self::Expired, Self::AlreadyUsed, Self::SameUser, Self::Unavailable];

    /// The stable code of this error.
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

impl fmt::Display for TicketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forged => "this is not a ticket of this shop; request a new one before signing in",
            Self::Foreign => "this ticket is of another shop; request one of this shop before signing in",
            Self::Expired => "the ticket has expired; go back to the cart and start again",
            Self::AlreadyUsed => "this ticket was used before; the cart has been moved",
            Self::SameUser => "the cart is already this user's; sign in to the other account first",
            Self::Unavailable => "tickets cannot be redeemed now; try again soon",
        })
    }
}

impl std::error::Error for TicketError {}

impl From<VerifyError> for TicketError {
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
    use serde_json::{Map, Value, json};

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
    async fn a_ticket_moves_its_cart_once() {
        let tickets = tickets();
        let ticket = tickets.issue(&user("user_a"), NOW).unwrap();
        assert_eq!(tickets.redeem(&ticket, &user("user_b"), NOW + 30).await.as_deref(), Ok("user_a"));
        for thief in ["user_b", "user_c"] {
            assert_eq!(tickets.redeem(&ticket, &user(thief), NOW + 31).await, Err(TicketError::AlreadyUsed));
        }
    }

    #[tokio::test]
    async fn tickets_of_one_second_differ() {
        let tickets = tickets();
        let (one, two) = (tickets.issue(&user("user_a"), NOW).unwrap(), tickets.issue(&user("user_a"), NOW).unwrap());
        assert!(tickets.redeem(&one, &user("user_b"), NOW).await.is_ok());
        assert!(tickets.redeem(&two, &user("user_b"), NOW).await.is_ok());
    }

    #[tokio::test]
    async fn an_expired_ticket_is_rejected() {
        let tickets = tickets();
        let ticket = tickets.issue(&user("user_a"), NOW).unwrap();
        for time in [NOW + 605, NOW + 100_000, NOW - 6] {
            assert_eq!(tickets.redeem(&ticket, &user("user_b"), time).await, Err(TicketError::Expired), "{time}");
        }
        assert!(tickets.redeem(&ticket, &user("user_b"), NOW + 599).await.is_ok(), "it was not spent");
    }

    /// The vectors that the npm package's entry for servers reads, too.
    #[derive(serde::Deserialize)]
    struct Vectors {
        origin: String,
        now: i64,
        key: VectorKey,
        claims: Map<String, Value>,
        tickets: Vec<Issued>,
        cases: Vec<Case>,
    }

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct VectorKey {
        id: String,
        private_key: String,
    }

    #[derive(serde::Deserialize)]
    struct Issued {
        by: String,
        ticket: String,
    }

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Case {
        name: String,
        #[serde(default)]
        claims: Map<String, Value>,
        typ: Option<String>,
        other_key: Option<String>,
        time: Option<i64>,
        redeemed_by: Option<String>,
        error: Option<String>,
    }

    impl Vectors {
        fn read() -> Self {
            serde_json::from_str(include_str!("../../../tests/vectors/claim-tickets.json")).unwrap()
        }

        fn signing_key(&self, private_key: Option<&str>) -> SigningKey {
            let der = base64ct::Base64::decode_vec(private_key.unwrap_or(&self.key.private_key)).unwrap();
            SigningKey::from_pkcs8_der(&self.key.id, &der).unwrap()
        }

        fn tickets(&self) -> ClaimTickets {
            tickets_with(&self.origin, self.signing_key(None), 100)
        }
    }

    #[tokio::test]
    async fn tickets_of_both_languages_are_redeemed() {
        let vectors = Vectors::read();
        let languages: Vec<&str> = vectors.tickets.iter().map(|issued| issued.by.as_str()).collect();
        assert_eq!(languages, ["crates/access-token", "authress-login-wasm/server"]);
        for Issued { by, ticket } in &vectors.tickets {
            let redeemed = vectors.tickets().redeem(ticket, &user("user_b"), vectors.now + 30).await;
            assert_eq!(redeemed.as_deref(), Ok("user_a"), "{by}");
        }
    }

    #[tokio::test]
    async fn every_vector_has_its_result() {
        let vectors = Vectors::read();
        for case in &vectors.cases {
            let mut claims = vectors.claims.clone();
            claims.extend(case.claims.clone());
            claims.retain(|_, value| !value.is_null());
            let key = vectors.signing_key(case.other_key.as_deref());
            let ticket = key.sign_jwt(case.typ.as_deref().unwrap_or(TICKET_TYPE), &claims);
            let shopper = user(case.redeemed_by.as_deref().unwrap_or("user_b"));
            let redeemed = vectors.tickets().redeem(&ticket, &shopper, case.time.unwrap_or(vectors.now)).await;
            assert_eq!(redeemed.err().map(TicketError::code), case.error.as_deref(), "{}", case.name);
        }
    }

    #[test]
    fn a_redeemed_ticket_is_remembered_for_as_long_as_any_clock_accepts_it() {
        let accepted = LIFETIME_S + 2 * LEEWAY_S;
        assert_eq!(i64::try_from(TICKET_REMEMBERED.as_secs()).unwrap(), accepted);
        assert_eq!(i64::try_from(TICKET_LIFETIME.as_secs()).unwrap(), LIFETIME_S);
    }

    #[tokio::test]
    async fn a_ticket_of_a_week_is_valid_for_a_week_and_never_for_a_shorter_kind() {
        const WEEK_S: i64 = 7 * 24 * 60 * 60;
        let vectors = Vectors::read();
        let mailed = vectors.tickets().with_lifetime(Duration::from_secs(WEEK_S.unsigned_abs()));
        let ticket = mailed.issue(&user("user_a"), NOW).unwrap();
        let short = vectors.tickets().redeem(&ticket, &user("user_b"), NOW).await;
        assert_eq!(short, Err(TicketError::Expired), "no ticket with a lifetime of minutes is valid for a week");
        let late = mailed.redeem(&ticket, &user("user_b"), NOW + WEEK_S + LEEWAY_S).await;
        assert_eq!(late, Err(TicketError::Expired));
        assert_eq!(mailed.redeem(&ticket, &user("user_b"), NOW + WEEK_S).await.as_deref(), Ok("user_a"));
        let longest = vectors.tickets().with_lifetime(Duration::MAX);
        let ticket = longest.issue(&user("user_a"), NOW).unwrap();
        let in_a_month = NOW + i64::try_from(MAX_TICKET_LIFETIME.as_secs()).unwrap();
        assert!(longest.redeem(&ticket, &user("user_b"), in_a_month + LEEWAY_S).await.is_err());
        assert!(longest.redeem(&ticket, &user("user_b"), in_a_month).await.is_ok());
    }

    #[tokio::test]
    async fn forged_tickets_are_rejected() {
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
            assert_eq!(tickets.redeem(&forged, &user("user_b"), NOW).await, Err(TicketError::Forged), "{forged}");
        }
    }

    #[tokio::test]
    async fn the_owner_of_the_cart_does_not_spend_the_ticket() {
        let tickets = tickets();
        let ticket = tickets.issue(&user("user_a"), NOW).unwrap();
        assert_eq!(tickets.redeem(&ticket, &user("user_a"), NOW).await, Err(TicketError::SameUser));
        assert!(tickets.redeem(&ticket, &user("user_b"), NOW).await.is_ok());
    }

    #[tokio::test]
    async fn a_ticket_that_may_have_been_redeemed_is_not_redeemed() {
        let tickets = tickets_with(SHOP, key("k"), 2);
        let mut last = Ok(String::new());
        for _ in 0..4 {
            last = tickets.redeem(&tickets.issue(&user("user_a"), NOW).unwrap(), &user("user_b"), NOW).await;
        }
        assert_eq!(last, Err(TicketError::Unavailable));
    }
}
