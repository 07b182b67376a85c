//! Authress's proof of work, version 2: the `antiAbuseHash` that binds a request to its values.
//!
//! A hash has the form `v2;{time};{number};{digest}`. `time` is in milliseconds since 1970, and `digest` is the
//! base64url SHA-256 of `{time};{number};{values}`. It must start with `00`, which takes 4,096 tries on average.
//! `values` are those of the request in the order of [`values`], separated by `|`.

use crate::{base64url, clock::ClockReading, http::Request, json::ObjectWriter, secret::Secret};
use authress_sha256::{LANES, Messages, digest};
use std::fmt;

/// The range of numbers to try. Seven digits throughout keep the message at one length. A random start keeps two tabs
/// that begin in the same millisecond from sending the same hash.
const FIRST_NUMBER: u32 = 1_000_000;
const LAST_NUMBER: u32 = 9_999_999;

/// Tries per batch. A batch takes about 20 ms on a phone whose browser has not optimised the code yet.
const BATCH_TRIES: usize = 2_048;

/// Searches a hash for `values` in one go.
///
/// `now_ms` is the time in milliseconds since 1970. `entropy` selects the number at which the search starts.
pub fn search(values: &str, now_ms: u64, entropy: u32) -> String {
    let mut search = Search::new(values, now_ms, entropy);
    loop {
        if let Some(hash) = search.try_batch() {
            return hash;
        }
    }
}

/// The state of a search.
struct Search {
    time: String,
    values: String,
    messages: Messages,
    counter: Counter,
}

impl Search {
    fn new(values: &str, now_ms: u64, entropy: u32) -> Self {
        let time = now_ms.to_string();
        let number_at = time.len() + 1;
        let counter = Counter::new(FIRST_NUMBER + entropy % (LAST_NUMBER - FIRST_NUMBER + 1));
        let first = message(&time, &counter.number.to_string(), values);
        let messages = Messages::new(first.as_bytes(), number_at..number_at + counter.digits.len());
        Self { time, values: values.to_owned(), messages, counter }
    }

    /// Tries the next batch of numbers. Returns the hash if one of them fits.
    fn try_batch(&mut self) -> Option<String> {
        for _ in 0..BATCH_TRIES / LANES {
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
                let number = number.to_string();
                let digest = digest(message(&self.time, &number, &self.values).as_bytes());
                return Some(["v2", &self.time, &number, &base64url::encode(&digest)].join(";"));
            }
        }
        None
    }
}

/// A request that lacks only its proof of work.
///
/// The sender calls [`Self::try_batch`] until it returns the request, and lets other work run in between: how long a
/// search takes varies.
pub struct ProofOfWorkRequest {
    search: Search,
    body: ObjectWriter,
    request: Request,
}

impl ProofOfWorkRequest {
    /// Takes the request without its body, and the body without its hash.
    pub(crate) fn new(
        values: &str,
        now: ClockReading,
        search_start: u32,
        body: ObjectWriter,
        request: Request,
    ) -> Box<Self> {
        Box::new(Self { search: Search::new(values, now.unix_ms(), search_start), body, request })
    }

    /// Tries the next batch of numbers. Returns the request once a hash is found, and itself otherwise.
    pub fn try_batch(mut self: Box<Self>) -> Result<Request, Box<Self>> {
        match self.search.try_batch() {
            Some(hash) => {
                let Self { body, request, .. } = *self;
                Ok(Request { body: Some(Secret::new(body.string("antiAbuseHash", &hash).finish())), ..request })
            }
            None => Err(self),
        }
    }

    /// Tries batches until a hash is found.
    #[cfg(test)]
    pub(crate) fn finish(self: Box<Self>) -> Request {
        self.try_batch().unwrap_or_else(Self::finish)
    }
}

// The body is left out: it holds a code and its verifier.
impl fmt::Debug for ProofOfWorkRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofOfWorkRequest").field("request", &self.request).finish_non_exhaustive()
    }
}

/// The contents of a valid hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// When the search began by the client's clock, in milliseconds since 1970.
    pub issued_at_ms: u64,
    /// The number that the search found.
    pub nonce: u64,
}

/// Why a hash is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidHash {
    /// It does not have the form `v2;{time};{number};{digest}`.
    Malformed,
    /// Its digest does not start with `00`: no work was done.
    NoWork,
    /// It was made for other values.
    OtherValues,
}

