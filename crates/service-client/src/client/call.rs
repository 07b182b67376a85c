//! A call: a request with its tries, its deadline and its token.

use std::time::Duration;

use authress_secret::Secret;
use serde::de::DeserializeOwned;

use super::ManagementClient;
use crate::error::{ErrorDetails, ManagementError, Outage, TokenOwner};
use crate::http::{ApiRequest, ApiResponse, bearer};
use crate::retry::{Attempts, Deadline, Failure, Repeat};

/// A response, and what the tries before it may have done.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) response: ApiResponse,
    /// Whether a try before the one with this response may have been processed.
    pub(super) may_have_been_processed: bool,
    owner: TokenOwner,
    /// The clock, for comparison with the one of the response.
    now: Duration,
}

impl Called {
    /// Fails unless the response is a success.
    pub(super) fn success(&self) -> Result<(), ManagementError> {
        if self.response.is_success() { Ok(()) } else { Err(self.rejection()) }
    }

    /// The body of a success.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, ManagementError> {
        self.success()?;
        self.response.json()
    }

    /// The body of a success; `None` without a body.
    pub(super) fn json_if_any<T: DeserializeOwned>(&self) -> Result<Option<T>, ManagementError> {
        self.success()?;
        self.response.json_if_any()
    }

    /// The error for a status that is no success.
    pub(super) fn rejection(&self) -> ManagementError {
        self.response.rejection(self.owner, self.now)
    }

    /// The outcome of a DELETE. If an earlier try may have been processed, it is the reason why nothing is there.
    pub(super) fn deleted(&self) -> Result<(), ManagementError> {
        if self.response.status == 404 && self.may_have_been_processed { Ok(()) } else { self.success() }
    }
}

/// A try without a usable response.
#[derive(Clone, Debug)]
struct FailedTry {
    failure: Failure,
    details: ErrorDetails,
}

impl From<FailedTry> for Failure {
    fn from(failed: FailedTry) -> Self {
        failed.failure
    }
}

impl FailedTry {
    fn without_response(outage: Outage) -> Self {
        Self { failure: Failure::Outage { outage, retry_after: None }, details: ErrorDetails::default() }
    }

    fn into_error(self, may_have_succeeded: bool) -> ManagementError {
        let details = self.details;
        match self.failure {
            Failure::Outage { outage, .. } => ManagementError::Unavailable { outage, may_have_succeeded, details },
            Failure::RateLimited { retry_after } => {
                ManagementError::RateLimited { retry_after, may_have_succeeded, details }
            }
        }
    }
}

impl ManagementClient {
    /// When a call that begins now has to end.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.deadline)
    }

    /// Sends a request as the service client.
    pub(super) async fn call(&self, request: &ApiRequest) -> Result<Called, ManagementError> {
        self.call_until(self.deadline(), request).await
    }

    /// Sends a request as the service client. If its token is rejected, a new one is signed and sent once.
    pub(super) async fn call_until(&self, deadline: Deadline, request: &ApiRequest) -> Result<Called, ManagementError> {
        let mut attempts = Attempts::default();
        let token = self.tokens.token();
        let mut response = self.tries(&mut attempts, deadline, request, &token).await?;
        if response.status == 401 {
            tracing::warn!(operation = request.operation, "Authress has rejected the service client's token");
            let token = self.tokens.replace(&token);
            response = self.tries(&mut attempts, deadline, request, &token).await?;
        }
        Ok(self.called(&attempts, response, TokenOwner::ServiceClient))
    }

    /// Sends a request as the user whose token this is.
    pub(super) async fn call_as_user(
        &self,
        user_token: &Secret,
        request: &ApiRequest,
    ) -> Result<Called, ManagementError> {
        let mut attempts = Attempts::default();
        let response = self.tries(&mut attempts, self.deadline(), request, user_token).await?;
        Ok(self.called(&attempts, response, TokenOwner::Caller))
    }

    fn called(&self, attempts: &Attempts, response: ApiResponse, owner: TokenOwner) -> Called {
        let may_have_been_processed = attempts.may_have_been_processed();
        Called { response, may_have_been_processed, owner, now: self.tokens.now() }
    }

    /// Sends a request until there is a response that no further try would change.
    async fn tries(
        &self,
        attempts: &mut Attempts,
        deadline: Deadline,
        request: &ApiRequest,
        token: &Secret,
    ) -> Result<ApiResponse, ManagementError> {
        let authorization = bearer(token)?;
        let repeat = request.repeat();
        let attempt = || async {
            let limit = match repeat {
                Repeat::Always => deadline.remaining().min(self.policy.try_timeout),
                Repeat::IfNotProcessed => deadline.remaining(),
            };
            match tokio::time::timeout(limit, self.http.send(request, &authorization)).await {
                Ok(Ok(response)) => self.usable(response),
                Ok(Err(outage)) => Err(FailedTry::without_response(outage)),
                Err(_) => Err(FailedTry::without_response(Outage::TimedOut)),
            }
        };
        let outcome = attempts.run(request.operation, &self.policy, repeat, deadline, &*self.random, attempt).await;
        outcome.map_err(|failed| failed.into_error(request.is_change() && attempts.may_have_been_processed()))
    }

    /// Separates the responses after which another try may help.
    fn usable(&self, response: ApiResponse) -> Result<ApiResponse, FailedTry> {
        let retry_after = || response.retry_after(self.tokens.now());
        let failure = match response.status {
            429 => Failure::RateLimited { retry_after: retry_after() },
            status @ 500.. => Failure::Outage { outage: Outage::Status(status), retry_after: retry_after() },
            _ => return Ok(response),
        };
        Err(FailedTry { failure, details: response.details() })
    }
}
