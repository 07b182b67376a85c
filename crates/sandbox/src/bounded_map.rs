//! A map of limited size: a flood of requests must not fill the memory.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A map of at most `limit` entries; inserting one more drops the oldest.
#[derive(Debug)]
pub(crate) struct BoundedMap<K, V> {
    limit: usize,
    entries: HashMap<K, V>,
    oldest_first: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V> BoundedMap<K, V> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, entries: HashMap::new(), oldest_first: VecDeque::new() }
    }

    /// Inserts or replaces; a replaced entry keeps its age.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.entries.insert(key.clone(), value).is_some() {
            return;
        }
        self.oldest_first.push_back(key);
        if self.oldest_first.len() > self.limit
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let value = self.entries.remove(key)?;
        self.oldest_first.retain(|kept| kept != key);
        Some(value)
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.oldest_first.iter().filter_map(|key| Some((key, self.entries.get(key)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_map_drops_its_oldest_entry() {
        let mut map = BoundedMap::new(2);
        for key in ["a", "b", "c"] {
            map.insert(key, ());
        }
        assert_eq!(map.iter().map(|(key, ())| *key).collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn removing_and_inserting_again_counts_as_one_new_entry() {
        let mut map = BoundedMap::new(2);
        map.insert("a", 1);
        map.remove(&"a");
        map.insert("a", 2);
        map.insert("b", 3);
        assert_eq!(map.get(&"a"), Some(&2));
    }
}
