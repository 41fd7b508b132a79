#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::super::delimited::DelimitedReader;
use super::super::printed::{PrintedLayout, PrintedReader};
use super::super::{Kind, Origin, Reader};
use super::*;
use crate::package::{Package, load};

fn read_rows(bytes: &[u8]) -> Rows {
    let (mut rows, mut findings) = (Rows::new(), Vec::new());
    let mut reader = DelimitedReader::new(&crate::decode::dialect::DialectHints::default());
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
        [["year", "fund", "Account", "Revised Budget", "Spent"], ["2026", "Water", "1", "5", "6"], ["2026", "Water", "2", "7", "8"],]
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
    let text = "a,b,fy26_amount,note\n\n10 Water,,,\nx,p,1,n\n,q,2,\n,SOY,9,\ny,,3,\n20 Sewer,,,\n,r,4,\nPrinted by me,,,\npage,1,of 2,\n";
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
    let text =
        "amount,share,day,serial,zip\n\"(1,234.50)\",13.5%,1/2/30,44032,2139\n$ -,7,1/2/31,,02139\n5-,x,12/31/2029,44032.5,2.139E+03\n";
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
    let text =
        "g,a,t,2008,n\n1,x,R,10,1\n1,y,E,5,2\n,Total 1,,2023,3\n2,z,R,1,x\n,Total 2,,1,\n,All R,,11,1\n,Grand,,2024,4\nas of May,,,,\n";
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

/// Money that a total among the records would count twice, and accounts that are only called like one.
#[test]
fn totals_that_no_kind_names_and_records_that_are_called_total() {
    let package = layout_of(
        &["fund", "object", "what", "n"],
        "[[layout.step]]\nkind = \"totals\"\nsum = [\"n\"]\ntotal = [\n\
         { in = [\"what\"], pattern = '^Total ?', empty = [\"object\"], by = [\"fund\"] } ]\n",
    );
    let text = "fund,object,what,n\n1,10,Fuel,100\n1,,Sub-total,100\n1,11,Paper,20\n1,12,Total care,5\n1,,Department total,25\n1,,Total,125\n\
                2,13,Total recall,7\n,,FUNDS TOTAL,132\n";
    let (rows, told) = tidied(&package, text);
    assert_eq!(rows.len(), 8, "the declared total is taken out");
    assert_eq!(
        told,
        ["C408 3 -: records=1", "C408 6 -: records=2", "C408 9 -: records=4", "C251 0 -: count=1", "C404 0 -: tied=1 count=1",]
    );
    // An account with the amount of the one above it.
    let (_, told) = tidied(&package, "fund,object,what,n\n1,10,Fuel,100\n1,12,Total care,100\n");
    assert_eq!(told, [""; 0]);
    // Called a total, but no sum of what stands above: a record.
    let (_, told) = tidied(&package, "fund,object,what,n\n1,10,Fuel,100\n1,,All in total,7\n");
    assert_eq!(told, [""; 0]);
}

#[test]
fn what_follows_the_end_of_a_table_is_no_footer_when_it_looks_like_records() {
    let package = layout_of(&["a", "b", "c", "d"], "[[layout.step]]\nkind = \"footer\"\npattern = '^END'\n");
    let (rows, told) = tidied(&package, "a,b,c,d\n1,2,3,4\nEND,,,\nprinted,by,me,\na,b,c,d\n5,6,7,8\n");
    assert_eq!(rows.len(), 2);
    assert_eq!(told, ["C252 3 -: count=4", "C252/records 5 -: count=2"]);
}

#[test]
fn columns_that_say_the_same_year_are_told() {
    let package = layout_of(
        &["line", "year", "phase", "amount"],
        "[[layout.step]]\nkind = \"unpivot\"\npattern = '(?i)^FY ?(?<year>[0-9]{2,4})[ _](?<phase>.+)$'\nvalue = \"amount\"\n",
    );
    let (_, told) = tidied(&package, "line,FY25_ACTUAL,FY26_PROPOSED,FY2026 proposed,FY25_ACTUAL\nx,1,2,3,4\n");
    assert_eq!(
        told,
        [
            "C209/same 1 FY2026 proposed: name=FY26_PROPOSED",
            "C209/same 1 FY25_ACTUAL: name=FY25_ACTUAL",
            "C255 0 -: columns=4 rows=1 count=4",
        ]
    );
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
            eprintln!("not there, so not tested: {}", file.display());
            None
        }
    }
}

