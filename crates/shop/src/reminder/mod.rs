//! The cart on another device: a mail with a link, for a shopper who has no account yet.
//!
//! 1. The owner of an anonymous cart gives an e-mail address. The first mail has a code, and a link that moves the cart to
//!    the account of the person who follows it and signs in.
//! 2. The owner types the code, which shows that the mailbox is theirs. The second mail's link has an invite too: a person
//!    who has no account gets the cart's own user id, and everything stays where it is. A shop that makes no invites, or
//!    whose user ids are too long for them, sends the link of the first mail again.
//!
//! Both links are in the fragment, which no server sees, are valid for days and work once. The links of one cart stop
//! working when its owner has an account. `reminders` decides, this file acts.

mod address;
mod error;
mod outbox;
mod reminders;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authress_access_token::{AccessToken, CartClaim, ClaimTickets, TicketError};
use authress_client_address::NetworkPrefix;
use authress_service_client::InviteId;

use crate::invites::Invites;
use address::EmailAddress;
pub use error::ReminderError;
pub(crate) use outbox::Mail;
use outbox::Outbox;
use reminders::{CODE_LIFETIME_S, Code, Reminders};

/// How long the code of a mail is valid.
pub(crate) const CODE_LIFETIME: Duration = Duration::from_secs(CODE_LIFETIME_S.unsigned_abs());

/// Sends reminders, and knows what became of them.
pub(crate) struct ReminderService {
    /// The shop's origin in the browser.
    shop: String,
    reminders: Mutex<Reminders>,
    outbox: Outbox,
    tickets: ClaimTickets,
    /// How long a link is valid.
    lifetime: Duration,
    /// None: all links move the cart.
    invites: Option<Invites>,
}

impl fmt::Debug for ReminderService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReminderService").field("shop", &self.shop).finish_non_exhaustive()
    }
}

impl ReminderService {
    /// Mails with links to `shop` that are valid for `lifetime`, as `tickets` are.
    pub(crate) fn new(shop: String, tickets: ClaimTickets, lifetime: Duration, invites: Option<Invites>) -> Self {
        let reminders = Mutex::new(Reminders::new());
        Self { shop, reminders, outbox: Outbox::default(), tickets, lifetime, invites }
    }

    /// Sends the first mail for the cart of `owner`, an anonymous shopper.
    ///
    /// # Errors
    /// [`ReminderError`].
    pub(crate) fn send(
        &self,
        owner: &AccessToken,
        client: NetworkPrefix,
        email: &str,
        now: i64,
    ) -> Result<(), ReminderError> {
        let address = EmailAddress::parse(email).ok_or(ReminderError::InvalidRequest)?;
        let mut random = [0; 4];
        getrandom::fill(&mut random).map_err(|_| ReminderError::Unavailable)?;
        let code = Code::from_random(random);
        let link = self.link(owner, None, now)?;
        let to = address.as_str().to_owned();
        self.lock().begin(&owner.user_id, client, address, code, now)?;
        self.outbox.send(Mail {
            to,
            subject: "Your cart is waiting",
            text:
                "Open the link on the device on which you want to go on. To keep everything as it is there, type the \
                   code in the shop first: then this mailbox is known to be yours."
                    .to_owned(),
            code: Some(code.digits()),
            link,
        });
        Ok(())
    }

    /// Confirms the address by the code of the first mail, and sends the second one.
    ///
    /// # Errors
    /// [`ReminderError`]. The code stays valid if the invite cannot be made.
    pub(crate) async fn confirm(&self, owner: &AccessToken, code: &str, now: i64) -> Result<(), ReminderError> {
        let address = self.lock().confirm(&owner.user_id, Code::parse(code), now)?;
        let invite = match &self.invites {
            Some(invites) => invites.create(&owner.user_id, self.lifetime).await.map_err(|error| {
                tracing::error!(%error, "no invite for a cart can be created");
                ReminderError::Unavailable
            })?,
            None => None,
        };
        let link = self.link(owner, invite.as_ref(), now)?;
        let noted = self.lock().confirmed(&owner.user_id, invite);
        match noted {
            Ok(earlier) => {
                self.withdraw(earlier);
                self.outbox.send(Mail {
                    to: address.as_str().to_owned(),
                    subject: "Go on shopping on any device",
                    text:
                        "Open the link on the other device and sign in there. The cart comes along. Do not pass this \
                           mail on: the link is for you alone."
                            .to_owned(),
                    code: None,
                    link,
                });
                Ok(())
            }
            Err(too_late) => {
                self.withdraw(too_late);
                Err(ReminderError::NoOpenReminder)
            }
        }
    }

    /// Checks the ticket of a mailed link; see [`ClaimTickets::check`].
    ///
    /// # Errors
    /// [`TicketError`]. `Expired` also if the cart's owner has an account, to which it belongs since.
    pub(crate) fn check(&self, ticket: &str, token: &AccessToken, now: i64) -> Result<CartClaim, TicketError> {
        let claim = self.tickets.check(ticket, token, now)?;
        if self.lock().rejects_anonymous(&claim.owner) { Err(TicketError::Expired) } else { Ok(claim) }
    }

    /// Spends a ticket that was checked; see [`ClaimTickets::spend`].
    ///
    /// # Errors
    /// [`TicketError`].
    pub(crate) async fn spend(&self, claim: &CartClaim) -> Result<(), TicketError> {
        self.tickets.spend(claim).await
    }

    /// Notes that a customer with this user id has been here: links to the cart stop working.
    pub(crate) fn has_account(&self, user_id: &str) {
        let invite = self.lock().has_account(user_id);
        self.withdraw(invite);
    }

    /// Whether an anonymous session of this user id is to be rejected; see [`Reminders::rejects_anonymous`].
    pub(crate) fn rejects_anonymous(&self, user_id: &str) -> bool {
        self.lock().rejects_anonymous(user_id)
    }

    /// The mails of the demo, the last one first.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.outbox.mails()
    }

    fn link(&self, owner: &AccessToken, invite: Option<&InviteId>, now: i64) -> Result<String, ReminderError> {
        let ticket = self.tickets.issue(owner, now).map_err(|_| ReminderError::Unavailable)?;
        let mut fragment = url::form_urlencoded::Serializer::new(String::new());
        if let Some(invite) = invite {
            fragment.append_pair("inviteId", invite.expose());
        }
        fragment.append_pair("claimTicket", &ticket);
        Ok(format!("{}/#{}", self.shop, fragment.finish()))
    }

    /// Deletes an invite at Authress. The response of the shop does not wait for it.
    fn withdraw(&self, invite: Option<InviteId>) {
        if let (Some(invites), Some(invite)) = (&self.invites, invite) {
            let invites = invites.clone();
            tokio::spawn(async move { invites.delete(&invite).await });
        }
    }

    /// Reminders are replaced as a whole, so those behind a poisoned lock are whole.
    fn lock(&self) -> MutexGuard<'_, Reminders> {
        self.reminders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
