//! The sandbox's own HTML pages: one layout, no external resources, every value escaped.

use crate::endpoints::error_page::ErrorPage;
use crate::endpoints::settings::{ApplicationLink, Settings, StartPage};
use crate::model::connection::{Connection, PRESET_PEOPLE};

/// Escapes text for element content and attribute values.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The fake provider's page. Its forms post to the page's own address, which holds the state.
pub(crate) fn provider_page(connection: &Connection) -> String {
    let name = escape(&connection.name);
    let mut people = String::new();
    for (subject, person) in PRESET_PEOPLE {
        let initial: String = person.chars().take(1).collect();
        people.push_str(&format!(
            r#"<button class="person" name="user" value="{subject}" data-testid="user-{subject}"><span class="face" aria-hidden="true">{initial}</span>{person}</button>"#,
        ));
    }
    layout(
        &connection.name,
        &format!(
            r#"<p class="mark" aria-hidden="true">{initial}</p>
<h1>{name}</h1>
<p class="lead">Who is signing in?</p>
<form method="post" class="stack">{people}</form>
<form method="post" class="stack">
<label for="other">Another name</label>
<input id="other" name="user" required maxlength="64" autocomplete="off" data-testid="user-other">
<button class="primary" data-testid="continue">Continue</button>
</form>
<form method="post"><button class="quiet" name="cancel" value="1" data-testid="cancel">Cancel</button></form>"#,
            initial = escape(&connection.name.chars().take(1).collect::<String>()),
        ),
    )
}

