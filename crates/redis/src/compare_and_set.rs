//! Changes of several keys in one step, for values that are computed in Rust.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use crate::{Store, StoreFailure};

/// A key, the value that it is expected to have, and its new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The full key ([`Store::key`]).
    pub key: String,
    /// The value as it was read. `None`: the key is expected not to exist.
    pub expected: Option<String>,
    /// The new value. `None` removes the key.
    pub new: Option<String>,
    /// When the new value expires. `None`: never.
    pub lifetime: Option<Duration>,
}

impl Store {
    /// Makes all changes if every key has its expected value, otherwise none. Returns whether they were made.
    ///
    /// # Errors
    /// [`StoreFailure`]. Then it is unknown whether the changes were made.
    pub async fn compare_and_set(&self, changes: &[Change]) -> Result<bool, StoreFailure> {
        let mut invocation = COMPARE_AND_SET.prepare_invoke();
        for Change { key, expected, new, lifetime } in changes {
            let millis = lifetime.map_or(0, |lifetime| u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX).max(1));
            invocation.key(key);
            invocation.arg(tagged(expected.as_deref())).arg(tagged(new.as_deref())).arg(millis);
        }
        Ok(invocation.invoke_async::<bool>(&mut self.connection()).await?)
    }
}

/// Tells an empty value from none.
fn tagged(value: Option<&str>) -> String {
    value.map_or_else(String::new, |value| format!("={value}"))
}

static COMPARE_AND_SET: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
for index = 1, #KEYS do
  local stored = redis.call('GET', KEYS[index])
  if (stored and '=' .. stored or '') ~= ARGV[index * 3 - 2] then return 0 end
end
for index = 1, #KEYS do
  local new, millis = ARGV[index * 3 - 1], ARGV[index * 3]
  if new == '' then
    redis.call('DEL', KEYS[index])
  elseif millis == '0' then
    redis.call('SET', KEYS[index], string.sub(new, 2))
  else
    redis.call('SET', KEYS[index], string.sub(new, 2), 'PX', millis)
  end
end
return 1
",
    )
});

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::StoreUrl;
    use crate::test_server::Redis;

    fn change(key: &str, expected: Option<&str>, new: Option<&str>) -> Change {
        let owned = |value: Option<&str>| value.map(str::to_owned);
        Change { key: key.to_owned(), expected: owned(expected), new: owned(new), lifetime: None }
    }

    #[tokio::test]
    async fn all_keys_change_or_none() {
        let redis = Redis::start();
        let store = Store::new(&StoreUrl::parse(&redis.url()).unwrap(), "test").unwrap();
        let get = |key: &str| redis.run::<Option<String>>(&["GET", key]).unwrap();
        assert!(store.compare_and_set(&[change("a", None, Some("1")), change("b", None, Some(""))]).await.unwrap());
        assert_eq!((get("a"), get("b")), (Some("1".into()), Some(String::new())));
        // `b` has an empty value, which is not the same as none.
        assert!(!store.compare_and_set(&[change("a", Some("1"), None), change("b", None, Some("x"))]).await.unwrap());
        assert!(!store.compare_and_set(&[change("b", Some(""), None), change("a", Some("2"), None)]).await.unwrap());
        assert_eq!((get("a"), get("b")), (Some("1".into()), Some(String::new())));
        assert!(
            store.compare_and_set(&[change("a", Some("1"), Some("2")), change("b", Some(""), None)]).await.unwrap()
        );
        assert_eq!((get("a"), get("b")), (Some("2".into()), None));
    }

    #[tokio::test]
    async fn a_value_may_expire_and_later_be_permanent() {
        let redis = Redis::start();
        let store = Store::new(&StoreUrl::parse(&redis.url()).unwrap(), "test").unwrap();
        let ttl = || redis.run::<i64>(&["PTTL", "a"]).unwrap();
        let short = Change { lifetime: Some(Duration::from_secs(60)), ..change("a", None, Some("1")) };
        assert!(store.compare_and_set(&[short]).await.unwrap());
        assert!((1..=60_000).contains(&ttl()));
        assert!(store.compare_and_set(&[change("a", Some("1"), Some("1"))]).await.unwrap());
        assert_eq!(ttl(), -1);
    }

    #[tokio::test]
    async fn a_store_that_does_not_run_has_an_error_code_and_is_used_again_once_it_runs() {
        let mut redis = Redis::start();
        let store = Store::new(&StoreUrl::parse(&redis.url()).unwrap(), "test").unwrap();
        redis.stop();
        assert!(store.compare_and_set(&[change("a", None, Some("1"))]).await.is_err());
        redis.start_again();
        let mut made = false;
        for _ in 0..20 {
            made = made || store.compare_and_set(&[change("a", None, Some("1"))]).await.unwrap_or(false);
        }
        assert!(made);
    }
}
