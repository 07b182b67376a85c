//! Parts of a file that a command writes, between two markers; what is around them is written by people.

/// `text` with `section` between the lines `start` and `end`, or `None` if the two are not there in this order.
pub(crate) fn replaced(text: &str, (start, end): (&str, &str), section: &str) -> Option<String> {
    let (head, rest) = text.split_once(start)?;
    let (_, tail) = rest.split_once(end)?;
    Some([head, start, section, end, tail].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_what_is_around_it_stays() {
        let marks = ("<a>\n", "</a>\n");
        let file = |section| format!("head\n<a>\n{section}</a>\ntail\n<b>\n");
        assert_eq!(replaced(&file("old\nlines\n"), marks, "new\n"), Some(file("new\n")));
        assert_eq!(replaced(&file(""), marks, "new\n"), Some(file("new\n")));
        assert_eq!(replaced("</a>\n<a>\n", marks, "new\n"), None);
        assert_eq!(replaced("<b>\n", marks, "new\n"), None);
    }
}
