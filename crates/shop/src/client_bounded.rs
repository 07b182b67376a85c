//! Values of users in bounded memory, where no client can take more than its share: no clock, no lock, no HTTP.
//!
//! A plain least recently used cache is not enough where every visitor can get a user id: one program with enough of
//! them would push out the values of all others.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;

use authress_client_address::NetworkPrefix;

/// One value for each user, counted for the client that added it.
///
/// - A client that adds more than [`Bounds::per_client`] loses the least recently used one of its own.
/// - If there are [`Bounds::total`] values, the client with the most loses its least recently used one. Of several such
///   clients it is the one whose value was not used for the longest time. So a client with few values keeps them while
///   another has more, and a new user always finds a place.
#[derive(Debug)]
pub(crate) struct ClientBounded<V> {
    bounds: Bounds,
    values: HashMap<String, Stored<V>>,
    /// The users of each client, by their last use.
    clients: HashMap<NetworkPrefix, BTreeMap<Use, String>>,
    /// The client that loses a value next is the last one.
    ranking: BTreeSet<Rank>,
    last_use: Use,
}

/// How many values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Of one client. `None`: as many as there is room for.
    pub(crate) per_client: Option<NonZeroUsize>,
    /// Of all clients.
    pub(crate) total: NonZeroUsize,
}

#[derive(Debug)]
struct Stored<V> {
    value: V,
    client: NetworkPrefix,
    last_use: Use,
}

/// Counts the uses of all values.
type Use = u64;

/// The number of a client's values, and when its least recently used one was last used.
type Rank = (usize, Reverse<Use>, NetworkPrefix);

impl<V> ClientBounded<V> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, values: HashMap::new(), clients: HashMap::new(), ranking: BTreeSet::new(), last_use: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn contains(&self, user_id: &str) -> bool {
        self.values.contains_key(user_id)
    }

    /// The user's value, which is now the most recently used one.
    pub(crate) fn get(&mut self, user_id: &str) -> Option<&V> {
        let (client, value) = self.remove(user_id)?;
        self.add(user_id, client, value);
        self.values.get(user_id).map(|stored| &stored.value)
    }

    /// Removes the user's value, and returns it with the client that it counts for.
    pub(crate) fn remove(&mut self, user_id: &str) -> Option<(NetworkPrefix, V)> {
        let stored = self.values.remove(user_id)?;
        self.change(stored.client, |users| users.remove(&stored.last_use));
        Some((stored.client, stored.value))
    }

    /// Adds or replaces the user's value. It counts for `client`, and another value may have to go.
    pub(crate) fn insert(&mut self, user_id: &str, client: NetworkPrefix, value: V) {
        self.remove(user_id);
        let of_client = self.clients.get(&client).map_or(0, BTreeMap::len);
        if self.bounds.per_client.is_some_and(|most| of_client >= most.get()) {
            self.evict_from(client);
        } else if self.values.len() >= self.bounds.total.get()
            && let Some((_, _, client)) = self.ranking.last().copied()
        {
            self.evict_from(client);
        }
        self.add(user_id, client, value);
    }

    fn evict_from(&mut self, client: NetworkPrefix) {
        if let Some((_, user_id)) = self.change(client, BTreeMap::pop_first) {
            self.values.remove(&user_id);
        }
    }

    fn add(&mut self, user_id: &str, client: NetworkPrefix, value: V) {
        self.last_use += 1;
        let last_use = self.last_use;
        self.change(client, |users| users.insert(last_use, user_id.to_owned()));
        self.values.insert(user_id.to_owned(), Stored { value, client, last_use });
    }

    /// Changes the users of a client, and its rank with them.
    fn change<R>(&mut self, client: NetworkPrefix, change: impl FnOnce(&mut BTreeMap<Use, String>) -> R) -> R {
        let users = self.clients.entry(client).or_default();
        if let Some(rank) = rank(client, users) {
            self.ranking.remove(&rank);
        }
        let result = change(users);
        match rank(client, users) {
            Some(rank) => {
                self.ranking.insert(rank);
            }
            None => {
                self.clients.remove(&client);
            }
        }
        result
    }
}

