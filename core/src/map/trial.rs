//! Single steps tried on texts, for those who look for the steps that fit.

use super::date::DateStep;
use super::number::NumberReader;
use super::steps::{self, Context, Op, Space, Text, When};
use super::unit::UnitStep;
use crate::package::crosswalk::{self, NumberStep, Step};

/// A `date` step; `None` when its forms cannot be used. What it cannot read gives nothing.
pub(crate) fn date(from: &[String], to: &str) -> Option<impl Fn(&str) -> Option<String> + use<>> {
    let step = DateStep::compile(from, to).ok()?;
    Some(move |text: &str| {
        let mut out = String::new();
        step.convert(text, &mut out).ok().map(|()| out)
    })
}

/// A `number` step; `None` when it cannot be used. What it cannot read gives nothing.
pub(crate) fn number(step: &NumberStep) -> Option<impl Fn(&str) -> Option<String> + use<>> {
    let reader = NumberReader::compile(step).ok()?;
    Some(move |text: &str| {
        let mut out = String::new();
        reader.convert(text, &mut out).ok().map(|()| out)
    })
}

/// Steps over the values of one field of this name; `None` when they need more than such a value. What they cannot treat gives nothing.
pub(crate) fn steps(steps: &[Step], field: &str) -> Option<impl Fn(&str) -> Option<String> + use<>> {
    let ops: Vec<Op> = steps.iter().map(|step| op(step, field)).collect::<Option<_>>()?;
    Some(move |text: &str| {
        let (cells, mut space, mut value) = ([text], Space::default(), Text::Source(0, text.len()));
        let context = Context { cells: &cells, source: text, inputs: &[0], before: &[] };
        steps::run(&ops, &context, &mut value, &mut space).ok()?;
        Some(match value {
            Text::Source(start, end) => text.get(start..end)?.to_owned(),
            Text::Own => space.now,
        })
    })
}

fn op(step: &Step, field: &str) -> Option<Op> {
    let all = |steps: &[Step]| steps.iter().map(|step| op(step, field)).collect::<Option<Vec<Op>>>();
    Some(match step {
        Step::Trim(end) => Op::Trim(*end),
        Step::Squeeze => Op::Squeeze,
        Step::Case(case) => Op::Case(*case),
        Step::Replace(pairs) if pairs.iter().all(|(from, _)| !from.is_empty()) => Op::Replace(pairs.clone()),
        Step::Strip(signs) => Op::Strip(signs.chars().collect()),
        Step::Split { at, take } if !at.is_empty() && *take != 0 => Op::Split { at: at.clone(), take: *take },
        Step::Cut { from, to } if *from > 0 && to >= from => Op::Cut { from: *from, to: *to },
        Step::Pad { to, with } if *to <= 10_000 => Op::Pad { to: *to, with: *with },
        Step::Number(number) => Op::Number(NumberReader::compile(number).ok()?),
        Step::Date { from, to } => Op::Date(DateStep::compile(from, to).ok()?),
        Step::Unit { from, to, places } => Op::Unit(UnitStep::compile(from, to, *places).ok()?),
        Step::Constant(text) => Op::Constant(text.clone()),
        Step::Default(text) => Op::Default(text.clone()),
        Step::When { when, then, otherwise } if when.field == field => {
            let test = match &when.test {
                crosswalk::Test::Is(values) => steps::Test::Is(values.clone()),
                crosswalk::Test::Not(values) => steps::Test::Not(values.clone()),
                crosswalk::Test::Empty(empty) => steps::Test::Empty(*empty),
                crosswalk::Test::Matches(pattern) => steps::Test::Matches(pattern.clone(), None),
                crosswalk::Test::Unlike(pattern) => steps::Test::Unlike(pattern.clone()),
            };
            Op::When { when: When { field: 0, test }, then: all(then)?, otherwise: all(otherwise)? }
        }
        _ => return None,
    })
}
