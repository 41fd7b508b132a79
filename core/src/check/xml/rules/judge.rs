//! Whether the texts of one element keep a rule.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Rule;
use super::shape::{self, short};
use crate::decimal::Decimal;
use crate::package::document_rules::Demand;
use crate::package::rules::Implied;
use crate::schema::{DateFormat, FieldType};
use crate::value;
use crate::xsd::watch::{Spot, Text};

/// How a rule is broken.
#[derive(Debug)]
pub(super) struct Break {
    pub(super) spot: Spot,
    /// The element or attribute that is to be mended.
    pub(super) field: String,
    /// Its text; empty when it is not there.
    pub(super) value: String,
    pub(super) args: Vec<(&'static str, String)>,
}

/// Most faults that are told of one text.
const MOST: usize = 20;

fn trimmed(text: &Text) -> &str {
    text.value.trim_matches([' ', '\t', '\n', '\r'])
}

fn last(path: &str) -> String {
    path.rsplit(['/', ':', '@']).next().unwrap_or(path).to_owned()
}

fn broken(text: &Text, path: &str, detail: String) -> Break {
    Break { spot: text.spot.clone(), field: last(path), value: trimmed(text).to_owned(), args: vec![("detail", detail)] }
}

/// What is absent stands nowhere: it is told at what asks for it.
fn absent(asks: &Text, path: &str, mut args: Vec<(&'static str, String)>) -> Break {
    args.push(("detail", format!("{} is not there", last(path))));
    Break { spot: asks.spot.clone(), field: last(path), value: String::new(), args }
}

/// All ways in which the texts break a rule; `Err` when they could not be judged. `pairs` is how many pairs of edges may still be compared.
pub(super) fn judge(rule: &Rule, seen: &[Vec<Text>], pairs: &mut u64) -> Result<Vec<Break>, ()> {
    let texts = |i: usize| rule.slots.get(i).and_then(|s| seen.get(*s)).map_or(&[][..], Vec::as_slice);
    let filled = |i: usize| texts(i).iter().find(|t| !trimmed(t).is_empty());
    let mut found = Vec::new();
    match &rule.demand {
        Demand::Requires { field, then } => {
            let Some(given) = filled(then.len()) else { return Ok(found) };
            let missing = then.iter().enumerate().filter(|(i, _)| filled(*i).is_none());
            found.extend(missing.map(|(_, path)| absent(given, path, vec![("if", last(field)), ("then", last(path))])));
        }
        Demand::Implies { field, is, then, must } => {
            let Some(given) = texts(0).iter().find(|t| is.iter().any(|v| v == trimmed(t))) else { return Ok(found) };
            let args = || vec![("if", last(field)), ("if_value", trimmed(given).to_owned()), ("then", last(then))];
            match must {
                Implied::Filled if filled(1).is_none() => found.push(absent(given, then, args())),
                Implied::Filled => {}
                Implied::Empty => found.extend(filled(1).map(|text| Break { args: args(), ..broken(text, then, String::new()) })),
                Implied::In(allowed) => {
                    for text in texts(1).iter().filter(|t| !allowed.iter().any(|v| v == trimmed(t))) {
                        let mut args = args();
                        args.push(("allowed", allowed.join(", ")));
                        found.push(Break { args, ..broken(text, then, String::new()) });
                    }
                }
            }
        }
        Demand::Order { first, then, strict } => {
            let (Some(a), Some(b)) = (filled(0), filled(1)) else { return Ok(found) };
            let wrong = match compare(trimmed(a), trimmed(b)) {
                None | Some(Ordering::Less) => false,
                Some(Ordering::Equal) => *strict,
                Some(Ordering::Greater) => true,
            };
            if wrong {
                let detail = format!("{} {} and {} {}", last(first), short(trimmed(a)), last(then), short(trimmed(b)));
                found.push(broken(b, then, detail));
            }
        }
        Demand::Pattern { fields, .. } => {
            let Some(pattern) = &rule.pattern else { return Ok(found) };
            for (i, path) in fields.iter().enumerate() {
                for text in texts(i).iter().filter(|t| !trimmed(t).is_empty()) {
                    whole(text)?;
                    if !pattern.fits(trimmed(text).as_bytes()) {
                        found.push(broken(text, path, format!("\"{}\"", short(trimmed(text)))));
                    }
                }
            }
        }
        Demand::PlainText { fields } => {
            for (i, path) in fields.iter().enumerate() {
                let marked = texts(i).iter().filter_map(|t| Some((t, markup(&t.value)?)));
                found.extend(marked.map(|(text, mark)| broken(text, path, format!("\"{}\"", short(mark)))));
            }
        }
        Demand::Address { field, relative_with } => {
            for text in texts(0).iter().filter(|t| !trimmed(t).is_empty()) {
                whole(text)?;
                if value::text::is_uri(trimmed(text)) {
                    continue;
                }
                let scheme =
                    trimmed(text).split_once(':').is_some_and(|(scheme, _)| !scheme.is_empty() && !scheme.contains(['/', '?', '#']));
                match relative_with {
                    _ if scheme => found.push(broken(text, field, "it is no address".to_owned())),
                    None => found.push(broken(text, field, "it does not begin as one does, such as https://".to_owned())),
                    Some(with) if filled(1).is_none() => found.push(broken(text, field, format!("{} is not there", last(with)))),
                    Some(_) => {}
                }
            }
        }
        Demand::Ring { field } | Demand::Circle { field } => {
            for text in texts(0).iter() {
                whole(text)?;
                let wrong = match &rule.demand {
                    Demand::Ring { .. } => shape::ring(trimmed(text), pairs)?,
                    _ => shape::circle(trimmed(text)),
                };
                found.extend(wrong.map(|wrong| broken(text, field, wrong)));
            }
        }
        Demand::Mentions { field, parts } | Demand::NotLater { field, parts } => {
            let own: Vec<Option<&str>> = (0..parts.len()).map(|i| filled(i).map(trimmed)).collect();
            let time = parts.len().saturating_sub(1);
            for text in texts(parts.len()) {
                whole(text)?;
                for word in trimmed(text).split_ascii_whitespace() {
                    let given: Vec<&str> = word.split(',').collect();
                    let form = given.len() == parts.len() && given.iter().all(|g| !g.is_empty());
                    let readable = form && given.last().is_some_and(|g| moment(g).is_some());
                    let detail = match &rule.demand {
                        Demand::NotLater { .. } => {
                            let mine = own.get(time).copied().flatten().and_then(moment);
                            let its = given.last().filter(|_| form).and_then(|g| moment(g));
                            let later = its.zip(mine).and_then(|(its, mine)| its.partial_cmp(&mine)) == Some(Ordering::Greater);
                            later.then(|| format!("\"{}\" was made later", short(word)))
                        }
                        _ if !form => {
                            let names: Vec<String> = parts.iter().map(|p| last(p)).collect();
                            Some(format!("\"{}\" is not {}", short(word), names.join(",")))
                        }
                        _ if !readable => Some(format!("the time of \"{}\" cannot be read", short(word))),
                        _ => {
                            let itself = own.iter().zip(&given).take(time).all(|(own, given)| *own == Some(given));
                            itself.then(|| format!("\"{}\" is this one itself", short(word)))
                        }
                    };
                    found.extend(detail.map(|detail| broken(text, field, detail)));
                    if found.len() >= MOST {
                        return Ok(found);
                    }
                }
            }
        }
        Demand::Apart { fields, default, .. } => {
            let group = |text: &Text| text.spot.numbers.get(..rule.depth).unwrap_or_default().to_vec();
            let first = |by: &str| by.split('-').next().unwrap_or_default().to_ascii_lowercase();
            let by: HashMap<Vec<u32>, String> = texts(fields.len()).iter().map(|t| (group(t), first(trimmed(t)))).collect();
            for (i, path) in fields.iter().enumerate() {
                let mut known: HashMap<&str, String> = HashMap::new();
                for text in texts(i).iter().filter(|t| !trimmed(t).is_empty()) {
                    whole(text)?;
                    let own = by.get(&group(text)).filter(|b| !b.is_empty()).cloned().unwrap_or_else(|| first(default));
                    match known.get(trimmed(text)) {
                        Some(other) if *other != own => found.push(broken(text, path, format!("{other} and {own}"))),
                        Some(_) => {}
                        None => drop(known.insert(trimmed(text), own)),
                    }
                }
            }
        }
    }
    Ok(found)
}

/// A text that was cut cannot be judged by what it says.
fn whole(text: &Text) -> Result<(), ()> {
    if text.cut { Err(()) } else { Ok(()) }
}

fn moment(text: &str) -> Option<value::Value> {
    value::read(&FieldType::DateTime(DateFormat::Default), text).ok()
}

/// Two numbers, or two moments; `None` when they are neither, which the schema tells.
fn compare(a: &str, b: &str) -> Option<Ordering> {
    match (Decimal::parse(a), Decimal::parse(b)) {
        (Some(a), Some(b)) => a.partial_cmp(&b),
        _ => moment(a)?.partial_cmp(&moment(b)?),
    }
}

/// The first tag or named reference of HTML in a text.
fn markup(text: &str) -> Option<&str> {
    text.match_indices(['<', '&']).find_map(|(at, mark)| {
        let rest = text.get(at + 1..)?;
        let end = rest.bytes().take(200).position(|b| b == if mark == "<" { b'>' } else { b';' })?;
        let within = rest.get(..end)?;
        let name = if mark == "<" { within.strip_prefix(['/', '!']).unwrap_or(within) } else { within };
        let fits = if mark == "<" {
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && !within.contains('<')
        } else {
            let digits = name.strip_prefix('#');
            let number = digits.is_some_and(|d| !d.is_empty() && d.trim_start_matches(['x', 'X']).bytes().all(|b| b.is_ascii_hexdigit()));
            number || name.len() > 1 && name.bytes().all(|b| b.is_ascii_alphanumeric()) && !name.as_bytes()[0].is_ascii_digit()
        };
        fits.then(|| text.get(at..=at + 1 + end)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_html_is_found_and_nothing_else() {
        for (text, found) in [
            ("leave <b>now</b>", Some("<b>")),
            ("line<br/>break", Some("<br/>")),
            ("the end</p>", Some("</p>")),
            ("a &lt; b", Some("&lt;")),
            ("a&nbsp;b", Some("&nbsp;")),
            ("a &#8217; b &#x2019;", Some("&#8217;")),
            ("<!-- hidden -->", None),
            ("winds < 40 mph, gusts > 60 mph", None),
            ("police & fire; ambulance", None),
            ("A&P; and Q & A;", None),
            ("5 <6> 7", None),
            ("", None),
        ] {
            assert_eq!(markup(text), found, "{text}");
        }
    }

    #[test]
    fn numbers_and_moments_have_an_order() {
        assert_eq!(compare("10", "9.5"), Some(Ordering::Greater));
        assert_eq!(compare("2026-11-22T06:30:00-05:00", "2026-11-22T11:30:00-00:00"), Some(Ordering::Equal));
        assert_eq!(compare("2026-11-22T06:30:00-05:00", "9"), None);
    }
}
