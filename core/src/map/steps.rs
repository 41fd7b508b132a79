//! Steps as they run: names resolved, tables and forms compiled.
//!
//! A value starts as a slice of the source's cell and is copied only by a step that changes it. Two texts take turns as working space, so
//! nothing is allocated for an ordinary cell.

use crate::check::fast::Pattern;
use crate::package::crosswalk::{Case, End};

use super::clock::{self, Zone};
use super::date::{self, DateStep};
use super::lookup::Lookup;
use super::number::{self, NumberReader};
use super::project::{self, ProjectStep};
use super::unit::{self, UnitStep};
use super::{text, uuid};

/// A compiled step.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Trim(End),
    Squeeze,
    Case(Case),
    Replace(Vec<(String, String)>),
    Strip(Vec<char>),
    Split {
        at: String,
        take: i32,
    },
    Cut {
        from: u32,
        to: u32,
    },
    Pad {
        to: u32,
        with: char,
    },
    Number(NumberReader),
    Date(DateStep),
    Lookup(Lookup),
    Unit(UnitStep),
    Project(Box<ProjectStep>),
    Concat(String),
    First,
    Constant(String),
    Default(String),
    /// What the user gave under a name, if anything.
    Given {
        name: String,
        value: Option<String>,
    },
    When {
        when: When,
        then: Vec<Op>,
        otherwise: Vec<Op>,
    },
    Uuid([u8; 16]),
    /// Texts before and behind.
    Wrap(String, String),
    /// A moment counted in seconds, or in milliseconds, since 1970.
    Epoch {
        milli: bool,
    },
    /// The zone that the user gave under a name, if any.
    Zone {
        name: String,
        zone: Option<Zone>,
    },
}

impl Op {
    /// Whether the step leaves an empty text empty and has nothing to say about it, whatever the row holds.
    pub(super) fn keeps_empty(&self) -> bool {
        match self {
            Op::Constant(text) | Op::Default(text) => text.is_empty(),
            Op::Concat(_) | Op::First | Op::Project(_) | Op::Given { .. } => false,
            Op::When { then, otherwise, .. } => then.iter().chain(otherwise).all(Op::keeps_empty),
            Op::Lookup(lookup) => lookup.keeps_empty(),
            _ => true,
        }
    }
}

/// A condition with its field resolved.
#[derive(Debug, Clone)]
pub(super) struct When {
    pub(super) field: usize,
    pub(super) test: Test,
}

/// Compiled tests.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Is(Vec<String>),
    Not(Vec<String>),
    Empty(bool),
    /// The pattern, and where it is of a simple kind a faster form of it.
    Matches(regex::Regex, Option<Box<Pattern>>),
    Unlike(regex::Regex),
}

impl When {
    pub(super) fn holds(&self, cells: &[&str]) -> bool {
        let text = cells.get(self.field).copied().unwrap_or_default();
        match &self.test {
            Test::Is(values) => values.iter().any(|v| v == text),
            Test::Not(values) => values.iter().all(|v| v != text),
            Test::Empty(empty) => text.is_empty() == *empty,
            Test::Matches(_, Some(simple)) => simple.matches(text.as_bytes()),
            Test::Matches(pattern, None) => pattern.is_match(text),
            Test::Unlike(pattern) => !pattern.is_match(text),
        }
    }
}

/// A value that a step could not treat: the finding's facts.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) args: Vec<(&'static str, String)>,
    /// Which of the inputs, when it is one of several.
    pub(super) input: Option<usize>,
    /// The text at fault when it is not the input's own.
    pub(super) value: Option<String>,
}

impl Fault {
    fn of(code: &'static str, args: Vec<(&'static str, String)>) -> Box<Fault> {
        Box::new(Fault { code, args, input: None, value: None })
    }
}

/// The value on its way through the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// A range of the source's cell.
    Source(usize, usize),
    /// In [`Space::now`].
    Own,
}

