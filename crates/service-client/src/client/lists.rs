//! Lists: a page, and all pages up to a limit.

use std::collections::HashSet;
use std::future::Future;

use serde::de::DeserializeOwned;

use super::ManagementClient;
use crate::error::{ManagementError, ResponseProblem};
use crate::http::ApiRequest;
use crate::model::{Collection, Cursor, Listing, Page};

/// The largest number of pages that one call requests, for lists whose pages are nearly empty.
const MAX_PAGES: usize = 1000;

impl ManagementClient {
    /// Requests the page that begins at the cursor.
    pub(super) async fn page<C: Collection + DeserializeOwned>(
        &self,
        request: ApiRequest,
        page_size: &str,
        cursor: Option<&Cursor>,
    ) -> Result<Page<C::Item>, ManagementError> {
        let cursor = cursor.map(|cursor| ("cursor", cursor.as_str()));
        let request = request.with_query([("limit", page_size)].into_iter().chain(cursor));
        let collection: C = self.call(&request).await?.json()?;
        Ok(Page::of(collection))
    }
}

/// Requests pages until the last one or until there are `max_items`. The order of a list can change between two pages, so an
/// item can come twice: it is kept once.
pub(super) async fn all<T, F>(
    max_items: usize,
    id: impl Fn(&T) -> &str,
    mut page: impl FnMut(Option<Cursor>) -> F,
) -> Result<Listing<T>, ManagementError>
where
    F: Future<Output = Result<Page<T>, ManagementError>>,
{
    let (mut items, mut ids, mut cursors) = (Vec::new(), HashSet::new(), HashSet::new());
    let mut cursor: Option<Cursor> = None;
    for _ in 0..MAX_PAGES {
        let received = page(cursor).await?;
        for item in received.items {
            if items.len() == max_items {
                return Ok(Listing { items, is_complete: false });
            }
            if ids.insert(id(&item).to_owned()) {
                items.push(item);
            }
        }
        let Some(next) = received.next else { return Ok(Listing { items, is_complete: true }) };
        if items.len() == max_items {
            break;
        }
        if !cursors.insert(next.as_str().to_owned()) {
            let (problem, details) = (ResponseProblem::RepeatedCursor, Default::default());
            return Err(ManagementError::UnexpectedResponse { status: 200, problem, details });
        }
        cursor = Some(next);
    }
    Ok(Listing { items, is_complete: false })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Lists `pages`, where the cursor of a page is its index.
    async fn list(pages: &[&[&'static str]], max_items: usize) -> (Listing<&'static str>, usize) {
        let requested = Cell::new(0);
        let page = |cursor: Option<Cursor>| {
            requested.set(requested.get() + 1);
            let index: usize = cursor.map_or(0, |cursor| cursor.as_str().parse().unwrap());
            let next = (index + 1 < pages.len()).then(|| Cursor::new((index + 1).to_string()));
            std::future::ready(Ok(Page { items: pages[index].to_vec(), next }))
        };
        let listing = all(max_items, |item| item, page).await.unwrap();
        (listing, requested.get())
    }

    #[tokio::test]
    async fn pages_are_joined_and_repeated_items_dropped() {
        let (listing, requested) = list(&[&["a", "b"], &[], &["b", "c"]], 10).await;
        assert_eq!(listing, Listing { items: vec!["a", "b", "c"], is_complete: true });
        assert_eq!(requested, 3);
    }

    #[tokio::test]
    async fn a_list_ends_at_its_limit_and_says_so() {
        for (max_items, items, is_complete, requested) in [
            (0, vec![], false, 1),
            (1, vec!["a"], false, 1),
            (2, vec!["a", "b"], false, 1),
            (3, vec!["a", "b", "c"], true, 2),
        ] {
            let outcome = list(&[&["a", "b"], &["c"]], max_items).await;
            assert_eq!(outcome, (Listing { items, is_complete }, requested), "{max_items}");
        }
    }

    #[tokio::test]
    async fn a_list_whose_cursors_repeat_is_an_error() {
        let page = |_| std::future::ready(Ok(Page { items: vec!["a"], next: Some(Cursor::new("same")) }));
        assert_eq!(all(10, |item| item, page).await.unwrap_err().code(), "UnexpectedResponse");
    }

    #[tokio::test]
    async fn a_list_of_empty_pages_ends() {
        let count = Cell::new(0);
        let page = |_| {
            count.set(count.get() + 1);
            let next = Some(Cursor::new(count.get().to_string()));
            std::future::ready(Ok(Page { items: Vec::<&str>::new(), next }))
        };
        assert!(!all(10, |item| item, page).await.unwrap().is_complete);
        assert_eq!(count.get(), MAX_PAGES);
    }
}
