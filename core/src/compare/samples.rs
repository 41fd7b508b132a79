//! Texts worth trying in a cell: what the rules of both versions name, and their neighbours.

use crate::decimal::Decimal;
use crate::schema::{DateFormat, Field, FieldType, GeoPointFormat, ListItem, NumberFormat, StringFormat};

/// Entries of one list that are tried.
const MOST_LISTED: usize = 2_000;
/// Lengths up to which a text of letters is tried.
const LONGEST: u64 = 5_000;

/// Texts to try in a field that one version describes as `one`, the other as `other`. The first ones are those that people would write.
pub(super) fn of(one: &Field, other: Option<&Field>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let both = || std::iter::once(one).chain(other);
    for field in both() {
        if !field.example.is_empty() {
            out.push(field.example.clone());
        }
    }
    for field in both() {
        out.extend(listed(field).take(MOST_LISTED).map(str::to_owned));
    }
    for field in both() {
        typical(&field.kind, &mut out);
    }
    for field in both() {
        let c = &field.constraints;
        for bound in [&c.minimum, &c.maximum, &c.exclusive_minimum, &c.exclusive_maximum].into_iter().flatten() {
            neighbours(bound, &field.kind, &mut out);
            if let Some(other) = other {
                neighbours(bound, &other.kind, &mut out);
            }
        }
        for length in [c.min_length, c.max_length].into_iter().flatten().filter(|n| *n <= LONGEST) {
            for n in [length, length + 1, length.saturating_sub(1)] {
                out.push("a".repeat(n as usize));
                out.push("1".repeat(n as usize));
                items(&field.kind, n.min(200) as usize, &mut out);
            }
        }
    }
    // Blanks around a value, and other signs for the same value, matter where texts are compared.
    let plain: Vec<String> = out.iter().take(40).cloned().collect();
    for text in plain {
        out.push(format!(" {text}"));
        out.push(text.to_uppercase());
        out.push(text.to_lowercase());
        if text.parse::<u64>().is_ok() {
            out.push(format!("0{text}"));
            out.push(format!("+{text}"));
            out.push(format!("{text}.0"));
        }
    }
    let mut seen = std::collections::HashSet::new();
    out.retain(|text| seen.insert(text.clone()));
    out
}

/// The values of a field's closed lists, and of its open one.
pub(super) fn listed(field: &Field) -> impl Iterator<Item = &str> {
    let values = field.constraints.values.iter().map(String::as_str);
    let categories = field.categories.iter().map(|c| c.value.as_str());
    let codes = field.codes.iter().flat_map(|list| list.codes.iter().map(|c| c.code.as_str()));
    values.chain(categories).chain(codes)
}

fn typical(kind: &FieldType, out: &mut Vec<String>) {
    let mut push = |texts: &[&str]| out.extend(texts.iter().map(|t| (*t).to_owned()));
    match kind {
        FieldType::String(StringFormat::Default) | FieldType::Any => push(&["x", "Main Street", "a b", "1", "2139", "A-1", "=1+1", "é"]),
        FieldType::String(StringFormat::Email) => push(&["clerk@town.example", "a.b@x.example"]),
        FieldType::String(StringFormat::Uri) => push(&["https://town.example/", "urn:x:y"]),
        FieldType::String(StringFormat::Uuid) => push(&["123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000001"]),
        FieldType::String(StringFormat::Binary) => push(&["dG93bg==", "AAAA"]),
        FieldType::Number(format) => {
            for text in ["1", "2", "0", "-1", "1.5", "0.001", "1000", "1e3", "NaN", "INF", "-INF", "-0.5", "99999999999999999999"] {
                out.push(localised(text, format));
            }
            grouped(format, out);
            loose(format, out);
        }
        FieldType::Integer(format) => {
            push(&["1", "2", "0", "-1", "10", "1000", "007", "99999999999999999999", "-100000"]);
            grouped(format, out);
            loose(format, out);
        }
        FieldType::Boolean { true_values, false_values } => out.extend(true_values.iter().chain(false_values).cloned()),
        FieldType::Object => push(&["{}", "{\"a\":1}"]),
        FieldType::Array => push(&["[]", "[1]", "[1,2]"]),
        FieldType::List { delimiter, item } => {
            let texts = item_texts(*item);
            push(&[texts[0], texts[1]]);
            out.push(format!("{}{delimiter}{}", texts[0], texts[1]));
        }
        FieldType::Date(format) => moments(format, &["%Y-%m-%d"], out),
        FieldType::Time(format) => moments(format, &["%H:%M:%S"], out),
        FieldType::DateTime(format) => moments(format, &["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"], out),
        FieldType::Year => push(&["2024", "1999", "0001", "2025"]),
        FieldType::YearMonth => push(&["2024-03", "1999-12", "2024-04"]),
        FieldType::Duration => push(&["P1D", "P1Y2M", "PT5M", "P1M"]),
        FieldType::GeoPoint(GeoPointFormat::Default) => push(&["-71.05, 42.36", "0, 0"]),
        FieldType::GeoPoint(GeoPointFormat::Array) => push(&["[-71.05, 42.36]", "[0, 0]"]),
        FieldType::GeoPoint(GeoPointFormat::Object) => push(&["{\"lon\": -71.05, \"lat\": 42.36}", "{\"lon\": 0, \"lat\": 0}"]),
        FieldType::GeoJson { topology: false } => {
            push(&["{\"type\":\"Point\",\"coordinates\":[1,2]}", "{\"type\":\"Point\",\"coordinates\":[0,0]}"]);
        }
        FieldType::GeoJson { topology: true } => push(&["{\"type\":\"Topology\",\"objects\":{},\"arcs\":[]}"]),
    }
}

