//! Rows of plain cells laid down as bytes.

use crate::encode::buffer::{Fixed, put};
use crate::encode::{PlainKind, PlainRows};

use super::MADE;

/// How rows are laid down.
pub(super) struct Writing {
    before: Fixed,
    open: u8,
    after: Fixed,
    members: Vec<Member>,
}

struct Member {
    column: usize,
    name: Fixed,
    /// The member is a text, so a mark stands behind it.
    text: bool,
}

/// Where a member's views are: the first row's, and how far it is to the next one's.
pub(super) type Views<'t> = (&'t [u32], usize);

impl Writing {
    /// `column_of` gives the column that fills a field, if one does.
    pub(super) fn new(plain: PlainRows, column_of: impl Fn(usize) -> Option<usize>) -> Writing {
        let member = |m: &crate::encode::PlainMember| {
            Some(Member { column: column_of(m.field)?, name: Fixed::new(&m.name), text: m.kind == PlainKind::Text })
        };
        let members = plain.members.iter().filter_map(member).collect();
        Writing { before: Fixed::new(plain.before), open: plain.open, after: Fixed::new(plain.after), members }
    }

    /// The columns of the members, in order.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> {
        self.members.iter().map(|m| m.column)
    }

    /// Lays down row `r` at `at`, and gives where it ends; `None` when there is no room. `views` are those of [`Writing::columns`].
    #[inline(always)]
    pub(super) fn row(&self, r: usize, views: &[Views<'_>], data: &[u8], made: &[u8], out: &mut [u8], at: usize) -> Option<usize> {
        let first = self.before.put(out, at)?;
        let mut at = first;
        for (member, (bounds, step)) in self.members.iter().zip(views) {
            let Some(&[start, end]) = bounds.get(r * step..).and_then(|b| b.first_chunk()) else { continue };
            let length = (end - start) as usize - 1;
            if length == 0 {
                continue;
            }
            at = member.name.put(out, at)?;
            let from = if start & MADE == 0 { data } else { made };
            at = put(from, (start & !MADE) as usize, length, out, at)?;
            *out.get_mut(at)? = b'"';
            at += usize::from(member.text);
        }
        // What opens the row stands in place of the first member's comma.
        *out.get_mut(first)? = self.open;
        self.after.put(out, at + usize::from(at == first))
    }
}
