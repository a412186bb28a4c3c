//! What the tests of the program share: a server as a process of its own, a plain HTTP client, and signed calls in
//! every form that a request can have.
#![allow(dead_code, unused_imports, reason = "each test program uses a part of this")]
#![allow(clippy::disallowed_methods, reason = "tests use the clock and the files of the machine they run on")]

mod answer;
mod basics;
mod call;
pub(crate) mod contract;
mod http;
pub(crate) mod otlp;
mod place;
mod proxy;
mod reading;
mod runs;
mod server;
mod stream;
mod watch;

pub(crate) use answer::Answer;
pub(crate) use basics::{Key, PATIENCE, REGION, ROOT_ACCOUNT, eventually, now_ms};
pub(crate) use call::{Call, Form, flatten};
pub(crate) use http::{Connection, Request, Response};
pub(crate) use place::{Place, only_run, stderr, stdout};
pub(crate) use proxy::{Proxy, Trick, Where};
pub(crate) use reading::{ask, code, ids, server_with_runs, succeed};
pub(crate) use runs::{Api, IngestReport};
pub(crate) use server::{Server, Setup, key_in, key_in_text, program};
pub(crate) use stream::{Event, Stream};
pub(crate) use watch::{Watch, anonymous_bytes};
