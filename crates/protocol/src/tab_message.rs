//! Messages between the tabs of one client. They have no secrets: a tab that gets one reads storage and cookies itself.

use crate::callback::login_result::LoginResult;

const SIGNED_OUT: &str = "signed-out";

/// A message to the other tabs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TabMessage {
    /// The shopper has signed out.
    SignedOut,
    /// A login or link has ended.
    LoginEnded(LoginResult),
}

impl TabMessage {
    /// Writes the message.
    pub fn to_text(&self) -> String {
        match self {
            Self::SignedOut => SIGNED_OUT.to_owned(),
            Self::LoginEnded(result) => result.to_json(),
        }
    }

    /// Reads a message. Returns `None` if it is unusable, for example from another version of the client.
    pub fn parse(text: &str) -> Option<Self> {
        if text == SIGNED_OUT { Some(Self::SignedOut) } else { LoginResult::from_json(text).map(Self::LoginEnded) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::login_result::{LoginStatus, Purpose};

    #[test]
    fn a_message_reads_back() {
        let result = LoginResult {
            purpose: Purpose::Login,
            status: LoginStatus::SignedIn,
            connection_id: None,
            user_id: Some("user_a".into()),
            server_code: None,
            error_code: None,
            app_state: None,
        };
        for message in [TabMessage::SignedOut, TabMessage::LoginEnded(result)] {
            assert_eq!(TabMessage::parse(&message.to_text()), Some(message));
        }
        assert_eq!(TabMessage::parse("signed-in"), None);
    }
}
