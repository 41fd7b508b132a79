//! The benchmark's data: building permits like those that cities publish in the BLDS layout, the same bytes on every machine.
//!
//! Every row is drawn from its own number, so the first rows of a large file are a small file.

use std::fmt::Write as _;
use std::io::{self, Write};

pub mod asked;
pub mod forms;
pub mod incidents;
pub mod measure;

/// The file's columns, those of `permits.table.json`.
pub const COLUMNS: [&str; 22] = [
    "PermitNum",
    "Description",
    "AppliedDate",
    "IssuedDate",
    "CompletedDate",
    "StatusCurrent",
    "StatusCurrentMapped",
    "OriginalAddress1",
    "OriginalCity",
    "OriginalState",
    "OriginalZip",
    "PermitClass",
    "PermitClassMapped",
    "PermitTypeMapped",
    "WorkClassMapped",
    "PIN",
    "EstProjectCost",
    "Fee",
    "HousingUnits",
    "TotalSqFt",
    "Latitude",
    "Longitude",
];

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As the schema wants it.
    Clean,
    /// One row in a hundred with one of [`FAULTS`].
    Faulty,
    /// As an open data portal exports it: lower-case names, moments in place of days, whole amounts with cents.
    Portal,
}

/// A kind of fault: its name, the column at fault, and the code of the finding that it must give.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// A name for the list of counts.
    pub name: &'static str,
    /// The column.
    pub column: &'static str,
    /// The engine's code.
    pub code: &'static str,
}

const fn fault(name: &'static str, column: &'static str, code: &'static str) -> Fault {
    Fault { name, column, code }
}

/// The kinds of faults, no two of which share column and code.
pub const FAULTS: [Fault; 12] = [
    fault("number missing", "PermitNum", "C301"),
    fault("number in another form", "PermitNum", "C305"),
    fault("number of an earlier permit", "PermitNum", "C401"),
    fault("day that does not exist", "AppliedDate", "C311"),
    fault("day in another form", "IssuedDate", "C303"),
    fault("status in lower case", "StatusCurrentMapped", "C304"),
    fault("state that does not exist", "OriginalState", "C304"),
    fault("postal code too short", "OriginalZip", "C305"),
    fault("cost with signs", "EstProjectCost", "C302"),
    fault("negative fee", "Fee", "C306"),
    fault("half a dwelling", "HousingUnits", "C302"),
    fault("latitude beyond the pole", "Latitude", "C306"),
];

/// The kinds of faults as they stand in JSON held against `permits.schema.json`, in the order of [`FAULTS`]; `None` for those that it does not ask
/// about.
pub const FAULTS_OF_RECORDS: [Option<&str>; FAULTS.len()] = [
    Some("C361"),
    Some("C364"),
    None,
    Some("C365"),
    Some("C365"),
    Some("C363"),
    Some("C363"),
    Some("C364"),
    Some("C360"),
    Some("C366"),
    Some("C360"),
    Some("C366"),
];

/// SplitMix64.
#[derive(Debug, Clone)]
struct Numbers(u64);

