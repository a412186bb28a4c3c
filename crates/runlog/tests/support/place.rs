//! A place to run commands in, through `runlog run`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Api, Key, Server, program};

/// A place to run commands in: a spool of its own, and the address of a server that may be there or not.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) endpoint: String,
}

impl Place {
    pub(crate) fn at(server: &Server) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), endpoint: format!("http://{}", server.address()) }
    }

    /// Where no server is.
    pub(crate) fn without_server() -> Self {
        // Port 9 takes no connections on a machine of today.
        Self { folder: tempfile::tempdir().expect("a folder"), endpoint: "http://127.0.0.1:9".to_owned() }
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn runlog(&self, args: &[&str]) -> Command {
        let mut command = program(args);
        command
            .env("RUNLOG_ENDPOINT", &self.endpoint)
            .env("RUNLOG_SECRET_ID", Key::root().secret_id)
            .env("RUNLOG_SECRET_KEY", Key::root().secret_key)
            .env("RUNLOG_SPOOL", self.spool());
        command
    }

    /// `runlog run --function FUNCTION OPTIONS -- sh -c SCRIPT`
    pub(crate) fn shell(&self, function: &str, options: &[&str], script: &str) -> Command {
        let mut command = self.runlog(&["run", "--function", function]);
        command.args(options).args(["--", "sh", "-c", script]);
        command
    }

    pub(crate) fn run(&self, function: &str, options: &[&str], script: &str) -> Output {
        self.shell(function, options, script).output().expect("the program")
    }

    /// The files that wait in the spool.
    pub(crate) fn waiting(&self) -> usize {
        let entries = fs::read_dir(self.spool()).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json")).count()
    }
}

/// The one run of a function.
pub(crate) fn only_run(api: &mut Api, function: &str) -> Value {
    let answer = api.logs(json!({ "FunctionName": function }));
    let [run] = answer.rows() else { panic!("not one run of {function}: {}", answer.text) };
    run.clone()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