fn localised(text: &str, format: &NumberFormat) -> String {
    text.replace('.', &format.decimal.to_string())
}

fn grouped(format: &NumberFormat, out: &mut Vec<String>) {
    if let Some(group) = format.group {
        out.push(format!("1{group}000"));
    }
}

fn loose(format: &NumberFormat, out: &mut Vec<String>) {
    if !format.bare {
        out.push("95%".to_owned());
        out.push("EUR 95".to_owned());
    }
}

fn item_texts(item: ListItem) -> [&'static str; 2] {
    match item {
        ListItem::String => ["x", "y"],
        ListItem::Integer => ["1", "2"],
        ListItem::Number => ["1.5", "2"],
        ListItem::Boolean => ["true", "false"],
        ListItem::DateTime => ["2024-03-05T01:02:03Z", "1999-12-31T00:00:00Z"],
        ListItem::Date => ["2024-03-05", "1999-12-31"],
        ListItem::Time => ["01:02:03", "23:59:59"],
    }
}

/// Lists and JSON of so many items.
fn items(kind: &FieldType, n: usize, out: &mut Vec<String>) {
    match kind {
        FieldType::List { delimiter, item } => out.push(vec![item_texts(*item)[0]; n].join(delimiter)),
        FieldType::Array => out.push(format!("[{}]", vec!["1"; n].join(","))),
        FieldType::Object => {
            let members: Vec<String> = (0..n).map(|i| format!("\"k{i}\":1")).collect();
            out.push(format!("{{{}}}", members.join(",")));
        }
        _ => {}
    }
}

/// Three moments by a format's own pattern, and by the type's usual ones.
fn moments(format: &DateFormat, usual: &[&str], out: &mut Vec<String>) {
    let pattern = match format {
        DateFormat::Pattern(pattern) => Some(pattern.as_str()),
        DateFormat::Default | DateFormat::Any => None,
    };
    for moment in [[2024, 3, 5, 1, 2, 3], [1999, 12, 31, 23, 59, 58], [2024, 2, 29, 0, 0, 0]] {
        for pattern in pattern.iter().chain(usual) {
            out.push(written(pattern, moment));
        }
    }
}

/// A moment (year, month, day, hour, minute, second) by the common codes of a strptime pattern; other codes stay as they are.
fn written(pattern: &str, [year, month, day, hour, minute, second]: [u32; 6]) -> String {
    const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let name = MONTHS[(month as usize + 11) % 12];
    let mut out = String::new();
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        if sign != '%' {
            out.push(sign);
            continue;
        }
        match signs.next() {
            Some('Y') => out.push_str(&format!("{year:04}")),
            Some('y') => out.push_str(&format!("{:02}", year % 100)),
            Some('m') => out.push_str(&format!("{month:02}")),
            Some('d') => out.push_str(&format!("{day:02}")),
            Some('H') => out.push_str(&format!("{hour:02}")),
            Some('I') => out.push_str(&format!("{:02}", (hour + 11) % 12 + 1)),
            Some('p') => out.push_str(if hour < 12 { "AM" } else { "PM" }),
            Some('M') => out.push_str(&format!("{minute:02}")),
            Some('S') => out.push_str(&format!("{second:02}")),
            Some('f') => out.push_str("000000"),
            Some('B') => out.push_str(name),
            Some('b') => out.push_str(&name[..3]),
            Some('z') => out.push_str("+0000"),
            Some('%') => out.push('%'),
            Some(other) => out.extend(['%', other]),
            None => out.push('%'),
        }
    }
    out
}

/// A bound and what lies just beside it.
fn neighbours(bound: &str, kind: &FieldType, out: &mut Vec<String>) {
    out.push(bound.to_owned());
    let format = match kind {
        FieldType::Number(format) | FieldType::Integer(format) => format.clone(),
        FieldType::Year => NumberFormat::default(),
        _ => {
            // Days beside a day, months beside a month: by number of the last part, which needs no calendar here.
            if let Some((head, last)) = bound.rsplit_once('-')
                && let Ok(n) = last.get(..2).unwrap_or(last).parse::<u32>()
            {
                let tail = last.get(2..).unwrap_or("");
                for near in [n + 1, n.saturating_sub(1)] {
                    out.push(format!("{head}-{near:02}{tail}"));
                }
                if let Some((year, rest)) = bound.split_once('-')
                    && let Ok(n) = year.parse::<u32>()
                {
                    for near in [n + 1, n.saturating_sub(1)] {
                        out.push(format!("{near:04}-{rest}"));
                    }
                }
            }
            return;
        }
    };
    let Some(number) = Decimal::parse(&bound.replace(format.decimal, ".")) else { return };
    for step in ["1", "-1", "0.5", "-0.5", "0.01", "-0.01", "1000", "-1000"] {
        if let Some(sum) = Decimal::parse(step).and_then(|step| number.add(&step)) {
            out.push(localised(&sum.to_string(), &format));
        }
    }
}
