//! Reads runs from a text log: gathers the lines of each run, from its START to its report, even if runs interleave.
//!
//! A line goes to the run that it names, otherwise to the one that its lane named last. (A lane is the output of one
//! instance, if the lines say which.) Lines after a report still belong to its run, until the next START. A report
//! without a START is a run too, because logs are often searched for reports only.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use runlog_core::{DraftStart, RunDraft};
use runlog_core::{RET_OK, RET_USER_FAILED, limits};

use super::finish::Finish;
use super::item::refused;
use super::lines::{LineParser, Out};
use super::open_runs::{Log, OpenRuns, Weigh};
use super::{Hints, Notes, stamp};

/// Number of lines that a run waits for after its report before it is complete.
const TRAIL_LINES: u64 = 100;

/// Ids that are remembered, so that a second START of one is known as a retry.
const ATTEMPTS_MAX: usize = 100_000;

/// Lanes that are remembered: instances of a function that are alive at a time.
const LANES_MAX: usize = 10_000;

/// The first blank-separated words of a line in which the id of its run is looked for.
const ID_WORDS: usize = 3;

/// How a platform writes.
pub(super) trait Dialect {
    /// Splits the name of the instance that printed a line off its front.
    fn lane<'a>(&self, line: &'a str) -> (&'a str, &'a str) {
        ("", line)
    }

    /// What a line of the platform's own says; `None` for a line of the function's.
    fn platform<'a>(&self, line: &'a str) -> Option<Said<'a>>;

    /// What can be learnt of a run from a line of the function's.
    fn text(&self, _line: &str) -> Facts {
        Facts::default()
    }
}

/// What a line of the platform says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said<'a> {
    pub(super) what: What<'a>,
    pub(super) facts: Facts,
    /// Its own time, in Unix milliseconds.
    pub(super) at_ms: Option<i64>,
}

/// Which part of a run a line of the platform is. Runs are named by their request ids.
#[derive(Debug, Default, PartialEq)]
pub(super) enum What<'a> {
    /// It begins.
    Start(Cow<'a, str>),
    /// Something of a run.
    About(Cow<'a, str>),
    /// It has ended, with its measurements.
    Report(Cow<'a, str>),
    /// Belongs to the run that begins next.
    #[default]
    Preface,
}

/// What is known of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts {
    pub(super) function: Option<String>,
    pub(super) qualifier: Option<String>,
    pub(super) duration_ms: Option<f64>,
    pub(super) bill_ms: Option<u64>,
    pub(super) mem_bytes: Option<u64>,
    pub(super) ret_code: Option<i32>,
    pub(super) ret_msg: Option<String>,
}

impl Facts {
    /// What comes later is better known, but a failure is not taken back, nor its message.
    pub(super) fn add(&mut self, later: Facts) {
        let fill = |known: &mut Option<String>, later: Option<String>| {
            if later.is_some() {
                *known = later;
            }
        };
        fill(&mut self.function, later.function);
        fill(&mut self.qualifier, later.qualifier);
        let had_failed = self.ret_code.is_some_and(|code| code != RET_OK);
        let fails = later.ret_code.is_some_and(|code| code != RET_OK);
        if !had_failed || (fails && self.ret_msg.is_none()) {
            fill(&mut self.ret_msg, later.ret_msg);
        }
        // A time or memory limit says more than that something failed.
        if fails && (!had_failed || self.ret_code == Some(RET_USER_FAILED)) || self.ret_code.is_none() {
            self.ret_code = later.ret_code.or(self.ret_code);
        }
        self.duration_ms = later.duration_ms.or(self.duration_ms);
        self.bill_ms = later.bill_ms.or(self.bill_ms);
        self.mem_bytes = later.mem_bytes.or(self.mem_bytes);
    }
}

/// The position of a line.
#[derive(Clone, Copy)]
struct Place<'a> {
    number: u64,
    /// The instance that printed it.
    lane: &'a str,
    /// The time before it, in Unix milliseconds.
    stamp_ms: Option<i64>,
}

/// A run as far as it was read.
struct Story {
    line: u64,
    id: String,
    retry_num: u8,
    start_ms: Option<i64>,
    last_ms: Option<i64>,
    /// Whether its lines have times that are not of the log itself.
    is_stamped: bool,
    is_reported: bool,
    facts: Facts,
    log: Log,
}

impl Weigh for Story {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.id.len() + self.log.bytes() + self.facts.ret_msg.as_ref().map_or(0, String::len)
    }
}

