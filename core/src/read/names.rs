//! Which column a name is, for records that name their own cells: the column that stood behind the one before, as a rule.

/// Slots that are looked at for a name; one that has none within them is not known here.
const PROBES: usize = 16;

/// Columns by name. The names themselves are whoever's list it is; the same list must be given each time, and may only grow.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Columns by the hash of their names, one more than the column; 0 is none.
    slots: Vec<u32>,
    known: usize,
    /// By column: the one that stood behind it last; the last entry is for a record's first.
    follow: Vec<u32>,
}

fn hash(name: &[u8]) -> u64 {
    let mut hash = name.len() as u64;
    for piece in name.chunks(8) {
        let mut word = [0; 8];
        word[..piece.len()].copy_from_slice(piece);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 29;
    }
    hash
}

impl Names {
    /// Learns the names that were added since.
    pub(super) fn learn(&mut self, names: &[String]) {
        if self.known == names.len() && !self.follow.is_empty() {
            return;
        }
        if self.slots.len() < names.len() * 2 || self.slots.is_empty() {
            self.slots = vec![0; (names.len() * 4).next_power_of_two().max(64)];
            self.known = 0;
        }
        for (column, name) in names.iter().enumerate().skip(self.known) {
            let mask = self.slots.len() - 1;
            let first = hash(name.as_bytes()) as usize;
            // A name without a free slot near is not known here.
            if let Some(slot) = (0..PROBES).map(|i| first.wrapping_add(i) & mask).find(|&slot| self.slots[slot] == 0) {
                self.slots[slot] = column as u32 + 1;
            }
        }
        self.known = names.len();
        self.follow = (1..=names.len() as u32).chain([0]).collect();
    }

    /// What stands before a record's first column.
    pub(super) fn start(&self) -> usize {
        self.known
    }

    /// The column that is expected behind another one; there may be none of that number.
    #[inline]
    pub(super) fn guess(&self, before: usize) -> usize {
        self.follow[before] as usize
    }

    /// The column of a name that stands behind another column.
    #[inline]
    pub(super) fn find(&mut self, names: &[String], before: usize, name: &[u8]) -> Option<usize> {
        let guess = self.guess(before);
        if names.get(guess).is_some_and(|known| known.as_bytes() == name) {
            return Some(guess);
        }
        let (mask, first) = (self.slots.len() - 1, hash(name) as usize);
        for i in 0..PROBES {
            match self.slots[first.wrapping_add(i) & mask] {
                0 => return None,
                column if names[column as usize - 1].as_bytes() == name => {
                    self.follow[before] = column - 1;
                    return Some(column as usize - 1);
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_wherever_it_stands() {
        let all: Vec<String> = (0..3000).map(|i| format!("column {i}")).collect();
        let mut names = Names::default();
        for known in [0, 1, 20, 21, 3000] {
            let list = &all[..known];
            names.learn(list);
            let mut before = names.start();
            let mut missed = 0;
            for i in (0..known).rev().chain(0..known) {
                match names.find(list, before, list[i].as_bytes()) {
                    Some(found) => {
                        assert_eq!(found, i);
                        before = found;
                    }
                    None => missed += 1,
                }
            }
            assert!(missed <= known / 100, "{missed} of {known}");
            assert_eq!(names.find(list, before, b"another"), None);
        }
    }
}
