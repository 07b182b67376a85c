//! The open reminders: who asked for one, which address is confirmed, and which invite is out. No clock, no I/O.
//!
//! An invite gives its taker the user id of the cart's owner. So it is made only after the owner of the cart has shown that
//! the mailbox is theirs, by a code from the first mail: otherwise one could let the shop invite a stranger to a user id
//! whose session is in another browser. It is withdrawn as soon as the owner has an account.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use authress_client_address::NetworkPrefix;
use authress_service_client::InviteId;

use super::address::EmailAddress;
use super::error::ReminderError;
use crate::client_bounded::{Bounds, ClientBounded};

/// How long a code is valid, in seconds.
pub(crate) const CODE_LIFETIME_S: i64 = 10 * 60;
/// How often a wrong code may be given.
const TRIES: u8 = 5;
/// The time between two mails for one cart, in seconds.
const PAUSE_S: i64 = 60;
/// The time in which mails are counted, in seconds.
const WINDOW_S: i64 = 60 * 60;
/// The most mails to one address in that time.
const MAILS_PER_ADDRESS: usize = 3;
/// The most mails that one client requests in that time: an office shares a network.
const MAILS_PER_CLIENT: usize = 20;
/// The most mails of all clients in that time. A shop with more shoppers counts in a shared store.
const MAILS: usize = 5_000;
const BOUNDS: Bounds = Bounds { per_client: NonZeroUsize::new(100), total: NonZeroUsize::new(10_000).unwrap() };

/// A code of six digits, for the shopper to copy from the mail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(u32);

impl Code {
    /// The code that random bytes give. All codes are equally likely, but for one in four thousand.
    pub(crate) fn from_random(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes) % 1_000_000)
    }

    /// Reads what a shopper typed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        let is_code = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| digits.parse().ok().map(Self)).flatten()
    }

    /// The six digits.
    pub(crate) fn digits(self) -> String {
        format!("{:06}", self.0)
    }
}

/// The reminders by the user id of the cart's owner.
pub(crate) struct Reminders {
    by_owner: ClientBounded<Reminder>,
    /// The mails of the last hour, oldest first.
    sent: VecDeque<(i64, EmailAddress, NetworkPrefix)>,
}

#[derive(Clone)]
struct Reminder {
    address: EmailAddress,
    code: Option<Code>,
    tries_left: u8,
    sent_at: i64,
    invite: Option<InviteId>,
    has_account: bool,
}

impl Reminders {
    pub(crate) fn new() -> Self {
        Self { by_owner: ClientBounded::new(BOUNDS), sent: VecDeque::new() }
    }

    /// Notes that a mail with `code` goes to `address`, at `now` in seconds since 1970. An earlier code of this cart is no
    /// longer valid.
    ///
    /// # Errors
    /// [`ReminderError::TooManyMails`].
    pub(crate) fn begin(
        &mut self,
        owner: &str,
        client: NetworkPrefix,
        address: EmailAddress,
        code: Code,
        now: i64,
    ) -> Result<(), ReminderError> {
        while self.sent.front().is_some_and(|(at, ..)| now.saturating_sub(*at) >= WINDOW_S) {
            self.sent.pop_front();
        }
        let earlier = self.by_owner.get(owner).cloned();
        if let Some(reminder) = &earlier
            && now.saturating_sub(reminder.sent_at) < PAUSE_S
        {
            let wait_s = PAUSE_S - now.saturating_sub(reminder.sent_at).max(0);
            return Err(ReminderError::TooManyMails { retry_after_s: wait_s });
        }
        let to_address = self.sent.iter().filter(|(_, to, _)| *to == address).count();
        let of_client = self.sent.iter().filter(|(.., from)| *from == client).count();
        if to_address >= MAILS_PER_ADDRESS || of_client >= MAILS_PER_CLIENT || self.sent.len() >= MAILS {
            let oldest = self.sent.front().map_or(now, |(at, ..)| *at);
            return Err(ReminderError::TooManyMails { retry_after_s: (oldest + WINDOW_S - now).max(PAUSE_S) });
        }
        self.sent.push_back((now, address.clone(), client));
        let reminder = Reminder {
            address,
            code: Some(code),
            tries_left: TRIES,
            sent_at: now,
            invite: earlier.as_ref().and_then(|reminder| reminder.invite.clone()),
            has_account: earlier.is_some_and(|reminder| reminder.has_account),
        };
        self.by_owner.insert(owner, client, reminder);
        Ok(())
    }

    /// Checks a code and returns the address that it confirms. It stays valid until [`Self::confirmed`], so that the
    /// shopper can try again if the invite could not be made.
    ///
    /// # Errors
    /// [`ReminderError::NoOpenReminder`] without a code that is still valid, [`ReminderError::WrongCode`] otherwise.
    pub(crate) fn confirm(&mut self, owner: &str, code: Option<Code>, now: i64) -> Result<EmailAddress, ReminderError> {
        self.change(owner, |reminder| {
            let is_open = now.saturating_sub(reminder.sent_at) < CODE_LIFETIME_S && reminder.tries_left > 0;
            let expected = reminder.code.filter(|_| is_open).ok_or(ReminderError::NoOpenReminder)?;
            if code != Some(expected) {
                reminder.tries_left -= 1;
                return Err(ReminderError::WrongCode { tries_left: reminder.tries_left });
            }
            Ok(reminder.address.clone())
        })
        .unwrap_or(Err(ReminderError::NoOpenReminder))
    }

