//! A keyword in the terms of forms: which forms have it, which may have it, and which terms its runs need.

use memchr::memmem::Finder;

use super::cut::{Beside, Cut};
use super::form::{GAP, PIECE, PIECES_MAX, Run, TERM_MIN, WINDOW, is_of_run, minimizers, put_form, terms, whole};
use crate::segment::escape::{ESCAPE, LITERAL, OWN_ID, UUID_TEXT_BYTES};

/// A keyword, ready to be looked for.
#[derive(Debug)]
pub(crate) struct Probe {
    /// Its lines, of which none is empty. A row with the keyword has each of them in some line.
    pub(crate) parts: Vec<Part>,
    /// Whether the one part is all of the keyword.
    pub(crate) is_one: bool,
}

/// A line of a keyword.
#[derive(Debug)]
pub(crate) struct Part {
    /// Itself, when it has no digits.
    verbatim: Option<Finder<'static>>,
    /// Its form, without runs at its ends that may be part of something else.
    loose: Option<Finder<'static>>,
    /// A text block with the part has the terms of each.
    pub(crate) needs: Vec<Need>,
    /// Runs too short to need terms, of which a text block has one of some terms.
    pub(crate) cuts: Vec<Cut>,
    touch: Touch,
}

/// The terms of a run of the keyword.
#[derive(Debug)]
pub(crate) struct Need {
    pub(crate) all: Vec<u64>,
    /// Whether a long run may have the run without having the terms.
    pub(crate) or_long: bool,
}

/// How a part can overlap a row's own request id.
#[derive(Debug, Default)]
struct Touch {
    /// The part may lie within an id, or around one.
    inside: bool,
    /// What follows an id whose end is the part's beginning.
    after: Vec<u8>,
    /// What precedes an id whose beginning is the part's end.
    before: Vec<u8>,
}

/// What a form says of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    No,
    Maybe,
    Sure,
}

/// How a part may overlap a row's own request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touches {
    No,
    /// It is within the id, or around it, or neither.
    Within,
    /// In any way.
    Beside,
}

impl Probe {
    /// `None` for keywords that forms say nothing about.
    pub(crate) fn new(keyword: &[u8]) -> Option<Self> {
        if keyword.iter().any(|byte| [GAP, ESCAPE, OWN_ID, LITERAL].contains(byte)) {
            return None;
        }
        let lines: Vec<&[u8]> = keyword.split(|byte| *byte == b'\n').collect();
        let last = lines.len() - 1;
        let parts = lines.iter().enumerate().filter(|(_, line)| !line.is_empty());
        let parts: Vec<Part> = parts.map(|(at, line)| Part::new(line, at == 0, at == last)).collect();
        (!parts.is_empty()).then_some(Self { parts, is_one: lines.len() == 1 })
    }
}

impl Part {
    /// Open ends are those that a run of the text may continue beyond.
    fn new(text: &[u8], is_open_left: bool, is_open_right: bool) -> Self {
        let has_digit = text.iter().any(u8::is_ascii_digit);
        let first = if is_open_left { text.iter().take_while(|byte| is_of_run(**byte)).count() } else { 0 };
        let (first, rest) = text.split_at_checked(first).unwrap_or((text, &[]));
        let last = if is_open_right { rest.iter().rev().take_while(|byte| is_of_run(**byte)).count() } else { 0 };
        let (middle, last) = rest.split_at_checked(rest.len() - last).unwrap_or((rest, &[]));
        let (first, last) = (Run::split(first).0, Run::split(last).0);
        let mut form = Vec::new();
        let mut needs = Vec::new();
        let is_first_kept = put_edge(&mut form, &first);
        put_form(&mut form, middle, |run| needs.extend(Need::of_closed(run)));
        let is_last_kept = put_edge(&mut form, &last);
        needs.extend([first, last].iter().filter_map(Need::of_open));
        let is_all = first.bytes.len() == text.len();
        let cuts = [Cut::new(&first, is_open_left, is_open_right && is_all), Cut::new(&last, false, is_open_right)];
        let is_loose = has_digit || !is_first_kept || !is_last_kept;
        Self {
            verbatim: (!has_digit).then(|| Finder::new(text).into_owned()),
            loose: is_loose.then(|| Finder::new(&form).into_owned()),
            needs,
            cuts: cuts.into_iter().flatten().collect(),
            touch: Touch::new(text),
        }
    }

