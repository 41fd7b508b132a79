//! Table Schema: `read` accepts all tables that `written` does when each of its columns asks no more than the same column did.

use serde_json::{Map, Value};

use super::{is_note, number};
use crate::problem::shown;

const LEAST: &[&str] = &["minimum", "exclusiveMinimum", "minLength"];
const MOST: &[&str] = &["maximum", "exclusiveMaximum", "maxLength"];

pub(super) fn accepts_all(written: &Value, read: &Value) -> Result<(), String> {
    let (Value::Object(w), Value::Object(r)) = (written, read) else { return Err("one of the schemas is not an object".to_owned()) };
    let (before, after) = (fields(w), fields(r));
    let names = |fields: &[(String, &Map<String, Value>)]| fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    if w.get("fieldsMatch") != r.get("fieldsMatch") {
        return Err("it is a different question which columns must be there".to_owned());
    }
    if names(&after).first().is_none() {
        return Err("there are no columns".to_owned());
    }
    // With these, columns must be exactly those listed; a column more or fewer is another table.
    let strict = !matches!(r.get("fieldsMatch").map(text), Some(ref t) if t == "subset" || t == "partial" || t == "superset");
    if strict && r.contains_key("fieldsMatch") && names(&before) != names(&after) {
        return Err("the columns are not the same ones in the same order".to_owned());
    }
    for (name, field) in &after {
        let place = format!("column \"{}\"", shown(name));
        match before.iter().find(|(known, _)| known == name) {
            Some((_, old)) => column(old, field).map_err(|why| format!("{place}: {why}"))?,
            None if is_required(field) => return Err(format!("{place} is new and must be filled in")),
            // A table's data are the columns that its schema lists, so none had this one.
            None => {}
        }
    }
    if let Some((name, _)) = before.iter().find(|(name, _)| !after.iter().any(|(known, _)| known == name)) {
        return Err(format!("column \"{}\" is no longer known", shown(name)));
    }
    for (member, asked) in r {
        let known = is_note(member) || member.starts_with("x-") || matches!(member.as_str(), "$schema" | "fields" | "fieldsMatch" | "name");
        if known || w.get(member) == Some(asked) || asked.as_array().is_some_and(Vec::is_empty) {
            continue;
        }
        return Err(format!("\"{}\" of the table differs", shown(member)));
    }
    // Values that meant "nothing" may now be read as values.
    if w.get("missingValues") != r.get("missingValues") {
        return Err("other values count as empty".to_owned());
    }
    Ok(())
}

fn fields(schema: &Map<String, Value>) -> Vec<(String, &Map<String, Value>)> {
    let all = schema.get("fields").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    all.iter().filter_map(Value::as_object).map(|field| (field.get("name").map(text).unwrap_or_default(), field)).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string())
}

fn is_required(field: &Map<String, Value>) -> bool {
    field.get("constraints").and_then(|c| c.get("required")) == Some(&Value::Bool(true))
}

fn column(old: &Map<String, Value>, new: &Map<String, Value>) -> Result<(), String> {
    for (member, asked) in new {
        if is_note(member) || matches!(member.as_str(), "name" | "constraints" | "type" | "rdfType") || old.get(member) == Some(asked) {
            continue;
        }
        return Err(format!("\"{}\" differs", shown(member)));
    }
    // What the old column said about how its values are written must still be said.
    if let Some((member, _)) = old
        .iter()
        .find(|(member, _)| !is_note(member) && !matches!(member.as_str(), "constraints" | "rdfType") && !new.contains_key(*member))
    {
        return Err(format!("\"{}\" is no longer said", shown(member)));
    }
    let (was, is) = (old.get("type").map(text), new.get("type").map(text));
    let wider = was.as_deref() == Some("integer") && is.as_deref() == Some("number") && old.len() == new.len();
    if was != is && !wider {
        return Err(format!(
            "its type was {} and is {}",
            was.unwrap_or_else(|| "not said".to_owned()),
            is.unwrap_or_else(|| "not said".to_owned())
        ));
    }
    let none = Map::new();
    let constraints =
        |field: &'_ Map<String, Value>| field.get("constraints").and_then(Value::as_object).cloned().unwrap_or_else(|| none.clone());
    let (given, asked) = (constraints(old), constraints(new));
    for (member, value) in &asked {
        let had = given.get(member);
        let fits = match member.as_str() {
            _ if had == Some(value) || value == &Value::Bool(false) => true,
            "enum" => match (had.and_then(Value::as_array), value.as_array()) {
                (Some(had), Some(now)) => {
                    let now: std::collections::BTreeSet<String> = now.iter().map(Value::to_string).collect();
                    had.iter().all(|v| now.contains(&v.to_string()))
                }
                _ => false,
            },
            m if LEAST.contains(&m) => had.and_then(number).zip(number(value)).is_some_and(|(had, now)| had >= now),
            m if MOST.contains(&m) => had.and_then(number).zip(number(value)).is_some_and(|(had, now)| had <= now),
            _ => false,
        };
        if !fits {
            return Err(format!("its constraint \"{}\" is tighter than it was", shown(member)));
        }
    }
    Ok(())
}
