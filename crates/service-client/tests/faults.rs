//! Failures over real HTTP: what is repeated, what is not, and what the caller learns.

// Lints treat helper functions as code outside tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use authress_service_client::{
    AccessRecord, Claim, InviteId, ListRecords, ManagementClient, ManagementError, NewInvite, Outage, ResourceId,
    ResourceUri, ResponseProblem, RetryPolicy, Secret, TokenOwner, UserId,
};
use serde_json::{Value, json};
use support::{Reply, Server, empty, full};

fn user() -> UserId {
    UserId::new("user_hunter2").unwrap()
}

fn identity() -> Reply {
    support::json(200, json!({"userId": "user_hunter2"}))
}

fn invite() -> Reply {
    support::json(201, json!({"inviteId": "inv_hunter2"}))
}

fn limited(retry_after: &str) -> Reply {
    full(429, &[("retry-after", retry_after)], "")
}

fn record_json(name: &str, last_updated: &str) -> Value {
    json!({"recordId": "rec_1", "name": name, "lastUpdated": last_updated, "statements": []})
}

fn record() -> AccessRecord {
    serde_json::from_value(record_json("new", "2026-01-01T00:00:00Z")).unwrap()
}

fn claim() -> Claim {
    Claim::new(ResourceUri::new("carts").unwrap(), ResourceId::new("cart_hunter2").unwrap()).unwrap()
}

async fn get_user(replies: Vec<Reply>) -> (Result<(), ManagementError>, usize) {
    let server = Server::start(replies).await;
    let result = server.client().get_user(&user()).await.map(|_| ());
    (result, server.received().len())
}

async fn create_invite(replies: Vec<Reply>) -> (Result<(), ManagementError>, usize) {
    let server = Server::start(replies).await;
    let result = server.client().create_invite(&NewInvite::default()).await.map(|_| ());
    (result, server.received().len())
}

