//! The program, with a real Redis and the sandbox over HTTP.

#![cfg(all(unix, feature = "program"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed helper is a failed test")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use authress_redis::test_server::Redis;
use authress_sandbox::{Config, Sandbox};
use authress_service_client::{
    AuthressDomain, ManagementClient, RecordContent, RecordId, ResourceUri, Role, ServiceClientTokens, Statement,
    UserId, UserReference,
};
use serde_json::json;

const FROM: &str = "user_0123456789abcdefghjkmnpqrs";

struct Setup {
    redis: Redis,
    api: String,
    client: ManagementClient,
}

impl Setup {
    /// The service client may do what these resources allow. The record `r1` names the anonymous user.
    async fn new(resources: &[&str]) -> Self {
        let redis = Redis::start();
        let key_file = redis.folder().join("key");
        let resources: Vec<_> = resources.iter().map(|uri| json!({ "resourceUri": uri })).collect();
        let config = json!({
            "listen": "127.0.0.1:0",
            "control": true,
            "applications": [{ "applicationId": "app_demo", "redirectUrls": ["http://127.0.0.1:1/"] }],
            "serviceClients": [{
                "clientId": "sc_shop", "authorizationUrl": "http://127.0.0.1:1/v1/login", "accessKeyFile": key_file,
                "statements": [{ "roles": ["Authress:Owner"], "resources": resources }],
            }],
        });
        let sandbox = Sandbox::prepare(&Config::parse(&config.to_string(), Path::new("")).unwrap()).unwrap();
        let api = format!("http://{}", sandbox.local_addr());
        tokio::spawn(sandbox.run(std::future::pending()));
        let access_key = std::fs::read_to_string(&key_file).unwrap().parse().unwrap();
        let domain: AuthressDomain = api.parse().unwrap();
        let client = ManagementClient::new(ServiceClientTokens::new(access_key, Some(&domain))).unwrap();
        let resource = ResourceUri::new("carts/1").unwrap();
        let mut content =
            RecordContent::new("Cart", [Statement::new([Role::new("Authress:Owner").unwrap()], [resource])]);
        content.users = vec![UserReference::from(UserId::new(FROM).unwrap())];
        client.create_record(Some(&RecordId::new("r1").unwrap()), &content).await.unwrap();
        Self { redis, api, client }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authress-user-migration"));
        command.env_clear().env("REDIS_URL", self.redis.url()).env("AUTHRESS_API_URL", &self.api);
        command.env("AUTHRESS_ACCESS_KEY_FILE", self.redis.folder().join("key")).stdin(Stdio::null());
        command
    }

    async fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = self.command();
        command.args(arguments);
        finished(tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap())
    }

    /// The sandbox's log of requests.
    fn log(&self) -> String {
        let host = self.api.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "GET /sandbox/log HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut log = String::new();
        stream.read_to_string(&mut log).unwrap();
        log
    }

    async fn user_of_record(&self) -> String {
        let record = self.client.get_record(&RecordId::new("r1").unwrap()).await.unwrap();
        record.content.users[0].user_id.as_str().to_owned()
    }
}

