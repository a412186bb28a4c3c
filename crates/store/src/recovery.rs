//! Opening a store (log only, for now).
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use runlog_core::RET_RUNNING;

use crate::clock::Clock;
use crate::commit::Commit;
use crate::disk::Disk;
use crate::engine::{Engine, Work};
use crate::error::{Doing, Result};
use crate::hash::id_hash;
use crate::in_flight::Flight;
use crate::manifest::Manifest;
use crate::options::Options;
use crate::record::Record;
use crate::state::State;
use crate::wal;
use crate::wal::writer::{Group, WalWriter};

pub(crate) fn open(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, options: Options) -> Result<Engine> {
    disk.create_dir(wal::DIR).doing(|| "make wal".into())?;
    let mut state = State::default();
    let mut last = 0;
    let mut torn_bytes = 0;
    for entry in disk.list(wal::DIR).doing(|| "list wal".into())? {
        let Some(number) = wal::number(&entry.name) else { continue };
        last = last.max(number);
        let bytes = Arc::new(disk.map(&wal::path(number)).doing(|| "read wal".into())?.to_vec());
        let scan = wal::reader::scan(&entry.name, &bytes, number)?;
        torn_bytes += scan.torn_bytes;
        let mut table = state.active.write();
        let group = table.add_group(Arc::clone(&bytes));
        for range in scan.groups.into_iter().flat_map(|group| group.reports) {
            let Some(encoded) = bytes.get(range.clone()) else { continue };
            let Ok(record) = Record::decode(encoded) else { continue };
            let Ok(stream) = record.stream().map(Arc::new) else { continue };
            let hash = id_hash(&stream.account, record.request_id);
            state.last_seq = state.last_seq.max(record.facts.seq);
            if record.facts.ret_code == RET_RUNNING {
                table.note(&stream, record.facts.start_ms);
                state.in_flight.upsert(Flight::new(&stream, &record, encoded));
            } else {
                table.insert(&stream, hash, record.facts, group, &range);
                state.in_flight.remove(hash, &stream, record.request_id, record.retry_num);
            }
        }
    }
    let wal = WalWriter::create(&*disk, last + 1, Group::default())?;
    Ok(Engine {
        commit: Commit::new(state.last_seq),
        disk,
        clock,
        options,
        flushing: Mutex::default(),
        merging: Mutex::default(),
        wal: Mutex::new(wal),
        manifest: Mutex::new(Manifest::default()),
        state: RwLock::new(state),
        poison: OnceLock::new(),
        torn_bytes,
        work: Work::default(),
    })
}

impl Engine {
    pub(crate) fn retry_without_damaged<T>(&self, mut work: impl FnMut(&Engine) -> Result<T>) -> Result<T> {
        work(self)
    }
    pub(crate) fn set_aside_files(&self) -> u64 {
        0
    }
    pub(crate) fn flush(&self) -> Result<()> {
        Ok(())
    }
    pub(crate) fn flush_sealed(&self) -> Result<()> {
        Ok(())
    }
    pub(crate) fn merge_all(&self) -> Result<()> {
        Ok(())
    }
    pub(crate) fn merge_tier(&self) -> Result<bool> {
        Ok(false)
    }
    pub(crate) fn after_append(&self) -> Result<()> {
        Ok(())
    }
    pub(crate) fn is_memtable_full_now(&self) -> bool {
        false
    }
}
