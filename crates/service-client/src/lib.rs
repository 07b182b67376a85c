#![doc = include_str!("../README.md")]
//!
//! # Structure
//!
//! - `tokens` signs and caches the service client's own tokens.
//! - `values` are identifiers that are checked when they are created; `model` is what requests and responses consist of.
//! - `error` says why a request failed. `retry` decides, without I/O, whether a request may be repeated and when.
//! - `http` builds requests, sends each once, and reads responses within limits.
//! - `client` has one method for each request.

// In the order of their layers: a module uses only those above it.
mod tokens;

mod values;

mod model;

mod error;

mod retry;

mod http;

mod client;

pub use authress_access_key::{AccessKey, AccessKeyError, AuthressDomain, AuthressDomainError};
pub use authress_secret::Secret;
pub use client::{DEFAULT_DEADLINE, HttpClientUnavailable, ManagementClient};
pub use error::{ErrorDetails, ManagementError, Outage, ResponseProblem, TokenOwner};
pub use model::{
    AccessRecord, Claim, CollectionConfiguration, ConflictResolution, Cursor, GroupReference, Invite, InviteLifetime,
    InviteStatement, ListRecords, ListUserResources, ListUsers, Listing, NewInvite, Page, RecordContent, RecordStatus,
    ResourceReference, Statement, UserIdentity, UserReference,
};
pub use retry::RetryPolicy;
pub use tokens::{DEFAULT_LIFETIME, InvalidLifetime, MIN_LIFETIME, RENEWAL_MARGIN, ServiceClientTokens, TOKEN_TYPE};
pub use values::{
    GroupId, InvalidValue, InviteId, InviteUserId, Permission, RecordId, ResourceId, ResourceUri, Role, TenantId,
    UserId,
};