    /// What a form says of the part where it does not overlap the row's own request id.
    pub(crate) fn look(&self, form: &[u8]) -> Verdict {
        let has = |finder: &Option<Finder<'_>>| finder.as_ref().is_some_and(|finder| finder.find(form).is_some());
        if has(&self.verbatim) {
            Verdict::Sure
        } else if has(&self.loose) && memchr::memchr(GAP, form).is_some() {
            Verdict::Maybe
        } else {
            Verdict::No
        }
    }

    /// Adds, for each of the cut runs, what may stand beside it in a line of this form, which may have the part.
    pub(crate) fn add_beside(&self, beside: &mut [Beside], form: &[u8]) {
        let Some(finder) = &self.loose else { return };
        let mut from = 0;
        while let Some(at) = form.get(from..).and_then(|rest| finder.find(rest)) {
            let found = from + at..from + at + finder.needle().len();
            self.cuts.iter().zip(&mut *beside).for_each(|(cut, beside)| cut.add_beside(beside, form, &found));
            // Occurrences may overlap.
            from = found.start + 1;
        }
    }

    /// How the part may overlap the row's own request id in a line of this form.
    pub(crate) fn touches(&self, form: &[u8], ids_are_uuids: bool) -> Touches {
        if ids_are_uuids && !self.may_touch_uuids() {
            return Touches::No;
        }
        let fits = |wanted: &[u8], there: Option<&u8>| {
            there.is_some_and(|there| wanted.iter().any(|wanted| may_be(*wanted, *there)))
        };
        let mut most = Touches::No;
        for at in memchr::memmem::find_iter(form, &[ESCAPE, OWN_ID]) {
            let before = at.checked_sub(1).and_then(|at| form.get(at));
            let is_beside = fits(&self.touch.after, form.get(at + 2)) || fits(&self.touch.before, before);
            if is_beside || !ids_are_uuids {
                return Touches::Beside;
            }
            if self.touch.inside {
                most = Touches::Within;
            }
        }
        most
    }

    /// Whether the part may overlap a canonical UUID in some text.
    pub(crate) fn may_touch_uuids(&self) -> bool {
        self.touch.inside || !self.touch.after.is_empty() || !self.touch.before.is_empty()
    }
}

/// Adds a run that may be a part of a longer one; false where it may stand in a form as anything, and is left out.
fn put_edge(form: &mut Vec<u8>, run: &Run<'_>) -> bool {
    if run.bytes.iter().all(u8::is_ascii_digit) {
        // No run is hexadecimal and has its digits kept: either way there is one gap.
        form.extend(run.bytes.first().map(|_| GAP));
    } else if run.is_hex {
        return false;
    } else {
        // What it is a part of is not hexadecimal either.
        run.put_letters(form);
    }
    true
}

/// Whether a byte of a text may stand in its form as `there`.
fn may_be(byte: u8, there: u8) -> bool {
    byte == there || (there == GAP && is_of_run(byte)) || [ESCAPE, OWN_ID, LITERAL].contains(&there)
}

impl Need {
    /// What a whole run needs.
    fn of_closed(run: &[u8]) -> Option<Self> {
        let mut all = Vec::new();
        match run.len() {
            0..TERM_MIN => return None,
            TERM_MIN..PIECE => all.push(whole(run)),
            PIECE..=PIECES_MAX => terms(run, |term| all.push(term)),
            _ => minimizers(run, |term| all.push(term)),
        }
        Some(Self { all, or_long: false })
    }

    /// What a run with digits needs that may be a part of a longer one.
    fn of_open(run: &Run<'_>) -> Option<Self> {
        let mut all = Vec::new();
        let is_short = run.bytes.len() < WINDOW;
        if !run.has_digit || run.bytes.len() < PIECE {
            return None;
        } else if is_short {
            terms(run.bytes, |term| all.push(term));
        } else {
            minimizers(run.bytes, |term| all.push(term));
        }
        Some(Self { all, or_long: is_short })
    }
}

impl Touch {
    fn new(text: &[u8]) -> Self {
        let is_of_uuids = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
        let head = text.iter().take_while(|byte| is_of_uuids(byte)).count();
        let tail = text.iter().rev().take_while(|byte| is_of_uuids(byte)).count();
        let is_around = text.windows(UUID_TEXT_BYTES).any(|window| window.iter().all(is_of_uuids));
        let before = text.len() - tail;
        Self {
            inside: head == text.len() || is_around,
            after: text.iter().skip(1).take(head.min(UUID_TEXT_BYTES)).copied().collect(),
            before: text.get(before.saturating_sub(1)..text.len() - 1).unwrap_or_default().to_vec(),
        }
    }
}
