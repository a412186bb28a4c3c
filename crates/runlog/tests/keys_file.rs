//! `keys.json` stays readable for the server's own user, even if another user changes it: its owner and mode do not
//! change.
#![allow(clippy::disallowed_methods, reason = "the tests look at files and change their owners")]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use support::{program, stderr, stdout};

const ANYTHING: &str = r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#;

/// The user of a server that root administers.
const SERVER_USER: u32 = 31_000;

fn runlog(data: &Path, args: &[&str]) -> String {
    let output = program(args).env("RUNLOG_DATA", data).output().expect("the program");
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

/// Changes the file by each command that does.
fn change_in_every_way(data: &Path, policy: &Path) {
    let made = runlog(data, &["keys", "create", "--policy", policy.to_str().expect("UTF-8")]);
    let key = made.split_whitespace().find(|word| word.starts_with("AKID")).expect("a SecretId").to_owned();
    runlog(data, &["keys", "token", "--key", &key]);
    runlog(data, &["policy", "set", &key, policy.to_str().expect("UTF-8")]);
    runlog(data, &["keys", "delete", &key]);
}

#[test]
fn changing_keys_leaves_owner_group_and_mode_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, policy) = (folder.path().join("data"), folder.path().join("policy.json"));
    fs::write(&policy, ANYTHING).expect("a policy");
    runlog(&data, &["keys", "create", "--root"]);
    let file = data.join("keys.json");
    assert_eq!(fs::metadata(&file).expect("the keys").mode() & 0o777, 0o600);
    fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("a mode");
    // Only root can give a file away.
    let is_root = chown(&file, Some(SERVER_USER), Some(SERVER_USER)).is_ok();
    let before = fs::metadata(&file).expect("the keys");
    change_in_every_way(&data, &policy);
    let after = fs::metadata(&file).expect("the keys");
    assert_eq!((after.uid(), after.gid(), after.mode()), (before.uid(), before.gid(), before.mode()));
    assert!(!is_root || after.uid() == SERVER_USER);
    let names = fs::read_dir(&data).expect("the folder").flatten().map(|entry| entry.file_name());
    assert_eq!(names.count(), 2, "nothing is left beside the keys and their lock");
}

#[test]
fn what_root_makes_in_a_servers_folder_belongs_to_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    if chown(folder.path(), Some(SERVER_USER), Some(SERVER_USER)).is_err() {
        return;
    }
    runlog(folder.path(), &["keys", "create", "--root"]);
    for name in ["keys.json", "keys.lock"] {
        let made = fs::metadata(folder.path().join(name)).expect("a file");
        assert_eq!((made.uid(), made.gid(), made.mode() & 0o777), (SERVER_USER, SERVER_USER, 0o600), "{name}");
    }
}

#[test]
fn links_in_a_servers_folder_are_not_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, victim) = (folder.path().join("data"), folder.path().join("victim"));
    runlog(&data, &["keys", "create", "--root"]);
    fs::write(&victim, "untouched").expect("a file");
    symlink(&victim, data.join("keys.next")).expect("a link");
    runlog(&data, &["keys", "create", "--root"]);
    fs::remove_file(data.join("keys.lock")).expect("the lock");
    symlink(folder.path().join("made"), data.join("keys.lock")).expect("a link");
    let refused = program(["keys", "create", "--root"]).env("RUNLOG_DATA", &data).output().expect("the program");
    assert!(!refused.status.success() && stderr(&refused).contains("cannot lock"), "{}", stderr(&refused));
    assert!(!folder.path().join("made").exists());
    assert_eq!(fs::read_to_string(&victim).expect("the file"), "untouched");
}