/// Working space, kept from row to row.
#[derive(Debug, Default)]
pub(super) struct Space {
    pub(super) now: String,
    next: String,
    spare: String,
    inner: Option<Box<Space>>,
    /// Which of several inputs are filled, but were passed over since the last value was made.
    pub(super) passed: Vec<usize>,
    /// A value that the user did not give would have been needed.
    pub(super) not_given: bool,
}

/// What steps read besides the value.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The source row.
    pub(super) cells: &'a [&'a str],
    /// The cell the value starts from.
    pub(super) source: &'a str,
    /// The fields of `from = [..]`.
    pub(super) inputs: &'a [usize],
    /// The steps that come before the inputs are joined, applied to each.
    pub(super) before: &'a [Op],
}

impl<'a> Context<'a> {
    fn input(&self, n: usize) -> &'a str {
        self.inputs.get(n).and_then(|&field| self.cells.get(field)).copied().unwrap_or_default()
    }
}

/// Runs steps over a value.
pub(super) fn run(ops: &[Op], context: &Context<'_>, value: &mut Text, space: &mut Space) -> Result<(), Box<Fault>> {
    for op in ops {
        // The first step of nearly every field.
        if let (Op::Trim(end), Text::Source(start, finish)) = (op, *value) {
            let kept = text::trim(&context.source[start..finish], *end);
            *value = Text::Source(start + kept.start, start + kept.end);
            continue;
        }
        apply(op, context, value, space)?;
    }
    Ok(())
}

/// How a step left the value.
enum Done {
    Same,
    /// Only a range of it.
    Range(usize, usize),
    /// Written to `next`.
    Written,
}

fn apply(op: &Op, context: &Context<'_>, value: &mut Text, space: &mut Space) -> Result<(), Box<Fault>> {
    if let Op::When { when, then, otherwise } = op {
        return run(if when.holds(context.cells) { then } else { otherwise }, context, value, space);
    }
    if let Op::Concat(_) | Op::First | Op::Project(_) = op {
        join(op, context, space)?;
        std::mem::swap(&mut space.now, &mut space.next);
        *value = Text::Own;
        return Ok(());
    }
    let Space { now, next, spare, not_given, .. } = space;
    let text: &str = match *value {
        Text::Source(start, end) => &context.source[start..end],
        Text::Own => now,
    };
    next.clear();
    let done = match op {
        Op::Constant(constant) => {
            next.push_str(constant);
            Done::Written
        }
        Op::Default(default) if text.is_empty() => {
            next.push_str(default);
            Done::Written
        }
        Op::Given { value, .. } if text.is_empty() => match value {
            Some(given) => {
                next.push_str(given);
                Done::Written
            }
            None => {
                *not_given = true;
                Done::Same
            }
        },
        Op::Given { name, value: Some(given) } if given != text => {
            return Err(Fault::of("C520", vec![("name", name.clone()), ("given", given.clone())]));
        }
        Op::Lookup(lookup) if lookup.keeps(text) => Done::Same,
        Op::Lookup(lookup) => match lookup.find(text, spare) {
            Some(found) => {
                next.push_str(found);
                Done::Written
            }
            None if text.is_empty() => Done::Same,
            None => return Err(Fault::of("C504", vec![("table", lookup.name().to_owned())])),
        },
        _ if text.is_empty() => Done::Same,
        _ => treat(op, text, next)?,
    };
    match done {
        Done::Same => {}
        Done::Range(start, end) => match value {
            Text::Source(begin, finish) => (*begin, *finish) = (*begin + start, *begin + end),
            Text::Own => {
                now.truncate(end);
                now.drain(..start);
            }
        },
        Done::Written => {
            std::mem::swap(now, next);
            *value = Text::Own;
        }
    }
    Ok(())
}

