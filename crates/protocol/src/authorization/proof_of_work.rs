//! The anti-abuse hash, version 2: a small proof of work that binds a request to its values.
//!
//! A hash is `v2;{milliseconds since 1970};{n};{h}` where `h` is the base64url SHA-256 of
//! `{milliseconds};{n};{values}` and must start with `00`, which takes 4,096 tries on average.
//! The values are those of the request, in the order that [`values`] fixes, joined by `|`.

use crate::{base64url, clock::Moment, decimal::decimal, http::Request, json::ObjectWriter, secret::Secret, text};
use authress_sha256::{LANES, Messages, digest};
use std::fmt;

/// The first number tried. Seven digits throughout keep every try the same length, and a random
/// start keeps two tabs that begin in the same millisecond from sending the same hash.
const FIRST_TRY: u32 = 1_000_000;
const LAST_TRY: u32 = 9_999_999;

/// Tries between two pauses: about 20 ms on a phone whose browser has not optimised the code yet.
const TRIES: usize = 2_048;

/// Searches a hash for `values`, all of it at once.
///
/// `now_ms` is the time in milliseconds since 1970, `entropy` any random number. A search tries
/// numbers one after the other from a start that `entropy` selects; its duration varies, its mean
/// is 4,096 digests.
pub fn search(values: &str, now_ms: u64, entropy: u32) -> String {
    let mut search = Search::new(values, now_ms, entropy);
    loop {
        if let Some(hash) = search.go_on() {
            return hash;
        }
    }
}

/// A search that has begun.
struct Search {
    time: String,
    values: String,
    messages: Messages,
    counter: Counter,
}

impl Search {
    fn new(values: &str, now_ms: u64, entropy: u32) -> Self {
        let time = decimal(now_ms as i64);
        let number_at = time.len() + 1;
        let counter = Counter::new(FIRST_TRY + entropy % (LAST_TRY - FIRST_TRY + 1));
        let first = message(&time, &decimal(counter.number.into()), values);
        let messages = Messages::new(first.as_bytes(), number_at..number_at + counter.digits.len());
        Self { time, values: values.to_owned(), messages, counter }
    }

    /// Tries the next numbers; the hash, if one of them is found.
    fn go_on(&mut self) -> Option<String> {
        for _ in 0..TRIES / LANES {
            let mut tried = [0; LANES];
            for (place, tried) in self.messages.changing().into_iter().zip(&mut tried) {
                *tried = self.counter.number;
                if let Some(place) = place.first_chunk_mut() {
                    *place = self.counter.digits;
                }
                self.counter.advance();
            }
            // "00" in base64url is the twelve bits 0xd34.
            let found = self.messages.digest_starts().into_iter().zip(tried).find(|(start, _)| start >> 20 == 0xd34);
            if let Some((_, number)) = found {
                let number = decimal(number.into());
                let digest = digest(message(&self.time, &number, &self.values).as_bytes());
                return Some(text::join(&["v2", &self.time, &number, &base64url::encode(&digest)], ";"));
            }
        }
        None
    }
}

/// A request that has everything but its hash. Whoever sends it searches that in pieces and lets others have the
/// thread in between: how long a search takes is a matter of luck.
pub struct Unhashed {
    search: Search,
    body: ObjectWriter,
    request: Request,
}

impl Unhashed {
    /// `request` is all but the body, and `body` all of that but the hash.
    pub(crate) fn new(values: &str, now: Moment, search_start: u32, body: ObjectWriter, request: Request) -> Box<Self> {
        Box::new(Self { search: Search::new(values, now.unix_ms(), search_start), body, request })
    }

    /// Searches for a moment: the request once the hash is found, otherwise what to go on with.
    pub fn search(mut self: Box<Self>) -> Result<Request, Box<Self>> {
        match self.search.go_on() {
            Some(hash) => {
                let Self { body, request, .. } = *self;
                Ok(Request { body: Some(Secret::new(body.string("antiAbuseHash", &hash).finish())), ..request })
            }
            None => Err(self),
        }
    }

    /// Searches to the end.
    #[cfg(test)]
    pub(crate) fn finish(self: Box<Self>) -> Request {
        self.search().unwrap_or_else(Self::finish)
    }
}

// A code and its verifier are in the body.
impl fmt::Debug for Unhashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unhashed").field("request", &self.request).finish_non_exhaustive()
    }
}

/// What a valid hash says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// When the search began by the client's clock, in milliseconds since 1970.
    pub issued_at_ms: u64,
    /// The number that was found.
    pub nonce: u64,
}

/// Why a hash does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidHash {
    /// It is not `v2;{time};{number};{hash}`.
    Malformed,
    /// It does not start with `00`, so no work was done for it.
    NoWork,
    /// It was made for other values.
    OtherValues,
}

/// Recomputes a hash for the values of the request that carried it.
///
/// Freshness and single use are the caller's to check: a server binds a hash to the PKCE
/// challenge or code that came with it.
pub fn verify(hash: &str, values: &str) -> Result<Proof, InvalidHash> {
    let mut parts = hash.split(';');
    let (Some("v2"), Some(time), Some(number), Some(found), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(InvalidHash::Malformed);
    };
    let decimal = |text: &str| {
        let canonical = text == "0" || !text.starts_with(['0', '+', '-']);
        canonical.then(|| text.parse::<u64>().ok()).flatten().ok_or(InvalidHash::Malformed)
    };
    let proof = Proof { issued_at_ms: decimal(time)?, nonce: decimal(number)? };
    if !found.starts_with("00") {
        return Err(InvalidHash::NoWork);
    }
    if base64url::encode(&digest(message(time, number, values).as_bytes())) != found {
        return Err(InvalidHash::OtherValues);
    }
    Ok(proof)
}

