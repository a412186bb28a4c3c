//! A spool is used only in a folder of this user that is closed to others, and nothing is reached through a link.
#![allow(clippy::disallowed_methods, reason = "tests use the files of the machine they run on")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use runlog_client::{Error, NewRun, PutReport, Shipped, Spool, SpoolBounds};
use tempfile::TempDir;

/// What a file outside the spool holds; it must never change.
const VICTIM: &str = "{\"FunctionName\":\"victim\",\"RequestId\":\"v\",\"StartTime\":1}";

fn spool(dir: &Path) -> Spool {
    Spool::new(dir, SpoolBounds::default())
}

/// A folder with one good spool, `spool`, in which a run waits.
fn with_a_run() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("spool");
    spool(&dir).add(NewRun::new("f", 1)).unwrap();
    (folder, dir)
}

/// Nothing is listed, kept or shipped, and each call says why.
fn assert_refused(dir: &Path, why: &str) {
    let spool = spool(dir);
    let shipped = spool.ship(usize::MAX, true, |_| panic!("a run of an unsafe spool was sent"));
    let kept = spool.add(NewRun::new("f", 1)).map(drop);
    for result in [spool.waiting().map(drop), spool.refused().map(drop), kept, shipped.map(drop)] {
        match result {
            Err(Error::SpoolUnsafe { reason, .. }) => assert!(reason.contains(why), "{reason}"),
            other => panic!("{} was used: {other:?}", dir.display()),
        }
    }
}

#[test]
fn a_new_spool_is_closed_to_others() {
    let (_folder, dir) = with_a_run();
    spool(&dir).keep(NewRun::new("f", 2), Some("no")).unwrap();
    for path in [dir.clone(), dir.join("refused")] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700, "{}", path.display());
    }
    let files = fs::read_dir(&dir).unwrap().flatten().filter(|entry| entry.path().is_file());
    assert!(files.map(|entry| entry.metadata().unwrap().permissions().mode() & 0o777).all(|mode| mode == 0o600));
}

#[test]
fn a_folder_that_others_can_write_to_is_refused() {
    for mode in [0o720, 0o702, 0o777, 0o1777] {
        let (_folder, dir) = with_a_run();
        fs::set_permissions(&dir, Permissions::from_mode(mode)).unwrap();
        assert_refused(&dir, "other users can write to it");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "nothing was added");
    }
}

#[test]
fn a_folder_that_others_can_only_read_is_used() {
    let (_folder, dir) = with_a_run();
    fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(spool(&dir).waiting().unwrap().len(), 1);
}

#[test]
fn a_link_to_a_folder_is_refused_with_a_slash_at_its_end_too() {
    let (folder, dir) = with_a_run();
    let link = folder.path().join("link");
    symlink(&dir, &link).unwrap();
    assert_refused(&link, "symbolic link");
    assert_refused(&folder.path().join("link/"), "symbolic link");
    assert_eq!(spool(&dir).waiting().unwrap().len(), 1);
}

#[test]
fn a_file_in_the_place_of_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool");
    fs::write(&path, VICTIM).unwrap();
    assert_refused(&path, "not a folder");
}

#[test]
fn the_folder_of_another_user_is_refused() {
    let (_folder, dir) = with_a_run();
    // Only root can give a folder away.
    if chown(&dir, Some(31_000), None).is_err() {
        return;
    }
    assert_refused(&dir, "belongs to user 31000");
}

#[test]
fn a_file_of_another_user_is_not_sent() {
    let (_folder, dir) = with_a_run();
    let planted = dir.join("0000000000000000-planted.json");
    fs::write(&planted, VICTIM).unwrap();
    if chown(&planted, Some(31_000), None).is_err() {
        return;
    }
    let names: Vec<_> = spool(&dir).waiting().unwrap().into_iter().map(|run| run.path).collect();
    assert!(names.len() == 1 && names[0] != planted, "{names:?}");
}

#[test]
fn links_in_the_folder_are_not_followed() {
    let (folder, dir) = with_a_run();
    let victims = folder.path().join("victims");
    fs::create_dir(&victims).unwrap();
    let waiting = victims.join("0000000000000000-victim.json");
    fs::write(&waiting, VICTIM).unwrap();
    symlink(&waiting, dir.join("0000000000000000-victim.json")).unwrap();
    let mut sent = Vec::new();
    let shipped = spool(&dir).ship(usize::MAX, true, |runs| {
        sent.extend(runs.iter().map(|run| run.function_name.clone()));
        Ok(PutReport { accepted: runs.len() as u64, ..PutReport::default() })
    });
    assert_eq!((shipped.unwrap(), sent), (Shipped { accepted: 1, ..Shipped::default() }, vec!["f".to_owned()]));

    // The lock: a link would be opened for writing, and made where its target is not there.
    fs::remove_file(dir.join(".lock")).unwrap();
    symlink(victims.join("nologin"), dir.join(".lock")).unwrap();
    spool(&dir).add(NewRun::new("f", 2)).unwrap();
    let error = spool(&dir).ship(usize::MAX, true, |_| panic!("sent without the lock")).unwrap_err();
    assert!(matches!(error, Error::Spool { .. }), "{error}");

    // The folder of refused runs: what is set aside would replace files of the target.
    fs::remove_file(dir.join(".lock")).unwrap();
    symlink(&victims, dir.join("refused")).unwrap();
    fs::write(dir.join("0000000000000000-victim.json.json"), "damaged").unwrap();
    let error = spool(&dir).ship(usize::MAX, true, |_| panic!("sent")).unwrap_err();
    assert!(matches!(error, Error::SpoolUnsafe { .. }), "{error}");
    let left: Vec<_> = fs::read_dir(&victims).unwrap().flatten().map(|entry| entry.path()).collect();
    assert_eq!((left, fs::read_to_string(&waiting).unwrap()), (vec![waiting.clone()], VICTIM.to_owned()));
}
