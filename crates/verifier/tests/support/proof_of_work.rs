//! Solves the proof of work as the page does in a browser.

use altcha::{Challenge, Payload, SolveChallengeOptions, solve_challenge};
use base64ct::{Base64, Encoding};
use serde_json::Value;

/// Returns the settings of the page's script.
pub(crate) fn settings(page: &str) -> Value {
    let text = page.split_once("data-settings=\"").unwrap().1.split_once('"').unwrap().0;
    serde_json::from_str(&text.replace("&quot;", "\"").replace("&amp;", "&")).unwrap()
}

/// Returns the solution that the page's script sends.
pub(crate) fn solve(page: &str) -> String {
    let challenge: Challenge = serde_json::from_value(settings(page)["challenge"].take()).unwrap();
    let solution = solve_challenge(SolveChallengeOptions::new(&challenge)).unwrap().unwrap();
    Base64::encode_string(&serde_json::to_vec(&Payload { challenge, solution }).unwrap())
}
