//! Shoppers' stories, one test each.

mod any_order;
mod background;
mod callbacks;
mod clocks;
mod cookies;
mod dialects;
mod events;
mod links;
mod logins;
mod logouts;
mod origins;
mod outdated;
mod planted;
mod renewals;
mod sign_in;
mod tabs;
mod user_changes;

use crate::support::Tab;
use authress_login_protocol::{error::ErrorCode, session::record::STORAGE_KEY};

/// Asserts that no user is signed in and that script can read nothing of a session.
async fn assert_signed_out(tab: &Tab) {
    let page = tab.page();
    assert_eq!(tab.user(), None);
    assert_eq!(tab.browser.load(&page.origin(), STORAGE_KEY), None);
    let cookies = tab.browser.script_cookies(&page.href.borrow().parse().unwrap());
    assert!(!cookies.contains("authorization=") && !cookies.contains("user="), "{}", cookies.len());
    assert_eq!(tab.token(0).value().await.unwrap_err().code, ErrorCode::TokenTimeout);
}

/// Asserts that this user is signed in and has a token.
async fn assert_signed_in(tab: &Tab, user: &str) {
    assert_eq!((tab.user().as_deref(), tab.snapshot().as_str()), (Some(user), user));
    let token = tab.token(0).value().await.unwrap().expect("a token that script can read");
    assert_eq!(token.subject(), Some(user));
}
