//! An attacker's session in a shopper's browser.

use crate::support::Browser;
use std::rc::Rc;
use url::Url;

const LOGIN: &str = "https://login.shop.test/";
const SESSION: &str = "authress-session";

/// Gives a browser the Authress session of another one, as a planting link or a sibling host can.
pub(super) fn plant(attacker: &Rc<Browser>, browser: &Rc<Browser>) {
    let url: Url = LOGIN.parse().unwrap();
    let cookies = attacker.request_cookies(&url, true);
    let session = cookies.split("; ").find(|cookie| cookie.starts_with(SESSION)).expect("a session");
    let attributes = "Domain=shop.test; Path=/; Secure; HttpOnly; SameSite=Strict";
    browser.take_cookies(&url, &[format!("{session}; {attributes}")]);
}