/// The parser of a platform's text log.
pub(super) struct Gather<D> {
    dialect: D,
    finish: Finish,
    notes: Rc<Notes>,
    open: OpenRuns<String, Story>,
    /// The run that each lane speaks of.
    lanes: HashMap<String, String>,
    /// Runs with their report, and its line.
    reported: VecDeque<(u64, String)>,
    attempts: Attempts,
    preface: Log,
    /// The function, where the log names it.
    function: Option<String>,
    /// The first of the lines that belong to no run, and how many they are.
    orphans: Option<(u64, u64)>,
}

impl<D: Dialect> Gather<D> {
    pub(super) fn new(dialect: D, hints: Hints, notes: Rc<Notes>) -> Self {
        Self {
            dialect,
            finish: Finish::new(hints),
            notes,
            open: OpenRuns::new(),
            lanes: HashMap::new(),
            reported: VecDeque::new(),
            attempts: Attempts::default(),
            preface: Log::default(),
            function: None,
            orphans: None,
        }
    }

    fn is_reported(&self, id: &String) -> bool {
        self.open.get(id).is_some_and(|story| story.is_reported)
    }

    fn begin(&mut self, number: u64, id: &str, is_stamped: bool, at_ms: Option<i64>, out: &mut Out) {
        self.report_orphans(out);
        let story = Story {
            line: number,
            id: id.to_owned(),
            retry_num: self.attempts.next(id, at_ms),
            start_ms: None,
            last_ms: None,
            is_stamped,
            is_reported: false,
            facts: Facts { function: self.function.clone(), ..Facts::default() },
            log: std::mem::take(&mut self.preface),
        };
        if let Some(before) = self.open.insert(id.to_owned(), story) {
            // It begins again without having ended.
            self.emit(before, true, out);
        }
    }

    fn add(&mut self, id: &str, stamp_ms: Option<i64>, line: &str, facts: Facts, is_report: bool) {
        self.open.change(&id.to_owned(), |story| {
            let duration_ms = facts.duration_ms;
            story.facts.add(facts);
            story.is_reported |= is_report;
            story.log.push_line(line);
            if let Some(ms) = stamp_ms {
                // A report comes at the end.
                let back_ms = if is_report { duration_ms.unwrap_or_default().ceil() as i64 } else { 0 };
                story.start_ms.get_or_insert(ms.saturating_sub(back_ms));
                story.last_ms = Some(ms);
            }
        });
    }

    fn speaks_of(&mut self, lane: &str, id: &str) {
        match self.lanes.get_mut(lane) {
            Some(current) if current == id => {}
            Some(current) => *current = id.to_owned(),
            None => {
                if self.lanes.len() >= LANES_MAX {
                    self.lanes.clear();
                }
                self.lanes.insert(lane.to_owned(), id.to_owned());
            }
        }
    }

    fn platform_line(&mut self, at: Place<'_>, line: &str, said: Said<'_>, out: &mut Out) {
        let at_ms = at.stamp_ms.or(said.at_ms);
        let (id, is_start, is_report) = match said.what {
            What::Preface => {
                self.preface.push_line(line);
                self.function = said.facts.function.or(self.function.take());
                return;
            }
            What::Start(id) => (id.into_owned(), true, false),
            What::About(id) => (id.into_owned(), false, false),
            What::Report(id) => (id.into_owned(), false, true),
        };
        if is_start && let Some(before) = self.lanes.get(at.lane).filter(|id| self.is_reported(id)).cloned() {
            self.close(&before, out);
        }
        if is_report {
            // A second report is that of a retry.
            if self.is_reported(&id) {
                self.close(&id, out);
            }
            self.reported.push_back((at.number, id.clone()));
        }
        if is_start || !self.open.contains(&id) {
            self.begin(at.number, &id, at.stamp_ms.is_some(), at_ms, out);
        }
        self.speaks_of(at.lane, &id);
        self.add(&id, at_ms, line, said.facts, is_report);
    }

    fn text_line(&mut self, at: Place<'_>, whole: &str, bare: &str) {
        let named = bare.split([' ', '\t']).take(ID_WORDS).find(|word| self.open.contains(&(*word).to_owned()));
        let current = || self.lanes.get(at.lane).filter(|id| self.open.contains(id)).cloned();
        match named.map(str::to_owned).or_else(current) {
            Some(id) => {
                let is_stamped = self.open.get(&id).is_some_and(|story| story.is_stamped);
                let facts = self.dialect.text(bare);
                self.add(&id, at.stamp_ms, if is_stamped { bare } else { whole }, facts, false);
            }
            None if bare.trim().is_empty() => {}
            None => self.orphans.get_or_insert((at.number, 0)).1 += 1,
        }
    }

