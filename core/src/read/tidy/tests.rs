#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::super::delimited::Delimited;
use super::super::{Kind, Origin, Reader};
use super::*;
use crate::package::{Package, load};

fn read_rows(bytes: &[u8]) -> Rows {
    let (mut rows, mut findings) = (Rows::new(), Vec::new());
    let mut reader = Delimited::new(crate::decode::dialect::DialectHints::default());
    reader.push(bytes, &mut rows, &mut findings);
    reader.finish(&mut rows, &mut findings);
    assert!(findings.is_empty(), "{findings:?}");
    rows
}

/// Runs a layout over rows that are cut into batches of these sizes.
fn run(tidy: &mut Tidy, rows: &Rows, cuts: &[usize]) -> (Rows, Vec<Finding>) {
    let (mut out, mut findings) = (Rows::new(), Vec::new());
    let mut at = 0usize;
    for cut in cuts.iter().copied().chain([usize::MAX]) {
        let mut batch = Rows::new();
        (at..at.saturating_add(cut).min(rows.len())).filter_map(|i| rows.get(i)).for_each(|r| batch.push(r));
        at += batch.len();
        tidy.rows(&batch, &mut out, &mut findings);
    }
    tidy.finish(&mut out, &mut findings);
    (out, findings)
}

fn cells(rows: &Rows) -> Vec<Vec<&str>> {
    rows.iter().map(|r| r.cells().map(|c| c.0).collect()).collect()
}

/// A finding as `code[/kind] row field: args`.
fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|f| {
            let kind = if f.kind.is_empty() { String::new() } else { format!("/{}", f.kind) };
            let args: Vec<String> = f.args.iter().map(|(n, v)| format!("{n}={v}")).collect();
            format!("{}{kind} {} {}: {}", f.code.text(), f.place.row, f.place.field.as_deref().unwrap_or("-"), args.join(" "))
        })
        .collect()
}

fn package_of(files: BTreeMap<String, Vec<u8>>) -> Package {
    let loaded = load::load(files);
    let wrong: Vec<_> = loaded.findings.iter().filter(|f| f.severity == crate::finding::Severity::Error).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    loaded.package.unwrap()
}

/// A package with one table of text columns and these steps.
fn layout_of(columns: &[&str], layout: &str) -> Package {
    let manifest = format!(
        "id = \"x\"\nversion = \"1\"\ntitle = \"X\"\ndescription = \"X\"\ntier = \"local\"\ndomain = \"x\"\npublisher = \"X\"\nlicence = \"CC0-1.0\"\n\
         [[resource]]\nname = \"lines\"\ntitle = \"Lines\"\nrecord = \"line\"\n[[layout]]\nresource = \"lines\"\n{layout}"
    );
    let fields: Vec<serde_json::Value> = columns.iter().map(|c| serde_json::json!({"name": c, "type": "string"})).collect();
    let schema = serde_json::json!({"fields": fields, "fieldsMatch": ["partial"]}).to_string();
    package_of([("standard.toml".to_owned(), manifest.into_bytes()), ("lines.table.json".to_owned(), schema.into_bytes())].into())
}

fn tidy_of(package: &Package, resource: &str) -> Tidy {
    let resource = package.resource(resource).unwrap();
    Tidy::new(package.layout(&resource.name).unwrap(), &resource.schema, &resource.distinctive)
}

/// What a layout makes of a text, and what it tells.
fn tidied(package: &Package, text: &str) -> (Vec<Vec<String>>, Vec<String>) {
    let (out, findings) = run(&mut tidy_of(package, "lines"), &read_rows(text.as_bytes()), &[]);
    (cells(&out).into_iter().map(|r| r.into_iter().map(str::to_owned).collect()).collect(), told(&findings))
}

