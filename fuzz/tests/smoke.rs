//! A smoke run of every fuzz target: each takes its seeds and some hundred mutations of them, the same ones each time.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use runlog_fuzz::{TARGETS, Target};

/// A change of an input.
#[derive(Clone, Debug)]
enum Edit {
    Set(Index, u8),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Word(Index, Index),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
    /// Goes on as another seed does.
    Cross(Index, Index, Index),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = any::<Index>;
    let edit = prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (at(), 0..8_u32).prop_map(|(at, bit)| Edit::Flip(at, 1 << bit)),
        (at(), prop::collection::vec(any::<u8>(), 1..6)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (at(), at()).prop_map(|(at, word)| Edit::Word(at, word)),
        (at(), 1..20_usize).prop_map(|(at, len)| Edit::Remove(at, len)),
        (at(), 1..80_usize).prop_map(|(at, len)| Edit::Repeat(at, len)),
        at().prop_map(Edit::Cut),
        (at(), at(), at()).prop_map(|(at, seed, from)| Edit::Cross(at, seed, from)),
    ];
    prop::collection::vec(edit, 1..6)
}

fn apply(edit: &Edit, bytes: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str]) {
    let place = |at: &Index, len: usize| at.index(len + 1);
    let len = bytes.len();
    match edit {
        Edit::Set(at, byte) => bytes.iter_mut().skip(place(at, len)).take(1).for_each(|old| *old = *byte),
        Edit::Flip(at, mask) => bytes.iter_mut().skip(place(at, len)).take(1).for_each(|old| *old ^= mask),
        Edit::Insert(at, new) => drop(bytes.splice(place(at, len)..place(at, len), new.iter().copied())),
        Edit::Word(_, _) if words.is_empty() => {}
        Edit::Word(at, word) => {
            let at = place(at, len);
            bytes.splice(at..at, words[word.index(words.len())].bytes());
        }
        Edit::Remove(at, count) => {
            let at = place(at, len);
            bytes.drain(at..(at + count).min(len));
        }
        Edit::Repeat(at, count) => {
            let at = place(at, len);
            let again = bytes[at..(at + count).min(len)].to_vec();
            bytes.splice(at..at, again);
        }
        Edit::Cut(at) => bytes.truncate(place(at, len)),
        Edit::Cross(at, seed, from) => {
            let other = &seeds[seed.index(seeds.len())];
            bytes.truncate(place(at, len));
            bytes.extend(&other[place(from, other.len())..]);
        }
    }
}

fn smoke(target: &Target) {
    let seeds = (target.seeds)();
    seeds.iter().for_each(|seed| (target.body)(seed));
    let cases = target.smoke_runs;
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let inputs = (any::<Index>(), edits());
    let result = runner.run(&inputs, |(seed, edits)| {
        let mut bytes = seeds[seed.index(seeds.len())].clone();
        edits.iter().for_each(|edit| apply(edit, &mut bytes, &seeds, target.words));
        (target.body)(&bytes);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{}: {error}", target.name);
    }
}

macro_rules! smoke_tests {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            smoke(TARGETS.iter().find(|target| target.name == stringify!($name)).unwrap());
        })*

        #[test]
        fn every_target_has_a_file_and_a_smoke_run() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
            for name in names {
                let file = format!("{}/fuzz_targets/{name}.rs", env!("CARGO_MANIFEST_DIR"));
                assert!(std::path::Path::new(&file).exists(), "{file}");
            }
        }
    };
}

smoke_tests! {
    ingest import_ndjson import_answer import_platform import_scf_json import_lambda import_parquet otlp_json
    otlp_protobuf request multipart texts native_query policy doctor wal segment manifest rotten_folder
}