/// The steps that look at nothing but a text that is not empty.
fn treat(op: &Op, text: &str, out: &mut String) -> Result<Done, Box<Fault>> {
    let part = |range: std::ops::Range<usize>| Done::Range(range.start, range.end);
    Ok(match op {
        Op::Trim(end) => part(text::trim(text, *end)),
        Op::Squeeze if !text::has_runs(text) => Done::Same,
        Op::Squeeze => {
            text::squeeze(text, out);
            Done::Written
        }
        Op::Case(case) => {
            text::case(text, *case, out);
            Done::Written
        }
        Op::Replace(pairs) if !pairs.iter().any(|(from, _)| text.contains(from.as_str())) => Done::Same,
        Op::Replace(pairs) => {
            out.push_str(text);
            for (from, to) in pairs {
                if out.contains(from.as_str()) {
                    *out = out.replace(from.as_str(), to);
                }
            }
            Done::Written
        }
        Op::Strip(signs) if !text.contains(&signs[..]) => Done::Same,
        Op::Strip(signs) => {
            out.extend(text.chars().filter(|c| !signs.contains(c)));
            Done::Written
        }
        Op::Split { at, take } => match text::split(text, at, *take) {
            Some(range) => part(range),
            None => return Err(Fault::of("C505", vec![("piece", format!("{} between \"{at}\" signs", ordinal(*take)))])),
        },
        Op::Cut { from, to } => part(text::cut(text, *from, *to)),
        Op::Pad { to, with } => {
            text::pad(text, *to, *with, out);
            Done::Written
        }
        Op::Number(reader) if let Some(end) = reader.as_it_is(text) => Done::Range(0, end),
        Op::Number(reader) => match reader.convert(text, out) {
            Ok(()) => Done::Written,
            Err(number::Fault::NotANumber) => return Err(Fault::of("C501", Vec::new())),
            Err(number::Fault::DigitsLost(places)) => return Err(Fault::of("C507", vec![("places", places_in_words(places))])),
        },
        Op::Date(date) if let Some(end) = date.as_it_is(text) => Done::Range(0, end),
        Op::Date(date) => match date.convert(text, out) {
            Ok(()) => Done::Written,
            Err(date::Fault::Unreadable) => return Err(Fault::of("C502", vec![("forms", date.forms().to_owned())])),
            Err(date::Fault::Ambiguous(first, second)) => {
                return Err(Fault::of("C503", vec![("first", first), ("second", second)]));
            }
        },
        Op::Unit(unit) => match unit.convert(text, out) {
            Ok(()) => Done::Written,
            Err(unit::Fault::NotANumber) => return Err(Fault::of("C501", Vec::new())),
            Err(unit::Fault::TooLong) => return Err(Fault::of("C501", vec![("problem", "it has too many digits".to_owned())])),
        },
        Op::Wrap(before, behind) => {
            out.push_str(before);
            out.push_str(text);
            out.push_str(behind);
            Done::Written
        }
        Op::Epoch { milli } => {
            if !clock::moment(text, *milli, out) {
                let unit = if *milli { "milliseconds" } else { "seconds" };
                return Err(Fault::of("C502", vec![("forms", format!("a whole number of {unit} since 1970"))]));
            }
            Done::Written
        }
        Op::Zone { name, zone } => {
            let forms = match zone {
                // Without a zone the time stays without one, which is said, and whoever wants one finds fault with it.
                None => return Err(Fault::of("C502", vec![("forms", format!("a local time, and --set {name}=ZONE with its zone"))])),
                Some(zone) => match clock::distance(*zone, text) {
                    Ok(minutes) => {
                        out.push_str(text);
                        clock::write(minutes, out);
                        return Ok(Done::Written);
                    }
                    Err(clock::Fault::Twice(first, second)) => {
                        let with = |minutes: i32| {
                            let mut all = text.to_owned();
                            clock::write(minutes, &mut all);
                            all
                        };
                        return Err(Fault::of("C503", vec![("first", with(first)), ("second", with(second))]));
                    }
                    Err(clock::Fault::LeftOut) => "a time that the clocks show on that day",
                    Err(clock::Fault::Unreadable) => "2026-11-21T14:05:00, from 2007 on",
                },
            };
            return Err(Fault::of("C502", vec![("forms", forms.to_owned())]));
        }
        Op::Uuid(space) => {
            uuid::write(space, text, out);
            Done::Written
        }
        // The others are done where they are met.
        Op::Lookup(_) | Op::Constant(_) | Op::Default(_) | Op::Given { .. } => Done::Same,
        Op::When { .. } | Op::Concat(_) | Op::First | Op::Project(_) => Done::Same,
    })
}