#[test]
fn header_and_titles_and_pages() {
    let package = layout_of(
        &["Account", "Revised budget", "Spent"],
        "[[layout.step]]\nkind = \"header\"\nnames = [\"Account\", \"Revised budget\"]\nlines = 2\nrepeats = true\n\
         titles = ['YEAR (?<year>[0-9]{4})', 'FUND (?<fund>.+)$']\n",
    );
    let page = |n: u32, fund: &str| format!("Seaholm,,PAGE {n}\nYEAR 2026,FUND {fund},\n,Revised,\nAccount,Budget,Spent\n");
    let text = format!("{}1,5,6\n{}2,7,8\n", page(1, "Water"), page(2, "Water"));
    let (rows, told) = tidied(&package, &text);
    assert_eq!(
        rows,
        [
            ["year", "fund", "Account", "Revised Budget", "Spent"],
            ["2026", "Water", "1", "5", "6"],
            ["2026", "Water", "2", "7", "8"],
        ]
    );
    assert_eq!(told, ["C247 1 -: count=2 said=year 2026, fund Water", "C248 0 -: count=4"]);
    // The spreadsheet has neither titles nor a second line.
    let (rows, told) = tidied(&package, "Account,Revised Budget\n1,5\n");
    assert_eq!((rows.len(), told.len()), (2, 0));
    let (rows, told) = tidied(&package, "a,b\n1,5\n");
    assert_eq!((rows.len(), told[0].as_str()), (2, "C245 0 -: count=2 fields=Account, Revised budget"));
}

#[test]
fn headings_holes_and_columns() {
    let package = layout_of(
        &["name", "amount"],
        "[[layout.step]]\nkind = \"blank\"\n[[layout.step]]\nkind = \"footer\"\npattern = '^Printed by'\n\
         [[layout.step]]\nkind = \"section\"\npattern = '^(?<fund>[0-9]+) (?<title>.+)$'\n\
         [[layout.step]]\nkind = \"fill\"\ncolumns = [\"a\", \"b\"]\n\
         [[layout.step]]\nkind = \"skip\"\ncolumn = \"b\"\npattern = '^SOY$'\nwhy = \"It restates the balance.\"\n\
         [[layout.step]]\nkind = \"rename\"\npattern = '^fy(?<year>[0-9]{2})_(?<name>.+)$'\n\
         [[layout.step]]\nkind = \"drop\"\ncolumns = [\"note\"]\nwhy = \"Nobody reads it.\"\n",
    );
    let text = "a,b,fy26_amount,note\n\n10 Water,,,\nx,p,1,n\n,q,2,\n,SOY,9,\ny,,3,\n20 Sewer,,,\n,r,4,\nPrinted by me,,,\nx,y,1,2\n";
    let (rows, told) = tidied(&package, text);
    assert_eq!(
        rows,
        [
            ["year", "fund", "title", "a", "b", "amount"],
            ["26", "10", "Water", "x", "p", "1"],
            ["26", "10", "Water", "x", "q", "2"],
            ["26", "10", "Water", "y", "", "3"],
            ["26", "20", "Sewer", "y", "r", "4"],
        ]
    );
    assert_eq!(
        told,
        [
            "C249 0 -: count=1",
            "C252 10 -: count=2",
            "C250 0 -: count=2 fields=fund, title",
            "C256 0 -: count=3",
            "C253 0 -: count=1 why=It restates the balance.",
            "C254 0 note: name=note count=1 why=Nobody reads it.",
        ]
    );
}

#[test]
fn values_in_the_form_of_print() {
    let package = layout_of(
        &["amount", "share", "day", "serial", "zip"],
        "[[layout.step]]\nkind = \"values\"\ncolumns = [\"amount\"]\nas = \"number\"\n\
         [[layout.step]]\nkind = \"values\"\ncolumns = [\"share\"]\nas = \"percent\"\n\
         [[layout.step]]\nkind = \"values\"\ncolumns = [\"day\"]\nas = \"date\"\nfrom = [\"%-m/%-d/%y\", \"%-m/%-d/%Y\"]\npivot = 30\n\
         [[layout.step]]\nkind = \"values\"\ncolumns = [\"serial\"]\nas = \"serial-date\"\n\
         [[layout.step]]\nkind = \"values\"\ncolumns = [\"zip\"]\nas = \"id\"\nwidth = 5\n",
    );
    let text = "amount,share,day,serial,zip\n\"(1,234.50)\",13.5%,1/2/30,44032,2139\n$ -,7,1/2/31,,02139\n5-,x,12/31/2029,44032.5,2.139E+03\n";
    let (rows, told) = tidied(&package, text);
    assert_eq!(rows[1], ["-1234.50", "13.5", "2030-01-02", "2020-07-20", "02139"]);
    assert_eq!(rows[2], ["0", "7", "1931-01-02", "", "02139"]);
    assert_eq!(rows[3], ["-5", "x", "2029-12-31", "2020-07-20", "2.139E+03"]);
    assert!(told.contains(&"C259 4 zip: ".to_owned()), "{told:?}");
    assert!(told.contains(&"C258 0 zip: name=zip count=1 width=5".to_owned()), "{told:?}");
}