#[test]
fn real_files_tie_out_or_the_difference_is_named() {
    // Package, table, file, records made, totals that tie and all totals, what else is told about sums: how many, and some of it.
    let arlington = [
        "C403/header-year 5 2008: printed=65540846 sum=65538838 difference=2008 records=3",
        "C403/header-year 5 2018: printed=90081042 sum=90079024 difference=2018 records=3",
        "C403/carried 12 2014: printed=95447960 sum=95445946 difference=2014 records=7",
    ];
    let hubbardston = [
        "C403 44 FY24_ACTUAL: printed=669598 sum=665545 difference=4053 records=42",
        "C403 81 CHANGE_DOLLARS: printed=31175 sum=29999 difference=1176 records=36",
        "C403 144 CHANGE_DOLLARS: printed=57094 sum=57114 difference=-20 records=9",
    ];
    let sides = ["C406 0 -: left=debits right=credits sum=69110.18", "C406/zero 0 -: left=ending sum=0"];
    type Case<'c> = (&'c str, &'c str, &'c str, usize, (u32, u32), usize, &'c [&'c str]);
    let cases: [Case<'_>; 6] = [
        ("visual-budget/1", "lines", "arlington_ma_funds_cr_only.csv", 54, (66, 66), 0, &[]),
        ("visual-budget/1", "lines", "arlington_ma_revenues_cr_only.csv", 451, (352, 385), 33, &arlington),
        ("visual-budget/1", "lines", "arlington_ma_revenues_v2_cr_only.csv", 440, (352, 385), 33, &arlington),
        ("town-budget-sheet/1", "lines", "hubbardston_ma_fy26_budget_tidy.csv", 675, (34, 48), 14, &hubbardston),
        ("munis-ytd/1", "lines", "lunenburg_ma_munis_ytd_fy2026_p09_enterprise.csv", 44, (0, 0), 0, &[]),
        ("munis-trial-balance/1", "accounts", "lunenburg_ma_munis_trial_balance_fund1300_fy2026.csv", 17, (0, 0), 2, &sides),
    ];
    for (package, resource, file, records, (tied, all), count, some) in cases {
        let Some(bytes) = real(&format!("municipal-finance/{file}")) else { continue };
        let package = package_at(&format!("local/{package}"));
        let rows = read_rows(&bytes);
        let (out, findings) = run(&mut tidy_of(&package, resource), &rows, &[]);
        assert_eq!(out.len() - 1, records, "{file}");
        let told = told(&findings);
        if all > 0 {
            let kind = if tied == all { "" } else { "/some" };
            // Arlington's amounts have more digits than its totals are printed with.
            let near = if file.contains("revenues") { " near=4" } else { "" };
            assert!(told.contains(&format!("C404{kind} 0 -: tied={tied} count={all}{near}")), "{file}: {told:?}");
        }
        let sums: Vec<&String> = told.iter().filter(|t| t.starts_with("C40") && !t.starts_with("C404")).collect();
        assert_eq!(sums.len(), count, "{file}: {sums:?}");
        some.iter().for_each(|t| assert!(told.iter().any(|s| s == t), "{file} lacks {t}"));
        assert_eq!(run(&mut tidy_of(&package, resource), &rows, &[1, 3, 0, 7, 30]), (out, findings), "{file}");
    }
}

