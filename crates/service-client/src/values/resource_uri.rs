//! Resource URIs.

use super::identifiers::{RESOURCE_CHARACTERS, ResourceId, consists_of, has_length, is_dot_segment};
use super::text_value::{InvalidValue, text_value};

text_value!(
    /// A resource, a collection of resources or a pattern of them, for example `carts/cart_1`, `carts` or `carts/*`.
    ///
    /// Permissions to a resource hold for the resources below it. To make a URI of a value that comes from a request, use
    /// [`ResourceUri::child`], not [`format!`]: the value could contain `/` or `*`.
    ///
    /// The rule is that of Authress's API description, but narrower: a segment has at most 128 characters, no segment is
    /// `.` or `..`, and `*` stands alone in its segment or between colons.
    ResourceUri,
    "resource URI",
    "1 to 512 characters: up to 15 segments separated by / (one / at either end is allowed), each of parts separated by \
     colons; a part is * or up to 128 letters, digits or characters of - _ . + = ~ | @; no segment is . or ..",
    |text| has_length(text, 512) && has_valid_segments(text)
);

impl ResourceUri {
    /// Returns the URI of a resource of this collection. A slash at the end of the collection is not doubled.
    ///
    /// # Errors
    /// [`InvalidValue`] if the URI becomes too long, or if this is no collection but a pattern that ends in `*`.
    pub fn child(&self, resource: &ResourceId) -> Result<Self, InvalidValue> {
        let collection = self.as_str().trim_end_matches('/');
        if collection.ends_with('*') {
            return Err(InvalidValue { name: "collection", allowed: "a resource URI that does not end in *" });
        }
        Self::new(format!("{collection}/{resource}"))
    }
}

const MAX_SEGMENTS: usize = 15;

fn has_valid_segments(uri: &str) -> bool {
    if uri == "/" {
        return true;
    }
    let path = uri.strip_prefix('/').unwrap_or(uri);
    let path = path.strip_suffix('/').unwrap_or(path);
    // A `*` at the end stands for everything below the segments before it and is not counted.
    let counted = path.strip_suffix("/*").unwrap_or(path);
    counted.split('/').count() <= MAX_SEGMENTS && path.split('/').all(is_segment)
}

fn is_segment(segment: &str) -> bool {
    // After the first part, empty ones are allowed: `a::b` and `a:`.
    let is_part = |part: &str| part == "*" || (part.len() <= 128 && consists_of(part, RESOURCE_CHARACTERS));
    !segment.is_empty() && !segment.starts_with(':') && !is_dot_segment(segment) && segment.split(':').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_collections_and_patterns_are_accepted() {
        for text in [
            "carts",
            "carts/cart_1",
            "/carts/cart_1",
            "carts/",
            "carts/*",
            "*",
            "/",
            "a:b:*/c",
            "a::b",
            "a:",
            "a.b+c=d~e|f@g",
            &["a"; 15].join("/"),
            &format!("{}/*", ["a"; 15].join("/")),
            &["a".repeat(128), "b".repeat(128)].join("/"),
        ] {
            assert!(ResourceUri::new(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn everything_else_is_rejected() {
        for text in [
            "",
            "//",
            "a//b",
            "a b",
            "a*",
            "a/../b",
            "..",
            "./a",
            "a?b",
            "a%2Fb",
            "ä",
            ":a",
            &["a"; 16].join("/"),
            &"a".repeat(129),
            &[&*"a".repeat(128); 4].join("/"),
        ] {
            assert!(ResourceUri::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_child_is_one_segment_below_the_collection() {
        let cart = ResourceId::new("cart_1").unwrap();
        for collection in ["carts", "carts/"] {
            let uri = ResourceUri::new(collection).unwrap().child(&cart).unwrap();
            assert_eq!(uri.as_str(), "carts/cart_1");
        }
        assert!(ResourceUri::new("carts/*").unwrap().child(&cart).is_err());
        let deepest = ResourceUri::new(["a"; 15].join("/")).unwrap();
        assert!(deepest.child(&cart).is_err());
    }
}
