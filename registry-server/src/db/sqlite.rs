//! SQLite: the registry in one folder, for one server process.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OpenFlags};

use super::migrations::{Dialect, migrate};
use super::{Database, Datum, Fault, Row, Statements, Unit};

/// Name of the file within the registry's folder.
pub const FILE: &str = "registry.sqlite";

/// How long a unit waits for one of another process.
const PATIENCE: Duration = Duration::from_secs(10);

/// Readers that are kept open when they have nothing to do.
const IDLE: usize = 16;

/// A database of SQLite.
#[derive(Debug)]
pub struct Sqlite {
    /// Readers that have nothing to do. None for a database in memory, which has one connection only.
    readers: Option<(std::path::PathBuf, Mutex<Vec<Connection>>)>,
    /// Closed last, since a reader cannot bring the log ahead of the file into the file.
    writer: Mutex<Connection>,
}

impl Sqlite {
    /// Opens or makes the database in a folder, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder or file cannot be used, or a newer program wrote it.
    pub fn open(folder: &Path) -> Result<Sqlite, Fault> {
        std::fs::create_dir_all(folder).map_err(|e| Fault(format!("{}: {e}", folder.display())))?;
        let file = folder.join(FILE);
        let named = |e: rusqlite::Error| Fault(format!("{}: {e}", file.display()));
        let writer = Connection::open(&file).map_err(named)?;
        writer.busy_timeout(PATIENCE).map_err(named)?;
        // The log ahead of the file lets readers go on while one writes. What was acknowledged must survive a cut of the power, so
        // each unit waits until the disk has it.
        let mode: String = writer.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(named)?;
        if mode != "wal" {
            return Err(Fault(format!("{}: the file system does not take a write-ahead log", file.display())));
        }
        // What is taken out, such as a key, is overwritten.
        writer
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON")
            .map_err(named)?;
        Sqlite { writer: Mutex::new(writer), readers: Some((file, Mutex::default())) }.migrated()
    }

    /// A database that is gone with the process.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn in_memory() -> Result<Sqlite, Fault> {
        Sqlite { writer: Mutex::new(Connection::open_in_memory().map_err(fault)?), readers: None }.migrated()
    }

    fn migrated(self) -> Result<Sqlite, Fault> {
        super::write(&self, |statements| migrate(statements, Dialect::Sqlite))?;
        Ok(self)
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        // A unit that broke off was rolled back when its transaction went out of scope, so the connection is sound.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Database for Sqlite {
    fn read(&self, unit: Unit<'_>) -> Result<(), Fault> {
        let Some((file, idle)) = &self.readers else { return transaction(&mut self.writer(), "BEGIN", unit) };
        let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => {
                let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX);
                let connection = connection.map_err(fault)?;
                connection.busy_timeout(PATIENCE).map_err(fault)?;
                // The system remembers the file's pages as well, so each reader needs to keep only the few it is at: half a MB.
                connection.execute_batch("PRAGMA cache_size = -512").map_err(fault)?;
                connection
            }
        };
        transaction(&mut connection, "BEGIN", unit)?;
        let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connection);
        }
        Ok(())
    }

    fn write(&self, unit: Unit<'_>) -> Result<(), Fault> {
        transaction(&mut self.writer(), "BEGIN IMMEDIATE", unit)
    }

    fn forget(&self) -> Result<(), Fault> {
        // Both the file and the log ahead of it are written anew; what was deleted is overwritten (secure_delete).
        self.writer().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(fault)
    }

    fn folder(&self) -> Option<&Path> {
        self.readers.as_ref().and_then(|(file, _)| file.parent())
    }

    fn copy_to(&self, file: &Path) -> Result<(), Fault> {
        if file.exists() {
            return Err(Fault(format!("{} is there already", file.display())));
        }
        let text = file.to_str().ok_or_else(|| Fault("the name of the backup is not UTF-8".to_owned()))?;
        // A reader's view: what is written meanwhile is not in it, and nobody waits.
        let connection = match &self.readers {
            Some((own, _)) => Connection::open(own).map_err(fault)?,
            None => return Err(Fault("a registry in memory has no backup".to_owned())),
        };
        connection.busy_timeout(PATIENCE).map_err(fault)?;
        connection.execute("VACUUM INTO ?1", [text]).map(|_| ()).map_err(fault)
    }
}

fn transaction(connection: &mut Connection, begin: &str, unit: Unit<'_>) -> Result<(), Fault> {
    connection.execute_batch(begin).map_err(fault)?;
    let open = Open(connection);
    let keep = unit(&mut Running(open.0));
    if keep {
        open.0.execute_batch("COMMIT").map_err(fault)?;
    }
    Ok(())
}

/// An open transaction; what is not committed when it goes is undone.
struct Open<'c>(&'c Connection);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            // When even this fails, the connection is broken and the next unit says so.
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}

struct Running<'c>(&'c Connection);

impl Running<'_> {
    fn statement(&mut self, sql: &str, with: &[Datum]) -> Result<rusqlite::CachedStatement<'_>, Fault> {
        let mut statement = self.0.prepare_cached(sql).map_err(fault)?;
        for (index, datum) in with.iter().enumerate() {
            let value = match datum {
                Datum::Null => Value::Null,
                Datum::Int(value) => Value::Integer(*value),
                Datum::Text(value) => Value::Text(value.clone()),
                Datum::Bytes(value) => Value::Blob(value.clone()),
            };
            statement.raw_bind_parameter(index + 1, value).map_err(fault)?;
        }
        Ok(statement)
    }
}

impl Statements for Running<'_> {
    fn rows(&mut self, sql: &str, with: &[Datum]) -> Result<Vec<Row>, Fault> {
        let mut statement = self.statement(sql, with)?;
        let columns = statement.column_count();
        let (mut rows, mut found) = (statement.raw_query(), Vec::new());
        while let Some(row) = rows.next().map_err(fault)? {
            let mut data = Vec::with_capacity(columns);
            for column in 0..columns {
                data.push(match row.get_ref(column).map_err(fault)? {
                    ValueRef::Null => Datum::Null,
                    ValueRef::Integer(value) => Datum::Int(value),
                    ValueRef::Real(_) => return Err(Fault("an answer holds a fraction".to_owned())),
                    ValueRef::Text(value) => Datum::Text(String::from_utf8_lossy(value).into_owned()),
                    ValueRef::Blob(value) => Datum::Bytes(value.to_vec()),
                });
            }
            found.push(Row(data));
        }
        Ok(found)
    }

    fn run(&mut self, sql: &str, with: &[Datum]) -> Result<u64, Fault> {
        let touched = self.statement(sql, with)?.raw_execute().map_err(fault)?;
        Ok(touched as u64)
    }
}

fn fault(error: rusqlite::Error) -> Fault {
    Fault(format!("SQLite: {error}"))
}
