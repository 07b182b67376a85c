//! One file per flow. A flow uses another one through the methods of [`crate::LoginClient`] and of the context only.

mod account;
mod authenticate;
mod background;
mod callback;
mod logout;
mod renewal;
mod session;
mod sign_in;
mod tabs;
