//! Writes the seeds and the words of every target for `cargo fuzz`: a folder and a file of each target's name.

use std::fs;
use std::io;
use std::path::PathBuf;

use runlog_fuzz::TARGETS;

#[allow(clippy::disallowed_methods, reason = "a program that writes files")]
fn main() -> io::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("give a folder"));
    for target in TARGETS {
        let corpus = folder.join(target.name);
        fs::create_dir_all(&corpus)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            fs::write(corpus.join(format!("seed-{number}")), seed)?;
        }
        let word = |word: &&str| {
            let bytes = word.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
            format!("\"{bytes}\"\n")
        };
        if !target.words.is_empty() {
            let words = target.words.iter().map(word).collect::<String>();
            fs::write(folder.join(format!("{}.dict", target.name)), words)?;
        }
    }
    Ok(())
}