fn ordinal(take: i32) -> String {
    match take {
        1 => "first part".to_owned(),
        2 => "second part".to_owned(),
        3 => "third part".to_owned(),
        -1 => "last part".to_owned(),
        n if n < 0 => format!("part {} from the end", n.unsigned_abs()),
        n => format!("part {n}"),
    }
}

fn places_in_words(places: u32) -> String {
    match places {
        0 => "no digits after the point".to_owned(),
        1 => "1 digit after the point".to_owned(),
        n => format!("{n} digits after the point"),
    }
}

/// The steps that read the fields of `from = [..]`; the result is in `next`.
fn join(op: &Op, context: &Context<'_>, space: &mut Space) -> Result<(), Box<Fault>> {
    space.next.clear();
    let mut inner = space.inner.take().unwrap_or_default();
    let result = match op {
        Op::Concat(separator) => (0..context.inputs.len()).try_for_each(|n| {
            let piece = prepared(context, n, &mut inner)?;
            if !piece.is_empty() {
                if !space.next.is_empty() {
                    space.next.push_str(separator);
                }
                space.next.push_str(piece);
            }
            Ok(())
        }),
        Op::First => (0..context.inputs.len()).try_for_each(|n| {
            if space.next.is_empty() {
                let piece = prepared(context, n, &mut inner)?;
                space.next.push_str(piece);
            } else if !context.input(n).is_empty()
                && prepared(context, n, &mut inner).map_or(true, |piece| !piece.is_empty() && piece != space.next)
            {
                space.passed.push(n);
            }
            Ok(())
        }),
        Op::Project(step) => project(step, context, &mut inner, &mut space.spare, &mut space.next),
        _ => Ok(()),
    };
    space.inner = Some(inner);
    result
}

fn project(step: &ProjectStep, context: &Context<'_>, inner: &mut Space, spare: &mut String, out: &mut String) -> Result<(), Box<Fault>> {
    spare.clear();
    spare.push_str(prepared(context, 0, inner)?);
    let x: &str = spare;
    let y = prepared(context, 1, inner)?;
    let missing = |input, piece: &str| {
        let value = Some(if input == 0 { y.to_owned() } else { x.to_owned() });
        Box::new(Fault { code: "C505", args: vec![("piece", piece.to_owned())], input: Some(input), value })
    };
    match (x.is_empty(), y.is_empty()) {
        (true, true) => return Ok(()),
        (true, false) => return Err(missing(0, "X coordinate beside it")),
        (false, true) => return Err(missing(1, "Y coordinate beside it")),
        (false, false) => {}
    }
    step.convert(x, y, out).map_err(|fault| {
        let (code, args) = match fault {
            project::Fault::NotANumber => ("C501", Vec::new()),
            project::Fault::OutOfRange => ("C506", vec![("grid", step.grid().to_owned())]),
        };
        Box::new(Fault { code, args, input: Some(0), value: Some(format!("{x}, {y}")) })
    })
}

/// One of the inputs with the steps before the joining applied.
fn prepared<'s>(context: &Context<'s>, n: usize, space: &'s mut Space) -> Result<&'s str, Box<Fault>> {
    let source = context.input(n);
    if context.before.is_empty() {
        return Ok(source);
    }
    let mut value = Text::Source(0, source.len());
    let own = Context { source, inputs: &[], before: &[], ..*context };
    run(context.before, &own, &mut value, space).map_err(|mut fault| {
        fault.input = Some(n);
        fault
    })?;
    Ok(match value {
        Text::Source(start, end) => &source[start..end],
        Text::Own => &space.now,
    })
}
