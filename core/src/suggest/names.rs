//! Names taken apart into words, and how alike two of them are.

use crate::check::near::folded;

/// Short forms that stand for more than one letter less: what towns and vendors write for words that records of every kind have.
const SHORT: &[(&str, &str)] = &[
    ("no", "number"),
    ("num", "number"),
    ("nbr", "number"),
    ("nmbr", "number"),
    ("#", "number"),
    ("dt", "date"),
    ("tm", "time"),
    ("yr", "year"),
    ("fy", "year"),
    ("st", "street"),
    ("str", "street"),
    ("rd", "road"),
    ("addr", "address"),
    ("add", "address"),
    ("adr", "address"),
    ("loc", "location"),
    ("desc", "description"),
    ("descr", "description"),
    ("descript", "description"),
    ("amt", "amount"),
    ("val", "value"),
    ("qty", "quantity"),
    ("cnt", "count"),
    ("cd", "code"),
    ("nm", "name"),
    ("nam", "name"),
    ("ph", "phone"),
    ("tel", "phone"),
    ("telephone", "phone"),
    ("lat", "latitude"),
    ("lon", "longitude"),
    ("lng", "longitude"),
    ("long", "longitude"),
    ("zipcode", "zip"),
    ("postcode", "zip"),
    ("postal", "zip"),
    ("premise", "business"),
    ("premises", "business"),
    ("establishment", "business"),
    ("est", "business"),
    ("facility", "business"),
    ("bldg", "building"),
    ("dept", "department"),
    ("acct", "account"),
    ("rev", "revenue"),
    ("exp", "expense"),
    ("cat", "category"),
    ("pct", "percent"),
    ("sqft", "area"),
    ("insp", "inspection"),
    ("viol", "violation"),
    ("biz", "business"),
    ("muni", "municipality"),
    ("town", "municipality"),
    ("city", "municipality"),
    ("parcel", "property"),
    ("own", "owner"),
    ("cont", "contractor"),
    ("identifier", "id"),
    ("uid", "id"),
    ("guid", "id"),
    ("key", "id"),
    ("created", "create"),
    ("opened", "open"),
    ("kind", "type"),
    ("class", "type"),
    ("summary", "description"),
    ("media", "image"),
    ("photo", "image"),
    ("picture", "image"),
    ("updated", "update"),
    ("modified", "update"),
];

/// Words that say little.
const FILLERS: &[&str] = &["the", "of", "a", "an", "in", "for", "and", "or", "to", "is", "as", "by", "it", "which", "that"];

/// The words of a name, in their order, in lower case and in full: `StNam_Full` is street, name, full.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (i, &c) in letters.iter().enumerate() {
        let before = i.checked_sub(1).map(|b| letters[b]);
        let lower_next = letters.get(i + 1).is_some_and(|n| n.is_lowercase());
        let begins = before.is_some_and(|b| {
            (c.is_uppercase() && (b.is_lowercase() || (b.is_uppercase() && lower_next)))
                || (c.is_ascii_digit() != b.is_ascii_digit() && b.is_alphanumeric())
        });
        if !c.is_alphanumeric() || begins {
            push(&mut out, &mut word);
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else if c == '#' {
            out.push("number".to_owned());
        }
    }
    push(&mut out, &mut word);
    out
}

fn push(out: &mut Vec<String>, word: &mut String) {
    let word = std::mem::take(word);
    if word.is_empty() || FILLERS.contains(&word.as_str()) {
        return;
    }
    let full = SHORT.iter().find(|(short, _)| *short == word).map(|(_, full)| (*full).to_owned());
    out.push(full.unwrap_or_else(|| singular(word)));
}

/// `permits` is `permit`, `address` stays.
fn singular(word: String) -> String {
    match word.strip_suffix('s') {
        Some(rest) if word.len() > 3 && !rest.ends_with(['s', 'u', 'i']) => rest.to_owned(),
        _ => word,
    }
}

/// How alike two words are, from 0 to 1000: the same, one the beginning of the other, or one the other with letters left out.
fn alike(a: &str, b: &str) -> u32 {
    if a == b {
        return 1000;
    }
    // What one calls a number another calls an id.
    if matches!((a, b), ("number", "id") | ("id", "number")) {
        return 700;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let count = short.chars().count();
    if count >= 3 && long.starts_with(short) {
        return 850;
    }
    // `applied` and `applicant`, but not `state` and `status`: all but the endings.
    let common = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    if common >= 5 && common * 10 >= count * 7 {
        return 800;
    }
    let mut rest = long.chars();
    let left_out = count >= 3 && short.chars().next() == long.chars().next() && short.chars().all(|c| rest.any(|l| l == c));
    if left_out && short.chars().filter(|c| "aeiou".contains(*c)).count() * 2 <= count { 600 } else { 0 }
}

/// How alike two names are by their words, from 0 to 1000. `weight` says how much a word tells.
pub(super) fn similar(a: &[String], b: &[String], weight: &dyn Fn(&str) -> u32) -> u32 {
    if a.is_empty() || b.is_empty() {
        return 0;
    }
    let total: u64 = a.iter().chain(b).map(|w| u64::from(weight(w))).sum();
    let mut taken = vec![false; b.len()];
    let mut common = 0u64;
    for word in a {
        let best = (0..b.len()).filter(|&i| !taken[i]).map(|i| (alike(word, &b[i]), i)).max_by_key(|(q, i)| (*q, b.len() - i));
        if let Some((quality, i)) = best.filter(|(q, _)| *q > 0) {
            taken[i] = true;
            common += u64::from(quality) * (u64::from(weight(word)) + u64::from(weight(&b[i])));
        }
    }
    u32::try_from(common / total.max(1)).unwrap_or(0)
}

/// Whether a name without signs is the beginnings of these words, one behind the other: `ADDNUM` of address and number.
pub(super) fn begins_of(name: &str, words: &[String]) -> bool {
    let name = folded(name);
    // Longer names are no abbreviations, and the number of ways to cut one grows with its length.
    words.len() > 1 && (4..=24).contains(&name.len()) && words.len() <= 6 && name.is_ascii() && cut(&name, words)
}

fn cut(rest: &str, words: &[String]) -> bool {
    let Some((word, behind)) = words.split_first() else { return rest.is_empty() };
    let common = rest.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
    (2..=common).rev().any(|take| cut(&rest[take..], behind))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        for (name, expected) in [
            ("PermitNum", "permit number"),
            ("business_id", "business id"),
            ("StNam_Full", "street name full"),
            ("Date of Inspection", "date inspection"),
            ("Permit #", "permit number"),
            ("FY2026", "year 2026"),
            ("GISLink", "gis link"),
            ("ADDRESS", "address"),
            ("", ""),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn alike_names_are_nearer_than_others() {
        let even = |_: &str| 1;
        let of = |a: &str, b: &str| similar(&words(a), &words(b), &even);
        assert_eq!(of("permit_number", "PermitNum"), 1000);
        assert!(of("Issued Date", "IssueDate") > of("Issued Date", "AppliedDate"));
        assert!(of("Bldg Type", "BuildingType") > 800);
        assert!(of("Applied", "Applicant") > 700);
        assert_eq!(of("owner", "latitude"), 0);
        assert_eq!(of("Status", "state"), 0);
        assert!(begins_of("ADDNUM", &["address".into(), "number".into()]));
        assert!(!begins_of("ADDNUM", &["street".into(), "number".into()]));
        assert!(!begins_of("é", &["é".into(), "x".into()]));
    }
}
