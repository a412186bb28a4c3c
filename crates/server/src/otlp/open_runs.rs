//! The runs whose lines are still coming in.
//!
//! The store is what counts: each acknowledged batch is in the run's record there, which is listed as running, and a
//! run that is not in memory is read back from it. So a restart loses nothing that was acknowledged. What is here only
//! saves reading it again, and knows when a run was last heard of.
//!
//! Locks: a run is changed under its own lock, from reading its state to the acknowledgement of the store; several are
//! locked in the order of their identities. The table's lock is the innermost, and never held while waiting.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use runlog_core::{Engine, EngineError, Identity, Origin, Query, Run, Scope, Stream};
use runlog_ingest::otlp::{Facts, Line, Record, RunName};

use super::gathered::{Gathered, instance_id, instance_of};
use super::open_table::{OpenTable, Slot, State, has_finished, named};
use super::pending::Pending;
use super::taken::Taken;

/// Attempts of one run at most, which a request id may have.
const ATTEMPTS_MAX: usize = 256;

/// Idle runs that are finished at a time.
const IDLE_AT_A_TIME: usize = 64;

/// The runs that are open, up to a limit.
#[derive(Debug)]
pub(crate) struct OpenRuns {
    table: OpenTable,
}

/// What the store knows of a run.
enum Stored {
    Nothing,
    Open(Box<Gathered>),
    Finished(Box<Run>),
    /// In flight, and reported by somebody else.
    Foreign,
}

/// The records of one batch that speak of one run.
struct Group {
    stream: Arc<Stream>,
    run: RunName,
    lines: Vec<(Line, Facts)>,
    /// Up to here, in Unix milliseconds, the request ids of an instance's runs are taken.
    not_before_ms: i64,
}

/// A run that a batch speaks of.
struct Claim {
    identity: Identity,
    stream: Arc<Stream>,
    /// The instance's name, if the run is made of the lines of an instance.
    instance: Option<String>,
    /// None where there is no room for another open run.
    slot: Option<Arc<Slot>>,
    /// The places of its groups.
    groups: Vec<usize>,
}

impl OpenRuns {
    /// No runs yet, and room for `max`.
    pub(crate) fn new(max: usize) -> Self {
        Self { table: OpenTable::new(max) }
    }

    /// How many runs are open.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Takes up the runs again that were open when the server stopped. `now` is the monotonic clock's.
    pub(super) fn resume(&self, engine: &dyn Engine, now: Duration) -> Result<(), EngineError> {
        let open = engine.open_runs(Origin::Gathered)?;
        let mut table = self.table.lock();
        for run in &open {
            table.insert(named(&run.stream, &run.request_id), &run.stream, instance_of(run).as_deref(), now);
        }
        Ok(())
    }

    /// Gathers the records of one request; what is counted as accepted is on disk then. `now` is the monotonic clock's.
    ///
    /// # Errors
    /// The engine's. Then the sender may send the same again: lines that did get stored are known.
    pub(super) fn take(
        &self,
        engine: &dyn Engine,
        records: Vec<Record>,
        now: Duration,
        taken: &mut Taken,
    ) -> Result<(), EngineError> {
        let mut groups = grouped(records);
        while !groups.is_empty() {
            groups = self.round(engine, groups, now, taken)?;
        }
        Ok(())
    }

