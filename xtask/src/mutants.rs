//! `cargo xtask torture --mutants`: checks that torture notices defects. It breaks one line of the store at a time, in
//! a copy below the target folder, and runs histories until one finds the defect or a minute is over.
//!
//! A mutant is a row of [`MUTANTS`]: a text that occurs exactly once in its file (a test checks this), and its
//! replacement.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};

use crate::tools::{cargo, output, root, run, target, watch};

/// The packages that torture needs.
const PACKAGES: [&str; 2] = ["crates/core", "crates/store"];

struct Mutant {
    name: &'static str,
    /// Below the store's sources.
    file: &'static str,
    text: &'static str,
    becomes: &'static str,
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "the log is not synced",
        file: "wal/writer.rs",
        text: "self.file.sync().doing(|| format!(\"sync {}\", path(self.number)))",
        becomes: "Ok(())",
    },
    Mutant {
        name: "a failed sync of the log is taken for a good one",
        file: "wal/writer.rs",
        text: "self.file.sync().doing(|| format!(\"sync {}\", path(self.number)))",
        becomes: "self.file.sync().or(Ok(()))",
    },
    Mutant {
        name: "reports are acknowledged before their sync",
        file: "wal/writer.rs",
        text: "        self.file.append(bytes).doing(|| format!(\"write {}\", path(self.number)))?;\n        self.file.sync()",
        becomes: "        self.file.sync().doing(|| String::new())?;\n        self.file.append(bytes)",
    },
    Mutant {
        name: "reports are visible before their sync",
        file: "commit.rs",
        text: "        log.write_group(&bytes)?;\n        sink.apply(&bytes, &reports)?;",
        becomes: "        sink.apply(&bytes, &reports)?;\n        log.write_group(&bytes)?;",
    },
    Mutant {
        name: "the file of a segment is not synced",
        file: "segment/output.rs",
        text: "self.file.sync().doing(|| format!(\"sync {}\", self.path))",
        becomes: "Ok(())",
    },
    Mutant {
        name: "the name of a segment is not synced",
        file: "flush.rs",
        text: "self.disk.sync_dir(&folder).doing(|| format!(\"sync {folder}\"))?;",
        becomes: "let _ = folder;",
    },
    Mutant {
        name: "the manifest is not synced before it is renamed",
        file: "disk/mod.rs",
        text: "file.sync().doing(|| format!(\"sync {path}\"))",
        becomes: "Ok(())",
    },
    Mutant {
        name: "the folder is not synced after the manifest is renamed",
        file: "manifest.rs",
        text: "disk.sync_dir(\"\").doing(|| \"sync the data folder\".into())?;",
        becomes: "",
    },
    Mutant {
        name: "logs are removed before the manifest is published",
        file: "flush.rs",
        text: "            self.publish_flush(&sealed, segments)?;\n            self.remove_logs(sealed.wal_number);",
        becomes: "            self.remove_logs(sealed.wal_number);\n            self.publish_flush(&sealed, segments)?;",
    },
    Mutant {
        name: "a merge forgets the longest duration of blocks",
        file: "segment/writer.rs",
        text: "        self.text.push_escaped(row);",
        becomes: "        self.text.push_escaped(row);\n        self.zone.duration.max = 0;",
    },
    Mutant {
        name: "a merge forgets to count failed runs",
        file: "segment/writer.rs",
        text: "        self.text.push_escaped(row);",
        becomes: "        self.text.push_escaped(row);\n        self.counts.fill(0);",
    },
    Mutant {
        name: "replaying does not ask whether a run is known",
        file: "replay.rs",
        text: "if may_be_known && self.is_known(hash, &record, &stream)? {",
        becomes: "if may_be_known && self.is_known(hash, &record, &stream)? && false {",
    },
    Mutant {
        name: "replaying does not carry a log's last group",
        file: "replay.rs",
        text: ".filter(|group| group.kind == Kind::Accepted);",
        becomes: ".filter(|_| false);",
    },
    Mutant {
        name: "a growth that is carried loses what was added",
        file: "in_flight.rs",
        text: "self.head().put_with_log(out, self.log.bytes(), self.log.parts());",
        becomes: "self.head().put(out);",
    },
    Mutant {
        name: "a guess is taken for an end after a restart",
        file: "record.rs",
        text: "is_guess: flags & IS_GUESS != 0,",
        becomes: "is_guess: false,",
    },
    Mutant {
        name: "checksums of blocks are not compared",
        file: "segment/verified.rs",
        text: "let payload = checked(part)?;",
        becomes: "let payload = part.split_last_chunk::<4>().ok_or(Malformed(\"it ends too early\"))?.0;",
    },
    Mutant {
        name: "a tail does not report what retention removed",
        file: "retain.rs",
        text: "let seqs = change.old.iter().map(|old| old.seq.max).chain([flights]);",
        becomes: "let seqs = [flights].into_iter();",
    },
    Mutant {
        name: "a tail resumes one too late",
        file: "tail.rs",
        text: "position: from,",
        becomes: "position: from + 1,",
    },
];

