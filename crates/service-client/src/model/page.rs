//! Pages of a list.

use serde::Deserialize;

/// A page of a list, and where the next one begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items of this page; there can be none although another page follows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<Cursor>,
}

/// The items of several pages.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<T> {
    /// The items, each once.
    pub items: Vec<T>,
    /// Whether these are all. `false` if the limit of the call was reached before the last page.
    pub is_complete: bool,
}

/// Where the next page of a list begins. Its form is Authress's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// Takes a cursor that [`Cursor::as_str`] returned, for example from a store.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The member `pagination` of a collection.
#[derive(Debug, Deserialize)]
pub(crate) struct Pagination {
    #[serde(default)]
    next: Option<NextPage>,
}

#[derive(Debug, Deserialize)]
struct NextPage {
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// The body of a page.
pub(crate) trait Collection {
    /// What the page has.
    type Item;

    fn into_parts(self) -> (Vec<Self::Item>, Option<Pagination>);
}

impl<T> Page<T> {
    pub(crate) fn of(collection: impl Collection<Item = T>) -> Self {
        let (items, pagination) = collection.into_parts();
        let cursor = pagination.and_then(|pagination| pagination.next).and_then(|next| next.cursor);
        // An empty cursor would be the first page again.
        Self { items, next: cursor.filter(|cursor| !cursor.as_str().is_empty()) }
    }
}
