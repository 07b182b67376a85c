//! Users.

use super::ManagementClient;
use super::lists::all;
use crate::error::ManagementError;
use crate::http::ApiRequest;
use crate::model::{Cursor, ListUsers, Listing, Page, UserCollection, UserIdentity};
use crate::values::UserId;

const PATH: &str = "users";

/// The largest page that Authress allows.
const PAGE_SIZE: &str = "100";

impl ManagementClient {
    /// Reads what Authress knows of a user: `GET /v1/users/{id}`.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn get_user(&self, user_id: &UserId) -> Result<UserIdentity, ManagementError> {
        let request = ApiRequest::get("get_user", self.origin(), &[PATH, user_id.as_str()])?;
        self.call(&request).await?.json()
    }

    /// Lists users: `GET /v1/users`, all pages up to `max_items`.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn list_users(
        &self,
        query: &ListUsers,
        max_items: usize,
    ) -> Result<Listing<UserIdentity>, ManagementError> {
        let page = |cursor: Option<Cursor>| async move { self.list_users_page(query, cursor.as_ref()).await };
        all(max_items, |user: &UserIdentity| user.user_id.as_str(), page).await
    }

    /// Lists one page of users.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn list_users_page(
        &self,
        query: &ListUsers,
        cursor: Option<&Cursor>,
    ) -> Result<Page<UserIdentity>, ManagementError> {
        let parameters = [
            query.filter.as_deref().map(|filter| ("filter", filter)),
            query.tenant_id.as_ref().map(|tenant_id| ("tenantId", tenant_id.as_str())),
        ];
        let request = ApiRequest::get("list_users", self.origin(), &[PATH])?;
        let request = request.with_query(parameters.into_iter().flatten());
        self.page::<UserCollection>(request, PAGE_SIZE, cursor).await
    }

    /// Deletes a user, all access that records grant to the user, and related data: `DELETE /v1/users/{id}`.
    ///
    /// Authress does it after its response: for some time, the user can still be read.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn delete_user(&self, user_id: &UserId) -> Result<(), ManagementError> {
        let request = ApiRequest::delete("delete_user", self.origin(), &[PATH, user_id.as_str()])?;
        self.call(&request).await?.deleted()
    }
}
