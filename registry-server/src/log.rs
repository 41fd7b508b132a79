//! What is told to who runs the server: one line of JSON each on the standard error, with no contents of files or schemas.

use serde_json::{Value, json};

use crate::db::Fault;

/// A line.
#[allow(clippy::print_stderr)]
pub fn line(what: &str, more: Value) {
    let mut line = json!({"at": crate::keep::now(), "what": what});
    if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
        line.extend(more);
    }
    eprintln!("{line}");
}

/// The database could not do what it was asked.
pub fn fault(fault: &Fault) {
    line("database", json!({"fault": fault.0}));
}
