//! Proofs of work of the published client are valid here: `tests/vectors/anti-abuse.json`.

use authress_login_protocol::authorization::proof_of_work::{values, verify};
use serde_json::Value;

#[test]
fn hashes_of_the_published_client_verify() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../../../tests/vectors/anti-abuse.json")).unwrap();
    assert!(vectors.len() >= 9);
    for vector in &vectors {
        let text = |name: &str| vector["values"][name].as_str();
        let values = match vector["call"].as_str().unwrap() {
            "authenticate" => {
                let audiences = vector["values"]["audiences"]
                    .as_array()
                    .map(|list| list.iter().map(|audience| audience.as_str().unwrap().to_owned()).collect::<Vec<_>>());
                values::authenticate(
                    text("connectionId"),
                    text("tenantLookupIdentifier"),
                    text("inviteId"),
                    text("applicationId").unwrap(),
                    audiences.as_deref(),
                )
            }
            "linkIdentity" => values::link_identity(
                text("connectionId"),
                text("tenantLookupIdentifier"),
                text("applicationId").unwrap(),
            ),
            "tokenExchange" => values::token_exchange(
                text("client_id").unwrap(),
                text("authenticationRequestId").unwrap(),
                text("code").unwrap(),
            ),
            "updateExtensionAuthenticationRequest" => values::update_request(
                text("connectionId"),
                text("tenantLookupIdentifier"),
                text("authenticationRequestId").unwrap(),
            ),
            other => panic!("no such call: {other}"),
        };
        assert!(verify(vector["hash"].as_str().unwrap(), &values).is_ok(), "{vector}");
    }
}