/// The rows of a print.
fn print_rows(layout: Arc<PrintedLayout>, bytes: &[u8]) -> Rows {
    let (mut reader, mut rows) = (PrintedReader::new(layout), Rows::new());
    reader.push(bytes, &mut rows, &mut Vec::new());
    reader.finish(&mut rows, &mut Vec::new());
    rows
}

#[test]
fn a_file_is_recognised_by_what_the_steps_make_of_it() {
    let packages = [
        ("munis-ytd@1", package_at("local/munis-ytd/1")),
        ("munis-trial-balance@1", package_at("local/munis-trial-balance/1")),
        ("visual-budget@1", package_at("local/visual-budget/1")),
        ("town-budget-sheet@1", package_at("local/town-budget-sheet/1")),
    ];
    let layouts =
        Layouts::new(packages.iter().flat_map(|(_, p)| crate::check::plan::StandardPlan::of_package(p).layouts().collect::<Vec<_>>()));
    for (name, package) in &packages {
        for (path, bytes) in package.files.iter().filter(|(p, _)| p.starts_with("examples/valid/") && !p.ends_with("glossary.csv")) {
            // What is printed is cut into cells first.
            let printed = package.layouts[0].printed.clone().filter(|printed| printed.fits(bytes, true));
            assert_eq!(printed.is_some(), path.ends_with(".txt"), "{path}");
            let rows = printed.map_or_else(|| read_rows(bytes), |printed| print_rows(printed, bytes));
            let known = layouts.recognise(&rows).map(|k| k.standard.clone());
            assert_eq!(known.as_deref(), Some(*name), "{path}");
        }
    }
    for text in ["a,b\n1,2\n", "Name,Description\nx,y\n", "", "LEVEL1,LEVEL2\nx,y\n"] {
        assert!(layouts.recognise(&read_rows(text.as_bytes())).is_none(), "{text}");
    }
}

#[test]
fn steps_are_suggested_by_what_a_file_shows() {
    let kinds = |text: &str| suggest(&read_rows(text.as_bytes())).iter().map(|s| s.kind).collect::<Vec<_>>();
    assert_eq!(kinds("a,b\nx,1\ny,2\n"), Vec::<&str>::new());
    let text = "Town of Seaholm,,,\nBudget,,,\nItem,Note,FY25,FY26\n\nWATER,,,\npipes,x,\"1,000\",(5)\npumps,y,2,-\nTotal water,,\"1,002\",(5)\n\
                SEWER,,,\ndrains,z,3,4\nmains,z,3,4\nTotal sewer,,6,8\n";
    let found = suggest(&read_rows(text.as_bytes()));
    assert_eq!(found.iter().map(|s| s.kind).collect::<Vec<_>>(), ["blank", "header", "section", "totals", "values", "unpivot"]);
    // Each suggestion stands as it would in a layout, and together they make the table.
    let layout: String = found.iter().map(|s| s.step.as_str()).collect();
    let (rows, told) = tidied(&layout_of(&["Item"], &layout), text);
    assert_eq!(rows[0], ["fiscal_year", "amount", "section", "Item", "Note"]);
    assert_eq!(rows[1], ["25", "1000", "WATER", "pipes", "x"]);
    assert_eq!(rows.len(), 9);
    assert!(told.iter().any(|t| t.starts_with("C251")), "{told:?}");
    assert_eq!(kinds("id,zip,start date\n1.2E+09,2139,44032\n2,2140,44033\n"), ["values", "values", "values"]);
    assert_eq!(kinds("dept,fy16_a,fy16_b\nx,1,2\n"), ["rename"]);
    assert_eq!(kinds("dept,fy16_a,fy17_a\nx,1,2\n"), ["unpivot"]);
    assert_eq!(kinds("Group,Item,Amount\nA,a,1\n,b,2\n,c,2\nB,d,3\n,e,3\n"), ["fill"]);
}

/// What the suggested steps make of a text, and what they tell.
fn as_suggested(text: &str) -> (Vec<&'static str>, Vec<Vec<String>>, Vec<String>) {
    let found = suggest(&read_rows(text.as_bytes()));
    let layout: String = found.iter().map(|s| s.step.as_str()).collect();
    let (rows, told) = tidied(&layout_of(&["-"], &layout), text);
    (found.iter().map(|s| s.kind).collect(), rows, told)
}

