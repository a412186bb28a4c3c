//! A server in this process, on any engine, and the clients that the program's own tests have.
#![allow(dead_code, unused_imports, reason = "each test program uses a part of this")]
#![allow(clippy::disallowed_methods, reason = "tests use the clock and the files of the machine they run on")]

#[path = "../../../runlog/tests/support/answer.rs"]
mod answer;
#[path = "../../../runlog/tests/support/basics.rs"]
mod basics;
#[path = "../../../runlog/tests/support/call.rs"]
mod call;
#[path = "../../../runlog/tests/support/contract.rs"]
pub(crate) mod contract;
mod hooked;
#[path = "../../../runlog/tests/support/http.rs"]
mod http;
#[path = "../../../runlog/tests/support/runs.rs"]
mod runs;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use runlog_core::Engine;
use runlog_server::keys::KeyFile;
use runlog_server::{Server, Settings};
use tempfile::TempDir;
use tokio::sync::oneshot;

pub(crate) use answer::Answer;
pub(crate) use basics::{Key, PATIENCE, REGION, ROOT_ACCOUNT, eventually, now_ms};
pub(crate) use call::{Call, Form};
pub(crate) use hooked::Hooked;
pub(crate) use http::{Connection, Request, Response};
pub(crate) use runs::{Api, IngestReport};

/// A server on 127.0.0.1 and a port of its own. Its reactor has one thread, so what blocks it stops everything.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
    data: TempDir,
}

impl Served {
    /// Serves an engine, with the root key of [`Key::root`] and one of a second account, without a limit of rate.
    pub(crate) fn on(engine: Arc<dyn Engine>) -> (Self, Key) {
        let data = tempfile::tempdir().expect("a folder");
        let second = runlog_server::keys::Key::generate("100000000002", true, "", Vec::new());
        KeyFile::change(data.path(), |file| file.add(second.clone())).expect("a key file");
        let (bound, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let path = data.path().to_str().expect("UTF-8").to_owned();
        let serving = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let root = Key::root().pair();
                let options = [("data", &*path), ("listen", "127.0.0.1:0"), ("root_key", &*root), ("rate_limit", "0")];
                let settings = Settings::with(&options).expect("options");
                let server = Server::bind(settings, engine).await.expect("a server");
                bound.send(server.address).expect("the test waits for the address");
                server
                    .run(async {
                        // The test is over, one way or the other.
                        let _ = stopped.await;
                    })
                    .await;
            });
        });
        let address = address.recv().expect("an address");
        let second = Key::new(&second.secret_id, &second.secret_key);
        (Self { address, stop: Some(stop), serving: Some(serving), data }, second)
    }

    /// A client with the root key.
    pub(crate) fn api(&self) -> Api {
        Api::new(self.address, Key::root())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        let serving = self.serving.take().expect("it is joined once");
        if serving.join().is_err() && !thread::panicking() {
            panic!("the server panicked");
        }
    }
}
