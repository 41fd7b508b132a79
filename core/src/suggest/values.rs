//! What the values of a column say about which field it is, and the steps that make them fit.

use crate::check::cell::CellRules;
use crate::map::trial;
use crate::package::crosswalk::{Negative, NumberStep};
use crate::read::tidy::DayOrder;
use crate::schema::{DateFormat, Field, FieldType, StringFormat};

use crate::package::toml::quoted;

/// Different values of a column that are tried.
const TRIED: usize = 120;

/// Longest code list whose values may give a column away.
const SHORT_LIST: usize = 400;

/// A column of the export.
#[derive(Debug)]
pub(super) struct Column {
    /// Its header, as it stands.
    pub(super) name: String,
    /// Different values that are not blank, in the order in which they come, and how often.
    values: Vec<(String, usize)>,
    /// Filled cells.
    pub(super) filled: usize,
    /// Whether a value stands twice.
    pub(super) repeats: bool,
    /// Whether a value has blanks around it.
    padded: bool,
}

impl Column {
    /// A column of these cells.
    pub(super) fn new<'a>(name: &str, cells: impl Iterator<Item = &'a str>) -> Column {
        let mut column = Column { name: name.to_owned(), values: Vec::new(), filled: 0, repeats: false, padded: false };
        let mut places = std::collections::HashMap::new();
        for cell in cells.filter(|c| !c.trim().is_empty()) {
            column.filled += 1;
            column.padded |= cell.trim() != cell;
            let at = *places.entry(cell).or_insert(column.values.len());
            match column.values.get_mut(at) {
                Some(value) => {
                    value.1 += 1;
                    column.repeats = true;
                }
                None => column.values.push((cell.to_owned(), 1)),
            }
        }
        column
    }

    pub(super) fn tried(&self) -> impl Iterator<Item = &str> {
        self.values.iter().take(TRIED).map(|(text, _)| text.as_str())
    }

    /// Some values for people.
    pub(super) fn examples(&self) -> Vec<&str> {
        self.values.iter().take(3).map(|(text, _)| text.trim()).collect()
    }
}

/// How the values of a column go into a field.
#[derive(Debug, Clone, Default)]
pub(super) struct Fit {
    /// How many of the different values fit once the steps are taken, of how many; `None` when any text would.
    pub(super) share: Option<(usize, usize)>,
    /// The steps in TOML.
    pub(super) steps: Vec<String>,
    /// What stands beside the line.
    pub(super) why: String,
    /// The values alone give the field away.
    pub(super) telling: bool,
}

impl Fit {
    fn better(self, other: Fit) -> Fit {
        let good = |f: &Fit| f.share.map_or(0, |s| s.0);
        if good(&other) > good(&self) { other } else { self }
    }
}

/// Finds the steps by which most values of a column fit a field.
pub(super) fn fit(column: &Column, field: &Field, rules: &CellRules) -> Fit {
    if column.values.is_empty() {
        return Fit { why: "no value in the rows looked at".to_owned(), ..Fit::default() };
    }
    let trim = || if column.padded { vec!["{ trim = \"both\" }".to_owned()] } else { Vec::new() };
    let free = matches!(field.kind, FieldType::String(StringFormat::Default) | FieldType::Any)
        && field.codes.is_none()
        && field.categories.is_empty()
        && field.constraints.values.is_empty()
        && field.constraints.pattern.is_none();
    let accepted = |make: &dyn Fn(&str) -> Option<String>| {
        let good = column.tried().filter(|text| make(text.trim()).is_some_and(|made| rules.accepts(&made))).count();
        Some((good, column.tried().count()))
    };
    let as_is = Fit { share: accepted(&|text| Some(text.to_owned())), steps: trim(), ..Fit::default() };
    if free {
        // A text that is too long for the field still says something.
        let all = as_is.share.is_some_and(|(good, of)| good == of);
        return Fit { share: if all { None } else { as_is.share }, ..as_is };
    }
    let best = listed(column, field, rules, &trim).into_iter().fold(as_is, Fit::better);
    let best = match &field.kind {
        FieldType::Date(format) => days(column, &date_forms(format, false), &accepted).fold(best, Fit::better),
        FieldType::DateTime(format) => days(column, &date_forms(format, true), &accepted).fold(best, Fit::better),
        FieldType::Number(_) => number(false, &accepted).fold(best, Fit::better),
        FieldType::Integer(_) => number(true, &accepted).fold(best, Fit::better),
        FieldType::Boolean { true_values, false_values } => {
            yes_and_no(column, true_values, false_values, &accepted).fold(best, Fit::better)
        }
        _ => best,
    };
    let cases = [("upper", str::to_uppercase as fn(&str) -> String), ("lower", str::to_lowercase)];
    let cased = cases.into_iter().map(|(case, make)| {
        let mut steps = trim();
        steps.push(format!("{{ case = \"{case}\" }}"));
        Fit { share: accepted(&|text| Some(make(text))), steps, ..Fit::default() }
    });
    cased.fold(best, Fit::better)
}

