//! How many requests one caller may make in a second.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A bucket of tokens for each caller: a request takes one, and time fills them up again.
#[derive(Debug, Default)]
pub struct Rates(Mutex<BTreeMap<String, (Instant, u64)>>);

/// Callers that are remembered at the most.
const CALLERS: usize = 10_000;

/// Thousandths of a token, so that short times count.
const UNIT: u64 = 1_000;

impl Rates {
    /// Takes a token. `rate` is how many come each second, and how many seconds' worth may be saved up; 0 is no bound.
    ///
    /// # Errors
    /// Seconds after which there will be one.
    pub(crate) fn take(&self, caller: &str, rate: u64, seconds: u64, now: Instant) -> Result<(), u64> {
        if rate == 0 {
            return Ok(());
        }
        let full = rate.saturating_mul(seconds.max(1)).saturating_mul(UNIT);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = |(at, left): (Instant, u64)| {
            let passed = u64::try_from(now.saturating_duration_since(at).as_millis()).unwrap_or(u64::MAX);
            left.saturating_add(passed.saturating_mul(rate)).min(full)
        };
        if all.len() >= CALLERS {
            // Whose bucket is full again need not be remembered.
            all.retain(|_, bucket| filled(*bucket) < full);
            if all.len() >= CALLERS {
                all.clear();
            }
        }
        let bucket = all.entry(caller.to_owned()).or_insert((now, full));
        let left = filled(*bucket);
        match left.checked_sub(UNIT) {
            Some(rest) => {
                *bucket = (now, rest);
                Ok(())
            }
            None => Err((UNIT - left).div_ceil(rate * UNIT).max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::time::Duration;

    use super::*;

    #[test]
    fn tokens_run_out_and_come_again_for_each_caller() {
        let (rates, start) = (Rates::default(), Instant::now());
        assert!((0..20).all(|_| rates.take("a", 10, 2, start).is_ok()));
        assert_eq!(rates.take("a", 10, 2, start), Err(1));
        assert!(rates.take("b", 10, 2, start).is_ok());
        let later = start + Duration::from_millis(300);
        assert!((0..3).all(|_| rates.take("a", 10, 2, later).is_ok()));
        assert!(rates.take("a", 10, 2, later).is_err());
        assert!((0..100).all(|_| rates.take("a", 0, 2, later).is_ok()));
    }
}
