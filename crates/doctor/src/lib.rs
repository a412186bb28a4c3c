//! Why a signed request is refused: every step of its signature is computed again, and the first that differs is named.
//!
//! A request holds only the end of its signature, so the sender's mistake is found by trying: each usual mistake (the
//! host of another server, a body that was serialised again after signing, a secret with a line end ...) is made on
//! purpose, alone and in pairs, until the signature that was sent comes out. That proves the mistake. The sender's own
//! canonical request or string to sign, if given, is compared line by line instead.
//!
//! Data in, data out: no IO, no clock. The secret key goes in and never comes out, nor do the keys derived from it.

mod diagnose;
mod finding;
mod guess;
mod json;
mod kind;
mod known;
mod mac;
mod mistakes;
pub mod read;
mod sent;
mod shown;
mod tc3;
mod v1;

pub use diagnose::diagnose;
pub use finding::{Diagnosis, Finding, Step};
pub use kind::{Kind, KindRow};
pub use known::Known;
pub use read::read;
pub use sent::{Payload, SentRequest};
pub use shown::Shown;
