//! What users are allowed to do.

use super::ManagementClient;
use super::lists::all;
use crate::error::{ManagementError, ResponseProblem};
use crate::http::ApiRequest;
use crate::model::{Cursor, ListUserResources, Listing, Page, UserResourceCollection};
use crate::values::{Permission, ResourceUri, UserId};

/// The largest page that Authress allows.
const PAGE_SIZE: &str = "20";

impl ManagementClient {
    /// Returns whether a user has a permission to a resource:
    /// `GET /v1/users/{id}/resources/{uri}/permissions/{permission}`.
    ///
    /// # Errors
    /// [`ManagementError::Forbidden`] if the service client may not ask this. Otherwise as in [`ManagementError`]. None of
    /// them means that the user has the permission.
    pub async fn authorize_user(
        &self,
        user_id: &UserId,
        resource: &ResourceUri,
        permission: &Permission,
    ) -> Result<bool, ManagementError> {
        let segments = ["users", user_id.as_str(), "resources", resource.as_str(), "permissions", permission.as_str()];
        let request = ApiRequest::get("authorize_user", self.origin(), &segments)?;
        let called = self.call(&request).await?;
        match called.response.status {
            // Only Authress's own 200: a server that shows a page for every path does not allow everything.
            200 => called.response.check_content_type().map(|()| true),
            404 => Ok(false),
            201..300 => Err(called.response.unexpected(ResponseProblem::Status)),
            _ => Err(called.rejection()),
        }
    }

    /// Lists the resources to which a user has permissions: `GET /v1/users/{id}/resources`, all pages up to `max_items`.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn list_user_resources(
        &self,
        user_id: &UserId,
        query: &ListUserResources,
        max_items: usize,
    ) -> Result<Listing<ResourceUri>, ManagementError> {
        let page = |cursor: Option<Cursor>| async move {
            self.list_user_resources_page(user_id, query, cursor.as_ref()).await
        };
        all(max_items, |resource: &ResourceUri| resource.as_str(), page).await
    }

    /// Lists one page of the resources to which a user has permissions.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn list_user_resources_page(
        &self,
        user_id: &UserId,
        query: &ListUserResources,
        cursor: Option<&Cursor>,
    ) -> Result<Page<ResourceUri>, ManagementError> {
        let segments = ["users", user_id.as_str(), "resources"];
        let parameters = [
            query.resource_uri.as_ref().map(|uri| ("resourceUri", uri.as_str())),
            query.collection.map(|collection| ("collectionConfiguration", collection.as_str())),
            query.permission.as_ref().map(|permission| ("permissions", permission.as_str())),
        ];
        let request = ApiRequest::get("list_user_resources", self.origin(), &segments)?;
        let request = request.with_query(parameters.into_iter().flatten());
        self.page::<UserResourceCollection>(request, PAGE_SIZE, cursor).await
    }
}