#[test]
fn a_printed_ledger_is_seen_through() {
    let text = "Town of Riverton,,,,,\nExpenditures FY2026,,,,,\n,,,,,\n,,Original,Revised,Year to,Percent\n\
                Account,Description,Budget,Budget,Date,Used\nGeneral Government,,,,,\n\
                01001,Salaries,\"$1,234.50\",\"$1,300.00\",(50.25),95.0%\n01002,Supplies,-,500-,12.00,2.4%\n\
                ,Total General Government,\"$1,234.50\",$800.00,(38.25),\nPage 2 of 2,,,,,\nTown of Riverton,,,,,\n\
                Account,Description,Budget,Budget,Date,Used\nPublic Safety,,,,,\n1003,Police,\"2,000.00\",\"2,000.00\",100.00,5%\n\
                1.00E+04,Fire,\"3,000.00\",\"3,000.00\",0.00,0%\n,Total Public Safety,\"5,000.00\",\"5,000.00\",100.00,\n\
                ,GRAND TOTAL,\"6,234.50\",\"5,800.00\",61.75,\n** END OF REPORT **,,,,,\n";
    let (kinds, rows, told) = as_suggested(text);
    assert_eq!(kinds, ["header", "skip", "footer", "section", "totals", "values", "values", "values"]);
    let expected = [
        ["section", "Account", "Description", "Original Budget", "Revised Budget", "Year to Date", "Percent Used"],
        ["General Government", "01001", "Salaries", "1234.50", "1300.00", "-50.25", "95.0"],
        ["General Government", "01002", "Supplies", "0", "-500", "12.00", "2.4"],
        ["Public Safety", "01003", "Police", "2000.00", "2000.00", "100.00", "5"],
        ["Public Safety", "1.00E+04", "Fire", "3000.00", "3000.00", "0.00", "0"],
    ];
    assert_eq!(rows, expected);
    for part in ["C251 0 -: count=3", "C404 0 -: tied=9 count=9", "C252 18 -: count=1"] {
        assert!(told.iter().any(|t| t == part), "{part}: {told:?}");
    }
    // None of the amounts may be a name, and nothing without a name may be asked for.
    assert!(!suggest(&read_rows(text.as_bytes())).iter().any(|s| s.step.contains("\"\"")));
}

#[test]
fn headers_of_two_lines_are_told_from_titles() {
    let names = |text: &str| as_suggested(text).1[0].clone();
    // A line above that tells names apart, one that stands over several columns, and one above which the names go on.
    let two = "Town budget,,,\n,,Original,Year to\nDepartment,Item,Budget,Date\nPolice,Pay,100,300\nPolice,Gas,10,30\n";
    assert_eq!(names(two), ["Department", "Item", "Original Budget", "Year to Date"]);
    let spans = ",Adopted,,Revised,\nDepartment,Cost,Income,Cost,Income\nPolice,1,2,3,4\nFire,5,6,7,8\n";
    assert_eq!(names(spans), ["Department", "Adopted Cost", "Adopted Income", "Revised Cost", "Revised Income"]);
    let below = "Department,Item,Original,Revised\n,,Budget,Budget\nPolice,Pay,100,300\nPolice,Gas,10,30\n";
    assert_eq!(names(below), ["Department", "Item", "Original Budget", "Revised Budget"]);
    // Titles, and records of words, belong to no name.
    for text in [
        "Town of Riverton,,,Page 1\nDepartment,Item,Budget,Spent\nPolice,Pay,100,300\nPolice,Gas,10,30\n",
        "Department,Item,Budget,Spent\nPolice,Pay,none,300\nPolice,Gas,10,30\nFire,Gas,10,30\n",
        "Department,Item,Head\nPolice,Pay,Ann\nPolice,Gas,Bob\n",
    ] {
        assert!(suggest(&read_rows(text.as_bytes())).iter().all(|s| !s.step.contains("lines = 2")), "{text}");
    }
}

