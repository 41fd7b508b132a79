//! JSON in a cell. Depth is bounded by the reader (128 levels); numbers beyond the range of a 64-bit float are refused by it.

use serde_json::Value;

use super::Misread;

/// Reads any JSON text.
pub fn parse(text: &str) -> Result<Value, Misread> {
    serde_json::from_str(text).map_err(|e| Misread::Json { line: e.line(), column: e.column() })
}

/// Reads a JSON object.
pub fn object(text: &str) -> Result<Value, Misread> {
    parse(text).and_then(|v| if v.is_object() { Ok(v) } else { Err(Misread::JsonKind) })
}

/// Reads a JSON array.
pub fn array(text: &str) -> Result<Value, Misread> {
    parse(text).and_then(|v| if v.is_array() { Ok(v) } else { Err(Misread::JsonKind) })
}
