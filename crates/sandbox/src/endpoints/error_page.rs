//! The page that ends a login without a redirect to an application.

/// An error page's content.
#[derive(Debug)]
pub(crate) struct ErrorPage {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The link back to the application, with the error, if the request is known and still pending.
    pub(crate) application_url: Option<String>,
}

impl ErrorPage {
    /// A page without a link to an application.
    pub(crate) fn new(code: &'static str, message: &str) -> Self {
        Self { code, message: message.to_owned(), application_url: None }
    }
}
