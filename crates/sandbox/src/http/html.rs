//! The sandbox's own HTML pages, from the files of `templates`: one layout, no external resources. Askama escapes every
//! value.

use askama::Template;

use crate::endpoints::error_page::ErrorPage;
use crate::endpoints::settings::{ApplicationLink, Settings, StartPage};
use crate::model::connection::{Connection, MAX_NAME_CHARS, PRESET_PEOPLE};

/// The page of a fake provider. Its forms post to the page's own URL, whose query has the state.
#[derive(Template)]
#[template(path = "provider.html")]
pub(super) struct ProviderPage<'a> {
    pub(super) connection: &'a Connection,
}

/// The page with the providers to choose from, for logins that name none.
#[derive(Template)]
#[template(path = "provider-list.html")]
pub(super) struct ProviderListPage<'a> {
    pub(super) connections: &'a [Connection],
    pub(super) request_id: &'a str,
}

/// The page that ends a login without a redirect to an application.
#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct LoginErrorPage<'a> {
    pub(super) error: &'a ErrorPage,
}

/// The settings page.
#[derive(Template)]
#[template(path = "settings.html")]
pub(super) struct SettingsPage<'a> {
    heading: &'static str,
    settings: &'a Settings,
    /// For a reload: a navigation from another site carries no `SameSite=Strict` cookie, one from this page does.
    own_url: &'a str,
}

impl<'a> SettingsPage<'a> {
    pub(super) fn new(settings: &'a Settings, own_url: &'a str) -> Self {
        let heading = match settings.start_page {
            StartPage::Profile => "Your profile",
            StartPage::Mfa => "Your devices",
        };
        Self { heading, settings, own_url }
    }
}

/// A page with a heading and a message.
#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct MessagePage<'a> {
    pub(super) heading: &'a str,
    pub(super) message: &'a str,
}

/// A square picture with one letter.
#[derive(Template)]
#[template(path = "picture.svg")]
pub(super) struct Picture {
    pub(super) letter: char,
}

/// The first character of a name.
fn initial(name: &str) -> String {
    name.chars().take(1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints::settings::SettingsUser;

    #[test]
    fn values_are_escaped() {
        let hostile = r#"<script>'"&"#;
        let rendered = |page: &dyn askama::DynTemplate| {
            let html = page.dyn_render().unwrap();
            assert!(!html.contains("<script") && !html.contains("'\"&"), "{html}");
            html
        };
        let connection =
            Connection { id: "con_a".to_owned(), name: hostile.to_owned(), links: true, has_large_profiles: false };
        let html = rendered(&ProviderPage { connection: &connection });
        assert!(html.contains("&#60;script&#62;&#39;&#34;&#38;"), "{html}");
        rendered(&ProviderListPage { connections: &[connection], request_id: hostile });
        rendered(&MessagePage { heading: hostile, message: hostile });
        let error = ErrorPage { code: "X", message: hostile.to_owned(), application_url: Some(hostile.to_owned()) };
        rendered(&LoginErrorPage { error: &error });
        let user = SettingsUser { name: hostile.to_owned(), devices: vec![hostile.to_owned()] };
        let application_link = ApplicationLink::To(hostile.to_owned());
        let settings = Settings { start_page: StartPage::Mfa, user: Some(user), application_link };
        rendered(&SettingsPage::new(&settings, hostile));
    }
}
