//! A call: an action with its parameters checked, what it is about, and what it asks an engine for.
//!
//! Two kinds of calls differ in what they need. A [`RunsCall`] asks for the runs of a query and is answered row by row;
//! a [`StreamsCall`] is answered from the list of streams. A new action is a variant here and a file beside this one;
//! a server that handles both kinds serves it.

use runlog_core::{Query, StreamSummary};

use super::action::Action;
use super::context::Context;
use super::{
    get_function, get_function_logs, get_request_status, list_functions, list_namespaces, list_version_by_function,
};
use crate::envelope;
use crate::error::ApiError;
use crate::params::ParamTree;

/// An action with its parameters, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one a request, and short-lived")]
pub enum Call {
    /// It asks for runs.
    Runs(RunsCall),
    /// It asks which functions, versions or namespaces there are.
    Streams(StreamsCall),
}

/// A call that the runs of a query answer, written by a [`RowsWriter`](super::RowsWriter).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one a request, and short-lived")]
pub enum RunsCall {
    /// `GetFunctionLogs`.
    GetFunctionLogs(get_function_logs::Request),
    /// `GetRequestStatus`.
    GetRequestStatus(get_request_status::Request),
}

/// A call that the streams of the caller's account and region answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamsCall {
    /// `GetFunction`.
    GetFunction(get_function::Request),
    /// `ListFunctions`.
    ListFunctions(list_functions::Request),
    /// `ListNamespaces`.
    ListNamespaces(list_namespaces::Request),
    /// `ListVersionByFunction`.
    ListVersionByFunction(list_version_by_function::Request),
}

/// What a call is about: what policies must allow its action on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The account as a whole: the resource `*`.
    Account,
    /// One function.
    Function {
        /// Its namespace.
        namespace: &'a str,
        /// Its name.
        function: &'a str,
    },
    /// Every function of a namespace, those to come included.
    Namespace {
        /// Its name.
        namespace: &'a str,
    },
}

impl Call {
    /// Reads the parameters of an action.
    ///
    /// # Errors
    /// Those of the action's own `Request::parse`.
    pub fn parse(action: Action, params: &ParamTree, ctx: &Context<'_>) -> Result<Self, ApiError> {
        let runs = |call| Ok(Self::Runs(call));
        let streams = |call| Ok(Self::Streams(call));
        match action {
            Action::GetFunctionLogs => runs(RunsCall::GetFunctionLogs(get_function_logs::Request::parse(params, ctx)?)),
            Action::GetRequestStatus => {
                runs(RunsCall::GetRequestStatus(get_request_status::Request::parse(params, ctx)?))
            }
            Action::GetFunction => streams(StreamsCall::GetFunction(get_function::Request::parse(params, ctx)?)),
            Action::ListFunctions => streams(StreamsCall::ListFunctions(list_functions::Request::parse(params, ctx)?)),
            Action::ListNamespaces => {
                streams(StreamsCall::ListNamespaces(list_namespaces::Request::parse(params, ctx)?))
            }
            Action::ListVersionByFunction => {
                streams(StreamsCall::ListVersionByFunction(list_version_by_function::Request::parse(params, ctx)?))
            }
        }
    }

    /// The action.
    pub fn action(&self) -> Action {
        match self {
            Call::Runs(RunsCall::GetFunctionLogs(_)) => Action::GetFunctionLogs,
            Call::Runs(RunsCall::GetRequestStatus(_)) => Action::GetRequestStatus,
            Call::Streams(StreamsCall::GetFunction(_)) => Action::GetFunction,
            Call::Streams(StreamsCall::ListFunctions(_)) => Action::ListFunctions,
            Call::Streams(StreamsCall::ListNamespaces(_)) => Action::ListNamespaces,
            Call::Streams(StreamsCall::ListVersionByFunction(_)) => Action::ListVersionByFunction,
        }
    }

    /// What it is about.
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Call::Runs(call) => call.subject(),
            Call::Streams(call) => call.subject(),
        }
    }
}

impl RunsCall {
    /// What it is about.
    pub fn subject(&self) -> Subject<'_> {
        let namespace = match self {
            RunsCall::GetFunctionLogs(request) => &request.namespace,
            RunsCall::GetRequestStatus(request) => &request.namespace,
        };
        match self.function() {
            Some(function) => Subject::Function { namespace, function },
            None => Subject::Namespace { namespace },
        }
    }

    /// The function that it names. Without a stream of that function in the account, the region and the namespace, the
    /// answer is [`ApiError::function_not_found`].
    pub fn function(&self) -> Option<&str> {
        match self {
            RunsCall::GetFunctionLogs(request) => request.function.as_deref(),
            RunsCall::GetRequestStatus(request) => Some(&request.function),
        }
    }

    /// What to ask the engine.
    pub fn query(&self) -> Query {
        match self {
            RunsCall::GetFunctionLogs(request) => request.query(),
            RunsCall::GetRequestStatus(request) => request.query(),
        }
    }
}

impl StreamsCall {
    /// What it is about.
    pub fn subject(&self) -> Subject<'_> {
        match self {
            StreamsCall::ListFunctions(_) | StreamsCall::ListNamespaces(_) => Subject::Account,
            StreamsCall::GetFunction(request) => {
                Subject::Function { namespace: &request.namespace, function: &request.function }
            }
            StreamsCall::ListVersionByFunction(request) => {
                Subject::Function { namespace: &request.namespace, function: &request.function }
            }
        }
    }

    /// The whole answer. `streams` are those of the account and region; `request_id` is a lower-case UUID.
    ///
    /// # Errors
    /// `ResourceNotFound.Namespace`, `.FunctionName` and `.Qualifier` for what no stream has.
    pub fn answer(&self, streams: &[StreamSummary], ctx: &Context<'_>, request_id: &str) -> Result<Vec<u8>, ApiError> {
        Ok(match self {
            StreamsCall::GetFunction(request) => {
                envelope::success(&get_function::response(request, streams, ctx)?, request_id)
            }
            StreamsCall::ListFunctions(request) => {
                envelope::success(&list_functions::response(request, streams, ctx)?, request_id)
            }
            StreamsCall::ListNamespaces(request) => {
                envelope::success(&list_namespaces::response(request, streams, ctx), request_id)
            }
            StreamsCall::ListVersionByFunction(request) => {
                envelope::success(&list_version_by_function::response(request, streams, ctx)?, request_id)
            }
        })
    }
}