#[test]
fn a_fiscal_year_is_named_by_the_one_in_which_it_ends() {
    let years = |header: &str| {
        let columns = header.split(',').count() - 1;
        let (kinds, rows, _) = as_suggested(&format!("{header}\nx{0}\ny{0}\n", ",1".repeat(columns)));
        let at = rows[0].iter().position(|n| n == "fiscal_year");
        (kinds, at.map(|at| rows[1..=columns.min(rows.len() - 1)].iter().map(|r| r[at].clone()).collect::<Vec<_>>()).unwrap_or_default())
    };
    for (header, kind, ends) in [
        ("Dept,FY15-16,FY16-17,FY2017-18", "unpivot", vec!["16", "17", "18"]),
        ("Dept,FY2022,FY2023,FY15-16", "unpivot", vec!["2022", "2023", "16"]),
        ("Dept,2015-16,2016-2017", "unpivot", vec!["16", "2017"]),
        ("Dept,FY 99/00,2001", "unpivot", vec!["00", "2001"]),
        ("Dept,FY15-16 Actual,FY16-17 Budget", "unpivot", vec!["16", "17"]),
        ("Dept,FY24 Actual,FY2025-Budget", "unpivot", vec!["24", "2025"]),
        ("Dept,Actual FY24,Budget 2025,Request FY25-26", "unpivot", vec!["24", "2025", "26"]),
        ("Dept,FY15-16 Actual,FY15-16 Budget", "rename", vec!["16", "16"]),
    ] {
        let (kinds, found) = years(header);
        assert_eq!((kinds.last().copied(), found), (Some(kind), ends.into_iter().map(str::to_owned).collect()), "{header}");
    }
    // No years: other spans, numbers of two digits, forms.
    for header in ["Dept,FY15-20,FY16-30", "Dept,10,11", "Dept,Form 12,Form 13", "Dept,FYI 1,FYI 2"] {
        let text = format!("{header}\nx,1,2\ny,1,2\n");
        assert!(suggest(&read_rows(text.as_bytes())).is_empty(), "{header}");
    }
}

#[test]
fn ids_and_days_that_a_spreadsheet_spoiled() {
    let steps = |text: &str| suggest(&read_rows(text.as_bytes())).into_iter().map(|s| s.step).collect::<String>();
    assert!(steps("Permit,Issued\na,45000\nb,3/5/2024\nc,45010\n").contains("serial-date"));
    assert!(!steps("Permit,Value\na,45000\nb,35000\nc,45010\n").contains("serial-date"));
    assert!(steps("Account,Name\n01001,a\n1002,b\n01003,c\n").contains("as = \"id\"\nwidth = 5"));
    assert!(!steps("Account,Name\n01001,a\n100299,b\n").contains("width"));
    assert!(steps("Day,Name\n13/5/24,a\n1/2/24,b\n").contains("%-d/%-m/%y"));
    assert!(suggest(&read_rows(b"Day,Name\n3/5/24,a\n1/2/24,b\n")).iter().any(|s| s.why.contains("make sure")));
}

#[test]
fn the_order_of_month_and_day() {
    let of = |texts: &[&str]| DayOrder::of(texts.iter().copied());
    assert_eq!(of(&["3/5/2024", "2024-05-13", "", "x"]), DayOrder::Open);
    assert_eq!(of(&["3/5/2024", "3/13/24"]), DayOrder::Month);
    assert_eq!(of(&["03/05/24", "13-05-2024 10:00"]), DayOrder::Day);
    assert_eq!(of(&["25/07/2024", "07/25/2024", "13/1/2024"]), DayOrder::Both(false));
    assert!(of(&["13/5/2024"]).day_first() && !of(&["1/5/2024"]).day_first());
}

