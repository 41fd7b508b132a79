//! Rows taken: their keys remembered, their amounts added up, and they themselves written.

use std::ops::Range;

use crate::check::bind::Binding;
use crate::check::keys::KeyTable;
use crate::decode::index::Tile;
use crate::map::Converter;
use crate::map::convert::Lane;

use super::lay::{Views, Writing};
use super::{ByColumns, CAREFUL, QUOTED, SLOW, TargetTables, text_of};

impl ByColumns {
    /// Takes the rows from the first one on up to one that has to go the ordinary way. `number` is the first one's row in the file, and `known` are the
    /// source's keys of the stretches before.
    #[allow(clippy::too_many_arguments)]
    pub(in crate::convert) fn take(
        &mut self,
        data: &[u8],
        tile: &Tile,
        binding: &Binding,
        rows: Range<usize>,
        number: u64,
        file: u32,
        known: &[KeyTable],
        converter: &mut Converter,
        target: &mut TargetTables,
    ) -> usize {
        if self.flags.get(rows.start).is_none_or(|f| f & SLOW != 0) {
            return 0;
        }
        let Some(mut lane) = converter.lane(file, &binding.fields, target) else { return 0 };
        let Some(table) = target.table(self.row.table) else { return 0 };
        // Rows that no record feeds may have come first.
        if self.shared.as_ref().is_some_and(|s| table.keys[s.target].as_ref().is_none_or(|kept| !kept.is_empty())) {
            self.shared = None;
        }
        let first = rows.start;
        let mut end = first;
        while end < rows.end && self.flags[end] & SLOW == 0 && self.insert_keys(end, number + (end - first) as u64, known, table) {
            end += 1;
        }
        let taken = (end - first) as u64;
        self.add_amounts(first..end, data, tile, binding, &mut lane);
        let members = self.members(tile);
        let mut next = first;
        while next < end {
            // What stands before the first row may differ.
            let careful = |r: usize| self.flags[r] & CAREFUL != 0 || (r == first && lane.rows() == 0);
            let plain = self.writing.as_ref().map_or(0, |_| (next..end).take_while(|&r| !careful(r)).count());
            if let (Some(writing), 1..) = (&self.writing, plain) {
                lane.bytes.lay(next..next + plain, |r, out, at| writing.row(r, &members, data, &self.made, out, at));
                lane.writer.wrote(plain as u64);
                next += plain;
            } else {
                self.write(next, data, tile, &mut lane);
                next += 1;
            }
        }
        lane.count(taken);
        table.rows += taken;
        self.taken += taken;
        end - first
    }

    /// Counts what is lost in some rows and adds up what is summed.
    fn add_amounts(&self, rows: Range<usize>, data: &[u8], tile: &Tile, binding: &Binding, lane: &mut Lane<'_>) {
        for &(i, field) in &self.lost {
            let filled = |r: &usize| self.source_text(data, tile, binding, *r, field).is_some_and(|t| !t.is_empty());
            lane.lost[i] += rows.clone().filter(filled).count() as u64;
        }
        for (i, &(field, to)) in self.row.sums.iter().enumerate() {
            let (column, missing) = &self.source[field];
            for r in rows.clone() {
                let view = self.of_target[to].map_or([0, 1], |k| self.view(k, r, tile));
                let cell = text_of(view, data, &self.made);
                let Some(c) = column else {
                    lane.add(i, b"", cell);
                    continue;
                };
                if missing.is_empty() && self.flags[r] & QUOTED == 0 {
                    let [from, end] = tile.boundaries[r * tile.stride + c..][..2] else { continue };
                    // Mostly the amount is written as it stands.
                    if [from, end] != view || !lane.add_as_it_is(i, data, from as usize, cell.len()) {
                        lane.add(i, &data[from as usize..end as usize - 1], cell);
                    }
                } else {
                    let text = self.source_text(data, tile, binding, r, field).unwrap_or_default();
                    lane.add(i, text.as_bytes(), cell);
                }
            }
        }
    }

    /// Where the views of the members of a row are in the tile at hand.
    fn members<'t>(&'t self, tile: &'t Tile) -> Vec<Views<'t>> {
        let of = |column: usize| {
            let lie = self.lies[column];
            let bounds = if lie.direct { &tile.boundaries[..] } else { self.views.as_flattened() };
            (bounds.get(lie.first..).unwrap_or_default(), lie.step)
        };
        self.writing.iter().flat_map(Writing::columns).map(of).collect()
    }

    /// Has the writer write a row.
    fn write(&self, r: usize, data: &[u8], tile: &Tile, lane: &mut Lane<'_>) {
        let mut cells: Vec<&str> = vec![""; self.of_target.len()];
        for (k, column) in self.columns.iter().enumerate() {
            // Texts of rows that are certain are valid: plain ASCII from the file, or made as texts.
            cells[column.target] = std::str::from_utf8(text_of(self.view(k, r, tile), data, &self.made)).unwrap_or_default();
        }
        let writer = &mut *lane.writer;
        lane.bytes.append(|out| writer.row(&cells, out));
    }
}