/// What a list of codes makes of the values: those that are its codes but for case, and those that are a code's title.
fn listed(column: &Column, field: &Field, rules: &CellRules, trim: &dyn Fn() -> Vec<String>) -> Option<Fit> {
    let list = field.codes.as_ref()?;
    let of = column.tried().count();
    let low = |text: &str| text.trim().to_lowercase();
    let codes: std::collections::HashMap<String, &str> = list.codes.iter().rev().map(|c| (low(&c.code), c.code.as_str())).collect();
    let titles: std::collections::HashMap<String, &str> =
        list.codes.iter().rev().filter(|c| !c.title.is_empty()).map(|c| (low(&c.title), c.code.as_str())).collect();
    let by_code = column.tried().filter(|t| codes.contains_key(&low(t))).count();
    let by_title: Vec<(&str, &str)> = column
        .tried()
        .filter(|t| !codes.contains_key(&low(t)))
        .filter_map(|t| Some((t, *titles.get(&low(t))?)))
        .filter(|(_, code)| rules.accepts(code))
        .collect();
    let good = by_code + by_title.len();
    if good == 0 {
        return None;
    }
    let mut steps = trim();
    for (text, code) in &by_title {
        let (name, text, code) = (quoted(&column.name), quoted(text), quoted(code));
        steps.push(format!("{{ when = {{ field = {name}, is = [{text}], then = [{{ constant = {code} }}] }} }}"));
    }
    let exact = column.tried().filter(|t| rules.accepts(t.trim())).count();
    // A list that is open takes values of its own; the step would empty them.
    if exact < good && !field.extras.open {
        steps.push(format!("{{ codes = {}, fold = true }}", quoted(&list.name)));
    }
    let telling = good >= 3 && good * 10 >= of * 9 && list.codes.len() <= SHORT_LIST && column.repeats;
    let what = if by_title.is_empty() { "codes" } else { "codes, or titles of codes," };
    let why = format!("{good} of {of} different values are {what} of the list \"{}\"", list.name);
    Some(Fit { share: Some((good, of)), steps, why, telling })
}

/// The forms of days and times that exports have.
const DAYS: &[&str] = &[
    "%Y-%m-%d",
    "%-m/%-d/%Y",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%-m/%-d/%Y %H:%M:%S",
    "%-m/%-d/%Y %H:%M",
    "%-m/%-d/%Y %I:%M:%S %p",
    "%-m/%-d/%Y %I:%M %p",
    "%-m/%-d/%y",
    "%-m-%-d-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%b %-d, %Y",
    "%B %-d, %Y",
    "%-d-%b-%Y",
    "%-d %b %Y",
    "%-d %B %Y",
    "%-d-%b-%y",
    "%-d/%-m/%Y",
    "%-d/%-m/%Y %H:%M:%S",
    "%-d/%-m/%Y %H:%M",
    "%-d/%-m/%y",
    "%-d-%-m-%Y",
    "%-d.%-m.%Y",
];

/// How the field wants its days.
fn date_forms(format: &DateFormat, time: bool) -> Vec<String> {
    match format {
        DateFormat::Pattern(pattern) => vec![pattern.clone()],
        _ if time => ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"].map(str::to_owned).to_vec(),
        _ => vec!["%Y-%m-%d".to_owned()],
    }
}

type Accepted<'a> = dyn Fn(&dyn Fn(&str) -> Option<String>) -> Option<(usize, usize)> + 'a;

