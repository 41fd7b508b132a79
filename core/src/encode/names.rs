//! Names of columns and elements, where the form wants each of them once.

use std::collections::HashSet;

/// `plain`, or with `_2`, `_3` … behind it when it is taken already; it is taken then.
pub(super) fn distinct(taken: &mut HashSet<String>, plain: &str) -> String {
    let mut name = plain.to_owned();
    let mut n = 2;
    while !taken.insert(name.clone()) {
        name = format!("{plain}_{n}");
        n += 1;
    }
    name
}
