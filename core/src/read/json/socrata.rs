//! The form in which portals of Socrata's hand out a table as JSON (`rows.json`): `{"meta": {"view": {"columns": [{"name": …}, …]}}, "data": [[…], …]}`.
//! The rows are plain lists; the names of their columns stand before them.

use serde_json::Value;

use super::parse::Parser;

/// The member that holds the names.
pub(super) const META: &str = "meta";

/// The member that holds the rows.
pub(super) const DATA: &str = "data";

/// What is known of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known<T> {
    /// These are they.
    Is(T),
    /// It is no such file.
    Not,
    /// The bytes end before that is known.
    More,
}

/// Whether a text, which may be cut, begins like such a file. It starts with a bracket.
pub(super) fn begins(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let mut parser = Parser::new(text.trim_start());
    let next = |parser: &mut Parser<'_>, name: &str| {
        parser.open_object() == Ok(true) && parser.name().is_ok_and(|n| n == name) && parser.peek() == Some(b'{')
    };
    next(&mut parser, META) && next(&mut parser, "view")
}

/// A column of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// The portal's own: numbers and times of its rows, which are no part of the table.
    pub(super) own: bool,
}

/// The columns of a file that begins so.
pub(super) fn columns(text: &str) -> Known<Vec<Column>> {
    let mut parser = Parser::new(text.trim_start());
    if parser.open_object() != Ok(true) || !parser.name().is_ok_and(|n| n == META) {
        return Known::Not;
    }
    let from = parser.at();
    if parser.skip(None).is_err() {
        return Known::More;
    }
    let meta = text.trim_start().get(from..parser.at()).unwrap_or_default();
    let meta: Value = serde_json::from_str(meta.trim_start_matches([':', ' ', '\n', '\r', '\t'])).unwrap_or_default();
    let Some(columns) = meta.pointer("/view/columns").and_then(Value::as_array) else { return Known::Not };
    let text_of = |column: &Value, name: &str| column.get(name).and_then(Value::as_str).map(str::to_owned);
    let columns: Option<Vec<Column>> = columns
        .iter()
        .map(|column| {
            let name = text_of(column, "name").or_else(|| text_of(column, "fieldName"))?;
            let own = text_of(column, "dataTypeName").is_some_and(|t| t == "meta_data");
            Some(Column { name, own })
        })
        .collect();
    match columns {
        Some(columns) if columns.iter().any(|c| !c.own) => Known::Is(columns),
        _ => Known::Not,
    }
}
