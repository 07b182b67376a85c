//! Beginning a login or a link: the authorization request, the pending authorization, and the navigation.

use crate::{
    concurrency::current_authorization::{
        AuthorizationCall, AuthorizationOptions, AuthorizationResult, CurrentAuthorization, Repeated,
    },
    context::Context,
    login_client::LoginClient,
    open_type::OpenType,
    ports::Ports,
};
use authress_login_protocol::{
    authorization::{
        entropy::Entropy,
        pending::{self, PendingAuthorization},
        proof_of_work::ProofOfWorkRequest,
        request::{self, AuthenticateOptions, AuthenticationResponse, AuthorizationRequest, LinkOptions},
    },
    clock::ClockReading,
    error::{Error, ErrorCode},
    extension::{self, UpdateOptions},
    http,
    page::Page,
};
use futures_util::future::LocalBoxFuture;

impl<P: Ports> LoginClient<P> {
    /// Begins a login. Returns `None` if the page navigates and the caller gets no response.
    ///
    /// A repeated call with the same options on the same page shares the first one's login: while it is in progress,
    /// and for two seconds after the navigation.
    pub async fn authenticate(&self, options: &AuthenticateOptions, open: OpenType) -> AuthorizationResult {
        self.begin(AuthorizationOptions::Login(options.clone()), open).await
    }

    /// Begins a link, which adds an identity to the user of the session. The result is as in [`Self::authenticate`].
    pub async fn link_identity(&self, options: &LinkOptions, open: OpenType) -> AuthorizationResult {
        options.check()?;
        self.begin(AuthorizationOptions::Link(options.clone()), open).await
    }

    fn begin(&self, options: AuthorizationOptions, open: OpenType) -> LocalBoxFuture<'_, AuthorizationResult> {
        Box::pin(async move {
            let context = &self.context;
            let call = AuthorizationCall { options, open, page: context.ports.page()? };
            let now_ms = context.ports.now_ms();
            let current =
                context.current_authorization.borrow().as_ref().and_then(|current| current.repeated(&call, now_ms));
            let run = match current {
                Some(Repeated::Navigating(response)) => return Ok(response),
                Some(Repeated::Running(run)) => run,
                None => {
                    let work = self.clone().run(call.options.clone(), open);
                    let (current, run) = CurrentAuthorization::start(call, work);
                    *context.current_authorization.borrow_mut() = Some(current);
                    run
                }
            };
            run.await
        })
    }

    fn run(self, options: AuthorizationOptions, open: OpenType) -> LocalBoxFuture<'static, AuthorizationResult> {
        Box::pin(async move {
            self.context.ports.activation().await;
            match options {
                AuthorizationOptions::Login(options) => self.begin_login(&options, open).await,
                AuthorizationOptions::Link(options) => self.begin_link(&options, open).await,
            }
        })
    }

    async fn begin_login(&self, options: &AuthenticateOptions, open: OpenType) -> AuthorizationResult {
        let context = &self.context;
        let with_credentials = context.sends_credentials()?;
        let page = context.ports.page()?;
        let prepare =
            |entropy, now| request::prepare_login(&context.settings, &page, options, entropy, now, with_credentials);
        context.authorize(&prepare, open, Some(&page)).await
    }

    async fn begin_link(&self, options: &LinkOptions, open: OpenType) -> AuthorizationResult {
        let credentials = self.credentials().await?;
        let context = &self.context;
        let page = context.ports.page()?;
        let prepare =
            |entropy, now| request::prepare_link(&context.settings, &page, options, &credentials, entropy, now);
        context.authorize(&prepare, open, None).await
    }

    /// Continues the login of an extension on the platform's login page. Returns the URL at which it continues if that
    /// is on the page's own host; otherwise the page navigates to it.
    pub async fn update_extension_request(&self, options: &UpdateOptions) -> Result<Option<String>, Error> {
        let context = &self.context;
        let (page, with_credentials) = (context.ports.page()?, context.sends_credentials()?);
        let mut prepare =
            || extension::prepare_update(&page, options, context.search_start()?, context.now(), with_credentials);
        let url = http::success(context.send_with_proof_of_work(&mut prepare).await?)
            .and_then(|body| request::read_authentication_url(&body))
            .inspect_err(|error| context.ports.warn("The login of the extension could not be updated", error))?;
        if page.has_hostname_of(&url) {
            return Ok(Some(url.into()));
        }
        context.ports.navigate(url.as_str())?;
        Ok(None)
    }
}