    /// Gathers as much as is possible at once, and returns what has to look for its run again.
    fn round(
        &self,
        engine: &dyn Engine,
        mut groups: Vec<Group>,
        now: Duration,
        taken: &mut Taken,
    ) -> Result<Vec<Group>, EngineError> {
        let claims = self.claim(&groups, now);
        let mut states: Vec<_> = claims.iter().map(|claim| claim.slot.as_deref().map(Slot::lock)).collect();
        // One of them has ended while we waited for it.
        if states.iter().flatten().any(|state| state.is_gone) {
            return Ok(groups);
        }
        let mut again = Vec::new();
        let mut pending = Pending::new(&self.table, engine, taken);
        for (claim, state) in claims.iter().zip(&mut states) {
            let Some(state) = state else { continue };
            let mut lines = Vec::new();
            for &at in &claim.groups {
                groups.get_mut(at).into_iter().for_each(|group| lines.append(&mut group.lines));
            }
            again.extend(self.gather(claim, state, lines, &mut pending)?);
        }
        pending.store()?;
        // What found no place has its lines still. Those that ended have made room for it.
        let has_room = states.iter().flatten().any(|state| state.is_gone);
        for group in groups.into_iter().filter(|group| !group.lines.is_empty()) {
            if has_room {
                again.push(group);
            } else {
                taken.defer(group.lines.len() as u64, self.too_many());
            }
        }
        Ok(again)
    }

