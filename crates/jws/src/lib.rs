//! Ed25519 keys, signed JWTs and JWKS.