/// Prepares the authorization request of a login or link.
type Prepare<'a> = dyn Fn(Entropy, ClockReading) -> Result<(Box<ProofOfWorkRequest>, AuthorizationRequest), Error> + 'a;

impl<P: Ports> Context<P> {
    /// Sends the authorization request, stores the pending authorization and navigates.
    ///
    /// If the URL is on the host of `own_page`, the caller gets the response instead: the page is the application's own
    /// login page.
    fn authorize<'a>(
        &'a self,
        prepare: &'a Prepare<'a>,
        open: OpenType,
        own_page: Option<&'a Page>,
    ) -> LocalBoxFuture<'a, AuthorizationResult> {
        Box::pin(async move {
            let (session, was_signed_in) = (self.current_session(), self.identity().is_some());
            let mut authorization = None;
            let mut prepare = || {
                let (request, prepared) = prepare(self.entropy()?, self.now())?;
                if !self.ports.is_durable() {
                    return Err(ErrorCode::StorageUnavailable.into());
                }
                authorization = Some(prepared);
                Ok(request)
            };
            let outcome = self.send_with_proof_of_work(&mut prepare).await?;
            let authorization = authorization.ok_or(ErrorCode::InternalError)?;
            let (response, pending) = http::success(outcome)
                .and_then(|body| authorization.read_response(&body))
                .inspect_err(|error| self.ports.warn("The login could not be started", error))?;
            if let Some(mut pending) = pending {
                let leaves = matches!(open, OpenType::Redirect { .. });
                if leaves && pending.is_anonymous_login() && !was_signed_in && self.identity().is_some() {
                    // Another tab has begun a session while this one was frozen. A second user id would replace it.
                    return Ok(None);
                }
                session.note_beginning(&mut pending);
                self.store_pending(&pending)?;
                if !self.ports.page()?.can_complete_login_at(&pending.redirect_url, &self.settings) {
                    let title = "The redirect URL is on another origin, which Authress's cookies do not reach: \
                                 the login cannot be completed there";
                    self.ports.warn(title, &ErrorCode::InvalidRedirectUrl.into());
                }
            }
            if own_page.is_some_and(|page| !response.navigates_from(page)) {
                return Ok(Some(response));
            }
            self.open(&response, open)?;
            let response = open.returns_response().then_some(response);
            if open != OpenType::ClientManaged
                && let Some(current) = self.current_authorization.borrow_mut().as_mut()
            {
                current.note_navigation(self.ports.now_ms(), response.clone());
            }
            Ok(response)
        })
    }

    /// Stores the pending authorization. Fails with [`ErrorCode::StorageUnavailable`].
    fn store_pending(&self, pending: &PendingAuthorization) -> Result<(), Error> {
        self.remove_stale_authorizations();
        let record = pending.to_json();
        let is_stored = self.ports.store(&PendingAuthorization::key(&pending.nonce), record.expose());
        self.ports.store(pending::LEGACY_KEY, record.expose());
        if is_stored { Ok(()) } else { Err(ErrorCode::StorageUnavailable.into()) }
    }

    /// Opens the URL at which the login continues, unless the caller does.
    fn open(&self, response: &AuthenticationResponse, open: OpenType) -> Result<(), Error> {
        if open == OpenType::ClientManaged {
            return Ok(());
        }
        let url = response.authentication_url.as_ref().ok_or(ErrorCode::InvalidServerResponse)?.as_str();
        let is_opened = matches!(open, OpenType::Tab { .. }) && self.ports.open_tab(url);
        if is_opened { Ok(()) } else { self.ports.navigate(url) }
    }
}
