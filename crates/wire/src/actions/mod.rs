//! The actions: one file or folder each, holding the action's table, its typed request and its typed answer.
//!
//! A server names the [`Action`], reads the parameters into a [`Call`], asks whether the caller may make it
//! ([`Call::subject`]), asks its engine, and writes the answer.

mod action;
mod call;
mod context;
mod filled;
mod functions;
pub mod get_function;
pub mod get_function_logs;
pub mod get_request_status;
pub mod list_functions;
pub mod list_namespaces;
pub mod list_version_by_function;
mod milliseconds;
mod paging;
mod rows;
mod window;

pub use crate::service::{DEFAULT_NAMESPACE, SERVICE, VERSION};
pub use action::{Action, COMMON_ERRORS};
pub use call::{Call, RunsCall, StreamsCall, Subject};
pub use context::Context;
pub use paging::Page;
pub use rows::{OpenRows, RowsWriter};
