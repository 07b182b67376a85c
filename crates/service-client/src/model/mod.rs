//! What requests and responses consist of.

mod claim;
mod invite;
mod page;
mod record;
mod statement;
mod user;

pub use claim::Claim;
pub use invite::{ConflictResolution, Invite, InviteLifetime, NewInvite};
pub(crate) use page::Collection;
pub use page::{Cursor, Listing, Page};
pub use record::{AccessRecord, ListRecords, RecordContent, RecordStatus};
pub(crate) use record::{RecordBody, RecordCollection};
pub use statement::{GroupReference, InviteStatement, ResourceReference, Statement, UserReference};
pub use user::{CollectionConfiguration, ListUserResources, ListUsers, UserIdentity};
pub(crate) use user::{UserCollection, UserResourceCollection};
