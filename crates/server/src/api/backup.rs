//! `POST /api/v1/admin/backup`, body `{"to": "NAME"}`: the server backs itself up into a new folder of that name inside
//! the folder that the option `backup_dir` names, and nowhere else. Root keys only; one backup at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use serde::Deserialize;

use super::admin;
use crate::app::App;
use crate::files;
use crate::keys::KeyFile;
use crate::respond::{self, Answer};

const NAME_MAX_BYTES: usize = 100;

/// How long a caller should wait for the backup in progress, in seconds.
const RETRY_AFTER_S: u32 = 10;

#[derive(Deserialize)]
struct Body {
    to: String,
}

pub(super) async fn make(app: &App, request: Request<Incoming>) -> Answer {
    let body = match admin::asked::<Body>(app, request).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let Some(folder) = &app.settings.backup_dir else {
        let message = "backups over HTTP are off; start the server with --backup-dir DIR";
        return respond::error(StatusCode::FORBIDDEN, "BackupsOff", message);
    };
    let Some(to) = body.as_ref().and_then(|body| inside(folder, &body.to)) else {
        let message = "send {\"to\": NAME}; NAME consists of letters, digits, '-', '_' and '.', and begins with a \
                       letter or digit";
        return respond::error(StatusCode::BAD_REQUEST, "InvalidName", message);
    };
    let Ok(turn) = Arc::clone(&app.backups).try_acquire_owned() else {
        let busy = respond::error(StatusCode::SERVICE_UNAVAILABLE, "Busy", "a backup is already in progress");
        return respond::retry_after(busy, RETRY_AFTER_S);
    };
    let (data, path) = (app.settings.data.clone(), to.display().to_string());
    // The backup continues if the client hangs up; the turn is over when it has ended.
    let work = app.engine.begin(move |engine| {
        let _turn = turn;
        if files::exists(&to) {
            return Ok(None);
        }
        let made = engine.backup(&to)?;
        KeyFile::copy(&data, &to)?;
        anyhow::Ok(Some(made))
    });
    match work.await.map_err(anyhow::Error::from).flatten() {
        Ok(None) => {
            let message = format!("{path} exists; choose another name");
            respond::error(StatusCode::CONFLICT, "AlreadyThere", &message)
        }
        Ok(Some(made)) => {
            tracing::info!(to = path, seq = made.seq, files = made.files, bytes = made.bytes, "a backup was made");
            let body = serde_json::json!({
                "to": path, "seq": made.seq, "files": made.files, "linked": made.linked, "bytes": made.bytes,
            });
            respond::text(StatusCode::OK, "application/json", body.to_string())
        }
        Err(error) => {
            tracing::error!(to = path, %error, "a backup failed");
            // The holder of a root key may know the reason.
            respond::error(StatusCode::INTERNAL_SERVER_ERROR, "BackupFailed", &format!("{error:#}"))
        }
    }
}

/// The folder of that name, if it is a plain one.
fn inside(folder: &Path, name: &str) -> Option<PathBuf> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = !name.is_empty() && name.len() <= NAME_MAX_BYTES && !name.starts_with(['-', '_', '.']);
    (is_name && name.bytes().all(is_plain)).then(|| folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_the_folder() {
        let folder = Path::new("backups");
        for name in ["", ".", "..", "../x", "a/b", "/etc", ".hidden", "-rf", "a\0b", "a b", "日", &"x".repeat(101)] {
            assert_eq!(inside(folder, name), None, "{name:?}");
        }
        assert_eq!(inside(folder, "2026-07-01_03.00"), Some(PathBuf::from("backups/2026-07-01_03.00")));
    }
}