    /// Adds lines to a run whose lock is held. Returns those of an instance whose run has ended, for another run.
    fn gather<'s>(
        &self,
        claim: &Claim,
        state: &'s mut State,
        lines: Vec<(Line, Facts)>,
        pending: &mut Pending<'_, 's>,
    ) -> Result<Option<Group>, EngineError> {
        let Claim { identity, stream, instance, .. } = claim;
        if state.run.is_none() {
            match self.load(pending.engine, identity)? {
                Stored::Open(run) => state.run = Some(*run),
                Stored::Nothing => {
                    let request_id = identity.request_id.clone();
                    state.run = Some(Gathered::new(Arc::clone(stream), request_id, instance.clone()));
                }
                Stored::Finished(run) => {
                    let (lines, known) = Gathered::with_log(&run).unknown(lines);
                    pending.taken.duplicates += known;
                    self.table.forget(identity, state);
                    let Some(instance) = instance.clone().filter(|_| !lines.is_empty()) else {
                        pending.taken.reject(lines.len() as u64, has_finished(identity));
                        return Ok(None);
                    };
                    let run = RunName::Instance(instance);
                    let not_before_ms = first_ms_of(identity).saturating_add(1);
                    return Ok(Some(Group { stream: Arc::clone(stream), run, lines, not_before_ms }));
                }
                Stored::Foreign => {
                    let Identity { request_id, function, .. } = identity;
                    let reason = format!(
                        "run {request_id} of {function} is reported by another way than OTLP; give one of both another id"
                    );
                    pending.taken.reject(lines.len() as u64, reason);
                    self.table.forget(identity, state);
                    return Ok(None);
                }
            }
        }
        let Some(run) = &mut state.run else { return Ok(None) };
        let added = run.add(lines);
        if added.is_news && run.has_lines() {
            pending.push(identity.clone(), added, state)?;
            return Ok(None);
        }
        pending.count(identity, &added);
        if !run.has_lines() {
            self.table.forget(identity, state);
        }
        Ok(None)
    }

    /// Finishes the runs that were silent for as long as `idle`; says how many.
    ///
    /// # Errors
    /// The engine's; the runs stay open then.
    pub(crate) fn finish_idle(&self, engine: &dyn Engine, now: Duration, idle: Duration) -> Result<u64, EngineError> {
        let is_idle = |slot: &Slot| slot.was_heard_before(now, idle);
        let mut silent = self.table.lock().of_all(is_idle);
        silent.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut taken = Taken::default();
        // Some at a time, so that lines that come in meanwhile do not wait for all of them.
        for silent in silent.chunks(IDLE_AT_A_TIME) {
            let mut states: Vec<_> = silent.iter().map(|(id, slot)| (id, slot, slot.lock())).collect();
            let mut pending = Pending::new(&self.table, engine, &mut taken);
            for (identity, slot, state) in &mut states {
                // Heard of, or ended, while we waited for it.
                if state.is_gone || !is_idle(slot) {
                    continue;
                }
                if state.run.is_none() {
                    match self.load(engine, identity)? {
                        Stored::Open(run) => state.run = Some(*run),
                        _ => {
                            self.table.forget(identity, state);
                            continue;
                        }
                    }
                }
                pending.push_idle((*identity).clone(), state)?;
            }
            pending.store()?;
        }
        Ok(taken.finished)
    }

    /// The runs that groups belong to, each with its place in the table, in the order of their identities.
    fn claim(&self, groups: &[Group], now: Duration) -> Vec<Claim> {
        let mut claims = BTreeMap::<Identity, Claim>::new();
        let mut table = self.table.lock();
        for (at, group) in groups.iter().enumerate() {
            let identity = match &group.run {
                RunName::Id(id) => named(&group.stream, id),
                RunName::Instance(instance) => {
                    let first_ms = group.lines.iter().map(|(line, _)| line.time_ms()).min().unwrap_or_default();
                    let open = table.of_instance(&group.stream, instance);
                    let id = open
                        .map(str::to_owned)
                        .unwrap_or_else(|| instance_id(instance, first_ms.max(group.not_before_ms)));
                    named(&group.stream, &id)
                }
            };
            let instance = match &group.run {
                RunName::Id(_) => None,
                RunName::Instance(instance) => Some(instance.clone()),
            };
            let slot = table.claim(&identity, &group.stream, instance.as_deref(), now);
            let claim = claims.entry(identity.clone()).or_insert_with(|| Claim {
                identity,
                stream: Arc::clone(&group.stream),
                instance,
                slot,
                groups: Vec::new(),
            });
            claim.groups.push(at);
        }
        claims.into_values().collect()
    }

    fn load(&self, engine: &dyn Engine, identity: &Identity) -> Result<Stored, EngineError> {
        if let Some(report) = engine.open_run(identity)? {
            if report.origin != Origin::Gathered {
                return Ok(Stored::Foreign);
            }
            let run = Gathered::resume(report);
            let run = run.map_err(|error| EngineError::engine(format!("the state of a gathered run: {error}")))?;
            return Ok(Stored::Open(Box::new(run)));
        }
        let Identity { account, region, namespace, function, request_id, retry_num } = identity;
        let scope = Scope {
            region: Some(region.clone()),
            namespace: Some(namespace.clone()),
            function: Some(function.clone()),
            ..Scope::account(account)
        };
        let query = Query { request_id: Some(request_id.clone()), limit: ATTEMPTS_MAX, ..Query::new(scope) };
        let (_, mut rows) = engine.open_query(&query)?;
        loop {
            // One by one: each attempt may have a long log.
            let batch = rows.next_batch(1)?;
            if batch.is_empty() {
                return Ok(Stored::Nothing);
            }
            if let Some(row) = batch.into_iter().find(|row| row.run.retry_num == *retry_num) {
                let run = row.run;
                return Ok(if run.is_running() { Stored::Foreign } else { Stored::Finished(Box::new(run)) });
            }
        }
    }

    fn too_many(&self) -> String {
        let max = self.table.max();
        format!(
            "{max} runs are open, as many as the option otlp_max_open_runs allows; mark the end of runs, or raise it"
        )
    }
}

/// The time in the request id of an instance's run, in Unix milliseconds; see [`instance_id`].
fn first_ms_of(identity: &Identity) -> i64 {
    identity.request_id.rsplit_once('-').and_then(|(_, ms)| ms.parse().ok()).unwrap_or_default()
}

/// The records by the run that they name, each in the order of their arrival.
fn grouped(records: Vec<Record>) -> Vec<Group> {
    let mut groups = Vec::<Group>::new();
    let mut places = HashMap::<(*const Stream, RunName), usize>::new();
    for Record { stream, run, line, facts } in records {
        let at = *places.entry((Arc::as_ptr(&stream), run.clone())).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Group { stream, run, lines: Vec::new(), not_before_ms: 0 });
        }
        if let Some(group) = groups.get_mut(at) {
            group.lines.push((line, facts));
        }
    }
    groups
}