fn plans(tables: &[&[&str]]) -> Vec<std::sync::Arc<crate::check::plan::StandardPlan>> {
    tables
        .iter()
        .enumerate()
        .map(|(at, names)| {
            let schema = std::sync::Arc::new(TableSchema::of_texts(names));
            let tables = vec![("t".to_owned(), Vec::new(), schema)];
            std::sync::Arc::new(crate::check::plan::StandardPlan::of_schemas(&format!("s{at}"), "", tables))
        })
        .collect()
}

#[test]
fn a_known_header_below_titles_is_found() {
    let layouts = Layouts::default().with_plans(plans(&[&["number", "street", "issued", "fee"][..], &["id", "name"]]));
    let begins = |text: &str| layouts.begins(&read_rows(text.as_bytes())).map(|b| (b.header, b.left));
    assert_eq!(begins("Town\nReport\n\nNumber,street,issued,fee\n1,2,3,4\n"), Some((4, 0)));
    assert_eq!(begins("Town,,\n,,id,name\n,,1,2\n"), Some((2, 2)));
    // What stands at the left of some record is a column without a name.
    assert_eq!(begins("Town,,\n,id,name\nx,1,2\n"), Some((2, 0)));
    for ordinary in [
        "number,street,issued,fee\n1,2,3,4\n",
        "number,street\nnumber,street,issued,fee\n",
        "a,b\nnumber,x,y,z,fee\n",
        "Town\nnumber\n",
        "",
        "Town\n\n",
    ] {
        assert_eq!(begins(ordinary), None, "{ordinary}");
    }
    let rows = read_rows(b"Town,,,Page 1\n\nx,,,id,name\n,,,1,2\n,y,,3,4\n");
    let (mut out, mut findings) = (Rows::new(), Vec::new());
    let mut step = Above::new(Begins { header: 3, left: 3 });
    step.rows(&rows, &mut out, &mut findings);
    step.finish(&mut out, &mut findings);
    assert_eq!(cells(&out), [["id", "name"], ["1", "2"], ["3", "4"]]);
    assert_eq!(findings[0].value.as_deref(), Some("Town Page 1"));
    assert_eq!(told(&findings), ["C278 1 -: header=3 rows=rows 1 and 2 stand", "C279 3 -: count=2"]);
    assert_eq!(step.column(1), Some(4));
}