impl Numbers {
    /// The numbers of one row.
    fn of_row(row: u64, stream: u64) -> Numbers {
        let mut numbers = Numbers(row.wrapping_mul(0xd134_2543_de82_ef95) ^ stream.wrapping_mul(0x2545_f491_4f6c_dd1d));
        numbers.draw();
        numbers
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is small.
    fn below(&mut self, n: u64) -> u64 {
        self.draw() % n
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }

    /// Whether something holds that holds so many times in a thousand.
    fn in_thousand(&mut self, times: u64) -> bool {
        self.below(1000) < times
    }
}

const WORKS: [&str; 10] = [
    "Build a detached garage for two cars",
    "Replace the roof covering of the main house",
    "Add a second bathroom on the upper floor",
    "Install solar panels on the south slope of the roof",
    "Repair storm damage to porch and chimney",
    "Convert the basement to a separate dwelling",
    "Enlarge the kitchen and move a bearing wall",
    "Renew the service entrance and the panel",
    "Pull down the barn behind the dwelling",
    "Fit out the ground floor for a shop",
];
const NOTES: [&str; 8] = [
    " as shown on the drawings of the architect",
    " and connect it to the public sewer",
    " with fire separation to the neighboring wall",
    " in the historic district on the east side of the square",
    " without change to the footprint",
    " including all electrical and plumbing work",
    " after inspection of the foundation by the town",
    "",
];
const STREETS: [&str; 12] = [
    "Mill St",
    "Harbor Rd",
    "School House Ln",
    "Orchard Ave",
    "N 4th St",
    "Granite Way",
    "Ferry Landing Rd",
    "Pleasant St",
    "W Canal Blvd",
    "Quarry Hill Dr",
    "Maple Ct",
    "Town Line Rd",
];
/// City, state, first three digits of its postal codes, latitude and longitude in millionths of a degree.
const CITIES: [(&str, &str, &str, i64, i64); 8] = [
    ("Riverton", "WA", "981", 47_480_000, -122_290_000),
    ("Ashby", "MA", "014", 42_670_000, -71_820_000),
    ("Cedar Falls", "IA", "506", 42_520_000, -92_450_000),
    ("Las Palomas", "NM", "879", 33_060_000, -107_290_000),
    ("Bell Harbor", "ME", "046", 44_400_000, -68_210_000),
    ("Greenfield", "OH", "451", 39_350_000, -83_380_000),
    ("Saint Anne", "LA", "704", 29_990_000, -90_410_000),
    ("Twin Forks", "CO", "814", 38_470_000, -107_880_000),
];
const STATUSES: [(&str, &str); 5] = [
    ("Received", "Application Accepted"),
    ("Plan check", "In Review"),
    ("Issued", "Permit Issued"),
    ("Closed", "Permit Finaled"),
    ("Withdrawn by owner", "Permit Cancelled"),
];
const CLASSES: [(&str, &str); 4] = [
    ("One and two family", "Residential"),
    ("Apartments", "Residential"),
    ("Business", "Non-Residential"),
    ("Assembly", "Non-Residential"),
];
const TYPES: [&str; 8] = ["Building", "Demolition", "Electrical", "Mechanical", "Plumbing", "Roof", "Grading", "Pool/Spa"];
const PREFIXES: [&str; 8] = ["BLD", "DEM", "ELE", "MEC", "PLU", "ROF", "GRA", "POO"];

/// Writes the header and `rows` rows; gives how many rows have each fault.
///
/// # Errors
/// Those of `out`.
pub fn write(rows: u64, layout: Layout, out: &mut dyn Write) -> io::Result<[u64; FAULTS.len()]> {
    let mut counts = [0; FAULTS.len()];
    let mut cells: [String; 22] = Default::default();
    let mut line = COLUMNS.join(",");
    if layout == Layout::Portal {
        line.make_ascii_lowercase();
    }
    line.push('\n');
    out.write_all(line.as_bytes())?;
    for row in 0..rows {
        fill(row, layout == Layout::Portal, &mut cells);
        if layout == Layout::Faulty {
            spoiled(row, &mut cells, &mut counts);
        }
        line.clear();
        csv_row(&cells, &mut line);
        out.write_all(line.as_bytes())?;
    }
    Ok(counts)
}

/// A record of CSV with its line end.
fn csv_row(cells: &[String; 22], line: &mut String) {
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            line.push(',');
        }
        if cell.contains([',', '"', '\n']) {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(cell);
        }
    }
    line.push('\n');
}

/// The permit's number, which no other row has.
fn number(row: u64, out: &mut String) {
    let mut n = Numbers::of_row(row, 1);
    let _ = write!(out, "{}-{}-{:07}", n.one_of(&PREFIXES), 2015 + n.below(10), row + 1);
}

/// A day; `later` days after the first of January of the year, in months of 28 days, so that every day exists.
fn day(year: u64, later: u64, portal: bool, out: &mut String) {
    let (year, rest) = (year + later / 336, later % 336);
    let _ = write!(out, "{year}-{:02}-{:02}", rest / 28 + 1, rest % 28 + 1);
    if portal {
        out.push_str("T00:00:00.000");
    }
}

// Writing to a text cannot fail.
fn fill(row: u64, portal: bool, cells: &mut [String; 22]) {
    cells.iter_mut().for_each(String::clear);
    number(row, &mut cells[0]);
    let mut n = Numbers::of_row(row, 2);
    let kind = n.below(TYPES.len() as u64) as usize;
    cells[1].push_str(n.one_of(&WORKS));
    cells[1].push_str(n.one_of(&NOTES));
    // Two rows in a hundred have to be quoted.
    match n.below(200) {
        0 | 1 => cells[1].push_str(", rear of the lot"),
        2 => cells[1].push_str(". Owner: \"call before you come\""),
        3 => cells[1].push_str("\nSecond visit needed"),
        _ => {}
    }
    let (year, applied, status) = (2015 + n.below(10), n.below(336), n.below(5) as usize);
    day(year, applied, portal, &mut cells[2]);
    let issued = applied + 5 + n.below(90);
    if matches!(status, 2 | 3) {
        day(year, issued, portal, &mut cells[3]);
    }
    if status == 3 {
        day(year, issued + 20 + n.below(300), portal, &mut cells[4]);
    }
    cells[5].push_str(STATUSES[status].0);
    cells[6].push_str(STATUSES[status].1);
    let _ = write!(cells[7], "{} {}", 1 + n.below(9800), n.one_of(&STREETS));
    let (city, state, zip, latitude, longitude) = CITIES[n.below(8) as usize];
    cells[8].push_str(city);
    cells[9].push_str(state);
    let _ = write!(cells[10], "{zip}{:02}", n.below(100));
    if n.in_thousand(200) {
        let _ = write!(cells[10], "-{:04}", n.below(10_000));
    }
    let (class, mapped) = CLASSES[n.below(4) as usize];
    cells[11].push_str(class);
    cells[12].push_str(mapped);
    cells[13].push_str(TYPES[kind]);
    cells[14].push_str(if n.in_thousand(350) { "New" } else { "Existing" });
    if n.in_thousand(900) {
        let _ = write!(cells[15], "{:02}-{:03}-{:04}", n.below(60), n.below(1000), n.below(10_000));
    }
    if n.in_thousand(850) {
        let most = 1 << (9 + n.below(18));
        let _ = write!(cells[16], "{}.{:02}", 100 + n.below(most), n.below(100));
    }
    // The standard counts fees in whole dollars.
    let _ = write!(cells[17], "{}", 25 + n.below(5000));
    if portal {
        cells[17].push_str(".00");
    }
    if mapped == "Residential" {
        let _ = write!(cells[18], "{}", 1 + n.below(30));
    }
    if n.in_thousand(700) {
        let _ = write!(cells[19], "{}", 80 + n.below(40_000));
    }
    for (cell, middle) in [(20, latitude), (21, longitude)] {
        let degree: i64 = middle + n.below(200_000) as i64 - 100_000;
        let sign = if degree < 0 { "-" } else { "" };
        let _ = write!(cells[cell], "{sign}{}.{:06}", degree.abs() / 1_000_000, degree.abs() % 1_000_000);
    }
}