/// The page with the providers to choose from, for logins that name none.
pub(crate) fn provider_list_page(connections: &[Connection], request_id: &str) -> String {
    let mut links = String::new();
    for connection in connections {
        let (id, name, state) = (escape(&connection.id), escape(&connection.name), escape(request_id));
        links.push_str(&format!(
            r#"<a class="person" href="/sandbox/provider/{id}?state={state}" data-testid="connection-{id}">{name}</a>"#,
        ));
    }
    layout("Sign in", &format!(r#"<h1>Sign in</h1><p class="lead">Continue with</p><div class="stack">{links}</div>"#))
}

/// The page that ends a login which cannot be redirected to an application.
pub(crate) fn error_page(error: &ErrorPage) -> String {
    let link = error.application_url.as_ref().map(|url| {
        format!(
            r#"<p><a class="primary" href="{}" data-testid="back-to-application">Back to the application</a></p>"#,
            escape(url)
        )
    });
    let (message, code) = (escape(&error.message), escape(error.code));
    layout(
        "Sign-in failed",
        &format!(
            r#"<h1>Sign-in failed</h1><p class="lead" role="alert">{message}</p>{link}<p class="code" data-testid="error-code">{code}</p>"#,
            link = link.unwrap_or_default(),
        ),
    )
}

/// The settings page. `same_page` is its own URL: a navigation from another site carries no `SameSite=Strict` cookie,
/// a navigation from this page does.
pub(crate) fn settings_page(settings: &Settings, same_page: &str) -> String {
    let heading = match settings.start_page {
        StartPage::Profile => "Your profile",
        StartPage::Mfa => "Your devices",
    };
    let content = match &settings.user {
        None => format!(
            r#"<p class="lead" data-testid="signed-out">You are not signed in, or your browser has not sent the session cookie yet.</p><div class="stack"><a class="person" href="{}" data-testid="look-again">Reload</a></div>"#,
            escape(same_page)
        ),
        Some(user) => {
            let name = format!(
                r#"<p class="lead">Signed in as <span data-testid="profile-name">{}</span></p>"#,
                escape(&user.name)
            );
            let devices: String = user
                .devices
                .iter()
                .map(|device| format!(r#"<li data-testid="device">{}</li>"#, escape(device)))
                .collect();
            let none = if user.devices.is_empty() { r#"<p class="lead">No devices yet.</p>"# } else { "" };
            match settings.start_page {
                StartPage::Profile => name,
                StartPage::Mfa => format!("{name}<ul>{devices}</ul>{none}"),
            }
        }
    };
    let link = match &settings.application_link {
        ApplicationLink::None => String::new(),
        ApplicationLink::To(url) => format!(
            r#"<p><a class="primary" href="{}" data-testid="back-to-application">Back to the application</a></p>"#,
            escape(url)
        ),
        ApplicationLink::NotAllowed => r#"<p class="lead" role="alert" data-testid="back-refused">The redirect_uri is not below any of the application's redirectUrls.</p>"#.to_owned(),
    };
    layout(heading, &format!(r#"<h1 data-testid="settings-heading">{heading}</h1>{content}{link}"#))
}

/// A page of one heading and one sentence.
pub(crate) fn message_page(heading: &str, sentence: &str) -> String {
    layout(heading, &format!("<h1>{}</h1><p class=\"lead\">{}</p>", escape(heading), escape(sentence)))
}

/// A square picture with one letter.
pub(crate) fn picture(letter: char) -> String {
    let letter = escape(&letter.to_uppercase().to_string());
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#2f5d50"/><text x="32" y="43" font-family="sans-serif" font-size="32" fill="#fff" text-anchor="middle">{letter}</text></svg>"##
    )
}

fn layout(title: &str, content: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{content}
</main>
<footer>Local sandbox, for development only. No real account is involved.</footer>
</body>
</html>
"#,
        title = escape(title),
    )
}

const STYLE: &str = "
*{box-sizing:border-box}
:root{color-scheme:light dark;--ink:#1c2b27;--soft:#5b6b66;--line:#d5ddd9;--card:#fff;--page:#eef2f0;--accent:#2f5d50}
@media (prefers-color-scheme:dark){:root{--ink:#e8eeeb;--soft:#9fb0aa;--line:#33443e;--card:#18211e;--page:#0e1412;--accent:#7fc4ae}}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:1rem;padding:1rem;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:24rem;padding:1.75rem 1.5rem;background:var(--card);border:1px solid var(--line);border-radius:1rem}
h1{margin:0;font-size:1.4rem;line-height:1.25}
.lead{margin:.25rem 0 1.25rem;color:var(--soft);overflow-wrap:anywhere}
.mark{width:3rem;height:3rem;margin:0 0 .75rem;display:grid;place-items:center;border-radius:.75rem;background:var(--accent);color:var(--card);font-size:1.5rem;font-weight:700}
.stack{display:grid;gap:.6rem;margin:0 0 1.25rem}
label{font-size:.9rem;color:var(--soft)}
button,input,a.person,a.primary{font:inherit;min-height:3rem;padding:.6rem .9rem;border-radius:.6rem;border:1px solid var(--line);background:transparent;color:inherit;width:100%}
button,a.person,a.primary{cursor:pointer;text-decoration:none}
.person{display:flex;align-items:center;gap:.75rem;text-align:left}
.person:hover{border-color:var(--accent)}
.face{flex:none;width:2rem;height:2rem;display:grid;place-items:center;border-radius:50%;background:var(--page);color:var(--accent);font-weight:600}
button.primary,a.primary{display:block;text-align:center;background:var(--accent);border-color:var(--accent);color:var(--card);font-weight:600}
button.quiet{border-color:transparent;color:var(--soft)}
main>:last-child{margin-bottom:0}
.code{margin:1rem 0 0;font:.8rem ui-monospace,monospace;color:var(--soft)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
footer{font-size:.8rem;color:var(--soft);text-align:center}
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints::settings::SettingsUser;

    #[test]
    fn values_are_escaped() {
        let hostile = r#"<script>'"&"#;
        assert_eq!(escape(hostile), "&lt;script&gt;&#39;&quot;&amp;");
        let connection = Connection { id: "con_a".to_owned(), name: hostile.to_owned() };
        assert!(!provider_page(&connection).contains("<script"));
        assert!(!provider_list_page(&[connection], "\"><script>").contains("<script"));
        assert!(!message_page(hostile, hostile).contains("<script"));
        let url = Some("\"><script>".to_owned());
        let error = ErrorPage { code: "X", message: hostile.to_owned(), application_url: url };
        assert!(!error_page(&error).contains("<script"));
        let user = SettingsUser { name: hostile.to_owned(), devices: vec![hostile.to_owned()] };
        let settings = Settings {
            start_page: StartPage::Mfa,
            user: Some(user),
            application_link: ApplicationLink::To(hostile.to_owned()),
        };
        assert!(!settings_page(&settings, hostile).contains("<script"));
    }
}
