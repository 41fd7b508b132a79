//! Rules of the target on rows that are not made yet.

use crate::check::filled::FirstLook;
use crate::check::short::{sixteen, usual_day_in_order};
use crate::decode::index::Tile;

use super::{ByColumns, MADE, SLOW, Table, text_of};

impl ByColumns {
    /// Rows that break a rule, or may, go the ordinary way.
    pub(super) fn check_rules(&mut self, data: &[u8], tile: &Tile, table: &Table) {
        let schema = &table.plan.schema;
        let (mut flags, mut filled) = (std::mem::take(&mut self.flags), std::mem::take(&mut self.filled));
        filled.clear();
        filled.resize(self.rows, 0);
        for (at, &f) in self.look.fields().iter().enumerate() {
            let (is_filled, is_empty) = (FirstLook::bit(at, true), FirstLook::bit(at, false));
            let Some(k) = self.of_target[f] else {
                filled.iter_mut().for_each(|cells| *cells |= is_empty);
                continue;
            };
            // Of the texts for "no value" only the empty one is left: rows with others go the ordinary way.
            self.each_view(k, tile, |r, [from, to]| filled[r] |= if from + 1 == to { is_empty } else { is_filled });
        }
        for (at, rule) in self.look.rules().enumerate() {
            let rule = &table.plan.rows[rule];
            let days = rule.orders_days(schema).and_then(|(a, b, strict)| Some((self.of_target[a]?, self.of_target[b]?, strict)));
            self.look.unsettled(at, &filled, |r| {
                if let Some((first, then, strict)) = days
                    && let Some(first) = self.day(first, r, data, tile)
                    && let Some(then) = self.day(then, r, data, tile)
                    && (first < then || (first == then && !strict))
                {
                    return;
                }
                let text = |f: usize| match self.of_target[f] {
                    Some(k) => text_of(self.view(k, r, tile), data, &self.made),
                    None => b"",
                };
                if flags[r] & SLOW != 0 || rule.keeps(schema, text) {
                    return;
                }
                // Texts of rows that are certain are valid.
                if rule.broken(schema, &|f| String::from_utf8_lossy(text(f))).is_some() {
                    flags[r] |= SLOW;
                }
            });
        }
        (self.flags, self.filled) = (flags, filled);
    }

    /// A cell that is a day of every year, as a number by which days are in order.
    #[inline(always)]
    fn day(&self, k: usize, r: usize, data: &[u8], tile: &Tile) -> Option<u128> {
        let [from, to] = self.view(k, r, tile);
        if to - from != 11 {
            return None;
        }
        let bytes = if from & MADE == 0 { sixteen(data, from as usize) } else { sixteen(&self.made, (from & !MADE) as usize) };
        usual_day_in_order(bytes?)
    }
}
