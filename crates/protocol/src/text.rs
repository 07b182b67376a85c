//! Text taken apart at an ASCII character, and put together.
//!
//! The standard library's searches know all of Unicode, and it puts text together by other code for each
//! length of what stands between. A browser would download all of that.

/// The parts in one text.
pub fn concat(parts: &[&str]) -> String {
    join(parts, "")
}

/// The parts in one text, with `separator` between them.
pub fn join(parts: &[&str], separator: &str) -> String {
    // At once as long as it will be: of a secret no shorter copies stay behind.
    let mut text = String::with_capacity(parts.iter().map(|part| part.len() + separator.len()).sum());
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        text.push_str(part);
    }
    text
}

/// What stands before the first `mark`, and after it.
pub(crate) fn split_once(text: &str, mark: u8) -> Option<(&str, &str)> {
    let index = text.bytes().position(|byte| byte == mark)?;
    Some((text.get(..index)?, text.get(index + 1..)?))
}

/// What stands between the marks.
pub(crate) fn split(text: &str, mark: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (part, after) = match split_once(text, mark) {
            Some((part, after)) => (part, Some(after)),
            None => (text, None),
        };
        rest = after;
        Some(part)
    })
}

/// What stands up to the first of `marks`, and the rest.
pub(crate) fn split_before<'a>(text: &'a str, marks: &[u8]) -> (&'a str, &'a str) {
    let index = text.bytes().position(|byte| marks.contains(&byte)).unwrap_or(text.len());
    text.split_at_checked(index).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_what_the_standard_library_does(text in "[a;é/]{0,12}") {
            prop_assert_eq!(split_once(&text, b';'), text.split_once(';'));
            prop_assert!(split(&text, b';').eq(text.split(';')));
            prop_assert_eq!(join(&text.split(';').collect::<Vec<_>>(), ";"), text.clone());
            let index = text.find([';', '/']).unwrap_or(text.len());
            prop_assert_eq!(split_before(&text, b";/"), text.split_at(index));
        }
    }
}
