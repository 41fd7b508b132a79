//! Numbers with signs around them.

use super::Offer;
use crate::check::evidence::Evidence;
use crate::decimal::Decimal;
use crate::schema::NumberFormat;

/// A number freed of what stands around it.
struct Bare {
    negative: bool,
    percent: bool,
    /// Digits with separators between them.
    body: String,
}

/// Signs and codes of currencies, in upper case; longer ones first.
const CURRENCIES: [&str; 17] = ["US$", "CA$", "USD", "EUR", "GBP", "CAD", "AUD", "CHF", "MXN", "$", "€", "£", "¥", "₹", "¢", "₩", "₽"];

/// What may stand between groups of digits beside point and comma.
const GROUP_SIGNS: [char; 5] = [' ', '\'', '\u{2019}', '_', '\u{2009}'];

fn bare(text: &str) -> Option<Bare> {
    if text.len() > 80 {
        return None;
    }
    let upper = text.to_uppercase().replace('\u{2212}', "-");
    let mut rest = upper.trim();
    let (mut negative, mut percent, mut signs) = (false, false, 0);
    // Each turn takes one thing off; the bound only keeps odd texts from turning for long.
    for _ in 0..8 {
        let before = rest;
        if let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
            (negative, signs, rest) = (true, signs + 1, inner.trim());
        }
        for currency in CURRENCIES {
            rest = rest.strip_prefix(currency).or_else(|| rest.strip_suffix(currency)).unwrap_or(rest).trim();
        }
        if let Some(inner) = rest.strip_suffix('%') {
            (percent, rest) = (true, inner.trim());
        }
        if let Some(inner) = rest.strip_prefix('-').or_else(|| rest.strip_suffix('-')) {
            (negative, signs, rest) = (true, signs + 1, inner.trim());
        }
        if let Some(inner) = rest.strip_prefix('+') {
            (signs, rest) = (signs + 1, inner.trim());
        }
        rest = rest.strip_prefix('\'').unwrap_or(rest);
        if rest == before {
            break;
        }
    }
    let fits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',') || GROUP_SIGNS.contains(&c);
    (signs <= 1 && rest.chars().all(fits)).then(|| Bare { negative, percent, body: rest.to_owned() })
}

/// Every number that digits with separators can mean, with `.` before the fraction: `1,250` is `1250` and `1.250`.
pub(in crate::check) fn readings(body: &str) -> Vec<String> {
    let signs: Vec<(usize, char)> = body.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect();
    if signs.is_empty() {
        return if body.is_empty() { Vec::new() } else { vec![body.to_owned()] };
    }
    let mut out = Vec::new();
    if let Some(whole) = grouped(body) {
        out.push(whole);
    }
    for decimal in ['.', ','] {
        let Some((whole, fraction)) = body.split_once(decimal) else { continue };
        if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let whole = if whole.bytes().all(|b| b.is_ascii_digit()) { Some(whole.to_owned()) } else { grouped(whole) };
        if let Some(whole) = whole {
            out.push(format!("{}.{fraction}", if whole.is_empty() { "0" } else { &whole }));
        }
    }
    out
}

/// Digits in groups of three between equal signs, joined. The first group is not a lone zero.
fn grouped(text: &str) -> Option<String> {
    let sign = text.chars().find(|c| !c.is_ascii_digit())?;
    let mut groups = text.split(sign);
    let first = groups.next()?;
    let digits = |g: &str| g.bytes().all(|b| b.is_ascii_digit());
    if first.is_empty() || first.len() > 3 || first.starts_with('0') || !digits(first) {
        return None;
    }
    let mut out = first.to_owned();
    for group in groups {
        if group.len() != 3 || !digits(group) {
            return None;
        }
        out.push_str(group);
    }
    Some(out)
}

/// What a text that is not a number in the field's form can mean, best first, and whether its separators leave a doubt. `None` when it is
/// no number at all.
pub(in crate::check) fn offers(text: &str, format: &NumberFormat, whole: bool, evidence: &Evidence) -> Option<(Vec<Offer>, bool)> {
    let bare = bare(text)?;
    let readings = readings(&bare.body);
    if readings.is_empty() {
        return None;
    }
    let doubtful = readings.len() > 1;
    let lone_comma = bare.body.matches(',').count() == 1 && !bare.body.contains('.');
    let comma_groups = evidence.comma_groups > evidence.comma_decimals;
    let mut out: Vec<Offer> = Vec::new();
    for reading in &readings {
        let signed = format!("{}{reading}", if bare.negative { "-" } else { "" });
        // A comma alone before one or two digits is read as a decimal comma, but may be a slip for a point or a lost digit.
        let decimal_comma = lone_comma && reading.contains('.');
        let because = match (bare.body.contains(','), reading.contains('.') && lone_comma) {
            (false, _) => String::new(),
            (true, true) => evidence.for_comma_decimals(),
            (true, false) => evidence.for_comma_groups(),
        };
        let safe = !doubtful && !decimal_comma;
        if let Some(text) = write(&signed, format, whole) {
            out.push(Offer::new(text, safe, "number-reading").because(if doubtful { because } else { String::new() }));
        }
        if bare.percent
            && let Some(text) = Decimal::parse(&signed).and_then(|d| write(&d.scaled(-2).to_string(), format, whole))
        {
            out.push(Offer::new(text, false, "number-reading"));
        }
    }
    if doubtful && !comma_groups && evidence.comma_decimals > evidence.comma_groups {
        out.reverse();
    }
    Some((out, doubtful))
}

/// A plain number in the field's form; for whole numbers, zeros after the point are left out. `None` when a digit would be lost.
pub(in crate::check) fn write(plain: &str, format: &NumberFormat, whole: bool) -> Option<String> {
    if whole && !plain.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        let number = Decimal::parse(plain)?;
        return number.is_whole().then(|| number.to_string());
    }
    Some(if format.decimal == '.' { plain.to_owned() } else { plain.replace('.', &format.decimal.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_of_decorated_numbers() {
        for (text, want) in [
            ("$1,250.00", "1250.00"),
            ("(1,250.00)", "-1250.00"),
            ("($1,250.00)", "-1250.00"),
            ("-$5", "-5"),
            ("1,250.00-", "-1250.00"),
            ("1 250", "1250"),
            ("1'250.5", "1250.5"),
            ("95%", "95 0.95"),
            ("1,250", "1250 1.250"),
            ("1.250,00", "1250.00"),
            ("1,25", "1.25"),
            ("0,125", "0.125"),
            ("1,250,000", "1250000"),
            ("USD 12", "12"),
            ("12 EUR", "12"),
            ("\u{2212}3", "-3"),
            ("12,34,56", ""),
            ("--5", "no"),
            ("five", "no"),
            ("", "no"),
            ("$", "no"),
            ("1.2.3", ""),
            (".5%", "0.5 0.005"),
        ] {
            let got = offers(text, &NumberFormat::default(), false, &Evidence::default());
            let got = got.map_or("no".to_owned(), |(o, _)| o.iter().map(|o| o.replacement.clone()).collect::<Vec<_>>().join(" "));
            assert_eq!(got, if want.is_empty() { "no" } else { want }, "{text:?}");
        }
    }
}
