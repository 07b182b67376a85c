//! Pages of lists. A cursor holds its place in the list, not an offset: entries that come or go between two pages
//! neither repeat nor hide others.

use authress_login_protocol::base64url;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded::Serializer;

use crate::endpoints::query::Query;
use crate::error::ApiError;
use crate::state::State;

/// What a list request says about its page.
#[derive(Debug)]
pub(crate) struct PageRequest {
    limit: usize,
    cursor: Option<Cursor>,
}

/// The place after which a page begins, and the order of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    seed: String,
    after: String,
}

/// A page.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) entries: Vec<T>,
    next: Option<String>,
}

impl PageRequest {
    /// Reads `limit`, of which `most` is the largest value and the default, and `cursor`.
    pub(crate) fn read(query: &Query, most: usize) -> Result<Self, ApiError> {
        let limit = match query.get("limit").map(str::parse::<usize>) {
            None => most,
            Some(Ok(limit)) if (1..=most).contains(&limit) => limit,
            Some(Ok(_) | Err(_)) => return Err(super::invalid(format!("limit is a number of 1 to {most}."))),
        };
        let parse = |text: &str| {
            let cursor = base64url::decode(text).and_then(|bytes| serde_json::from_slice(&bytes).ok());
            cursor.ok_or_else(|| super::invalid("cursor must be that of the page before."))
        };
        Ok(Self { limit, cursor: query.get("cursor").map(parse).transpose()? })
    }

    /// Cuts a page out of entries with their ids. The order is that of the ids or, with a seed, one that differs with
    /// every seed. All pages of one walk have the seed of the first.
    pub(crate) fn cut<T>(self, entries: impl Iterator<Item = (String, T)>, seed: Option<String>) -> Page<T> {
        let Self { limit, cursor } = self;
        let seed = cursor.as_ref().map(|cursor| cursor.seed.clone()).or(seed).unwrap_or_default();
        let mut ordered: Vec<(String, T)> = entries.map(|(id, entry)| (order_key(&seed, id), entry)).collect();
        ordered.sort_by(|(one, _), (other, _)| one.cmp(other));
        let after = cursor.map(|cursor| cursor.after);
        let mut rest = ordered.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).peekable();
        let (mut entries, mut last) = (vec![], None);
        while entries.len() < limit
            && let Some((key, entry)) = rest.next()
        {
            entries.push(entry);
            last = Some(key);
        }
        let last = last.filter(|_| rest.peek().is_some());
        let next = last.and_then(|after| serde_json::to_vec(&Cursor { seed, after }).ok());
        Page { entries, next: next.map(|json| base64url::encode(&json)) }
    }
}

impl<T: Serialize> Page<T> {
    /// The body of the response: the entries under `name`, `pagination` if there are more, and `links`.
    pub(crate) fn body(&self, state: &State, name: &str, path: &str, query: &Query) -> Value {
        let href = |cursor: Option<&str>| {
            let mut serializer = Serializer::new(String::new());
            serializer.extend_pairs(query.pairs().filter(|(name, _)| *name != "cursor"));
            serializer.extend_pairs(cursor.or(query.get("cursor")).map(|cursor| ("cursor", cursor)));
            let query = serializer.finish();
            let mark = if query.is_empty() { "" } else { "?" };
            json!({ "href": format!("{}{path}{mark}{query}", state.public_url.as_str()) })
        };
        let mut body = json!({ name: self.entries, "links": { "self": href(None) } });
        if let Some(cursor) = &self.next
            && let Some(fields) = body.as_object_mut()
        {
            fields.insert("pagination".to_owned(), json!({ "next": { "cursor": cursor } }));
            fields.insert("links".to_owned(), json!({ "self": href(None), "next": href(Some(cursor)) }));
        }
        body
    }
}

fn order_key(seed: &str, id: String) -> String {
    if seed.is_empty() {
        return id;
    }
    Sha256::digest(format!("{seed}:{id}")).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(entries: &[&str], limit: usize, seed: Option<&str>) -> Vec<Vec<String>> {
        let (mut pages, mut cursor) = (vec![], String::new());
        loop {
            let query = Query::parse(&format!("limit={limit}&cursor={cursor}")).unwrap();
            let request = PageRequest::read(&query, 20).unwrap();
            let entries = entries.iter().map(|id| ((*id).to_owned(), (*id).to_owned()));
            // The seed of later requests does not count.
            let seed = seed.map(|seed| format!("{seed}{cursor}"));
            let page = request.cut(entries, seed);
            pages.push(page.entries);
            let Some(next) = page.next else { return pages };
            cursor = next;
        }
    }

    #[test]
    fn pages_hold_every_entry_once() {
        assert_eq!(walk(&["c", "a", "b"], 2, None), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(walk(&["b", "a"], 2, None), [vec!["a", "b"]]);
        assert_eq!(walk(&[], 2, None), [Vec::<String>::new()]);
        let ids: Vec<String> = (10..30).map(|number| number.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let orders = ["x", "y"].map(|seed| walk(&ids, 3, Some(seed)).concat());
        assert_ne!(orders[0], orders[1]);
        for mut order in orders {
            order.sort();
            assert_eq!(order, ids);
        }
    }

    #[test]
    fn invalid_limits_and_cursors_are_rejected() {
        for query in ["limit=0", "limit=21", "limit=-1", "limit=x", "cursor=!", "cursor=e30", "cursor=%22"] {
            let error = PageRequest::read(&Query::parse(query).unwrap(), 20).unwrap_err();
            assert_eq!(error.unprocessable().map(|error| error.status), Some(422), "{query}");
        }
    }
}