    fn report_orphans(&mut self, out: &mut Out) {
        if let Some((line, count)) = self.orphans.take() {
            let message = format!("{count} lines from here on belong to no run: there is no START line before them");
            out.push_back(Err(refused(line, "NoRun", message)));
        }
    }

    fn close(&mut self, id: &String, out: &mut Out) {
        if let Some(story) = self.open.remove(id) {
            self.emit(story, false, out);
        }
    }

    /// `was_cut`: the run did not end, and its end can no longer come.
    fn emit(&mut self, story: Story, was_cut: bool, out: &mut Out) {
        let Story { line, id, retry_num, start_ms, last_ms, is_reported, facts, log, .. } = story;
        if is_reported && facts.duration_ms.is_none() {
            let message = format!("the report of run {} has no duration that can be read", shown(&id));
            return out.push_back(Err(refused(line, "Malformed", message)));
        }
        let unfinished = self.finish.unfinished(was_cut);
        let so_far = || Some(last_ms?.saturating_sub(start_ms?).max(0) as f64);
        out.push_back(self.finish.run(
            line,
            RunDraft {
                function_name: facts.function.unwrap_or_default(),
                request_id: Some(id),
                start_time: start_ms.map(DraftStart::UnixMs),
                duration: facts.duration_ms.or_else(so_far),
                bill_duration: facts.bill_ms,
                mem_usage: facts.mem_bytes,
                ret_code: Some(if is_reported { facts.ret_code.unwrap_or(RET_OK) } else { unfinished }),
                ret_msg: facts.ret_msg,
                invoke_finished: Some(i32::from(is_reported)),
                log: Some(log.into_text()),
                qualifier: facts.qualifier,
                retry_num: Some(retry_num),
                ..RunDraft::default()
            },
        ));
    }

    fn close_what_is_due(&mut self, number: u64, out: &mut Out) {
        while let Some((_, id)) = self.reported.pop_front_if(|(line, _)| *line + TRAIL_LINES < number) {
            if self.is_reported(&id) {
                self.close(&id, out);
            }
        }
        while let Some((_, story)) = self.open.overflow() {
            if !story.is_reported {
                self.notes.closed_early.set(self.notes.closed_early.get() + 1);
            }
            self.emit(story, true, out);
        }
    }
}

impl<D: Dialect> LineParser for Gather<D> {
    fn line(&mut self, number: u64, text: &str, out: &mut Out) {
        let zone = self.finish.hints().zone;
        let (stamp_ms, rest) = stamp::leading(text, zone).map_or((None, text), |(ms, rest)| (Some(ms), rest));
        let (lane, bare) = self.dialect.lane(rest);
        let at = Place { number, lane, stamp_ms };
        match self.dialect.platform(bare) {
            Some(said) => self.platform_line(at, bare, said, out),
            None => self.text_line(at, text, bare),
        }
        self.close_what_is_due(number, out);
    }

    fn end(&mut self, out: &mut Out) {
        while let Some((_, story)) = self.open.pop() {
            self.emit(story, false, out);
        }
        self.report_orphans(out);
    }
}

/// How often each of the last ids has begun.
#[derive(Default)]
struct Attempts {
    known: HashMap<String, (u8, Option<i64>)>,
    order: VecDeque<String>,
}

impl Attempts {
    /// The retry number of a run that begins. The very same beginning again is the same run.
    fn next(&mut self, id: &str, stamp_ms: Option<i64>) -> u8 {
        if let Some((retry_num, last_ms)) = self.known.get_mut(id) {
            if stamp_ms.is_none() || stamp_ms != *last_ms {
                *retry_num = retry_num.saturating_add(1);
                *last_ms = stamp_ms;
            }
            return *retry_num;
        }
        if self.order.len() >= ATTEMPTS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(id.to_owned());
        self.known.insert(id.to_owned(), (0, stamp_ms));
        0
    }
}

/// The id that a text begins with, and what follows it; `None` where there is no id.
pub(super) fn named_run(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (id, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    (!id.is_empty()).then_some((Cow::Borrowed(id), rest))
}

/// An id from a file, fit for a message.
fn shown(id: &str) -> String {
    id.chars().take(limits::REQUEST_ID_MAX_BYTES).collect()
}
