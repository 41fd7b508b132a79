//! Schemas that were asked for by their id, ready to be sent again.
//!
//! What an id means never changes, so an answer stays right until the last version that has the schema is deleted for good; then all are
//! forgotten. Deletions by this process are told at once; those of another process on the same database are seen in the audit log, which
//! is looked at every second. Only answers for callers who may see everything are kept: the others are asked about name by name.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use warp::http::HeaderValue;

use crate::db::{Fault, Statements, one};

/// Bytes that may be held, with what holding them takes.
const ROOM: usize = 32 << 20;

/// What an entry takes beside its body, roughly.
const BESIDE: usize = 200;

/// What is asked for: an id of the default context, and whether as its bare text.
pub type Key = (i64, bool);

/// A body with its `ETag`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The body.
    pub body: Bytes,
    /// The digest of the body, in its quotes.
    pub etag: HeaderValue,
}

impl Answer {
    /// An answer with its digest.
    pub fn new(body: impl Into<Bytes>) -> Answer {
        let body = body.into();
        let etag = HeaderValue::from_str(&format!("\"{}\"", crate::store::digest(&body)));
        // Hexadecimal digits are always taken.
        Answer { etag: etag.unwrap_or_else(|_| HeaderValue::from_static("\"\"")), body }
    }
}

/// The answers that are remembered.
#[derive(Debug, Default)]
pub struct Known(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// How often everything was forgotten.
    times: u64,
    /// The newest row of the audit log that was looked at.
    seen: i64,
    places: HashMap<Key, usize>,
    kept: Vec<(Key, Answer)>,
    bytes: usize,
    /// Which one has to go when there is no room: whichever these numbers hit, so that no order of asking defeats the memory.
    dice: u64,
}

impl Known {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is remembered of it.
    pub fn get(&self, key: Key) -> Option<Answer> {
        let inner = self.inner();
        inner.places.get(&key).and_then(|place| inner.kept.get(*place)).map(|(_, answer)| answer.clone())
    }

    /// To be asked for before something is looked up that shall be remembered.
    pub fn times(&self) -> u64 {
        self.inner().times
    }

    /// Remembers an answer that was looked up after `times` was asked for; not if something was deleted since.
    pub fn keep(&self, times: u64, key: Key, answer: &Answer) {
        let mut inner = self.inner();
        let cost = answer.body.len() + BESIDE;
        if inner.times != times || inner.places.contains_key(&key) || cost > ROOM / 8 {
            return;
        }
        while inner.bytes + cost > ROOM && !inner.kept.is_empty() {
            inner.drop_one();
        }
        let place = inner.kept.len();
        inner.places.insert(key, place);
        inner.kept.push((key, answer.clone()));
        inner.bytes += cost;
    }

    /// Forgets everything: something was deleted for good.
    pub fn forget(&self) {
        let mut inner = self.inner();
        inner.times += 1;
        inner.places.clear();
        inner.kept.clear();
        inner.bytes = 0;
    }

    /// Looks whether another process has deleted something for good since the last look.
    ///
    /// # Errors
    /// The database's.
    pub fn look(&self, s: &mut dyn Statements) -> Result<(), Fault> {
        let before = self.inner().seen;
        let newest = one(s, "SELECT COALESCE(MAX(seq), 0) FROM audit", &[])?.map_or(Ok(0), |row| row.int(0))?;
        if newest == before {
            return Ok(());
        }
        let sql = "SELECT seq FROM audit WHERE seq > ?1 AND action IN ('delete-version-for-good', 'delete-subject-for-good', \
                   'delete-context') LIMIT 1";
        if one(s, sql, &[before.into()])?.is_some() {
            self.forget();
        }
        self.inner().seen = newest;
        Ok(())
    }
}

impl Inner {
    fn drop_one(&mut self) {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = usize::try_from(self.dice >> 33).unwrap_or(0) % self.kept.len();
        let (key, answer) = self.kept.swap_remove(place);
        self.places.remove(&key);
        self.bytes -= answer.body.len() + BESIDE;
        if let Some((moved, _)) = self.kept.get(place) {
            self.places.insert(*moved, place);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_kept_fits_the_room_and_stays_itself() {
        let known = Known::default();
        let of = |n: i64| Answer::new(format!("{n}").repeat(10_000));
        for n in 0..5_000 {
            known.keep(known.times(), (n, false), &of(n));
        }
        let inner = known.inner();
        let bytes: usize = inner.kept.iter().map(|(_, answer)| answer.body.len() + BESIDE).sum();
        assert_eq!(inner.bytes, bytes);
        assert!(bytes <= ROOM && bytes > ROOM / 2);
        assert_eq!(inner.places.len(), inner.kept.len());
        drop(inner);
        let still: Vec<i64> = (0..5_000).filter(|n| known.get((*n, false)).is_some()).collect();
        assert!(still.len() > 100 && still.iter().all(|n| known.get((*n, false)).unwrap() == of(*n)));
        assert_eq!(known.get((still[0], true)), None);
    }

    #[test]
    fn what_was_looked_up_before_a_deletion_is_not_kept() {
        let known = Known::default();
        let times = known.times();
        known.forget();
        known.keep(times, (1, false), &Answer::new("old"));
        assert_eq!(known.get((1, false)), None);
        known.keep(known.times(), (1, false), &Answer::new("new"));
        assert!(known.get((1, false)).is_some());
        known.forget();
        assert_eq!(known.get((1, false)), None);
    }
}