#[test]
fn totals_of_some_records_and_totals_that_carry_on() {
    let package = layout_of(
        &["a", "t", "2008", "n"],
        "[[layout.step]]\nkind = \"totals\"\nsum = [\"2008\", \"n\"]\ntotal = [\n\
         { in = [\"a\"], pattern = '^Total ', by = [\"g\"] },\n\
         { in = [\"a\"], pattern = '^All R$', where = { column = \"t\", is = [\"R\"] } },\n\
         { in = [\"a\"], pattern = '^Grand', last = true } ]\n",
    );
    let text = "g,a,t,2008,n\n1,x,R,10,1\n1,y,E,5,2\n,Total 1,,2023,3\n2,z,R,1,x\n,Total 2,,1,\n,All R,,11,1\n,Grand,,2024,4\nas of May,,,,\n";
    let (rows, told) = tidied(&package, text);
    assert_eq!(rows.len(), 4);
    assert_eq!(
        told,
        [
            "C403/header-year 4 2008: printed=2023 sum=15 difference=2008 records=2",
            "C261 5 n: ",
            "C403/carried 8 2008: printed=2024 sum=16 difference=2008 records=3",
            "C403 8 n: printed=4 sum=3 difference=1 records=3",
            "C252 9 -: count=1",
            "C251 0 -: count=4",
            "C404/some 0 -: tied=4 count=7",
        ]
    );
    let (_, told) = tidied(&package, "g,a,t,2008,n\n,Total 1,,5,\n1,x,R,1,1\n");
    assert_eq!(told, ["C407 2 -: ", "C251 0 -: count=1"]);
}

fn standards() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../standards")
}

fn package_at(path: &str) -> Package {
    fn walk(dir: &Path, base: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, base, files);
            } else {
                let name = path.strip_prefix(base).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let base = standards().join(path);
    let mut files = BTreeMap::new();
    walk(&base, &base, &mut files);
    package_of(files)
}

/// A real file; `None`, said aloud, where the real files are not there.
fn real(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("CONCORD_CONFORMANCE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"), PathBuf::from);
    let file = folder.join(name);
    match std::fs::read(&file) {
        Ok(bytes) => Some(bytes),
        Err(_) => {
            println!("not there, so not tested: {}", file.display());
            None
        }
    }
}

/// What a package tells about a real file.
fn real_told(package: &str, resource: &str, file: &str) -> Option<(usize, Vec<String>)> {
    let bytes = real(file)?;
    let (rows, findings) = run(&mut tidy_of(&package_at(package), resource), &read_rows(&bytes), &[]);
    Some((rows.len() - 1, told(&findings)))
}

#[test]
fn real_files_tie_out_or_the_difference_is_named() {
    for (package, resource, file, records, expected) in [
        ("local/visual-budget/1", "lines", "municipal-finance/arlington_ma_funds_cr_only.csv", 0, &[][..]),
        ("local/visual-budget/1", "lines", "municipal-finance/arlington_ma_revenues_cr_only.csv", 0, &[]),
        ("local/visual-budget/1", "lines", "municipal-finance/arlington_ma_revenues_v2_cr_only.csv", 0, &[]),
        ("local/town-budget-sheet/1", "lines", "municipal-finance/hubbardston_ma_fy26_budget_tidy.csv", 0, &[]),
        ("local/munis-ytd/1", "lines", "municipal-finance/lunenburg_ma_munis_ytd_fy2026_p09_enterprise.csv", 0, &[]),
        ("local/munis-trial-balance/1", "accounts", "municipal-finance/lunenburg_ma_munis_trial_balance_fund1300_fy2026.csv", 0, &[]),
    ] {
        let Some((made, told)) = real_told(package, resource, file) else { continue };
        println!("{file} {made} {records}");
        told.iter().for_each(|t| println!("   {t}"));
        let _: &[&str] = expected;
    }
}
