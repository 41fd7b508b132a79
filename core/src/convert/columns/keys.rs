//! Keys of the rows that are written, remembered without being written twice where the source has the same ones.

use std::borrow::Cow;

use crate::check::bind::Binding;
use crate::check::key_form::KeyForm;
use crate::check::keys::{KeyHash, KeyTable};
use crate::decode::index::Tile;

use super::{ByColumns, How, SLOW, Table, TargetTables, text_of};

/// A key of the target that is an unchanged copy of one of the source's. While all rows are taken, the two have met the same values, so only the source's
/// is remembered.
pub(super) struct SharedKey {
    /// Index of the target's key.
    pub(super) target: usize,
    /// Index of the source's key.
    source: usize,
    /// Values of the stretch at hand, which the source's key does not know yet.
    met: KeyTable,
}

impl SharedKey {
    #[inline(always)]
    fn has(&self, hash: KeyHash, known: &[KeyTable]) -> bool {
        self.met.has(hash) || known.get(self.source).is_some_and(|known| known.has(hash))
    }

    /// Remembers a value; `false` when it was met before.
    #[inline(always)]
    fn insert(&mut self, hash: KeyHash, number: u64, known: &[KeyTable]) -> bool {
        !known.get(self.source).is_some_and(|known| known.has(hash)) && self.met.insert(hash, number).is_none()
    }
}

impl ByColumns {
    /// Finds a key of the target that is an unchanged copy of one of the source's. Only for the one file of a conversion, and before its first row.
    pub(in crate::convert) fn share_keys(&mut self, binding: &Binding, target: &mut TargetTables) {
        let Some(table) = target.table(self.row.table) else { return };
        let plan = &self.plans[self.plan];
        // The source's field that a field of the target is a copy of, where both have no value for the empty text only.
        let copied = |f: &usize| {
            let column = &self.columns[self.of_target[*f]?];
            let field = match column.how {
                How::Copy { field, .. } => field,
                How::Made { expr, column: Some((field, _)), idle: true, .. } if plan.short(expr).is_same() => field,
                _ => return None,
            };
            let plain = |missing: &[String]| matches!(missing, [m] if m.is_empty());
            let same = plain(binding.plan.schema.missing_for(field)) && plain(table.plan.schema.missing_for(*f));
            // A value of one type may have other texts than that of another.
            (same && binding.plan.forms[field] == table.plan.forms[*f]).then_some(field)
        };
        self.shared = self.kept.iter().find_map(|&target| {
            let fields = self.keys[target].as_ref()?.iter().map(copied).collect::<Option<Vec<usize>>>()?;
            let source = binding.plan.keys.iter().position(|key| key.fields == fields && !key.empties)?;
            Some(SharedKey { target, source, met: KeyTable::default() })
        });
    }

    /// The source's keys now hold those of the rows so far.
    pub(in crate::convert) fn next_stretch(&mut self) {
        if let Some(shared) = &mut self.shared {
            shared.met.clear();
        }
    }

    /// A row comes that is not taken: from now on the target's key is remembered by itself.
    pub(in crate::convert) fn part_keys(&mut self, known: &[KeyTable], target: &mut TargetTables) {
        let Some(shared) = self.shared.take() else { return };
        if self.taken > 0
            && let Some(Some(kept)) = target.table(self.row.table).and_then(|table| table.keys.get_mut(shared.target))
        {
            *kept = known.get(shared.source).cloned().unwrap_or_default();
            kept.insert_all(&shared.met);
        }
    }

    /// Hashes the rows' keys and has the processor fetch their places, so that they are at hand when the rows' turn comes.
    pub(super) fn hash_keys(&mut self, data: &[u8], tile: &Tile, known: &[KeyTable], table: &Table) {
        let mut hashes = std::mem::take(&mut self.hashes);
        hashes.clear();
        for &key in &self.kept {
            let kept = match &self.shared {
                Some(shared) if shared.target == key => known.get(shared.source),
                _ => table.keys[key].as_ref(),
            };
            let first = hashes.len();
            hashes.extend(self.flags.iter().map(|flags| (flags & SLOW == 0).then(KeyHash::default)));
            let hashes = &mut hashes[first..];
            for &f in self.keys[key].iter().flatten() {
                // Other texts for "no value" have gone the ordinary way.
                let none = table.plan.cells[f].is_missing("");
                let form = &table.plan.forms[f];
                let mut add = |r: usize, text: &[u8]| {
                    let filled = hashes[r].filter(|_| !(none && text.is_empty()));
                    hashes[r] = match form {
                        KeyForm::Text => filled.map(|hash| hash.part(text)),
                        form => filled.and_then(|hash| Some(hash.part(&form.of_text(Cow::Borrowed(text)).ok()?))),
                    };
                };
                match self.of_target[f] {
                    Some(k) => self.each_view(k, tile, |r, view| add(r, text_of(view, data, &self.made))),
                    None => (0..self.rows).for_each(|r| add(r, b"")),
                }
            }
            if let Some(kept) = kept {
                hashes.iter().flatten().for_each(|hash| kept.ask(*hash));
            }
        }
        self.hashes = hashes;
    }

    /// Remembers the row's keys. `false`, and nothing remembered, when one was met before.
    #[inline(always)]
    pub(super) fn insert_keys(&mut self, r: usize, number: u64, known: &[KeyTable], table: &mut Table) -> bool {
        if let &[key] = &self.kept[..] {
            let Some(hash) = self.hashes[r] else { return true };
            return match (&mut self.shared, &mut table.keys[key]) {
                (Some(shared), _) => shared.insert(hash, number, known),
                (None, Some(keys)) => keys.insert(hash, number).is_none(),
                (None, None) => true,
            };
        }
        let hash_of = |i: usize, hashes: &[Option<KeyHash>]| hashes[i * self.rows + r];
        for (i, &key) in self.kept.iter().enumerate() {
            let Some(hash) = hash_of(i, &self.hashes) else { continue };
            let met = match &self.shared {
                Some(shared) if shared.target == key => shared.has(hash, known),
                _ => table.keys[key].as_ref().is_some_and(|keys| keys.has(hash)),
            };
            if met {
                return false;
            }
        }
        for (i, &key) in self.kept.iter().enumerate() {
            let Some(hash) = hash_of(i, &self.hashes) else { continue };
            match (&mut self.shared, &mut table.keys[key]) {
                (Some(shared), _) if shared.target == key => {
                    shared.insert(hash, number, known);
                }
                (_, Some(keys)) => {
                    keys.insert(hash, number);
                }
                _ => {}
            }
        }
        true
    }
}
