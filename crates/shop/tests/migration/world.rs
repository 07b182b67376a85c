//! A shop with its Redis, a sandbox, and the users of one migration.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use authress_redis::StoreUrl;
use authress_redis::test_server::Redis;
use authress_sandbox::{Config, Sandbox};
use authress_service_client::{
    AuthressDomain, ManagementClient, RecordContent, RecordId, ResourceUri, Role, ServiceClientTokens, Statement,
    UserId, UserReference,
};
use authress_user_migration::{AuthressRecords, Journal, RedisJournal, Step};
use serde_json::json;

use crate::support::Setup;

pub(crate) struct World {
    redis: Redis,
    shop: Setup,
    api: String,
    key_file: PathBuf,
    client: ManagementClient,
}

/// The users of one migration.
pub(crate) struct Users {
    from: String,
    to: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        let redis = Redis::start();
        let key_file = redis.folder().join("key");
        let resource = |uri: &str| json!({ "resourceUri": uri });
        let config = json!({
            "listen": "127.0.0.1:0", "control": true,
            "applications": [{ "applicationId": "app_demo", "redirectUrls": ["http://127.0.0.1:1/"] }],
            "serviceClients": [{
                "clientId": "sc_shop", "authorizationUrl": "http://127.0.0.1:1/v1/login", "accessKeyFile": key_file,
                "statements": [{
                    "roles": ["Authress:Owner"],
                    "resources": [resource("Authress:AccessRecords"), resource("Authress:Users"), resource("carts")],
                }],
            }],
        });
        let sandbox = Sandbox::prepare(&Config::parse(&config.to_string(), Path::new("")).unwrap()).unwrap();
        let api = format!("http://{}", sandbox.local_addr());
        tokio::spawn(sandbox.run(std::future::pending()));
        let client = management_client(&api, key_file.to_str().unwrap());
        let shop = Setup::with(&[("redisUrl", json!(redis.url()))]).await;
        Self { redis, shop, api, key_file, client }
    }

    /// Fills both carts, and makes records that name the anonymous user in each way.
    pub(crate) async fn prepare(&self, number: usize) -> Users {
        let users = Users { from: format!("user_a{number}"), to: format!("user_b{number}") };
        let (from, to) = (self.shop.anonymous(&users.from), self.shop.customer(&users.to));
        for (token, product, body) in [
            (&from, "mug", r#"{"quantity":2}"#),
            (&from, "vase", r#"{"quantity":4}"#),
            (&to, "mug", r#"{"quantity":1}"#),
            (&to, "bowl", r#"{"quantity":5}"#),
        ] {
            assert_eq!(self.shop.put(token, product, body).await.status, 200);
        }
        let reference = |id: &str| UserReference::from(UserId::new(id).unwrap());
        let statement = || {
            let resource = ResourceUri::new(format!("carts/{number}")).unwrap();
            Statement::new([Role::new("Authress:Owner").unwrap()], [resource])
        };
        let mut of_record = RecordContent::new("users of the record", [statement()]);
        of_record.users = vec![reference(&users.from), reference("user_x")];
        let mut of_statement = RecordContent::new("users of a statement", [statement()]);
        of_statement.statements[0].users = vec![reference(&users.to), reference(&users.from)];
        let mut of_admins = RecordContent::new("administrators", [statement()]);
        of_admins.users = vec![reference("user_x")];
        of_admins.admins = vec![reference(&users.from)];
        for (name, content) in [("record", of_record), ("statement", of_statement), ("admin", of_admins)] {
            self.client.create_record(Some(&record_id(name, number)), &content).await.unwrap();
        }
        users
    }

    /// Starts the process of the test `child`.
    pub(crate) fn child(&self, users: &Users, crash: Option<usize>) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["child", "--exact", "--ignored", "--nocapture"]);
        command.env("MIGRATION_REDIS", self.redis.url()).env("MIGRATION_API", &self.api);
        command.env("MIGRATION_KEY", &self.key_file);
        command.env("MIGRATION_FROM", &users.from).env("MIGRATION_TO", &users.to);
        command.env("MIGRATION_CRASH", crash.map_or_else(|| "none".to_owned(), |point| point.to_string()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Nothing is lost, and nothing doubled.
    pub(crate) async fn assert_migrated(&self, users: &Users) {
        let Users { from, to } = users;
        let cart = self.shop.read_cart(&self.shop.customer(to)).await.json();
        let lines: Vec<_> =
            cart["items"].as_array().unwrap().iter().map(|item| (&item["productId"], &item["quantity"])).collect();
        assert_eq!(
            lines,
            [(&json!("mug"), &json!(3)), (&json!("bowl"), &json!(5)), (&json!("vase"), &json!(4))],
            "{from}"
        );
        assert_eq!(self.shop.read_cart(&self.shop.anonymous(from)).await.json()["items"], json!([]), "{from}");

        let number = from.trim_start_matches("user_a").parse().unwrap();
        let ids = |users: &[UserReference]| -> Vec<String> {
            users.iter().map(|user| user.user_id.as_str().to_owned()).collect()
        };
        let of_record = self.client.get_record(&record_id("record", number)).await.unwrap().content;
        assert_eq!(ids(&of_record.users), [to.as_str(), "user_x"]);
        let of_statement = self.client.get_record(&record_id("statement", number)).await.unwrap().content;
        assert_eq!(ids(&of_statement.statements[0].users), [to.as_str()]);
        let of_admins = self.client.get_record(&record_id("admin", number)).await.unwrap().content;
        assert_eq!((ids(&of_admins.admins), ids(&of_admins.users)), (vec![to.clone()], vec!["user_x".to_owned()]));

        let (log, deletion) = (self.log(), format!(r#""method":"DELETE","path":"/v1/users/{from}""#));
        assert!(log.contains(&deletion), "{deletion}: {log}");
        let journal = RedisJournal::new(&StoreUrl::parse(&self.redis.url()).unwrap()).unwrap();
        assert_eq!(journal.find(from).await.unwrap().unwrap().step, Step::UserDeleted);
        assert_eq!(journal.unfinished().await.unwrap(), []);
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
}

fn record_id(name: &str, number: usize) -> RecordId {
    RecordId::new(format!("{name}-{number}")).unwrap()
}

pub(crate) fn management_client(api: &str, key_file: &str) -> ManagementClient {
    let access_key = std::fs::read_to_string(key_file).unwrap().parse().unwrap();
    let domain: AuthressDomain = api.parse().unwrap();
    ManagementClient::new(ServiceClientTokens::new(access_key, Some(&domain))).unwrap()
}

pub(crate) fn records(client: ManagementClient) -> AuthressRecords {
    AuthressRecords::new(client)
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}
