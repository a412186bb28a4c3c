//! From the raw parts of a request to its common parameters, its credentials and its parameter tree.

mod api;
mod common;
mod head;
mod tc3;
mod verified;

pub use api::{ApiRequest, Auth, Form, Scheme, Steps};
pub use common::Common;
pub use head::Head;
pub use tc3::Tc3;
pub use verified::Verified;
