//! Calls to 911 as one XML document, nested, with a number that no two of them share: for `incidents.xsd` beside this crate.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::{CITIES, Fault, Numbers, STREETS, fault};

/// The kinds of faults, no two of which share element and code.
pub const FAULTS: [Fault; 8] = [
    fault("time in another form", "received", "C330"),
    fault("priority beyond the list", "@priority", "C334"),
    fault("disposition that does not exist", "disposition", "C331"),
    fault("postal code of letters", "postalCode", "C332"),
    fault("city missing", "place", "C281"),
    fault("element that does not exist", "call", "C280"),
    fault("latitude beyond the pole", "lat", "C334"),
    fault("number of an earlier call", "call", "C288"),
];

const NATURES: [(&str, &str); 8] = [
    ("EMS-04", "Fall from a height"),
    ("EMS-11", "Chest pain"),
    ("FIR-02", "Smoke in a dwelling"),
    ("FIR-09", "Alarm <automatic>"),
    ("POL-07", "Noise & quarrel"),
    ("POL-15", "Theft from a car"),
    ("TRF-01", "Crash with injuries"),
    ("SRV-03", "Tree across the road"),
];
const OUTCOMES: [&str; 6] = ["REPORT", "NO-REPORT", "TRANSPORT", "CANCELLED", "UNFOUNDED", "REFERRED"];
const REMARKS: [&str; 6] = [
    "caller stays on the line",
    "gate code asked for & given",
    "patient is awake and breathing",
    "second unit turned back on the way",
    "road closed until the tow truck leaves",
    "nobody at the door, neighbour informed",
];

/// Writes a document with `calls` calls; gives how many have each fault, none unless `faulty`.
///
/// # Errors
/// Those of `out`.
pub fn write(calls: u64, faulty: bool, out: &mut dyn Write) -> io::Result<[u64; FAULTS.len()]> {
    let mut counts = [0; FAULTS.len()];
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<calls xmlns=\"urn:example:calls:1\" center=\"Example County\" made=\"2026-01-01T00:00:00Z\">\n")?;
    let mut text = String::new();
    for row in 0..calls {
        let kind = if faulty { fault_of(row) } else { None };
        if let Some(kind) = kind {
            counts[kind] += 1;
        }
        text.clear();
        call(row, kind, &mut text);
        out.write_all(text.as_bytes())?;
    }
    out.write_all(b"</calls>\n")?;
    Ok(counts)
}

fn fault_of(row: u64) -> Option<usize> {
    let mut n = Numbers::of_row(row, 5);
    // Every second call has none, so that its number can be repeated.
    (row % 2 == 1 && n.below(50) == 0).then(|| n.below(FAULTS.len() as u64) as usize)
}

/// Seconds from the start of 2024, of which each month counts 28 days here, so that every day exists.
fn time(seconds: u64, out: &mut String) {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = (2024 + days / 336, days % 336 / 28 + 1, days % 28 + 1);
    let _ = write!(out, "{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60);
}

fn escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            c => out.push(c),
        }
    }
}

/// An element with a text.
fn element(name: &str, text: &str, out: &mut String) {
    let _ = write!(out, "<{name}>");
    escaped(text, out);
    let _ = write!(out, "</{name}>");
}

fn moment(name: &str, seconds: u64, out: &mut String) {
    let _ = write!(out, "    <{name}>");
    time(seconds, out);
    let _ = writeln!(out, "</{name}>");
}

fn call(row: u64, fault: Option<usize>, out: &mut String) {
    let mut n = Numbers::of_row(row, 4);
    // The call just before has no fault.
    let number = if fault == Some(7) { row } else { row + 1 };
    let priority = if fault == Some(1) { 9 } else { 1 + n.below(5) };
    let _ = writeln!(out, "  <call id=\"C-2024-{number:08}\" priority=\"{priority}\">");
    let start = row * 97 + n.below(60);
    match fault {
        Some(0) => out.push_str("    <received>01/02/2024 10:11</received>\n"),
        _ => moment("received", start, out),
    }
    moment("dispatched", start + 40 + n.below(200), out);
    if n.in_thousand(850) {
        moment("arrived", start + 300 + n.below(900), out);
    }
    moment("cleared", start + 2000 + n.below(9000), out);
    let (code, nature) = NATURES[n.below(8) as usize];
    let _ = write!(out, "    <nature code=\"{code}\">");
    escaped(nature, out);
    out.push_str("</nature>\n");
    if fault == Some(5) {
        out.push_str("    <comment>free text</comment>\n");
    }
    let (city, state, zip, latitude, longitude) = CITIES[n.below(8) as usize];
    let _ = writeln!(out, "    <place>\n      <street>{} {}</street>", 1 + n.below(9800), n.one_of(&STREETS));
    if fault != Some(4) {
        let _ = writeln!(out, "      <city>{city}</city>");
    }
    let _ = writeln!(out, "      <state>{state}</state>");
    match fault {
        Some(3) => out.push_str("      <postalCode>ABCDE</postalCode>\n"),
        _ => {
            let _ = writeln!(out, "      <postalCode>{zip}{:02}</postalCode>", n.below(100));
        }
    }
    out.push_str("      <point>");
    for (name, middle) in [("lat", latitude), ("lon", longitude)] {
        let degree: i64 = middle + n.below(200_000) as i64 - 100_000;
        let sign = if degree < 0 { "-" } else { "" };
        match (name, fault) {
            ("lat", Some(6)) => out.push_str("<lat>412.5</lat>"),
            _ => {
                let _ = write!(out, "<{name}>{sign}{}.{:06}</{name}>", degree.abs() / 1_000_000, degree.abs() % 1_000_000);
            }
        }
    }
    let _ = writeln!(out, "</point>\n      <beat>{:04}</beat>\n    </place>\n    <units>", n.below(10_000));
    for unit in 0..1 + n.below(3) {
        let (letter, number) = (n.one_of(&["E", "L", "M", "A", "P"]), 1 + n.below(99));
        let _ = write!(out, "      <unit id=\"{letter}{number}\"><role>{}</role><sent>", if unit == 0 { "first" } else { "further" });
        time(start + 50 + n.below(300), out);
        out.push_str("</sent></unit>\n");
    }
    let (known, phone) = (n.one_of(&["true", "false"]), (200 + n.below(700), n.below(10_000)));
    let _ = writeln!(out, "    </units>\n    <caller known=\"{known}\"><phone>{:03}-555-{:04}</phone></caller>", phone.0, phone.1);
    out.push_str("    ");
    element("disposition", if fault == Some(2) { "REPORTED" } else { n.one_of(&OUTCOMES) }, out);
    out.push_str("\n    <remarks>");
    escaped(n.one_of(&REMARKS), out);
    while n.in_thousand(500) {
        out.push_str(". ");
        escaped(n.one_of(&REMARKS), out);
    }
    out.push_str("</remarks>\n  </call>\n");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn faults_are_as_many_as_told() {
        let made = |faulty| {
            let mut out = Vec::new();
            let counts = write(20_000, faulty, &mut out).unwrap();
            (String::from_utf8(out).unwrap(), counts)
        };
        let ((clean, none), (faulty, counts)) = (made(false), made(true));
        assert_eq!(none, [0; FAULTS.len()]);
        assert!(counts.iter().all(|&n| n > 5), "{counts:?}");
        assert_eq!(faulty.matches("412.5<").count() as u64, counts[6]);
        assert_eq!(clean.matches("<city>").count() as u64 - faulty.matches("<city>").count() as u64, counts[4]);
    }
}