fn finished(output: Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

const ALL: [&str; 3] = ["Authress:AccessRecords", "Authress:Users", "carts"];

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_previews_begins_lists_and_resumes() {
    let setup = Setup::new(&ALL).await;
    let migrate = ["migrate", "--from", FROM, "--to", "account"];
    let (code, text) = setup.run(&[&migrate[..], &["--dry-run"]].concat()).await;
    assert!(code == Some(0) && text.contains("in 1 access records: r1"), "{code:?} {text}");
    assert_eq!(setup.run(&["list"]).await, (Some(0), "0 unfinished\n".to_owned()), "a preview begins nothing");

    let (code, text) = setup.run(&migrate).await;
    assert!(code == Some(3) && text.contains("--data-moved"), "{code:?} {text}");
    assert_eq!(setup.user_of_record().await, FROM, "the shop's data are first");

    let (code, text) = setup.run(&[&migrate[..], &["--data-moved", "--settling", "1"]].concat()).await;
    assert!(code == Some(3) && text.contains("`resume`"), "{code:?} {text}");
    assert_eq!(setup.user_of_record().await, "account");
    let (_, text) = setup.run(&["list"]).await;
    assert!(text.contains("access records replaced") && text.contains("1 unfinished"), "{text}");

    let (code, text) = setup.run(&["resume", "--wait", "--settling", "1"]).await;
    assert!(code == Some(0) && text.contains("finished"), "{code:?} {text}");
    let (code, text) = setup.run(&["migrate", "--from", FROM, "--to", "another"]).await;
    assert!(code == Some(1) && text.contains("MigratesElsewhere"), "{code:?} {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_client_may_not_do_stops_a_migration_and_is_named() {
    let setup = Setup::new(&["Authress:AccessRecords", "carts"]).await;
    let arguments = ["migrate", "--from", FROM, "--to", "account", "--data-moved", "--settling", "0"];
    let (code, text) = setup.run(&arguments).await;
    assert!(code == Some(1) && text.contains("Forbidden"), "{code:?} {text}");
    let (code, text) = setup.run(&["resume"]).await;
    assert!(code == Some(1) && text.contains(FROM), "{code:?} {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unused_anonymous_users_are_deleted_and_all_others_skipped() {
    const MIGRATING: &str = "user_zzzzzzzzzzzzzzzzzzzzzzzzzz";
    let setup = Setup::new(&ALL).await;
    setup.run(&["migrate", "--from", MIGRATING, "--to", "account"]).await;
    let list = format!("{FROM}\n\n  google-oauth2|109536627844722397911  \n{MIGRATING}\n");
    for (arguments, verb, is_deleted) in
        [(&["delete-users", "--dry-run"][..], "would be deleted", false), (&["delete-users"], "deleted", true)]
    {
        let mut command = setup.command();
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
        let (code, text) =
            finished(tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap());
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(&format!("{FROM}: {verb}")), "{text}");
        assert!(text.contains("google-oauth2|109536627844722397911: skipped"), "{text}");
        assert!(text.contains(&format!("{MIGRATING}: skipped, is being migrated")), "{text}");
        assert!(text.contains(&format!("1 {verb}, 2 skipped")), "{text}");
        let deletion = format!(r#""method":"DELETE","path":"/v1/users/{FROM}""#);
        assert_eq!(setup.log().contains(&deletion), is_deleted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_is_refused_before_anything_is_changed() {
    let setup = Setup::new(&ALL).await;
    for (arguments, code, named) in [
        (&["migrate", "--from", "account", "--to", "user_b"][..], 1, "NotAnonymous"),
        (&["migrate", "--from", FROM, "--to", FROM], 1, "SameUser"),
        (&["migrate", "--from", FROM, "--to", ""], 1, "InvalidUserId"),
        (&["migrate", "--from", FROM], 2, "--to"),
        (&["move"], 2, "move"),
    ] {
        let (status, text) = setup.run(arguments).await;
        assert!(status == Some(code) && text.contains(named), "{arguments:?}: {status:?} {text}");
    }
    assert_eq!(setup.run(&["list"]).await.1, "0 unfinished\n");
    for (name, value) in [
        ("REDIS_URL", "redis://:hunter2#@x"),
        ("REDIS_URL", ""),
        ("AUTHRESS_API_URL", "login.example.com"),
        ("AUTHRESS_ACCESS_KEY_FILE", "/no/such/file"),
    ] {
        let mut command = setup.command();
        command.env(name, value).arg("list");
        let (status, text) = finished(command.output().unwrap());
        assert!(status == Some(1) && text.contains(name) && !text.contains("hunter2"), "{status:?} {text}");
    }
}