/// The values of each kind of request in the order in which they are hashed.
pub mod values {
    use crate::text;

    /// For `POST /authentication` of a login.
    pub fn authenticate(
        connection_id: Option<&str>,
        tenant_lookup_identifier: Option<&str>,
        invite_id: Option<&str>,
        application_id: &str,
        audiences: Option<&[String]>,
    ) -> String {
        // An empty list of audiences still is a value: it adds an empty segment.
        let mut values = present(&[connection_id, tenant_lookup_identifier, invite_id, Some(application_id)]);
        // An empty list of audiences still is a value: it adds an empty segment.
        for (index, audience) in audiences.into_iter().flatten().enumerate() {
            values.push_str(if index > 0 { "," } else { "|" });
            values.push_str(audience);
        }
        if audiences.is_some_and(<[String]>::is_empty) {
            values.push('|');
        }
        values
    }

    /// For `POST /authentication` of a link.
    pub fn link_identity(
        connection_id: Option<&str>,
        tenant_lookup_identifier: Option<&str>,
        application_id: &str,
    ) -> String {
        present(&[connection_id, tenant_lookup_identifier, Some(application_id)])
    }

    /// For `POST /authentication/{id}/tokens`.
    pub fn token_exchange(application_id: &str, authentication_request_id: &str, code: &str) -> String {
        present(&[Some(application_id), Some(authentication_request_id), Some(code)])
    }

    /// For `PATCH /authentication/{id}`.
    pub fn update_request(
        connection_id: Option<&str>,
        tenant_lookup_identifier: Option<&str>,
        authentication_request_id: &str,
    ) -> String {
        present(&[connection_id, tenant_lookup_identifier, Some(authentication_request_id)])
    }

    /// Those that there are, with bars between them.
    fn present(values: &[Option<&str>]) -> String {
        let mut present = Vec::new();
        for value in values.iter().flatten() {
            if !value.is_empty() {
                present.push(*value);
            }
        }
        text::join(&present, "|")
    }
}

/// The number to try next, also as text: a division for each digit would cost as much as a round.
struct Counter {
    number: u32,
    digits: [u8; 7],
}

impl Counter {
    fn new(number: u32) -> Self {
        let mut digits = [b'0'; 7];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Self { number, digits }
    }

    fn advance(&mut self) {
        if self.number == LAST_TRY {
            *self = Self::new(FIRST_TRY);
            return;
        }
        self.number += 1;
        for digit in self.digits.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
    }
}

/// What is hashed.
fn message(time: &str, number: &str, values: &str) -> String {
    text::join(&[time, number, values], ";")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Method;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_found_verifies(values in "[a-z|_]{0,200}", now_ms in 0_u64..9_999_999_999_999, entropy: u32) {
            let hash = search(&values, now_ms, entropy);
            let proof = verify(&hash, &values).unwrap();
            prop_assert_eq!(proof.issued_at_ms, now_ms);
            prop_assert_eq!(verify(&hash, &format!("{values}x")), Err(InvalidHash::OtherValues));
        }

        #[test]
        fn no_input_panics(hash in ".{0,80}", values in ".{0,20}") {
            let _ = verify(&hash, &values);
        }
    }

    #[test]
    fn a_request_is_hashed_in_pieces_and_shows_nobody_what_it_will_carry() {
        let now = Moment { device_ms: 1, skew_ms: 0 };
        let hashed_in_pieces = |entropy| {
            let body = ObjectWriter::new().string("code", "the-code");
            let request =
                Request { method: Method::Post, path: "/".into(), body: None, bearer: None, with_credentials: true };
            let mut unhashed = Unhashed::new("values", now, entropy, body, request);
            assert!(!format!("{unhashed:?}").contains("the-code"));
            let mut pieces = 1;
            let request = loop {
                match unhashed.search() {
                    Ok(request) => break request,
                    Err(rest) => (unhashed, pieces) = (rest, pieces + 1),
                }
            };
            let expected = format!(r#"{{"code":"the-code","antiAbuseHash":"{}"}}"#, search("values", 1, entropy));
            assert_eq!(request.body.unwrap().expose(), expected);
            pieces
        };
        let most = (0..20).map(|start| hashed_in_pieces(start * 10_000)).max();
        assert!(most > Some(2), "{most:?}");
    }

    #[test]
    fn the_search_wraps_around_at_the_last_number() {
        let hash = search("values", 1, LAST_TRY - FIRST_TRY);
        assert!(verify(&hash, "values").is_ok());
    }

    #[test]
    fn a_hash_is_refused_when_malformed_or_without_work() {
        for hash in ["", "v1;1;1;00", "v2;1;1", "v2;1;1;00;x", "v2;01;1;00", "v2;+1;1;00", "v2;a;1;00", "v2;;;00"] {
            assert_eq!(verify(hash, ""), Err(InvalidHash::Malformed), "{hash}");
        }
        assert_eq!(verify("v2;1;1;abc", ""), Err(InvalidHash::NoWork));
    }

    #[test]
    fn absent_and_empty_values_leave_no_segment_but_an_empty_list_does() {
        assert_eq!(values::authenticate(Some("sc_a"), None, Some(""), "app_a", None), "sc_a|app_a");
        assert_eq!(values::authenticate(None, None, None, "app_a", Some(&[])), "app_a|");
        let audiences = ["a".to_owned(), "b".to_owned()];
        assert_eq!(values::authenticate(None, Some("t"), Some("i"), "app_a", Some(&audiences)), "t|i|app_a|a,b");
        assert_eq!(values::link_identity(Some("con_a"), None, "app_a"), "con_a|app_a");
        assert_eq!(values::token_exchange("app_a", "req", "code"), "app_a|req|code");
    }
}