/// `None` for a client without values.
fn rank(client: NetworkPrefix, users: &BTreeMap<Use, String>) -> Option<Rank> {
    let (oldest, _) = users.first_key_value()?;
    Some((users.len(), Reverse(*oldest), client))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(per_client: usize, total: usize) -> ClientBounded<usize> {
        let number = |number| NonZeroUsize::new(number).unwrap();
        ClientBounded::new(Bounds { per_client: Some(number(per_client)), total: number(total) })
    }

    fn client(number: u8) -> NetworkPrefix {
        NetworkPrefix::V4([192, 0, 2, number].into())
    }

    /// The users of `from` whose values are still there.
    fn kept(values: &ClientBounded<usize>, from: &[&str]) -> Vec<String> {
        from.iter().filter(|user| values.contains(user)).map(|user| (*user).to_owned()).collect()
    }

    #[test]
    fn one_client_with_10_000_user_ids_replaces_its_own_values_only() {
        let mut values = bounded(100, 1_000);
        for user in 0..20 {
            values.insert(&format!("shopper {user}"), client(user), 1);
        }
        for user in 0..10_000 {
            values.insert(&format!("attacker {user}"), client(200), 1);
            assert!(values.len() <= 120);
        }
        assert!((0..20).all(|user| values.contains(&format!("shopper {user}"))));
        assert!((9_900..10_000).all(|user| values.contains(&format!("attacker {user}"))), "its newest ones are kept");
        assert_eq!(values.len(), 120);
    }

    #[test]
    fn a_client_at_its_bound_loses_its_least_recently_used_value() {
        let mut values = bounded(2, 10);
        for user in ["a", "b"] {
            values.insert(user, client(1), 1);
        }
        values.insert("neighbour", client(2), 1);
        assert_eq!(values.get("a"), Some(&1));
        values.insert("c", client(1), 1);
        assert_eq!(kept(&values, &["a", "b", "c", "neighbour"]), ["a", "c", "neighbour"]);
    }

    #[test]
    fn a_full_store_takes_from_the_client_that_has_the_most() {
        let mut values = bounded(3, 5);
        for (user, number) in [("small", 1), ("big 1", 2), ("big 2", 2), ("big 3", 2), ("middle", 3)] {
            values.insert(user, client(number), 1);
        }
        values.insert("new", client(4), 1);
        assert_eq!(
            kept(&values, &["small", "big 1", "big 2", "big 3", "middle", "new"]),
            ["small", "big 2", "big 3", "middle", "new"],
            "although the small client's value is the oldest of all"
        );
    }

    #[test]
    fn of_clients_with_the_same_number_the_least_recently_used_value_goes() {
        let mut values = bounded(3, 3);
        for number in [3, 1, 2] {
            values.insert(&format!("user {number}"), client(number), 1);
        }
        values.get("user 3");
        values.insert("new", client(4), 1);
        assert_eq!(kept(&values, &["user 1", "user 2", "user 3", "new"]), ["user 2", "user 3", "new"]);
    }

    #[test]
    fn a_value_that_is_replaced_counts_once_and_for_its_latest_client() {
        let mut values = bounded(1, 10);
        values.insert("a", client(1), 1);
        values.insert("a", client(2), 2);
        values.insert("b", client(1), 1);
        assert_eq!(values.get("a"), Some(&2));
        assert!(values.contains("b"));
        assert_eq!(values.len(), 2);
        assert_eq!(values.remove("a"), Some((client(2), 2)));
        assert_eq!(values.remove("a"), None);
    }

    #[test]
    fn nothing_is_left_of_a_client_without_values() {
        let mut values = bounded(1, 10);
        values.insert("a", client(1), 1);
        values.remove("a");
        assert!(values.clients.is_empty() && values.ranking.is_empty());
    }

    #[test]
    fn without_a_bound_for_clients_one_may_fill_the_store() {
        let total = NonZeroUsize::new(3).unwrap();
        let mut values = ClientBounded::new(Bounds { per_client: None, total });
        for user in ["a", "b", "c", "d"] {
            values.insert(user, client(1), 1);
        }
        assert_eq!(kept(&values, &["a", "b", "c", "d"]), ["b", "c", "d"]);
    }
}
