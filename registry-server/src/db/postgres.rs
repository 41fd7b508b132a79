//! PostgreSQL: one registry behind several server processes.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use postgres::types::{ToSql, Type};
use postgres::{Client, Config, NoTls, Transaction};

use super::migrations::{Dialect, migrate};
use super::{Database, Datum, Fault, Row, Statements, Unit};

/// Connections that are kept open when they have nothing to do.
const IDLE: usize = 16;

/// The lock that makes units of writing follow one another, over all processes. The number is arbitrary and never changes.
const LOCK: &str = "SELECT pg_advisory_xact_lock(4811231702)";

/// A database of PostgreSQL.
pub struct Postgres {
    config: Config,
    idle: Mutex<Vec<Client>>,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the password.
        f.debug_struct("Postgres")
            .field("hosts", &self.config.get_hosts())
            .field("dbname", &self.config.get_dbname())
            .finish_non_exhaustive()
    }
}

impl Postgres {
    /// Connects, and brings the tables up to date. The connection is not encrypted: the database is on the same machine or network, or
    /// behind a tunnel.
    ///
    /// # Errors
    /// When the address cannot be read or reached, or a newer program wrote the tables.
    pub fn open(url: &str) -> Result<Postgres, Fault> {
        let mut config: Config = url.parse().map_err(fault)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        let postgres = Postgres { config, idle: Mutex::default() };
        super::write(&postgres, |statements| migrate(statements, Dialect::Postgres))?;
        Ok(postgres)
    }

    fn client(&self) -> Result<Client, Fault> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match kept {
                Some(client) if client.is_closed() => {}
                Some(client) => return Ok(client),
                None => return self.config.connect(NoTls).map_err(fault),
            }
        }
    }

    fn transaction(&self, unit: Unit<'_>, writes: bool) -> Result<(), Fault> {
        let mut client = self.client()?;
        let begin = client.build_transaction();
        let mut open = if writes {
            begin.start().map_err(fault)?
        } else {
            begin.isolation_level(postgres::IsolationLevel::RepeatableRead).read_only(true).start().map_err(fault)?
        };
        if writes {
            open.batch_execute(LOCK).map_err(fault)?;
        }
        let keep = unit(&mut Running(&mut open));
        if keep {
            open.commit().map_err(fault)?;
        } else {
            open.rollback().map_err(fault)?;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(client);
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let idle = std::mem::take(self.idle.get_mut().unwrap_or_else(PoisonError::into_inner));
        // Saying goodbye waits for the other side, which threads that serve must not.
        std::thread::spawn(move || drop(idle));
    }
}

impl Database for Postgres {
    fn read(&self, unit: Unit<'_>) -> Result<(), Fault> {
        self.transaction(unit, false)
    }

    fn write(&self, unit: Unit<'_>) -> Result<(), Fault> {
        self.transaction(unit, true)
    }

    fn copy_to(&self, _: &Path) -> Result<(), Fault> {
        Err(Fault("a registry in PostgreSQL is backed up with pg_dump".to_owned()))
    }
}

struct Running<'t, 'c>(&'t mut Transaction<'c>);

/// PostgreSQL writes its parameters with another sign.
fn parameters(sql: &str) -> String {
    sql.replace('?', "$")
}

fn bound(with: &[Datum]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    with.iter()
        .map(|datum| -> (&(dyn ToSql + Sync), Type) {
            match datum {
                // Only numbers may be missing in these tables.
                Datum::Null => (&None::<i64>, Type::INT8),
                Datum::Int(value) => (value, Type::INT8),
                Datum::Text(value) => (value, Type::TEXT),
                Datum::Bytes(value) => (value, Type::BYTEA),
            }
        })
        .collect()
}

impl Statements for Running<'_, '_> {
    fn rows(&mut self, sql: &str, with: &[Datum]) -> Result<Vec<Row>, Fault> {
        let answer = self.0.query_typed(&parameters(sql), &bound(with)).map_err(fault)?;
        answer.iter().map(|row| (0..row.len()).map(|column| datum(row, column)).collect::<Result<_, Fault>>().map(Row)).collect()
    }

    fn run(&mut self, sql: &str, with: &[Datum]) -> Result<u64, Fault> {
        self.0.execute_typed(&parameters(sql), &bound(with)).map_err(fault)
    }
}

fn datum(row: &postgres::Row, column: usize) -> Result<Datum, Fault> {
    let kind = row.columns().get(column).map(|c| c.type_().clone()).unwrap_or(Type::UNKNOWN);
    let read = |e: postgres::Error| Fault(format!("column {column}: {e}"));
    Ok(match kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(column).map_err(read)?.map_or(Datum::Null, Datum::Int),
        Type::INT4 => row.try_get::<_, Option<i32>>(column).map_err(read)?.map_or(Datum::Null, |n| Datum::Int(n.into())),
        Type::TEXT | Type::VARCHAR => row.try_get::<_, Option<String>>(column).map_err(read)?.map_or(Datum::Null, Datum::Text),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column).map_err(read)?.map_or(Datum::Null, Datum::Bytes),
        other => return Err(Fault(format!("column {column} of an answer is of type {other}"))),
    })
}

fn fault(error: postgres::Error) -> Fault {
    // The text of an error does not hold the password.
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Fault(format!("PostgreSQL: {error}{cause}"))
}