/// Tries every mutant whose name has `only` in it.
pub(crate) fn task(only: &str) -> Result<ExitCode> {
    let mutants: Vec<&Mutant> = MUTANTS.iter().filter(|mutant| mutant.name.contains(only)).collect();
    ensure!(!mutants.is_empty(), "there is no mutant `{only}`");
    let copy = copy()?;
    // `cargo xtask torture` already tells whether the unchanged copy passes.
    let mut verdicts = Vec::new();
    for mutant in &mutants {
        println!("\n== {}", mutant.name);
        verdicts.push(attempt(mutant, &copy).with_context(|| mutant.name)?);
    }
    println!();
    for (mutant, seed) in mutants.iter().zip(&verdicts) {
        let verdict = seed.map_or("NOT FOUND".to_owned(), |seed| format!("found by seed {seed}"));
        println!("{:<56} {verdict}", mutant.name);
    }
    let found = verdicts.iter().flatten().count();
    println!("{found} of {} found", mutants.len());
    Ok(if found == mutants.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A workspace of the store and what it needs, below the target folder.
fn copy() -> Result<PathBuf> {
    let copy = target().join("mutants");
    fs::create_dir_all(&copy)?;
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let is_members = |line: &&str| line.starts_with("members = [");
    let members = manifest.lines().find(is_members).context("Cargo.toml has no line of members")?;
    let manifest = manifest.replace(members, &format!("members = {PACKAGES:?}"));
    put(&copy.join("Cargo.toml"), &manifest)?;
    put(&copy.join("Cargo.lock"), &fs::read_to_string(root().join("Cargo.lock"))?)?;
    let packages = output(crate::tools::command("git").arg("ls-files").args(["--cached", "--others"]).args(PACKAGES));
    for path in packages.context("git does not list the sources")?.lines() {
        // A file that is deleted and not yet committed is still listed.
        if let Ok(text) = fs::read_to_string(root().join(path)) {
            put(&copy.join(path), &text)?;
        }
    }
    Ok(copy)
}

/// Writes a file unless it has this content already, so that cargo builds only what differs.
fn put(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().context("a file has a folder")?)?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The seed that finds a mutant.
fn attempt(mutant: &Mutant, copy: &Path) -> Result<Option<u64>> {
    let file = Path::new("crates/store/src").join(mutant.file);
    let original = fs::read_to_string(root().join(&file))?;
    put(&copy.join(&file), &mutated(mutant, &original)?)?;
    let torture = || {
        let mut torture = cargo();
        torture.current_dir(copy).env("CARGO_TARGET_DIR", copy.join("target"));
        torture.args(["test", "--quiet", "--release", "--package", "runlog-store", "--test", "torture"]);
        torture
    };
    let done = run(torture().arg("--no-run")).and_then(|()| {
        let minute = [("RUNLOG_TORTURE_MINUTES", "1"), ("RUNLOG_TORTURE_SEED", "1"), ("RUST_BACKTRACE", "0")];
        watch(torture().envs(minute).args(["--", "--nocapture"]))
    });
    put(&copy.join(&file), &original)?;
    let (status, text) = done?;
    let seed = text.lines().find_map(|line| line.strip_prefix("to replay: cargo xtask torture --seed "));
    match seed {
        Some(seed) => Ok(Some(seed.parse()?)),
        None if status.success() => Ok(None),
        None => bail!("torture failed without a seed"),
    }
}

fn mutated(mutant: &Mutant, original: &str) -> Result<String> {
    let count = original.matches(mutant.text).count();
    ensure!(count == 1, "`{}` has the text of \"{}\" {count} times, not once", mutant.file, mutant.name);
    Ok(original.replace(mutant.text, mutant.becomes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_fits_the_store_as_it_is() {
        for mutant in MUTANTS {
            let original = fs::read_to_string(root().join("crates/store/src").join(mutant.file)).unwrap();
            assert_ne!(mutated(mutant, &original).unwrap(), original);
        }
    }
}
