//! How a known crosswalk treats a column, written again for a draft.

use super::values::Column;
use crate::check::cell::CellRules;
use crate::map::trial;
use crate::package::crosswalk::{Axis, Case, Condition, End, FieldMap, Input, Negative, NumberStep, Otherwise, Step, Test};
use crate::package::toml::quoted;

/// What a line of a known crosswalk is in a draft.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Copied {
    /// The columns it reads, as the export writes them.
    pub(super) inputs: Vec<String>,
    pub(super) steps: Vec<String>,
    /// What becomes of a value that a step cannot treat, where it is not the usual.
    pub(super) otherwise: Option<&'static str>,
}

/// The line for an export; `column` gives the export's name of a column. `None` when it reads a column that the export lacks, or a table that lies
/// beside the known crosswalk and not beside the draft.
pub(super) fn copy(map: &FieldMap, column: &dyn Fn(&str) -> Option<String>) -> Option<Copied> {
    let inputs = match &map.from {
        Input::Field(name) => vec![column(name)?],
        Input::Fields(names) => names.iter().map(|n| column(n)).collect::<Option<Vec<_>>>()?,
        Input::Nothing | Input::Piece | Input::Given(_) => return None,
    };
    let steps = map.steps.iter().map(|s| step(s, column)).collect::<Option<Vec<_>>>()?;
    let otherwise = match map.otherwise {
        Otherwise::Empty => None,
        Otherwise::Keep => Some("keep"),
        Otherwise::Reject => Some("reject"),
    };
    Some(Copied { inputs, steps, otherwise })
}

/// Whether the steps of a known crosswalk make something that the field takes of at least a quarter of a column's values. Lines that read
/// more than this column, and columns without a value, are taken at their word.
pub(super) fn works(map: &FieldMap, column: &Column, rules: &CellRules) -> bool {
    let Input::Field(name) = &map.from else { return true };
    let Some(run) = trial::steps(&map.steps, name) else { return true };
    let made = |text: &str| run(text).is_some_and(|made| !made.trim().is_empty() && rules.accepts(&made));
    let (good, of) = (column.tried().filter(|text| made(text)).count(), column.tried().count());
    good * 4 >= of
}

/// Whether the steps of a known crosswalk take all of a column's values for signs that there is none: then it reads something else under that name.
pub(super) fn empties(map: &FieldMap, column: &Column) -> bool {
    let Input::Field(name) = &map.from else { return false };
    let Some(run) = trial::steps(&map.steps, name) else { return false };
    column.tried().count() > 0 && column.tried().all(|text| run(text).is_some_and(|made| made.trim().is_empty()))
}

fn list(texts: &[String]) -> String {
    texts.iter().map(|t| quoted(t)).collect::<Vec<_>>().join(", ")
}

fn step(step: &Step, column: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    Some(match step {
        Step::Trim(end) => {
            let end = match end {
                End::Both => "both",
                End::Start => "start",
                End::End => "end",
            };
            format!("{{ trim = \"{end}\" }}")
        }
        Step::Squeeze => "{ squeeze = true }".to_owned(),
        Step::Case(case) => {
            let case = match case {
                Case::Upper => "upper",
                Case::Lower => "lower",
                Case::Title => "title",
                Case::Sentence => "sentence",
            };
            format!("{{ case = \"{case}\" }}")
        }
        Step::Replace(pairs) => {
            let pairs: Vec<String> = pairs.iter().map(|(from, to)| format!("[{}, {}]", quoted(from), quoted(to))).collect();
            format!("{{ replace = [{}] }}", pairs.join(", "))
        }
        Step::Strip(signs) => format!("{{ strip = {} }}", quoted(signs)),
        Step::Split { at, take } => format!("{{ split = {{ at = {}, take = {take} }} }}", quoted(at)),
        Step::Cut { from, to } => format!("{{ cut = {{ from = {from}, to = {to} }} }}"),
        Step::Pad { to, with } => format!("{{ pad = {{ to = {to}, with = {} }} }}", quoted(&with.to_string())),
        Step::Number(number) => format!("{{ number = {{ {} }} }}", number_keys(number)),
        Step::Date { from, to } => format!("{{ date = {{ from = [{}], to = {} }} }}", list(from), quoted(to)),
        // The table lies beside the crosswalk that is known.
        Step::Lookup { .. } => return None,
        Step::Codes { list, fold } => format!("{{ codes = {}{} }}", quoted(list), if *fold { ", fold = true" } else { "" }),
        Step::Unit { from, to, places } => {
            format!("{{ unit = {{ from = {}, to = {}, places = {places} }} }}", quoted(from), quoted(to))
        }
        Step::Project { from, to, take, places } => {
            let take = match take {
                Axis::X => "x",
                Axis::Y => "y",
                Axis::Xy => "xy",
            };
            format!("{{ project = {{ from = {}, to = {}, take = \"{take}\", places = {places} }} }}", quoted(from), quoted(to))
        }
        Step::Concat(between) => format!("{{ concat = {} }}", quoted(between)),
        Step::First => "{ first = true }".to_owned(),
        Step::Constant(text) => format!("{{ constant = {} }}", quoted(text)),
        Step::Default(text) => format!("{{ default = {} }}", quoted(text)),
        Step::Given(name) => format!("{{ given = {} }}", quoted(name)),
        Step::When { when, then, otherwise } => {
            let mut parts = vec![condition(when, column)?];
            for (key, steps) in [("then", then), ("else", otherwise)] {
                if !steps.is_empty() {
                    let steps = steps.iter().map(|s| self::step(s, column)).collect::<Option<Vec<_>>>()?;
                    parts.push(format!("{key} = [{}]", steps.join(", ")));
                }
            }
            format!("{{ when = {{ {} }} }}", parts.join(", "))
        }
        Step::Wrap(before, behind) => format!("{{ wrap = [{}, {}] }}", quoted(before), quoted(behind)),
        Step::Epoch(milli) => format!("{{ epoch = \"{}\" }}", if *milli { "millisecond" } else { "second" }),
        Step::Zone(name) => format!("{{ zone = {} }}", quoted(name)),
        Step::Uuid(name) => format!("{{ uuid = {} }}", quoted(name)),
    })
}

fn condition(when: &Condition, column: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let test = match &when.test {
        Test::Is(values) => format!("is = [{}]", list(values)),
        Test::Not(values) => format!("not = [{}]", list(values)),
        Test::Empty(empty) => format!("empty = {empty}"),
        Test::Matches(pattern) => format!("matches = {}", quoted(pattern.as_str())),
        Test::Unlike(pattern) => format!("unlike = {}", quoted(pattern.as_str())),
    };
    Some(format!("field = {}, {test}", quoted(&column(&when.field)?)))
}

fn number_keys(step: &NumberStep) -> String {
    let mut keys = Vec::new();
    let mut sign = |key: &str, sign: Option<char>| keys.extend(sign.map(|c| format!("{key} = {}", quoted(&c.to_string()))));
    sign("decimal", step.decimal);
    sign("group", step.group);
    if !step.symbols.is_empty() {
        keys.push(format!("symbols = [{}]", list(&step.symbols)));
    }
    match step.negative {
        Negative::Sign => {}
        Negative::Parentheses => keys.push("negative = \"parentheses\"".to_owned()),
        Negative::Trailing => keys.push("negative = \"trailing\"".to_owned()),
    }
    if step.whole {
        keys.push("whole = true".to_owned());
    }
    keys.extend(step.places.map(|p| format!("places = {p}")));
    keys.extend(step.scale.as_ref().map(|s| format!("scale = {}", quoted(s))));
    keys.join(", ")
}
