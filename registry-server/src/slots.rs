//! Places for files that are worked on: so many in all, and so many for one caller, so that nobody takes them all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Limits;
use crate::access::Caller;
use crate::problem::{BUSY, Problem, TOO_MANY};

/// All places.
#[derive(Debug)]
pub struct Slots {
    all: Arc<Semaphore>,
    /// By caller: how many are taken.
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// A place that is taken, until this goes.
#[derive(Debug)]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
    caller: String,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Slots {
    /// So many.
    pub fn new(count: usize) -> Slots {
        Slots { all: Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS))), taken: Arc::default() }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// When all are taken, or as many as one caller may have.
    pub(crate) fn take(&self, caller: &Caller, limits: &Limits) -> Result<Slot, Problem> {
        let permit = Arc::clone(&self.all).try_acquire_owned();
        let permit = permit.map_err(|_| Problem::new(BUSY, format!("It takes {} files at a time.", limits.validations)))?;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.entry(caller.place.clone()).or_default();
        if *own >= limits.per_caller {
            return Err(Problem::new(TOO_MANY, format!("It takes {} files of one caller at a time.", limits.per_caller)));
        }
        *own += 1;
        drop(taken);
        Ok(Slot { _permit: permit, caller: caller.place.clone(), taken: Arc::clone(&self.taken) })
    }

    /// How many places are free.
    pub fn free(&self) -> usize {
        self.all.available_permits()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.caller);
            }
        }
    }
}
