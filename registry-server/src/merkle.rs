//! The hash tree over an append-only list, as RFC 9162 (2.1) has it: that an entry is in the list, and that a longer list begins with a shorter
//! one, is shown by a few hashes.

use sha2::{Digest, Sha256};

/// A hash in the tree.
pub type Hash = [u8; 32];

/// Hash of an entry.
pub fn leaf(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The largest power of two below `n`, which is at least 2.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// Hash of the whole list, from the hashes of its entries.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// What shows that the entry at an index is in the list; empty when there is no such index.
pub fn inclusion(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() < 2 || index >= leaves.len() {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, other) =
        if index < left.len() { (inclusion(left, index), right) } else { (inclusion(right, index - left.len()), left) };
    proof.push(root(other));
    proof
}

/// Whether a proof shows that an entry stands at an index of a list of that size and hash.
pub fn is_included(entry: &Hash, index: u64, size: u64, proof: &[Hash], whole: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *entry);
    for other in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node(other, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node(&hash, other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *whole
}

/// What shows that the list begins with its first `first` entries.
pub fn consistency(leaves: &[Hash], first: usize) -> Vec<Hash> {
    fn part(leaves: &[Hash], first: usize, whole: bool) -> Vec<Hash> {
        if first == leaves.len() {
            return if whole { Vec::new() } else { vec![root(leaves)] };
        }
        let (left, right) = leaves.split_at(split(leaves.len()));
        let (mut proof, other) =
            if first <= left.len() { (part(left, first, whole), right) } else { (part(right, first - left.len(), false), left) };
        proof.push(root(other));
        proof
    }
    if first == 0 || first > leaves.len() { Vec::new() } else { part(leaves, first, true) }
}

/// Whether a proof shows that a list of that size and hash begins with another one.
pub fn is_consistent((first, before): (u64, &Hash), (size, after): (u64, &Hash), proof: &[Hash]) -> bool {
    if first == 0 || first > size {
        return first == 0;
    }
    if first == size {
        return proof.is_empty() && before == after;
    }
    let mut proof = proof.iter();
    let start = if first.is_power_of_two() { Some(before) } else { proof.next() };
    let Some(start) = start else { return false };
    let (mut at, mut last) = (first - 1, size - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut old, mut new) = (*start, *start);
    for other in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            (old, new) = (node(other, &old), node(other, &new));
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new = node(&new, other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && old == *before && new == *after
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn leaves(n: usize) -> Vec<Hash> {
        (0..n).map(|i| leaf(i.to_string().as_bytes())).collect()
    }

    #[test]
    fn proofs_show_what_is_so_and_nothing_else() {
        for size in 1..40 {
            let all = leaves(size);
            let whole = root(&all);
            for index in 0..size {
                let proof = inclusion(&all, index);
                let shows =
                    |entry: &Hash, index: usize, size: usize, proof: &[Hash]| is_included(entry, index as u64, size as u64, proof, &whole);
                assert!(shows(&all[index], index, size, &proof), "{index} of {size}");
                assert!(!shows(&leaf(b"other"), index, size, &proof));
                assert!(size == 1 || !shows(&all[index], (index + 1) % size, size, &proof), "{index} of {size}");
                let mut longer = proof.clone();
                longer.push(whole);
                assert!(!shows(&all[index], index, size, &longer));
                assert!(proof.is_empty() || !shows(&all[index], index, size, &proof[1..]));
            }
            for first in 1..=size {
                let (before, proof) = (root(&all[..first]), consistency(&all, first));
                let shows = |before: &Hash, proof: &[Hash]| is_consistent((first as u64, before), (size as u64, &whole), proof);
                assert!(shows(&before, &proof), "{first} of {size}");
                // A list with another entry in it is not the beginning.
                let mut forged = all[..first].to_vec();
                forged[first / 2] = leaf(b"forged");
                assert!(!shows(&root(&forged), &consistency(&forged, first)) && !shows(&root(&forged), &proof), "{first} of {size}");
                assert!(proof.is_empty() || !shows(&before, &proof[..proof.len() - 1]));
            }
        }
    }

    /// The first values of the test vectors that implementations of certificate transparency share.
    #[test]
    fn the_hashes_are_those_of_others() {
        use concord_core::session::hex;
        assert_eq!(hex(&root(&[])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(hex(&root(&[leaf(b"")])), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(hex(&root(&[leaf(b""), leaf(&[0])])), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    }
}