/// The fault that a row has in the faulty file.
fn fault_of(row: u64) -> Option<usize> {
    let mut n = Numbers::of_row(row, 3);
    let kind = (n.below(100) == 0).then(|| n.below(FAULTS.len() as u64) as usize)?;
    // A number can only be repeated where an earlier row has one to give.
    (kind != 2 || earlier(row).is_some()).then_some(kind)
}

/// The nearest earlier row, from half-way back, whose number stands in the faulty file as it is.
fn earlier(row: u64) -> Option<u64> {
    (0..row / 2).rev().find(|&r| Numbers::of_row(r, 3).below(100) != 0)
}

/// Puts the fault into a row that it has in the faulty file, and counts it.
fn spoiled(row: u64, cells: &mut [String; 22], counts: &mut [u64; FAULTS.len()]) {
    if let Some(kind) = fault_of(row) {
        counts[kind] += 1;
        spoil(kind, row, cells);
    }
}

fn spoil(kind: usize, row: u64, cells: &mut [String; 22]) {
    let Some(at) = COLUMNS.iter().position(|c| *c == FAULTS[kind].column) else { return };
    let cell = &mut cells[at];
    match kind {
        0 => cell.clear(),
        1 => *cell = cell.replace('-', "/"),
        2 => {
            cell.clear();
            if let Some(earlier) = earlier(row) {
                number(earlier, cell);
            }
        }
        3 => *cell = "2023-02-30".to_owned(),
        4 => *cell = "03/14/2023".to_owned(),
        5 => cell.make_ascii_lowercase(),
        6 => *cell = "Wash.".to_owned(),
        7 => cell.truncate(4),
        8 => *cell = "$12,500.00".to_owned(),
        9 => *cell = "-25".to_owned(),
        10 => *cell = "2.5".to_owned(),
        _ => *cell = "412.881234".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn made(rows: u64, layout: Layout) -> (String, [u64; 12]) {
        let mut out = Vec::new();
        let counts = write(rows, layout, &mut out).unwrap();
        (String::from_utf8(out).unwrap(), counts)
    }

    #[test]
    fn a_small_file_is_the_start_of_a_large_one_and_rows_are_as_long_as_told() {
        let (small, large) = (made(100, Layout::Clean).0, made(20_000, Layout::Clean).0);
        assert!(large.starts_with(&small));
        let mean = large.len() / 20_000;
        assert!((270..310).contains(&mean), "{mean} bytes a row");
        let quoted = large.matches("\"").count() - 2 * large.matches("\"\"").count();
        assert!((500..1100).contains(&quoted), "{quoted} marks around about 2 % of 20,000 cells");
    }

    #[test]
    fn every_fault_occurs_in_about_one_row_of_a_hundred_altogether() {
        let (clean, (faulty, counts)) = (made(30_000, Layout::Clean).0, made(30_000, Layout::Faulty));
        assert!(counts.iter().all(|&n| n > 5), "{counts:?}");
        let total: u64 = counts.iter().sum();
        assert!((240..360).contains(&total), "{total} faults in 30,000 rows");
        // No fault touches a line end, so the files can be compared line by line.
        let others = clean.lines().zip(faulty.lines()).filter(|(a, b)| a != b).count() as u64;
        assert_eq!(others, total);
    }

    #[test]
    fn faults_are_told_apart_by_column_and_code() {
        let mut kinds: Vec<_> = FAULTS.iter().map(|f| (f.column, f.code)).collect();
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds.len(), FAULTS.len());
        assert!(FAULTS.iter().all(|f| COLUMNS.contains(&f.column)));
    }
}
