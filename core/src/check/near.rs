//! The nearest value of a list.

/// Distance of two texts: inserted, left out, exchanged and neighbouring swapped letters, each counting one (Damerau and Levenshtein,
/// optimal string alignment). `None` when it is more than `limit`.
pub(super) fn distance(a: &[char], b: &[char], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut older: Vec<usize> = vec![0; b.len() + 1];
    let mut old: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut new = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            new[j] = (old[j] + 1).min(new[j - 1] + 1).min(old[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                new[j] = new[j].min(older[j - 2] + 1);
            }
        }
        if new.iter().all(|d| *d > limit) {
            return None;
        }
        older = std::mem::replace(&mut old, new);
    }
    old.last().copied().filter(|d| *d <= limit)
}

/// Longest text for which a neighbour is looked for.
const LONGEST: usize = 100;

/// The candidates nearest to a text, without regard to case: at most a third of the longer text's letters away, and at most five. Short
/// codes of one or two letters have no neighbours, since every one of them is next to every other.
///
/// A candidate comes with its [`letters`], made once for all texts.
pub(crate) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = (&'a str, &'a [char])>) -> Vec<&'a str> {
    let wanted = letters(text);
    if wanted.len() > LONGEST {
        return Vec::new();
    }
    let mut best = usize::MAX;
    let mut out: Vec<&str> = Vec::new();
    for (candidate, letters) in candidates {
        let limit = (wanted.len().max(letters.len()) / 3).min(5).min(best);
        let Some(d) = distance(&wanted, letters, limit) else { continue };
        if limit == 0 {
            continue;
        }
        if d < best {
            best = d;
            out.clear();
        }
        if !out.contains(&candidate) {
            out.push(candidate);
        }
    }
    out
}

/// A text's letters in lower case, as far as they are compared.
pub(crate) fn letters(text: &str) -> Vec<char> {
    text.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect()
}

/// Letters and digits only, in lower case: what is left when spelling does not matter.
pub(crate) fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let d = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>(), 9);
        for (a, b, want) in
            [("", "", 0), ("abc", "abc", 0), ("isued", "issued", 1), ("opne", "open", 1), ("abc", "", 3), ("kitten", "sitting", 3)]
        {
            assert_eq!(d(a, b), Some(want), "{a} {b}");
        }
        assert_eq!(distance(&['a'; 10], &['b'; 10], 3), None);
    }

    #[test]
    fn neighbours() {
        let nearest = |text: &str, list: &[&'static str]| {
            let all: Vec<(&'static str, Vec<char>)> = list.iter().map(|c| (*c, letters(c))).collect();
            nearest(text, all.iter().map(|(c, l)| (*c, l.as_slice()))).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let list = ["Issued", "Pending", "Closed", "A", "B"];
        for (text, want) in
            [("Isued", &["Issued"][..]), ("PENDNIG", &["Pending"]), ("Clsd", &["Closed"]), ("C", &[]), ("Unrelated", &[]), ("", &[])]
        {
            assert_eq!(nearest(text, &list), want, "{text}");
        }
        assert_eq!(nearest("Ward3", &["Ward1", "Ward2"]), ["Ward1", "Ward2"]);
        assert!(nearest(&"x".repeat(10_000), &list).is_empty());
    }
}
