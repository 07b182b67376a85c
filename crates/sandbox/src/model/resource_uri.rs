//! Resource URIs: the paths to which roles give access.

/// The longest resource URI, in characters.
const MAX_CHARS: usize = 512;
/// The longest part of a segment, in characters.
const MAX_PART_CHARS: usize = 128;
/// The most segments, without a `*` at the end.
const MAX_SEGMENTS: usize = 15;

/// A resource URI: segments between slashes. A slash at the beginning or the end means nothing.
///
/// A parent covers everything below it. The segment `*` stands for any one segment, and at the end for any number of
/// them, but at least one. No segments at all, `/`, cover everything, and so does `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ResourceUri(Vec<String>);

impl ResourceUri {
    /// Parses a resource URI by Authress's pattern: segments of letters, digits and `-_.+=~|@`, with `:` between their
    /// parts. It is a little stricter: `*` is a part of its own, a part has at most 128 characters, and no
    /// segment but the last is empty.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.chars().count() > MAX_CHARS {
            return None;
        }
        let path = text.strip_prefix('/').unwrap_or(text);
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return Some(Self(vec![]));
        }
        let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        let most = if segments.last().is_some_and(|last| last == "*") { MAX_SEGMENTS + 1 } else { MAX_SEGMENTS };
        let is_valid = segments.len() <= most && segments.iter().all(|segment| is_segment(segment));
        is_valid.then_some(Self(segments))
    }

    /// A resource of Authress's own, such as `Authress:Users/{userId}`. The id is one segment whatever it contains.
    pub(crate) fn of_authress(collection: &str, id: Option<&str>) -> Self {
        Self([Some(collection), id].into_iter().flatten().map(str::to_owned).collect())
    }

    /// Whether access to this resource is access to `other`.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let mut others = other.0.iter();
        for (index, segment) in self.0.iter().enumerate() {
            let Some(other) = others.next() else { return false };
            let is_last = index + 1 == self.0.len();
            if segment == "*" && is_last {
                return true;
            }
            if segment != "*" && segment != other {
                return false;
            }
        }
        true
    }

    /// Whether a segment or a part of one is `*`.
    pub(crate) fn has_wildcard(&self) -> bool {
        self.0.iter().any(|segment| segment.split(':').any(|part| part == "*"))
    }

    /// How many segments this resource has below `parent`, 0 for the parent itself; `None` if it is elsewhere. A `*`
    /// at the end of the parent means nothing.
    pub(crate) fn depth_below(&self, parent: &Self) -> Option<usize> {
        let parent = match parent.0.split_last() {
            Some((last, rest)) if last == "*" => rest,
            Some(_) | None => parent.0.as_slice(),
        };
        self.0.strip_prefix(parent).map(<[String]>::len)
    }

    /// Without a slash at either end; `/` for the root.
    pub(crate) fn text(&self) -> String {
        if self.0.is_empty() { "/".to_owned() } else { self.0.join("/") }
    }
}

fn is_segment(segment: &str) -> bool {
    let is_part = |part: &str| {
        part == "*"
            || (part.chars().count() <= MAX_PART_CHARS
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+=~|@".contains(c)))
    };
    // Only the first part must not be empty.
    !segment.is_empty() && !segment.starts_with(':') && segment.split(':').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn uri(text: &str) -> ResourceUri {
        ResourceUri::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn the_grammar_is_authresss() {
        let long = "a".repeat(128);
        for good in
            ["carts", "/carts/1/", "*", "/", "carts/*", "Authress:Users/google-oauth2|1", "a:*:b/c@d", "a:", &long]
        {
            assert!(ResourceUri::parse(good).is_some(), "{good}");
        }
        let (deep, deeper) = (["a"; 15].join("/"), ["a"; 16].join("/"));
        assert!(ResourceUri::parse(&deep).is_some() && ResourceUri::parse(&format!("{deep}/*")).is_some());
        let long = "a".repeat(129);
        for bad in ["", "a//b", "a b", "carts/\u{e9}", ":a", "a%2Fb", "a?b", "a//", &deeper, &long, &"a/".repeat(300)] {
            assert!(ResourceUri::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_parent_covers_what_is_below_it() {
        for (parent, child) in [
            ("carts", "carts"),
            ("carts", "/carts/1/items/2"),
            ("/carts/", "carts/1"),
            ("carts/*", "carts/1/items"),
            ("carts/*/items", "carts/1/items/2"),
            ("*", "carts"),
            ("/", "carts/1"),
        ] {
            assert!(uri(parent).covers(&uri(child)), "{parent} {child}");
        }
        for (other, child) in
            [("carts", "cart"), ("carts", "carts2/1"), ("carts/1", "carts"), ("carts/*", "carts"), ("a/*/b", "a/1/c")]
        {
            assert!(!uri(other).covers(&uri(child)), "{other} {child}");
        }
    }

    #[test]
    fn depth_is_counted_from_the_parent() {
        assert_eq!(uri("carts/1/items").depth_below(&uri("carts")), Some(2));
        assert_eq!(uri("carts/1").depth_below(&uri("carts/*")), Some(1));
        assert_eq!(uri("cartsx/1").depth_below(&uri("carts")), None);
        assert_eq!(uri("carts").depth_below(&uri("/")), Some(1));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_valid_covers_itself(text in "[a*:/.|]{0,20}|.{0,20}") {
            if let Some(uri) = ResourceUri::parse(&text) {
                prop_assert!(uri.covers(&uri));
                prop_assert_eq!(ResourceUri::parse(&uri.text()), Some(uri));
            }
        }
    }
}