/// Steps that read days in one or two forms.
fn days<'a>(column: &'a Column, to: &'a [String], accepted: &'a Accepted<'a>) -> impl Iterator<Item = Fit> + 'a {
    let reads = move |form: &str, to: &str| {
        let step = trial::date(&[form.to_owned()], to);
        accepted(&|text| step.as_ref().and_then(|s| s(text))).map_or(0, |s| s.0)
    };
    // A column has one order of month and day.
    let order = DayOrder::of(column.tried());
    let (own, other) =
        if order.day_first() { (["%-d/%-m", "%-d-%-m"], ["%-m/%-d", "%-m-%-d"]) } else { (["%-m/%-d", "%-m-%-d"], ["%-d/%-m", "%-d-%-m"]) };
    let of = |form: &str, starts: [&str; 2]| starts.iter().any(|start| form.starts_with(start));
    to.iter().filter_map(move |to| {
        let forms = DAYS.iter().filter(|form| !of(form, other));
        let mut counts: Vec<(usize, &str)> = forms.map(|form| (reads(form, to), *form)).filter(|(good, _)| *good > 0).collect();
        counts.sort_by_key(|(good, _)| std::cmp::Reverse(*good));
        let (good, first) = *counts.first()?;
        let mut forms = vec![first.to_owned()];
        let mut share = (good, column.tried().count());
        for (_, form) in counts.iter().skip(1) {
            let with: Vec<String> = forms.iter().cloned().chain([(*form).to_owned()]).collect();
            let step = trial::date(&with, to);
            if let Some(more) = accepted(&|text| step.as_ref().and_then(|s| s(text)))
                && more.0 > share.0
                && forms.len() < 3
            {
                (forms, share) = (with, more);
            }
        }
        let mut why = format!("{} of {} different values are dates", share.0, share.1);
        // A date such as 3/4/2024 reads both ways.
        if forms.iter().any(|form| of(form, own)) {
            why.push_str(order.doubt());
        }
        let list = forms.iter().map(|f| quoted(f)).collect::<Vec<_>>().join(", ");
        let steps = vec![format!("{{ date = {{ from = [{list}], to = {} }} }}", quoted(to))];
        Some(Fit { share: Some(share), steps, why, telling: false })
    })
}

/// Steps that read numbers as they are printed.
fn number<'a>(whole: bool, accepted: &'a Accepted<'a>) -> impl Iterator<Item = Fit> + 'a {
    let signs = [
        (NumberStep { group: Some(','), ..NumberStep::default() }, "group = \",\""),
        (
            NumberStep { group: Some(','), symbols: vec!["$".into()], negative: Negative::Parentheses, ..NumberStep::default() },
            "group = \",\", symbols = [\"$\"], negative = \"parentheses\"",
        ),
        (
            NumberStep { group: Some(','), symbols: vec!["$".into()], negative: Negative::Trailing, ..NumberStep::default() },
            "group = \",\", symbols = [\"$\"], negative = \"trailing\"",
        ),
        (NumberStep { symbols: vec!["%".into()], ..NumberStep::default() }, "symbols = [\"%\"]"),
    ];
    signs.into_iter().filter_map(move |(step, keys)| {
        let read = trial::number(&NumberStep { whole, ..step })?;
        let share = accepted(&read);
        let whole = if whole { ", whole = true" } else { "" };
        let why = share.map_or_else(String::new, |(good, of)| format!("{good} of {of} different values are numbers as they are printed"));
        Some(Fit { share, steps: vec![format!("{{ number = {{ {keys}{whole} }} }}")], why, telling: false })
    })
}

/// Words for yes and no as the field wants them.
fn yes_and_no<'a>(column: &'a Column, yes: &'a [String], no: &'a [String], accepted: &'a Accepted<'a>) -> impl Iterator<Item = Fit> + 'a {
    const YES: &[&str] = &["y", "yes", "t", "true", "1", "x"];
    const NO: &[&str] = &["n", "no", "f", "false", "0"];
    let (Some(to_yes), Some(to_no)) = (yes.first(), no.first()) else { return None.into_iter() };
    let side = |text: &str| {
        let text = text.trim().to_lowercase();
        if YES.contains(&text.as_str()) { Some(to_yes) } else { NO.contains(&text.as_str()).then_some(to_no) }
    };
    let mut steps = Vec::new();
    for to in [to_yes, to_no] {
        let texts: Vec<String> = column.tried().filter(|t| side(t) == Some(to)).map(quoted).collect();
        if !texts.is_empty() {
            let (name, texts, to) = (quoted(&column.name), texts.join(", "), quoted(to));
            steps.push(format!("{{ when = {{ field = {name}, is = [{texts}], then = [{{ constant = {to} }}] }} }}"));
        }
    }
    let share = accepted(&|text| Some(side(text)?.clone()));
    Some(Fit { share, steps, why: "its values are words for yes and no".to_owned(), telling: false }).into_iter()
}