/// The outage of an error, and whether a change may have been made.
fn outage(result: Result<(), ManagementError>) -> (Outage, bool) {
    match result.unwrap_err() {
        ManagementError::Unavailable { outage, may_have_succeeded, .. } => (outage, may_have_succeeded),
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_read_is_repeated_after_every_failure_that_may_pass() {
    for failure in [limited("0"), empty(500), empty(502), empty(503), empty(504), Reply::Close, Reply::CloseInBody] {
        assert_eq!(get_user(vec![failure, identity()]).await, (Ok(()), 2));
    }
}

#[tokio::test]
async fn a_read_is_sent_four_times_at_most() {
    let (result, requests) = get_user(vec![empty(503), empty(500), Reply::Close, empty(502)]).await;
    assert_eq!((outage(result), requests), ((Outage::Status(502), false), 4));
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    for status in [400, 401, 403, 404, 409, 413, 422] {
        // A 401 is followed by one request with a new token.
        let replies: Vec<_> = (0..if status == 401 { 2 } else { 1 }).map(|_| empty(status)).collect();
        let expected = replies.len();
        let (result, requests) = get_user(replies).await;
        assert!(result.is_err());
        assert_eq!(requests, expected, "{status}");
    }
}

#[tokio::test]
async fn a_post_is_repeated_only_if_it_was_not_processed() {
    for failure in [limited("0"), empty(503)] {
        assert_eq!(create_invite(vec![failure, invite()]).await, (Ok(()), 2));
    }
    for (failure, expected) in [
        (empty(500), Outage::Status(500)),
        (empty(502), Outage::Status(502)),
        (Reply::Close, Outage::ConnectionLost),
        (Reply::CloseInBody, Outage::ConnectionLost),
    ] {
        let (result, requests) = create_invite(vec![failure]).await;
        assert_eq!((outage(result), requests), ((expected, true), 1));
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_changed() {
    // The port is free again when the listener is dropped.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Server::start([]).await;
    server.origin = format!("http://127.0.0.1:{port}");
    let result = server.client().create_invite(&NewInvite::default()).await.map(|_| ());
    assert_eq!(outage(result), (Outage::NotConnected, false));
}

#[tokio::test]
async fn the_time_that_a_response_asks_for_is_waited() {
    let start = Instant::now();
    assert_eq!(create_invite(vec![limited("1"), invite()]).await, (Ok(()), 2));
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_left_to_the_caller() {
    let start = Instant::now();
    let (result, requests) = get_user(vec![limited("3600")]).await;
    let ManagementError::RateLimited { retry_after, may_have_succeeded: false, .. } = result.unwrap_err() else {
        panic!()
    };
    assert_eq!((retry_after, requests), (Some(Duration::from_secs(3600)), 1));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_date_in_retry_after_is_compared_with_the_clock() {
    // The date of RFC 9110 section 5.6.7.
    let reply = full(503, &[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], "");
    let server = Server::start([reply, identity()]).await;
    let tokens = server.tokens().with_clock(|| Duration::from_secs(784_111_777 - 1));
    let start = Instant::now();
    server.client_with(tokens).get_user(&user()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.received().len(), 2);
}

/// A client that gives one try 200 ms.
fn impatient(server: &Server) -> ManagementClient {
    let policy = RetryPolicy {
        try_timeout: Duration::from_millis(200),
        first_delay: Duration::from_millis(1),
        ..RetryPolicy::default()
    };
    server.client().with_retry_policy(policy)
}

#[tokio::test]
async fn a_read_without_a_response_in_time_is_repeated() {
    for failure in [Reply::Silence, Reply::EndlessBody] {
        let server = Server::start([failure, identity()]).await;
        impatient(&server).get_user(&user()).await.unwrap();
        assert_eq!(server.received().len(), 2);
    }
}

#[tokio::test]
async fn the_deadline_ends_a_call_whatever_happens() {
    for failure in [Reply::Silence, Reply::EndlessBody] {
        let server = Server::start([failure]).await;
        let client = server.client().with_deadline(Duration::from_millis(300));
        let start = Instant::now();
        let result = client.create_invite(&NewInvite::default()).await.map(|_| ());
        assert_eq!(outage(result), (Outage::TimedOut, true));
        assert!((300..3000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        assert_eq!(server.received().len(), 1);
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read_to_its_end() {
    let (result, requests) = get_user(vec![Reply::HugeBody]).await;
    let error = result.unwrap_err();
    assert!(matches!(error, ManagementError::UnexpectedResponse { problem: ResponseProblem::Size, .. }), "{error:?}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = Server::start([]).await;
    let location = format!("{}/v1/users/user_hunter2", target.origin);
    for status in [301, 302, 307, 308] {
        let (result, requests) = get_user(vec![full(status, &[("location", &location)], "")]).await;
        let error = result.unwrap_err();
        assert!(matches!(error, ManagementError::UnexpectedResponse { problem: ResponseProblem::Status, .. }));
        assert_eq!(requests, 1);
    }
    assert!(target.received().is_empty());
}

#[tokio::test]
async fn a_page_for_people_is_not_a_response_of_the_api() {
    let page = || full(200, &[("content-type", "text/html; charset=utf-8")], "{\"userId\": \"user_1\"}");
    let error = get_user(vec![page()]).await.0.unwrap_err();
    assert!(matches!(error, ManagementError::UnexpectedResponse { problem: ResponseProblem::ContentType, .. }));
    let server = Server::start([page(), page(), page()]).await;
    let client = server.client();
    for result in [
        client.delete_user(&user()).await,
        client.create_claim(&Secret::new("user.token"), &claim()).await,
        client.update_record(&record()).await.map(|_| ()),
    ] {
        assert_eq!(result.unwrap_err().code(), "UnexpectedResponse", "another server has done nothing");
    }
    let error = get_user(vec![support::json(200, json!([1]))]).await.0.unwrap_err();
    assert!(matches!(error, ManagementError::UnexpectedResponse { problem: ResponseProblem::Body, .. }));
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once() {
    let seconds = Arc::new(AtomicU64::new(1_800_000_000));
    let clock = move || Duration::from_secs(seconds.fetch_add(1, Ordering::SeqCst));
    let server = Server::start([empty(401), invite(), invite()]).await;
    let client = server.client_with(server.tokens().with_clock(clock));
    client.create_invite(&NewInvite::default()).await.unwrap();
    client.create_invite(&NewInvite::default()).await.unwrap();
    let tokens: Vec<_> = server.received().iter().map(support::Received::token).collect();
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(tokens[1], tokens[2], "the new token is kept");
}

#[tokio::test]
async fn a_second_rejection_names_the_difference_of_the_clocks() {
    let unauthorized = || full(401, &[("date", "Sun, 06 Nov 1994 08:49:37 GMT")], "");
    let server = Server::start([unauthorized(), unauthorized()]).await;
    let tokens = server.tokens().with_clock(|| Duration::from_secs(784_111_777 + 7200));
    let error = server.client_with(tokens).get_user(&user()).await.unwrap_err();
    assert!(error.to_string().contains("7200 seconds ahead"), "{error}");
    let ManagementError::Unauthorized { owner, clock_ahead_s, .. } = error else { panic!("{error:?}") };
    assert_eq!((owner, clock_ahead_s), (TokenOwner::ServiceClient, Some(7200)));
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_users_rejected_token_is_not_replaced_by_the_service_clients() {
    let server = Server::start([empty(401)]).await;
    let error = server.client().create_claim(&Secret::new("user.token"), &claim()).await.unwrap_err();
    assert!(matches!(error, ManagementError::Unauthorized { owner: TokenOwner::Caller, .. }), "{error:?}");
    assert_eq!(server.received()[0].token(), "user.token");
}

#[tokio::test]
async fn a_claim_whose_response_was_lost_is_repeated_by_the_caller_and_conflicts() {
    let server = Server::start([Reply::Close, support::json(409, json!({"errorCode": "AlreadyClaimed"}))]).await;
    let (client, token) = (server.client(), Secret::new("user.token"));
    let result = client.create_claim(&token, &claim()).await;
    assert_eq!(outage(result), (Outage::ConnectionLost, true));
    let error = client.create_claim(&token, &claim()).await.unwrap_err();
    assert_eq!((error.code(), error.details().unwrap().error_code()), ("AlreadyClaimed", Some("AlreadyClaimed")));
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_deletion_that_may_have_been_made_counts_when_nothing_is_left() {
    let delete = async |replies: Vec<Reply>| {
        let server = Server::start(replies).await;
        let result = server.client().delete_user(&user()).await;
        server.received();
        result.map_err(|error| error.code())
    };
    assert_eq!(delete(vec![Reply::Close, empty(404)]).await, Ok(()));
    assert_eq!(delete(vec![empty(502), empty(404)]).await, Ok(()));
    assert_eq!(delete(vec![empty(404)]).await, Err("NotFound"));
    // With these, Authress has said that it had not deleted it.
    assert_eq!(delete(vec![limited("0"), empty(404)]).await, Err("NotFound"));
    assert_eq!(delete(vec![empty(503), empty(404)]).await, Err("NotFound"));
}

/// Updates the record with the name `new`, and returns the result and the lines of the requests.
async fn update(replies: Vec<Reply>) -> (Result<Option<AccessRecord>, ManagementError>, Vec<String>) {
    let server = Server::start(replies).await;
    (server.client().update_record(&record()).await, server.lines())
}

const PUT: &str = "PUT /v1/records/rec_1";
const GET: &str = "GET /v1/records/rec_1";

#[tokio::test]
async fn a_record_that_was_changed_is_not_overwritten() {
    let (result, lines) = update(vec![empty(412)]).await;
    assert_eq!((result.unwrap_err().code(), lines), ("Changed", vec![PUT.to_owned()]));
}

#[tokio::test]
async fn an_update_that_was_made_without_a_response_is_found_by_reading() {
    let replies = vec![Reply::Close, empty(412), support::json(200, record_json("new", "2026-01-02T00:00:00Z"))];
    let (result, lines) = update(replies).await;
    let current = result.unwrap().unwrap();
    assert_eq!(current.last_updated.as_deref(), Some("2026-01-02T00:00:00Z"));
    assert_eq!(lines, [PUT, PUT, GET]);
}

#[tokio::test]
async fn an_update_that_was_overtaken_is_reported_as_such() {
    let replies = vec![Reply::Close, empty(412), support::json(200, record_json("other", "2026-01-02T00:00:00Z"))];
    let (result, lines) = update(replies).await;
    assert_eq!((result.unwrap_err().code(), lines.len()), ("Changed", 3));
}

#[tokio::test]
async fn an_update_that_cannot_be_found_by_reading_stays_uncertain() {
    let mut replies = vec![empty(500), empty(412)];
    replies.extend((0..4).map(|_| empty(503)));
    let (result, _) = update(replies).await;
    assert_eq!(outage(result.map(|_| ())), (Outage::Status(503), true));
    let (result, _) = update(vec![empty(500), empty(412), limited("3600")]).await;
    let error = result.unwrap_err();
    assert!(matches!(error, ManagementError::RateLimited { may_have_succeeded: true, .. }), "{error:?}");
}

#[tokio::test]
async fn the_error_code_and_the_id_for_the_support_are_carried() {
    let body = json!({"title": "user_hunter2 is wrong", "errorCode": "InvalidUser", "errorId": "err-1"});
    let error = get_user(vec![support::json(422, body.clone())]).await.0.unwrap_err();
    let details = error.details().unwrap();
    assert_eq!(
        (error.code(), details.error_code(), details.error_id()),
        ("InvalidRequest", Some("InvalidUser"), Some("err-1"))
    );
    assert!(error.to_string().contains("err-1"));
    let error = get_user((0..4).map(|_| support::json(500, body.clone())).collect()).await.0.unwrap_err();
    assert_eq!(error.details().unwrap().error_id(), Some("err-1"));
}

#[tokio::test]
async fn no_error_contains_what_the_request_was_about() {
    let body = || json!({"title": "user_hunter2", "errorCode": "inv hunter2", "errorId": "a@hunter2"});
    let faults = |status: u16| -> Vec<Reply> { (0..4).map(|_| support::json(status, body())).collect() };
    let mut errors = Vec::new();
    for status in [302, 400, 403, 404, 409, 412, 413, 422] {
        let server = Server::start([support::json(status, body()), support::json(status, body())]).await;
        let invite_id = InviteId::new("inv_hunter2").unwrap();
        errors.push(server.client().get_invite(&invite_id).await.map(|_| ()).unwrap_err());
        errors.push(server.client().create_claim(&Secret::new("hunter2.t"), &claim()).await.unwrap_err());
    }
    for status in [429, 500, 503] {
        errors.push(get_user(faults(status)).await.0.unwrap_err());
    }
    errors.push(get_user(vec![Reply::HugeBody]).await.0.unwrap_err());
    for fault in [Reply::Close, Reply::CloseInBody, empty(401)] {
        let server = Server::start([fault]).await;
        errors.push(server.client().create_claim(&Secret::new("hunter2.t"), &claim()).await.unwrap_err());
    }
    for error in errors {
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

#[tokio::test]
async fn a_call_can_run_in_a_task_of_its_own() {
    let server = Server::start([identity(), support::json(200, json!({"records": []}))]).await;
    let client = server.client();
    let calls = tokio::spawn(async move {
        client.get_user(&user()).await?;
        client.list_records(&ListRecords::default(), 10).await
    });
    assert!(calls.await.unwrap().unwrap().is_complete);
}
