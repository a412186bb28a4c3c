//! `POST /api/v1/admin/backup`: a server backs itself up.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Client, Error, envelope};

/// A backup that a server has made of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct BackupReport {
    /// The folder, on the server's machine.
    pub to: String,
    /// Every run accepted up to this sequence number is in it.
    pub seq: u64,
    /// Files.
    pub files: u64,
    /// How many of them are hard links.
    pub linked: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

impl Client {
    /// Has the server back itself up into a new folder `name` inside its `backup_dir`. The key must be a root key. The
    /// call takes as long as the backup does, so give the client a [`timeout`](crate::ClientBuilder::timeout) to match.
    ///
    /// # Errors
    /// [`Error::Refused`] when the key may not do this, the server has no `backup_dir`, the folder exists, or the
    /// backup failed; [`Error::Http`] and [`Error::Tls`] when the server cannot be reached.
    pub fn backup(&self, name: &str) -> Result<BackupReport, Error> {
        let body = serde_json::json!({ "to": name }).to_string();
        self.post_json("/api/v1/admin/backup", &body, "report of a backup")
    }

    /// Posts JSON to a path of the native API, and reads the answer, which is `what`.
    pub(crate) fn post_json<T: DeserializeOwned>(&self, path: &str, body: &str, what: &str) -> Result<T, Error> {
        let headers = [("Authorization", self.authorization()), ("Content-Type", "application/json".to_owned())];
        let reply = self.transport.post(path, &headers, body.as_bytes())?;
        if reply.status != 200 {
            return Err(envelope::refused(&reply));
        }
        self.transport.read_json(what, &reply.body)
    }
}
