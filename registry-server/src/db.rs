//! Where the registry keeps what it knows: one narrow trait over a database of tables, and the two that are behind it.
//!
//! All that the registry remembers goes through [`Database`]: units of reading and of writing, each of a few statements in the part of SQL that
//! SQLite and PostgreSQL share. What the statements mean is written once, in `keep`, so both databases follow the same rules and pass the same
//! tests. Units of writing follow one another, over all processes that share a database: ids and versions are counted without gaps or ties.

use std::fmt;

pub mod migrations;
pub mod postgres;
pub mod sqlite;

/// One value of a row or of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Datum {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// A text without the character NUL.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl From<i64> for Datum {
    fn from(value: i64) -> Datum {
        Datum::Int(value)
    }
}

impl From<&str> for Datum {
    fn from(value: &str) -> Datum {
        Datum::Text(value.to_owned())
    }
}

impl From<&String> for Datum {
    fn from(value: &String) -> Datum {
        Datum::Text(value.clone())
    }
}

impl From<&[u8]> for Datum {
    fn from(value: &[u8]) -> Datum {
        Datum::Bytes(value.to_vec())
    }
}

impl<T: Into<Datum>> From<Option<T>> for Datum {
    fn from(value: Option<T>) -> Datum {
        value.map_or(Datum::Null, Into::into)
    }
}

/// One row of an answer, read from the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub Vec<Datum>);

impl Row {
    /// The number in a column.
    ///
    /// # Errors
    /// When the column holds no number: the database is not as the registry left it.
    pub fn int(&self, column: usize) -> Result<i64, Fault> {
        match self.0.get(column) {
            Some(Datum::Int(value)) => Ok(*value),
            other => Err(Fault::odd(column, other)),
        }
    }

    /// The number in a column that may be empty.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn maybe_int(&self, column: usize) -> Result<Option<i64>, Fault> {
        match self.0.get(column) {
            Some(Datum::Null) => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    /// The text in a column.
    ///
    /// # Errors
    /// When the column holds no text.
    pub fn text(&self, column: usize) -> Result<&str, Fault> {
        match self.0.get(column) {
            Some(Datum::Text(value)) => Ok(value),
            other => Err(Fault::odd(column, other)),
        }
    }

    /// The bytes in a column.
    ///
    /// # Errors
    /// When the column holds no bytes.
    pub fn bytes(&self, column: usize) -> Result<&[u8], Fault> {
        match self.0.get(column) {
            Some(Datum::Bytes(value)) => Ok(value),
            other => Err(Fault::odd(column, other)),
        }
    }
}

/// Why the database could not do what it was asked. For who runs the server; callers learn only that it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub String);

impl Fault {
    fn odd(column: usize, found: Option<&Datum>) -> Fault {
        let kind = match found {
            None => "no such column",
            Some(Datum::Null) => "nothing",
            Some(Datum::Int(_)) => "a number",
            Some(Datum::Text(_)) => "a text",
            Some(Datum::Bytes(_)) => "bytes",
        };
        Fault(format!("column {column} of an answer holds {kind}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

/// Statements within one unit. Parameters are `?1`, `?2` and so on.
pub trait Statements {
    /// The rows that a statement answers.
    ///
    /// # Errors
    /// What the database says.
    fn rows(&mut self, sql: &str, with: &[Datum]) -> Result<Vec<Row>, Fault>;

    /// Runs a statement that answers nothing; the number of rows it touched.
    ///
    /// # Errors
    /// What the database says.
    fn run(&mut self, sql: &str, with: &[Datum]) -> Result<u64, Fault>;
}

/// A unit of work: whether what it did shall stay.
pub type Unit<'a> = &'a mut dyn FnMut(&mut dyn Statements) -> bool;

/// A database. Its methods block, so they are called from threads that may wait.
pub trait Database: fmt::Debug + Send + Sync {
    /// Statements that see one state and change nothing.
    ///
    /// # Errors
    /// When the unit could not be begun.
    fn read(&self, unit: Unit<'_>) -> Result<(), Fault>;

    /// Statements that happen all or not at all, one unit after another. When this returns well and the unit said that it shall stay, it
    /// stays, whatever happens to the machine.
    ///
    /// # Errors
    /// When the unit could not be begun or kept; then nothing of it was kept, unless the connection broke in that very moment.
    fn write(&self, unit: Unit<'_>) -> Result<(), Fault>;

    /// Takes care that what was taken out before is not left in the files' unused parts, as far as this is in the program's hands.
    ///
    /// # Errors
    /// What the database says.
    fn forget(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// The folder in which it is, when it is in one of its own.
    fn folder(&self) -> Option<&std::path::Path> {
        None
    }

    /// Writes everything into a new file while others go on, for databases of which this program makes the backups.
    ///
    /// # Errors
    /// When the file cannot be written, or the database has tools of its own for this.
    fn copy_to(&self, file: &std::path::Path) -> Result<(), Fault>;
}

/// A unit of reading with a result of its own.
///
/// # Errors
/// The unit's own, or the database's.
pub fn read<T, E: From<Fault>>(database: &dyn Database, unit: impl FnOnce(&mut dyn Statements) -> Result<T, E>) -> Result<T, E> {
    let (mut unit, mut result) = (Some(unit), None);
    database.read(&mut |statements| {
        result = unit.take().map(|unit| unit(statements));
        true
    })?;
    result.unwrap_or_else(|| Err(E::from(Fault("the unit did not run".to_owned()))))
}

/// A unit of writing with a result of its own; it stays when the result is good.
///
/// # Errors
/// The unit's own, or the database's.
pub fn write<T, E: From<Fault>>(database: &dyn Database, unit: impl FnOnce(&mut dyn Statements) -> Result<T, E>) -> Result<T, E> {
    let (mut unit, mut result) = (Some(unit), None);
    database.write(&mut |statements| {
        result = unit.take().map(|unit| unit(statements));
        matches!(result, Some(Ok(_)))
    })?;
    result.unwrap_or_else(|| Err(E::from(Fault("the unit did not run".to_owned()))))
}

/// The statement's one row, when there is one.
///
/// # Errors
/// What the database says.
pub fn one(statements: &mut dyn Statements, sql: &str, with: &[Datum]) -> Result<Option<Row>, Fault> {
    Ok(statements.rows(sql, with)?.into_iter().next())
}

/// The place of a database that could not be opened: every unit fails with the reason.
#[derive(Debug, Clone)]
pub struct Absent(pub Fault);

impl Database for Absent {
    fn read(&self, _: Unit<'_>) -> Result<(), Fault> {
        Err(self.0.clone())
    }

    fn write(&self, _: Unit<'_>) -> Result<(), Fault> {
        Err(self.0.clone())
    }

    fn copy_to(&self, _: &std::path::Path) -> Result<(), Fault> {
        Err(self.0.clone())
    }
}
