//! Redis Cluster and Redis Sentinel, which the verifier does not support: what it says about them, with the real ones.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(unix)]

mod support;

use std::net::TcpListener;
use std::process::Output;

use authress_redis::test_server::{Redis, eventually};
use support::key;
use support::program::{command, start_with, status_of};

/// Returns free ports. All are held until each is known.
fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    let listeners: Vec<TcpListener> = (0..COUNT).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    std::array::from_fn(|index| listeners[index].local_addr().unwrap().port())
}

/// Runs `--check` and returns the exit code and the output.
fn check(url: &str) -> (Option<i32>, String) {
    let key = key();
    let variables = [("AUTHRESS_ACCESS_KEY", key.text.as_str()), ("REDIS_URL", url), ("REDIS_TIMEOUT_MS", "5000")];
    let Output { status, stdout, stderr } = command(&variables).arg("--check").output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

/// A cluster of three primaries, each with a third of the slots.
struct Cluster {
    nodes: [Redis; 3],
    ports: [u16; 3],
}

impl Cluster {
    fn start() -> Self {
        let ports = free_ports::<6>();
        let nodes = std::array::from_fn(|index| {
            let (port, bus) = (ports[index].to_string(), ports[index + 3].to_string());
            Redis::start_with(&[
                "--port",
                &port,
                "--bind",
                "127.0.0.1",
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                &bus,
            ])
        });
        let cluster = Self { nodes, ports: std::array::from_fn(|index| ports[index]) };
        for (node, (first, last)) in cluster.nodes.iter().zip([("0", "5460"), ("5461", "10922"), ("10923", "16383")]) {
            node.run::<()>(&["CLUSTER", "ADDSLOTSRANGE", first, last]).unwrap();
        }
        for index in [1, 2] {
            let (port, bus) = (ports[index].to_string(), ports[index + 3].to_string());
            cluster.nodes[0].run::<()>(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).unwrap();
        }
        eventually("the cluster is complete", || {
            let is_complete = |node: &Redis| {
                let info: String = node.run(&["CLUSTER", "INFO"]).unwrap();
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            };
            cluster.nodes.iter().all(is_complete)
        });
        cluster
    }

    fn url(&self, node: usize) -> String {
        format!("redis://127.0.0.1:{}", self.ports[node])
    }

    /// Returns the node with the slot of this key.
    fn node_of(&self, key: &str) -> usize {
        let slot: u16 = self.nodes[0].run(&["CLUSTER", "KEYSLOT", key]).unwrap();
        usize::from(slot > 5460) + usize::from(slot > 10922)
    }
}

#[test]
fn in_a_cluster_all_keys_are_on_one_node_and_the_other_nodes_are_reported() {
    let cluster = Cluster::start();
    let keys = [
        "{authress-verifier:login.example.com/v1/clients/sc_shop}:global",
        "{authress-verifier:login.example.com/v1/clients/sc_shop}:state:S",
    ];
    let owner = cluster.node_of(keys[0]);
    assert_eq!(cluster.node_of(keys[1]), owner, "the hash tag");
    for node in 0..3 {
        let (code, text) = check(&cluster.url(node));
        if node == owner {
            // A login has commands for the limits of the client, its network, all clients, and the state.
            let variables =
                [("REDIS_URL", &*cluster.url(node)), ("REDIS_WHEN_DOWN", "refuse"), ("REDIS_TIMEOUT_MS", "5000")];
            let verifier = start_with(&key(), &variables);
            assert_eq!(status_of(&verifier.login("S", &[])), 302);
            let stored: Vec<String> = cluster.nodes[node].run(&["KEYS", "*"]).unwrap();
            assert!(keys.iter().all(|key| stored.iter().any(|stored| stored == key)), "{stored:?}");
            assert!(code == Some(0) && text.contains("# ok: redis: "), "{text}");
        } else {
            assert!(code == Some(1) && text.contains("# failed: redis: RedisUnusable: MOVED: "), "{text}");
            assert!(text.contains("Use a Redis that is not a cluster"), "{text}");
            assert_eq!(cluster.nodes[node].run::<Vec<String>>(&["KEYS", "*"]).unwrap(), Vec::<String>::new());
        }
    }
}

#[test]
fn a_sentinel_is_not_a_redis_and_the_message_says_what_to_use() {
    let [port] = free_ports();
    let mut sentinel = Redis::prepare();
    let file = sentinel.folder().join("sentinel.conf");
    std::fs::write(&file, format!("port {port}\nbind 127.0.0.1\nprotected-mode no\n")).unwrap();
    let process = std::process::Command::new("redis-server")
        .arg(&file)
        .arg("--sentinel")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn();
    sentinel.stop_at_the_end(process.expect("redis-server is missing: run `cargo xtask setup`"));
    eventually("the sentinel listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let (code, text) = check(&format!("redis://127.0.0.1:{port}"));
    assert!(code == Some(1) && text.contains("# failed: redis: RedisUnusable: UnknownCommand: "), "{text}");
    assert!(text.contains("If it is a Sentinel, use a host name that always leads to the primary"), "{text}");
}

#[test]
fn urls_of_several_servers_and_a_prefix_without_a_hash_tag_are_start_errors() {
    let key = key();
    let urls = [
        "redis-sentinel://:hunter2@127.0.0.1:1/mymaster",
        "redis+cluster://:hunter2@127.0.0.1:1",
        "redis://:hunter2@a:1,b:1",
    ];
    let cases = urls.map(|url| (("REDIS_URL", url), "InvalidSetting: REDIS_URL must name one Redis."));
    let prefix =
        (("REDIS_PREFIX", "}shop"), "InvalidSetting: REDIS_PREFIX must be a prefix that does not begin with }");
    for ((name, value), message) in cases.into_iter().chain([prefix]) {
        let variables =
            [("AUTHRESS_ACCESS_KEY", key.text.as_str()), ("REDIS_URL", "redis://127.0.0.1:1"), (name, value)];
        let Output { status, stderr, .. } = command(&variables).output().unwrap();
        let text = String::from_utf8(stderr).unwrap();
        assert!(status.code() == Some(1) && text.contains(message) && !text.contains("hunter2"), "{text}");
    }
}
