//! The Tencent Cloud API 3.0 dialect, bytes in and bytes out: parameters, signatures, envelope, errors and actions.
//!
//! A server reads a request in four steps and answers in one:
//!
//! 1. [`RawRequest::parse`] finds the form (GET, form, JSON, multipart), the common parameters and a [`ParamTree`];
//! 2. [`ApiRequest::verify`] checks the signature (v1 or TC3) with the secret key of [`ApiRequest::secret_id`];
//! 3. [`Action::parse`] names the action;
//! 4. [`Call::parse`] reads the tree by the action's table into a typed call, which says what it is about and what to
//!    ask the engine;
//! 5. the call writes the answer, or [`envelope::failure`] an [`ApiError`].
//!
//! Nothing here does IO, reads a clock or keeps a secret. Any bytes lead to a request or an [`ApiError`], never to a
//! panic. Each fact of the dialect names its [`Source`]; our own decisions are marked as ours.

pub mod actions;
pub mod envelope;
pub mod error;
mod headers;
pub mod language;
pub mod limits;
mod mac;
pub mod params;
mod raw;
pub mod request;
mod service;
pub mod sign_v1;
pub mod sign_v3;
pub mod text;

pub use actions::{Action, Call};
pub use error::{ApiError, CodeRow, Detail, ErrorCode};
pub use headers::Headers;
pub use language::{Language, Source, Text};
pub use params::ParamTree;
pub use raw::{HostForm, RawRequest};
pub use request::{ApiRequest, Auth, Common, Form, Head, Scheme, Steps, Tc3, Verified};
pub use sign_v1::FieldsForm;
pub use sign_v3::TypeForm;
