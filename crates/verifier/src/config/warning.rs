//! Settings that work, and perhaps not as they were meant.

use std::fmt;

use super::settings::variable;

/// Settings that work, and perhaps not as they were meant. Prints no value of any setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigWarning {
    /// A variable whose name begins like those of a group of settings, and which is none.
    UnknownVariable {
        /// Its name.
        name: String,
    },
    /// `authress.next_access_key_file` names a file that holds no next key.
    NoNextKey(NoNextKey),
    /// `human_check.secret` is one that the provider publishes for tests.
    TestSecret,
}

/// Why there is no next key: usually because a rotation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoNextKey {
    /// The file is not there.
    Missing,
    /// There is nothing in it.
    Empty,
    /// It holds the access key that signs already.
    SameKey,
}

impl ConfigWarning {
    /// The stable name of this warning.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownVariable { .. } => "UnknownVariable",
            Self::NoNextKey(NoNextKey::Missing) => "NextKeyMissing",
            Self::NoNextKey(NoNextKey::Empty) => "NextKeyEmpty",
            Self::NoNextKey(NoNextKey::SameKey) => "NextKeyIsTheSame",
            Self::TestSecret => "TestSecret",
        }
    }
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        match self {
            Self::UnknownVariable { name } => {
                write!(f, "{name} is in the environment and is no setting of this program. --help lists them all")
            }
            Self::NoNextKey(reason) => {
                let file = variable("authress.next_access_key_file");
                let reason = match reason {
                    NoNextKey::Missing => "is not there",
                    NoNextKey::Empty => "is empty",
                    NoNextKey::SameKey => "holds the access key that signs already",
                };
                write!(f, "the file named by {file} {reason}, so no other key follows. That is right after a rotation")
            }
            Self::TestSecret => f.write_str(
                "the human check has a secret that its provider publishes for tests: programs pass it, too. Use the \
                 widget's own before shoppers come",
            ),
        }
    }
}
