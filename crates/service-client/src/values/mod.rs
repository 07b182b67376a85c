//! Identifiers of Authress, checked when they are created.
//!
//! A value that was created here follows the grammar that Authress documents. What Authress itself sends is not checked: a
//! record must stay readable even if one of its values is of a form that is not documented.

mod identifiers;
mod resource_uri;
mod text_value;

pub use identifiers::{GroupId, InviteId, InviteUserId, Permission, RecordId, ResourceId, Role, TenantId, UserId};
pub use resource_uri::ResourceUri;
pub use text_value::InvalidValue;
pub(crate) use text_value::{received, received_all, received_option};