    /// Ends the code of this cart, and notes the invite that was made. Returns the earlier one, to be withdrawn. `Err` has
    /// the new one: the owner has an account by now.
    pub(crate) fn confirmed(
        &mut self,
        owner: &str,
        invite: Option<InviteId>,
    ) -> Result<Option<InviteId>, Option<InviteId>> {
        let Some((client, mut reminder)) = self.by_owner.remove(owner) else { return Err(invite) };
        reminder.code = None;
        let result =
            if reminder.has_account { Err(invite) } else { Ok(std::mem::replace(&mut reminder.invite, invite)) };
        self.by_owner.insert(owner, client, reminder);
        result
    }

    /// Notes that the owner has an account, and returns the invite to withdraw.
    pub(crate) fn has_account(&mut self, owner: &str) -> Option<InviteId> {
        if !self.by_owner.contains(owner) {
            return None;
        }
        self.change(owner, |reminder| {
            reminder.has_account = true;
            reminder.code = None;
            reminder.invite.take()
        })
        .flatten()
    }

    /// Whether an anonymous session of this user id is too old: a mail went out for it, and the user id has an account since.
    /// The browser that asked for the mail may not be the one that has signed in.
    pub(crate) fn rejects_anonymous(&mut self, owner: &str) -> bool {
        self.by_owner.contains(owner) && self.by_owner.get(owner).is_some_and(|reminder| reminder.has_account)
    }

    fn change<R>(&mut self, owner: &str, change: impl FnOnce(&mut Reminder) -> R) -> Option<R> {
        let (client, mut reminder) = self.by_owner.remove(owner)?;
        let result = change(&mut reminder);
        self.by_owner.insert(owner, client, reminder);
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const CODE: Code = Code(42);

    fn client(number: u8) -> NetworkPrefix {
        NetworkPrefix::V4([192, 0, 2, number].into())
    }

    fn address(name: &str) -> EmailAddress {
        EmailAddress::parse(&format!("{name}@example.com")).unwrap()
    }

    fn invite(id: &str) -> InviteId {
        InviteId::new(id).unwrap()
    }

    fn begun() -> Reminders {
        let mut reminders = Reminders::new();
        reminders.begin("user_a", client(1), address("ada"), CODE, NOW).unwrap();
        reminders
    }

    #[test]
    fn a_code_is_six_digits() {
        assert_eq!(Code(42).digits(), "000042");
        assert!(Code::parse(" 000 042 ") == Some(Code(42)));
        for typed in ["", "42", "0000042", "00004a", "-00042", "٠٠٠٠٤٢"] {
            assert!(Code::parse(typed).is_none(), "{typed}");
        }
        assert!(Code::from_random([0xff; 4]).digits().len() == 6);
    }

    #[test]
    fn the_code_of_the_mail_confirms_the_address_until_the_invite_is_made() {
        let mut reminders = begun();
        for now in [NOW + 1, NOW + 2] {
            assert_eq!(reminders.confirm("user_a", Some(CODE), now), Ok(address("ada")));
        }
        reminders.confirmed("user_a", None).unwrap();
        assert_eq!(reminders.confirm("user_a", Some(CODE), NOW + 3), Err(ReminderError::NoOpenReminder));
        assert_eq!(reminders.confirm("user_b", Some(CODE), NOW), Err(ReminderError::NoOpenReminder));
    }

    #[test]
    fn five_wrong_codes_end_a_reminder_and_so_do_ten_minutes() {
        let mut reminders = begun();
        for tries_left in (0..5).rev() {
            assert_eq!(reminders.confirm("user_a", None, NOW), Err(ReminderError::WrongCode { tries_left }));
        }
        assert_eq!(reminders.confirm("user_a", Some(CODE), NOW), Err(ReminderError::NoOpenReminder));
        let late = begun().confirm("user_a", Some(CODE), NOW + CODE_LIFETIME_S);
        assert_eq!(late, Err(ReminderError::NoOpenReminder));
    }

    #[test]
    fn mails_are_limited_for_a_cart_an_address_and_a_client() {
        let mut reminders = begun();
        let mut begin =
            |owner: &str, from: u8, to: &str, at| reminders.begin(owner, client(from), address(to), CODE, at);
        assert_eq!(begin("user_a", 1, "eve", NOW + 59), Err(ReminderError::TooManyMails { retry_after_s: 1 }));
        assert_eq!(begin("user_a", 1, "ada", NOW + 60), Ok(()));
        assert_eq!(begin("user_b", 2, "ada", NOW + 60), Ok(()));
        assert!(begin("user_c", 3, "ada", NOW + 60).is_err(), "one address gets three mails an hour");
        for number in 0..18 {
            assert_eq!(begin(&format!("u{number}"), 1, &format!("to{number}"), NOW + 60), Ok(()));
        }
        assert!(begin("one more", 1, "other", NOW + 60).is_err(), "and one client sends twenty");
        assert_eq!(begin("user_c", 3, "ada", NOW + 60 + WINDOW_S), Ok(()));
    }

    #[test]
    fn an_invite_is_withdrawn_when_its_owner_has_an_account() {
        let mut reminders = begun();
        assert!(reminders.confirmed("user_a", Some(invite("inv_1"))).unwrap().is_none());
        let earlier = reminders.confirmed("user_a", Some(invite("inv_2"))).unwrap();
        assert_eq!(earlier.as_ref().map(InviteId::expose), Some("inv_1"), "there is one invite for a cart");
        assert!(!reminders.rejects_anonymous("user_a"));
        assert_eq!(reminders.has_account("user_a").as_ref().map(InviteId::expose), Some("inv_2"));
        assert!(reminders.has_account("user_a").is_none());
        assert!(reminders.rejects_anonymous("user_a"));
        assert!(reminders.confirmed("user_a", Some(invite("inv_3"))).is_err(), "made while the owner signed in");
        assert_eq!(reminders.confirm("user_a", Some(CODE), NOW), Err(ReminderError::NoOpenReminder));
        assert!(!reminders.rejects_anonymous("user_b"));
    }
}
