//! The Tencent Cloud API 3.0 dialect as bytes in and bytes out: parameters, signatures, envelope, errors and actions.
//!
//! A server reads a request in three steps and answers in one:
//!
//! 1. [`RawRequest::parse`] finds the form (GET, form, JSON, multipart), the common parameters and a [`ParamTree`];
//! 2. [`ApiRequest::verify`] checks the signature (v1 or TC3) with the secret key of [`ApiRequest::secret_id`];
//! 3. [`actions::find`] names the action, whose own `Request::parse` reads the tree by the action's table;
//! 4. [`envelope`] wraps the action's response or an [`ApiError`].
//!
//! Nothing here does IO, reads a clock or keeps a secret. Any bytes lead to a request or an [`ApiError`], never to a
//! panic. Facts of the dialect are marked with their [`Source`]; what is ours is said to be ours.

pub mod actions;
pub mod envelope;
pub mod error;
pub mod language;
pub mod limits;
mod mac;
pub mod params;
pub mod request;
pub mod sign_v1;
pub mod sign_v3;
pub mod text;

pub use error::{ApiError, CodeRow, Detail, ErrorCode};
pub use language::{Language, Source, Text};
pub use params::ParamTree;
pub use request::{ApiRequest, Auth, Common, Form, Headers, HostForm, RawRequest, Scheme, Steps, Tc3, Verified};
pub use sign_v1::FieldsForm;
pub use sign_v3::TypeForm;