/// Verifies a hash against the values of the request that carried it.
///
/// The caller checks freshness and single use: a server binds a hash to the PKCE challenge or code of the same request.
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

/// The values of each kind of request, in the order in which the published client hashes them. Absent and empty values
/// are left out.
pub mod values {
    /// For `POST /authentication` of a login. Audiences are separated by commas; an empty list still adds an empty
    /// value.
    pub fn authenticate(
        connection_id: Option<&str>,
        tenant_lookup_identifier: Option<&str>,
        invite_id: Option<&str>,
        application_id: &str,
        audiences: Option<&[String]>,
    ) -> String {
        let mut values = present(&[connection_id, tenant_lookup_identifier, invite_id, Some(application_id)]);
        if let Some(audiences) = audiences {
            values.push('|');
            // Not `join`, of which the module would have a second copy, for `String`.
            for (index, audience) in audiences.iter().enumerate() {
                values.push_str(if index > 0 { "," } else { "" });
                values.push_str(audience);
            }
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

    fn present(values: &[Option<&str>]) -> String {
        let present: Vec<&str> = values.iter().flatten().copied().filter(|value| !value.is_empty()).collect();
        present.join("|")
    }
}

/// The number to try next, also as digits: dividing for each digit would cost as much as a round of SHA-256.
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
        if self.number == LAST_NUMBER {
            *self = Self::new(FIRST_NUMBER);
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

/// The text that is hashed.
fn message(time: &str, number: &str, values: &str) -> String {
    // One allocation of the final length: the values may hold a code.
    [time, number, values].join(";")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Method;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_found_hash_verifies(values in "[a-z|_]{0,200}", now_ms in 0_u64..9_999_999_999_999, entropy: u32) {
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
    fn a_request_is_searched_in_batches_and_does_not_print_its_body() {
        let now = ClockReading { device_ms: 1, skew_ms: 0 };
        let batches_until_found = |entropy| {
            let body = ObjectWriter::new().string("code", "the-code");
            let request =
                Request { method: Method::Post, path: "/".into(), body: None, bearer: None, with_credentials: true };
            let mut request = ProofOfWorkRequest::new("values", now, entropy, body, request);
            assert!(!format!("{request:?}").contains("the-code"));
            let mut batches = 1;
            let request = loop {
                match request.try_batch() {
                    Ok(request) => break request,
                    Err(rest) => (request, batches) = (rest, batches + 1),
                }
            };
            let expected = format!(r#"{{"code":"the-code","antiAbuseHash":"{}"}}"#, search("values", 1, entropy));
            assert_eq!(request.body.unwrap().expose(), expected);
            batches
        };
        let most = (0..20).map(|start| batches_until_found(start * 10_000)).max();
        assert!(most > Some(2), "{most:?}");
    }

    #[test]
    fn the_search_wraps_around_after_the_last_number() {
        let hash = search("values", 1, LAST_NUMBER - FIRST_NUMBER);
        assert!(verify(&hash, "values").is_ok());
    }

    #[test]
    fn malformed_hashes_and_hashes_without_work_are_invalid() {
        for hash in ["", "v1;1;1;00", "v2;1;1", "v2;1;1;00;x", "v2;01;1;00", "v2;+1;1;00", "v2;a;1;00", "v2;;;00"] {
            assert_eq!(verify(hash, ""), Err(InvalidHash::Malformed), "{hash}");
        }
        assert_eq!(verify("v2;1;1;abc", ""), Err(InvalidHash::NoWork));
    }

    #[test]
    fn absent_and_empty_values_are_left_out_but_an_empty_list_of_audiences_is_not() {
        assert_eq!(values::authenticate(Some("sc_a"), None, Some(""), "app_a", None), "sc_a|app_a");
        assert_eq!(values::authenticate(None, None, None, "app_a", Some(&[])), "app_a|");
        let audiences = ["a".to_owned(), "b".to_owned()];
        assert_eq!(values::authenticate(None, Some("t"), Some("i"), "app_a", Some(&audiences)), "t|i|app_a|a,b");
        assert_eq!(values::link_identity(Some("con_a"), None, "app_a"), "con_a|app_a");
        assert_eq!(values::token_exchange("app_a", "req", "code"), "app_a|req|code");
    }
}