#[test]
fn a_hostile_start_is_looked_at_in_no_time() {
    let names: Vec<String> = (0..900).map(|n| format!("n{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let layouts = Layouts::default().with_plans(plans(&vec![&names[..]; 60]));
    let mut text = String::from("Town\n");
    for row in 0..200 {
        let cells: Vec<String> =
            (0..995).map(|c| if (c + row) % 2 == 0 { format!("n{}", (c * 7 + row) % 900) } else { format!("x{c}") }).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    let rows = read_rows(text.as_bytes());
    let start = std::time::Instant::now();
    layouts.begins(&rows);
    let took = start.elapsed();
    assert!(took.as_secs() < 20, "{took:?}");
}

/// A tidy table as it was before somebody printed it: groups with lines, each with two amounts in cents.
#[derive(Debug, Clone)]
struct Ledger {
    groups: Vec<(u32, Vec<Line>)>,
    titles: usize,
    two_lines: bool,
    footer: bool,
}

#[derive(Debug, Clone)]
struct Line {
    name: String,
    cents: [i64; 2],
    style: u8,
    page_before: bool,
    blank_before: bool,
}

fn ledgers() -> impl Strategy<Value = Ledger> {
    let line =
        ("[a-f]{1,5}", -5_000_000i64..5_000_000, -200i64..200, any::<u8>(), proptest::bool::weighted(0.2), proptest::bool::weighted(0.2))
            .prop_map(|(name, a, b, style, page_before, blank_before)| Line { name, cents: [a, b], style, page_before, blank_before });
    let groups = proptest::collection::vec((1u32..999, proptest::collection::vec(line, 1..5)), 1..4);
    (groups, 0usize..3, any::<bool>(), any::<bool>()).prop_map(|(groups, titles, two_lines, footer)| Ledger {
        groups,
        titles,
        two_lines,
        footer,
    })
}

/// Plain digits, with two digits after the point.
fn plain(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

/// As somebody prints it.
fn printed(cents: i64, style: u8) -> String {
    let size = cents.abs();
    let whole = (size / 100).to_string();
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) && style & 1 != 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let number = format!("{grouped}.{:02}", size % 100);
    match (cents, style >> 1 & 3) {
        (0, 1) => "-".to_owned(),
        (0.., 2) => format!("${number}"),
        (0.., _) => number,
        (_, 0) => format!("-{number}"),
        (_, 1) => format!("({number})"),
        (_, 2) => format!("{number}-"),
        _ => format!("$({number})"),
    }
}

type Table = Vec<Vec<String>>;

impl Ledger {
    /// The tidy rows, and the untidy ones with the places of their totals (row and column).
    fn rows(&self) -> (Table, Table, Vec<(usize, usize)>) {
        let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<String>>();
        let mut tidy = vec![row(&["fund", "Item", "Net amount", "Change"])];
        let (mut untidy, mut totals) = (Vec::new(), Vec::new());
        let page = |untidy: &mut Vec<Vec<String>>| {
            let at = untidy.len();
            (0..self.titles).for_each(|t| untidy.push(row(&[["Town of Seaholm", "Ledger of all funds"][t], &format!("{at}")])));
            if self.two_lines {
                untidy.push(row(&["", "Net", ""]));
                untidy.push(row(&["Item", "amount", "Change"]));
            } else {
                untidy.push(row(&["Item", "Net amount", "Change"]));
            }
        };
        page(&mut untidy);
        let mut all = [0i64; 2];
        for (fund, lines) in &self.groups {
            untidy.push(row(&[&format!("Fund {fund}")]));
            let mut sums = [0i64; 2];
            for line in lines {
                if line.page_before {
                    page(&mut untidy);
                }
                if line.blank_before {
                    untidy.push(row(&["", "", ""]));
                }
                untidy.push(row(&[&line.name, &printed(line.cents[0], line.style), &printed(line.cents[1], line.style / 8)]));
                tidy.push(row(&[&fund.to_string(), &line.name, &plain(line.cents[0]), &plain(line.cents[1])]));
                (0..2).for_each(|i| sums[i] += line.cents[i]);
            }
            totals.extend([(untidy.len(), 1), (untidy.len(), 2)]);
            untidy.push(row(&["Subtotal", &plain(sums[0]), &plain(sums[1])]));
            (0..2).for_each(|i| all[i] += sums[i]);
        }
        totals.extend([(untidy.len(), 1), (untidy.len(), 2)]);
        untidy.push(row(&["Grand total", &plain(all[0]), &plain(all[1])]));
        if self.footer {
            untidy.push(row(&["Printed by the treasurer"]));
        }
        (tidy, untidy, totals)
    }
}

fn rows_of(table: &[Vec<String>]) -> Rows {
    let mut rows = Rows::new();
    for (i, row) in table.iter().enumerate() {
        row.iter().for_each(|cell| rows.cell(cell, Kind::Text));
        rows.end_row(Origin { row: i as u64 + 1, line: i as u64 + 1, byte_column: 1 });
    }
    rows
}

const LEDGER: &str = r#"
[[layout.step]]
kind = "blank"
[[layout.step]]
kind = "header"
names = ["Item", "Net amount", "Change"]
lines = 2
repeats = true
[[layout.step]]
kind = "section"
pattern = '^Fund (?<fund>[0-9]+)$'
[[layout.step]]
kind = "totals"
sum = ["Net amount", "Change"]
total = [{ in = ["Item"], pattern = '^Subtotal$' }, { in = ["Item"], pattern = '^Grand total$', last = true }]
[[layout.step]]
kind = "values"
columns = ["Net amount", "Change"]
as = "number"
"#;

proptest! {
    #[test]
    fn an_untidy_table_becomes_the_tidy_one_and_its_totals_tie(
        ledger in ledgers(),
        cuts in proptest::collection::vec(0usize..6, 0..12),
        wrong in any::<proptest::sample::Index>(),
        up in any::<bool>(),
    ) {
        let package = layout_of(&["fund", "Item", "Net amount", "Change"], LEDGER);
        let (tidy, mut untidy, totals) = ledger.rows();
        let rows = rows_of(&untidy);
        let (out, findings) = run(&mut tidy_of(&package, "lines"), &rows, &[]);
        // A zero has no sign and a zero in print may be a dash: compared as amounts.
        let amount = |t: &str| crate::decimal::Decimal::parse(t);
        prop_assert_eq!(out.len(), tidy.len());
        for (made, was) in cells(&out).iter().zip(&tidy) {
            for (a, b) in made.iter().zip(was) {
                prop_assert!(a == b || (amount(a).is_some() && amount(a) == amount(b)), "{} is not {}", a, b);
            }
        }
        let of = |findings: &[Finding], code: &str| findings.iter().filter(|f| f.code.text() == code).count();
        prop_assert_eq!(of(&findings, "C403") + of(&findings, "C407") + of(&findings, "C261"), 0);
        let tie = findings.iter().find(|f| f.code.text() == "C404").unwrap();
        let count = totals.len().to_string();
        prop_assert_eq!(tie.get("count"), Some(count.as_str()));
        prop_assert_eq!(tie.get("tied"), tie.get("count"));
        prop_assert_eq!(run(&mut tidy_of(&package, "lines"), &rows, &cuts), (out, findings));

        // One total changed by a cent is one finding, at that cell.
        let (row, column) = totals[wrong.index(totals.len())];
        let cents: i64 = untidy[row][column].replace('.', "").parse().unwrap();
        untidy[row][column] = plain(cents + if up { 1 } else { -1 });
        let (_, findings) = run(&mut tidy_of(&package, "lines"), &rows_of(&untidy), &cuts);
        let differ: Vec<&Finding> = findings.iter().filter(|f| f.code.text() == "C403").collect();
        prop_assert_eq!(differ.len(), 1);
        prop_assert_eq!((differ[0].place.row, differ[0].place.column), (row as u64 + 1, Some(column as u32)));
        prop_assert_eq!(differ[0].get("difference"), Some(if up { "0.01" } else { "-0.01" }));
    }

    #[test]
    fn any_rows_go_through_any_layout(
        table in proptest::collection::vec(proptest::collection::vec("[a-c]|[0-9]{1,4}|Total [a-c]|Fund [0-9]|FY2[0-9]|Item|Change|Net amount|-?\\(?[0-9]{1,3}\\)?|", 0..6), 0..30),
        cuts in proptest::collection::vec(0usize..6, 0..12),
    ) {
        let rows = rows_of(&table);
        let all = format!(
            "{LEDGER}{}",
            "[[layout.step]]\nkind = \"fill\"\ncolumns = [\"Item\", \"a\"]\n\
             [[layout.step]]\nkind = \"balance\"\nleft = { sum = \"Change\" }\nby = [\"Item\"]\n\
             [[layout.step]]\nkind = \"drop\"\ncolumns = [\"a\", \"Item\"]\nwhy = \"x\"\n\
             [[layout.step]]\nkind = \"rename\"\npattern = '^(?<name>N)(?<rest>.*)$'\n\
             [[layout.step]]\nkind = \"unpivot\"\npattern = '^FY(?<year>[0-9]+)$'\nvalue = \"v\"\n"
        );
        let package = layout_of(&["fund", "Item", "Net amount", "Change"], &all);
        let whole = run(&mut tidy_of(&package, "lines"), &rows, &[]);
        prop_assert_eq!(run(&mut tidy_of(&package, "lines"), &rows, &cuts), whole);
        suggest(&rows);
    }
}
