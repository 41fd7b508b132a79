#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::package::{Code, CodeList};
use crate::schema::{Category, Field, GeoPointFormat, ListItem};
use crate::testing;

/// Rules of one field, changed as the test needs.
fn rules(kind: FieldType, change: impl Fn(&mut Field)) -> CellRules {
    let mut schema = TableSchema::of_texts(&["f"]);
    schema.fields[0].kind = kind;
    change(&mut schema.fields[0]);
    CellRules::new(&schema, 0)
}

/// `C302/decorated: 1250.00!` with `!` after a safe fix; `ok` without a finding.
fn verdict_by(rules: &CellRules, text: &str, evidence: &Evidence) -> String {
    let Some(finding) = rules.check(text, evidence, Place::default()) else { return "ok".to_owned() };
    let mut out = finding.code.text().to_owned();
    if !finding.kind.is_empty() {
        out.push('/');
        out.push_str(finding.kind);
    }
    if !finding.fixes.is_empty() {
        let fixes: Vec<String> = finding.fixes.iter().map(|f| format!("{}{}", f.replacement, if f.safe { "!" } else { "" })).collect();
        out.push_str(": ");
        out.push_str(&fixes.join(" | "));
    }
    out
}

fn check_all(rules: &CellRules, cases: &[(&str, &str)]) {
    for (text, want) in cases {
        assert_eq!(verdict_by(rules, text, &Evidence::default()), *want, "{text:?}");
    }
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|s| (*s).to_owned()).collect()
}

#[test]
fn missing_and_required() {
    let required = rules(FieldType::String(StringFormat::Default), |f| f.constraints.required = true);
    check_all(&required, &[("", "C301"), (" ", "C301"), ("\u{A0} ", "C301"), ("x", "ok")]);
    let own = rules(FieldType::Number(NumberFormat::default()), |f| f.missing_values = Some(texts(&["", "N/A"])));
    check_all(&own, &[("", "ok"), ("N/A", "ok"), (" N/A", "C308: N/A!"), ("n/a", "C302/placeholder: "), (" ", "C308/only: !")]);
    let required_number = rules(FieldType::Number(NumberFormat::default()), |f| {
        f.constraints.required = true;
        f.missing_values = Some(texts(&["", "N/A"]));
    });
    check_all(&required_number, &[("N/A", "C301"), ("N/A ", "C301"), ("n/a", "C302/placeholder")]);
}

#[test]
fn numbers() {
    let number = rules(FieldType::Number(NumberFormat::default()), |_| {});
    check_all(
        &number,
        &[
            ("12.50", "ok"),
            ("NaN", "ok"),
            ("$1,250.00", "C302/decorated: 1250.00!"),
            ("(1,250.00)", "C302/decorated: -1250.00!"),
            ("1,250.00-", "C302/decorated: -1250.00!"),
            ("1 250", "C302/decorated: 1250!"),
            ("1\u{A0}250,50", "C302/decorated: 1250.50"),
            ("95%", "C302/decorated: 95 | 0.95"),
            ("1,250", "C302/ambiguous: 1250 | 1.250"),
            ("$1.250", "C302/ambiguous: 1250 | 1.250"),
            ("1.250,00", "C302/decorated: 1250.00!"),
            ("1,25", "C302/decorated: 1.25"),
            ("1,250,000", "C302/decorated: 1250000!"),
            (" 12", "C308: 12!"),
            ("12\t", "C308: 12!"),
            ("12\u{A0}", "C309: 12!"),
            ("\u{FEFF}12", "C309: 12!"),
            ("1\u{7}2", "C103/value: 12!"),
            ("1\u{0}2", "C102: 12"),
            ("abc", "C302"),
            ("1e999", "C302"),
            (" abc ", "C302"),
            ("N/A", "C302/placeholder: "),
        ],
    );
    let whole = rules(FieldType::Integer(NumberFormat::default()), |_| {});
    check_all(
        &whole,
        &[
            ("12", "ok"),
            ("12.0", "C302/point: 12!"),
            ("12.5", "C302/not-whole"),
            ("1.2E+05", "C302/scientific: 120000"),
            ("1,250", "C302/decorated: 1250!"),
            ("$12.50", "C302/not-whole"),
            ("$1,250.00", "C302/decorated: 1250!"),
            ("95%", "C302/decorated: 95!"),
            ("1.5e0", "C302/not-whole"),
        ],
    );
    let small = rules(FieldType::Number(NumberFormat::default()), |f| {
        f.constraints.minimum = Some("0".to_owned());
        f.constraints.exclusive_maximum = Some("100".to_owned());
    });
    check_all(
        &small,
        &[
            ("0", "ok"),
            ("99.99", "ok"),
            ("-5", "C306/negative"),
            ("100", "C306/below"),
            ("1,250", "C302/decorated: 1.250"),
            ("(5)", "C302/decorated"),
            ("NaN", "ok"),
            ("INF", "C306/below"),
            ("-INF", "C306/negative"),
        ],
    );
    let german = rules(FieldType::Number(NumberFormat { decimal: ',', group: None, bare: true }), |_| {});
    check_all(&german, &[("1250,5", "ok"), ("1.250,75", "C302/decorated: 1250,75!"), ("$1,250.75", "C302/decorated: 1250,75!")]);
}

#[test]
fn number_evidence_comes_with_the_readings() {
    let number = rules(FieldType::Number(NumberFormat::default()), |_| {});
    let column = ["1,250.00", "2,500.50", "12,5", "1,300"];
    let evidence = Evidence::gather(&FieldType::Number(NumberFormat::default()), column.into_iter());
    let finding = number.check("1,300", &evidence, Place::default()).unwrap();
    assert_eq!(finding.fixes[0].replacement, "1300");
    assert_eq!(finding.fixes[0].evidence, "in 2 of 4 numbers with a comma it can only stand between thousands");
    assert_eq!(finding.fixes[1].evidence, "in 1 of 4 numbers with a comma it can only stand before the decimals");
}

#[test]
fn dates() {
    let date = rules(FieldType::Date(DateFormat::Default), |_| {});
    check_all(
        &date,
        &[
            ("2024-03-05", "ok"),
            ("03/05/2024", "C303/ambiguous: 2024-03-05 | 2024-05-03"),
            ("13/05/2024", "C303/other-form: 2024-05-13!"),
            ("05/13/2024", "C303/other-form: 2024-05-13!"),
            ("05/05/2024", "C303/other-form: 2024-05-05!"),
            ("2024/3/5", "C303/other-form: 2024-03-05!"),
            ("20240305", "C303/other-form: 2024-03-05!"),
            ("Mar 5, 2024", "C303/other-form: 2024-03-05!"),
            ("3/15/24", "C303/other-form: 2024-03-15 | 1924-03-15"),
            ("2024-13-45", "C311"),
            ("2024-13-05", "C311: 2024-05-13"),
            ("2023-02-30", "C311"),
            ("02/30/2024", "C311"),
            ("2024-03-05T00:00:00", "C303/with-time: 2024-03-05!"),
            ("2024-03-05 14:30", "C303/with-time: 2024-03-05"),
            ("3/5/2024 0:00", "C303/ambiguous: 2024-03-05 | 2024-05-03"),
            ("45356", "C303/serial: 2024-03-05 | 2028-03-06"),
            ("45356.5", "C303/serial: 2024-03-05 | 2028-03-06"),
            ("19999", "C303"),
            ("soon", "C303"),
            ("TBD", "C303/placeholder: "),
            ("2024-03-05 ", "C308: 2024-03-05!"),
        ],
    );
    let bounded = rules(FieldType::Date(DateFormat::Default), |f| {
        f.constraints.minimum = Some("2024-01-01".to_owned());
        f.constraints.exclusive_maximum = Some("2024-04-01".to_owned());
    });
    check_all(
        &bounded,
        &[
            ("2023-12-31", "C306/early"),
            ("2024-04-01", "C306/not-before"),
            ("03/05/2024", "C303/other-form: 2024-03-05"),
            ("3/15/24", "C303/other-form: 2024-03-15"),
        ],
    );
    let american = rules(FieldType::Date(DateFormat::Pattern("%m/%d/%Y".to_owned())), |_| {});
    check_all(
        &american,
        &[
            ("03/05/2024", "ok"),
            ("2024-03-05", "C303/other-form: 03/05/2024!"),
            ("13/05/2024", "C311: 05/13/2024"),
            ("02/30/2024", "C311"),
            ("March 5 2024", "C303/other-form: 03/05/2024!"),
        ],
    );
    let european = rules(FieldType::Date(DateFormat::Pattern("%d/%m/%Y".to_owned())), |_| {});
    check_all(&european, &[("03-05-2024", "C303/ambiguous: 03/05/2024 | 05/03/2024"), ("2024-05-03", "C303/other-form: 03/05/2024!")]);
    let datetime = rules(FieldType::DateTime(DateFormat::Default), |_| {});
    check_all(
        &datetime,
        &[
            ("2024-03-05T10:00:00", "ok"),
            ("2024-03-05 10:00:00", "C303/other-form: 2024-03-05T10:00:00!"),
            ("2024-03-05", "C303/without-time: 2024-03-05T00:00:00"),
            ("3/15/2024 2:30 PM", "C303/other-form: 2024-03-15T14:30:00!"),
            ("3/5/2024 2:30 PM", "C303/ambiguous: 2024-03-05T14:30:00 | 2024-05-03T14:30:00"),
            ("2024-02-30T10:00:00", "C311"),
            ("2024-03-05T25:00:00", "C311"),
        ],
    );
    let time = rules(FieldType::Time(DateFormat::Default), |_| {});
    check_all(
        &time,
        &[("14:30:00", "ok"), ("2:30 PM", "C303/other-form: 14:30:00!"), ("14:30", "C303/other-form: 14:30:00!"), ("25:00", "C311")],
    );
    check_all(
        &rules(FieldType::Year, |_| {}),
        &[("2024", "ok"), ("2024.0", "C303/other-form: 2024!"), ("24", "C303/other-form: 2024 | 1924")],
    );
    check_all(
        &rules(FieldType::YearMonth, |_| {}),
        &[
            ("2024-03", "ok"),
            ("03/2024", "C303/other-form: 2024-03!"),
            ("Mar 2024", "C303/other-form: 2024-03!"),
            ("2024-13", "C311"),
            ("13/2024", "C311"),
        ],
    );
}

#[test]
fn date_evidence_orders_the_readings_and_withdraws_safety() {
    let kind = FieldType::Date(DateFormat::Default);
    let date = rules(kind.clone(), |_| {});
    let evidence = Evidence { dates: 230, month_first: 212, day_first: 0, ..Evidence::default() };
    let finding = date.check("03/05/2024", &evidence, Place::default()).unwrap();
    assert_eq!(finding.fixes[0].replacement, "2024-03-05");
    assert_eq!(finding.fixes[0].evidence, "212 of 230 dates in this column can only be month-first");
    assert_eq!(finding.fixes[1].evidence, "");
    assert_eq!(verdict_by(&date, "13/05/2024", &evidence), "C303/other-form: 2024-05-13");
    assert_eq!(verdict_by(&date, "05/13/2024", &evidence), "C303/other-form: 2024-05-13!");
    let day_first = Evidence { dates: 9, day_first: 5, ..Evidence::default() };
    assert_eq!(verdict_by(&date, "03/05/2024", &day_first), "C303/ambiguous: 2024-05-03 | 2024-03-05");
}

#[test]
fn impossible_dates_say_why() {
    let date = rules(FieldType::Date(DateFormat::Default), |_| {});
    for (text, problem) in [
        ("2023-02-30", "February 2023 has 28 days"),
        ("2024-13-45", "there is no month 13"),
        ("2024-04-31", "April has 30 days"),
        ("2024-04-00", "there is no day 0"),
        ("02/30/2024", "February 2024 has 29 days"),
    ] {
        let finding = date.check(text, &Evidence::default(), Place::default()).unwrap();
        assert_eq!((finding.code.text(), finding.get("problem")), ("C311", Some(problem)), "{text}");
    }
}

fn status_codes() -> Arc<CodeList> {
    let code = |code: &str, title: &str| Code { code: code.to_owned(), title: title.to_owned(), ..Code::default() };
    let mut codes = vec![
        code("Issued", "Permit issued"),
        code("Pending", ""),
        code("In Review", ""),
        code("Closed", ""),
        code("01", "First ward"),
        code("Void", ""),
    ];
    codes[5].deprecated = true;
    codes[5].replaced_by = "Closed".to_owned();
    Arc::new(CodeList { name: "status".to_owned(), codes })
}

#[test]
fn code_lists() {
    let text = FieldType::String(StringFormat::Default);
    let closed = rules(text.clone(), |f| f.codes = Some(status_codes()));
    check_all(
        &closed,
        &[
            ("Issued", "ok"),
            ("issued", "C304/case: Issued!"),
            ("Permit Issued", "C304/label: Issued!"),
            ("Isued", "C304: Issued"),
            ("In-Review", "C304/case: In Review"),
            ("1", "C304/lost-zero: 01"),
            ("Demolished entirely", "C304"),
            ("Void", "C312: Closed!"),
            ("Issued ", "C308: Issued!"),
            ("In\u{A0}Review", "C309: In Review!"),
            (" Isued", "C304: Issued"),
        ],
    );
    let open = rules(text.clone(), |f| {
        f.codes = Some(status_codes());
        f.extras.open = true;
    });
    check_all(&open, &[("Isued", "C304/open: Issued"), ("issued", "C304/case: Issued!"), ("Issued ", "C308/text: Issued!")]);
    assert!(open.accepts("Isued") && !closed.accepts("Isued"));
    assert_eq!(open.check("issued", &Evidence::default(), Place::default()).unwrap().severity, Severity::Warning);

    let finding = closed.check("Isued", &Evidence::default(), Place::default()).unwrap();
    assert_eq!(finding.get("near"), Some("Issued"));
    assert_eq!(finding.get("list"), Some("code list status"));
    assert_eq!(finding.get("allowed"), Some("Issued, Pending, In Review, Closed, 01"));

    let many = rules(text.clone(), |f| f.constraints.values = (1..=9).map(|i| format!("Ward {i}")).collect());
    let finding = many.check("Ward 77", &Evidence::default(), Place::default()).unwrap();
    assert_eq!(finding.get("allowed"), Some("Ward 1, Ward 2, Ward 3, Ward 4, Ward 5, Ward 6, … (9 in all)"));
    assert_eq!(finding.get("list"), Some("the list of allowed values"));
    check_all(&rules(text.clone(), |f| f.constraints.values = texts(&["North", "South"])), &[("Sorth", "C304: North | South")]);
    check_all(&rules(text, |f| f.constraints.values = texts(&["a", "A"])), &[("b", "C304")]);

    let by_value = rules(FieldType::Number(NumberFormat::default()), |f| f.constraints.values = texts(&["1", "2.50"]));
    check_all(&by_value, &[("1.0", "ok"), ("2.5", "ok"), ("3", "C304")]);
    let categories = rules(FieldType::Integer(NumberFormat::default()), |f| {
        f.categories = vec![Category { value: "1".to_owned(), label: "Residential".to_owned() }];
    });
    check_all(&categories, &[("1", "ok"), ("01", "ok"), ("2", "C304"), ("Residential", "C302")]);
    let items = rules(FieldType::List { delimiter: ";".to_owned(), item: ListItem::String }, |f| f.codes = Some(status_codes()));
    check_all(&items, &[("Issued;Closed", "ok"), ("Issued;clsed", "C304: Issued;Closed"), ("Issued;closed", "C304/case: Issued;Closed!")]);
}

/// A text whose pattern is that of dates is judged like a date when it does not fit: nobody is shown a pattern.
#[test]
fn patterns_of_dates() {
    let portal = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?";
    let dated = rules(FieldType::String(StringFormat::Default), |f| {
        f.constraints.pattern = Some(portal.to_owned());
        f.example = "2026-03-02T00:00:00.000".to_owned();
    });
    check_all(
        &dated,
        &[
            ("2024-03-05", "ok"),
            ("2024-03-05T00:00:00.000", "ok"),
            ("03/05/2024", "C305/ambiguous: 2024-03-05 | 2024-05-03"),
            ("03/15/2024", "C305/date: 2024-03-15!"),
            ("3/15/2024 2:30 PM", "C305/date: 2024-03-15T14:30:00!"),
            ("3/15/2024 12:00 AM", "C305/date: 2024-03-15!"),
            ("45356", "C305/serial: 2024-03-05 | 2028-03-06"),
            ("02/30/2024", "C305"),
            ("soon", "C305"),
            ("n/a", "C305"),
        ],
    );
    let finding = dated.check("03/05/2024", &Evidence::default(), Place::default()).unwrap();
    assert_eq!((finding.get("what"), finding.get("form")), (Some("a value such as \"2026-03-02T00:00:00.000\""), Some("YYYY-MM-DD")));
    assert_eq!(crate::render::words::mend(&finding), "Find out which order the file uses, and write the date as YYYY-MM-DD.");
    let evidence = Evidence { dates: 4, month_first: 3, ..Evidence::default() };
    let finding = dated.check("05/03/2024", &evidence, Place::default()).unwrap();
    let fixes: Vec<(&str, &str)> = finding.fixes.iter().map(|f| (f.replacement.as_str(), f.evidence.as_str())).collect();
    assert_eq!(fixes, [("2024-05-03", "3 of 4 dates in this column can only be month-first"), ("2024-03-05", "")]);
    // A form with a time only; a pattern that takes any text of digits is no form of dates.
    let timed = rules(FieldType::Any, |f| f.constraints.pattern = Some(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d".to_owned()));
    check_all(&timed, &[("03/15/2024", "C305/date: 2024-03-15T00:00:00"), ("03/15/2024 9:15", "C305/date: 2024-03-15T09:15:00!")]);
    let digits = rules(FieldType::String(StringFormat::Default), |f| f.constraints.pattern = Some("[0-9-]*".to_owned()));
    check_all(&digits, &[("03/15/2024", "C305")]);
}

/// What a pattern asks for is said in words, else by the field's example or description; the pattern itself comes last.
#[test]
fn the_form_is_told_in_the_fields_own_words() {
    let involved = r"(?:a|b{2,3}c?){2,}[^x]+";
    let told = |example: &str, description: &str| {
        let rules = rules(FieldType::String(StringFormat::Default), |f| {
            f.constraints.pattern = Some(involved.to_owned());
            (f.example, f.description) = (example.to_owned(), description.to_owned());
        });
        let finding = rules.check("zzz", &Evidence::default(), Place::default()).unwrap();
        (crate::render::words::expected(&finding).unwrap(), crate::render::words::mend(&finding))
    };
    assert_eq!(told("aabb-1", "Two marks."), ("a value such as \"aabb-1\"".into(), "Write a value such as \"aabb-1\".".into()));
    // An example that does not fit itself would lead astray.
    assert_eq!(told("zzz", "Two marks.").1, "Write what the field is said to hold: \"Two marks\".");
    assert_eq!(told("", "").1, format!("Write a text of the form {involved}."));
}

/// Times, years and months are not called dates.
#[test]
fn times_and_years_are_called_so() {
    let said = |kind: FieldType, text: &str| {
        let finding = rules(kind, |_| {}).check(text, &Evidence::default(), Place::default()).unwrap();
        (crate::render::words::message(&finding), crate::render::words::mend(&finding))
    };
    let time = || FieldType::Time(DateFormat::Default);
    let (message, mend) = said(time(), "7:30 PM");
    assert_eq!(message, "\"7:30 PM\" is a time in another form");
    assert_eq!(mend, "Write it as hh:mm:ss; in a spreadsheet, set the format of the column's cells so.");
    assert_eq!(said(time(), "25:00:00").1, "Look the time up in the source.");
    assert_eq!(said(time(), "n/a").0, "\"n/a\" stands for a missing time");
    assert_eq!(said(FieldType::Year, "2024.0").0, "\"2024.0\" is a year in another form");
    assert_eq!(said(FieldType::YearMonth, "3/2024").0, "\"3/2024\" is a month in another form");
    assert_eq!(said(FieldType::Date(DateFormat::Default), "2024/1/2").0, "\"2024/1/2\" is a date in another form");
    // Which reading is that of which calendar.
    let finding = rules(FieldType::Date(DateFormat::Default), |_| {}).check("45352", &Evidence::default(), Place::default()).unwrap();
    let evidence: Vec<&str> = finding.fixes.iter().map(|f| f.evidence.as_str()).collect();
    assert_eq!(
        evidence,
        [
            "\"45352\" is \"2024-03-01\" in the calendar of most spreadsheets, which counts from 1900",
            "\"45352\" is \"2028-03-02\" in the calendar of older Mac spreadsheets, which counts from 1904"
        ]
    );
}

#[test]
fn patterns_and_lengths() {
    let zip = rules(FieldType::String(StringFormat::Default), |f| f.constraints.pattern = Some(r"\d{5}(-\d{4})?".to_owned()));
    check_all(
        &zip,
        &[
            ("02139", "ok"),
            ("2139", "C305/lost-zero: 02139"),
            ("213", "C305/lost-zero: 00213"),
            ("2139-1234", "C305/lost-zero: 02139-1234"),
            ("1", "C305"),
            ("02139 ", "C308: 02139!"),
            ("x02139", "C305"),
            ("02139.0", "C305: 02139"),
        ],
    );
    let finding = zip.check("x", &Evidence::default(), Place::default()).unwrap();
    assert_eq!(finding.get("what"), Some("5 digits, optionally followed by a hyphen and 4 digits"));
    let upper = rules(FieldType::String(StringFormat::Default), |f| f.constraints.pattern = Some("[A-Z]{2}".to_owned()));
    check_all(&upper, &[("ma", "C305/case: MA!"), ("MAS", "C305"), ("MA\n", "C308: MA!")]);
    let length = rules(FieldType::String(StringFormat::Default), |f| {
        f.constraints.min_length = Some(2);
        f.constraints.max_length = Some(4);
    });
    check_all(&length, &[("ñandú", "C307/long"), ("ñand", "ok"), ("ñ", "C307/short"), ("ñand ", "C308: ñand!")]);
    let items = rules(FieldType::Array, |f| f.constraints.max_length = Some(2));
    check_all(&items, &[("[1, 2]", "ok"), ("[1, 2, 3]", "C307/long"), ("[1, 2", "C313")]);
}

#[test]
fn booleans_and_other_forms() {
    let boolean = rules(FieldType::default_boolean(), |_| {});
    check_all(&boolean, &[("true", "ok"), ("yes", "C310: true"), ("N", "C310: false"), ("tRUE", "C310: true!"), ("maybe", "C310")]);
    let own = rules(FieldType::Boolean { true_values: texts(&["Y"]), false_values: texts(&["N"]) }, |_| {});
    check_all(&own, &[("y", "C310: Y!"), ("Yes", "C310: Y"), ("0", "C310: N")]);
    check_all(&rules(FieldType::String(StringFormat::Email), |_| {}), &[("mailto:a@b.example", "C313: a@b.example"), ("a b@c", "C313")]);
    check_all(&rules(FieldType::String(StringFormat::Uri), |_| {}), &[("www.town.example", "C313: https://www.town.example")]);
    check_all(
        &rules(FieldType::String(StringFormat::Uuid), |_| {}),
        &[("{123e4567-e89b-12d3-a456-426614174000}", "C313: 123e4567-e89b-12d3-a456-426614174000!")],
    );
    check_all(
        &rules(FieldType::GeoPoint(GeoPointFormat::Default), |_| {}),
        &[("(-71.06, 42.36)", "C313: -71.06, 42.36 | 42.36, -71.06"), ("42.36, -171.06", "C313: -171.06, 42.36"), ("here", "C313")],
    );
    check_all(
        &rules(FieldType::List { delimiter: "|".to_owned(), item: ListItem::Integer }, |_| {}),
        &[("1|2", "ok"), ("1 | 2", "C313: 1|2!"), ("1|x", "C313")],
    );
}

#[test]
fn characters_nobody_sees() {
    let text = rules(FieldType::String(StringFormat::Default), |_| {});
    check_all(
        &text,
        &[
            ("plain", "ok"),
            ("two\nlines", "ok"),
            ("\u{FFFD}", "ok"),
            ("Ñandú 🏛️", "ok"),
            (" x", "C308/text: x!"),
            ("x\n", "C308/text: x!"),
            ("  ", "C308/only-text: !"),
            ("a\u{A0}b", "C309/text: a b!"),
            ("a\u{AD}b ", "C309/text: ab!"),
            ("a\u{7}b", "C103: ab"),
            ("a\u{85}b", "C103: ab"),
            ("a\u{0}b", "C102: ab"),
        ],
    );
    let finding = text.check("a\u{0}b", &Evidence::default(), Place::default()).unwrap();
    assert_eq!(finding.value.as_deref(), Some("a␀b"));
    let finding = text.check(" a\u{202F}b ", &Evidence::default(), Place::default()).unwrap();
    assert_eq!(finding.get("character"), Some("narrow no-break space (U+202F)"));
}

#[test]
fn what_cannot_be_compiled_is_said() {
    let bad = rules(FieldType::Date(DateFormat::Pattern("%Q".to_owned())), |f| {
        f.constraints.pattern = Some("(?!x)".to_owned());
        f.constraints.json_schema = if cfg!(feature = "json-schema") { None } else { Some(serde_json::json!({})) };
    });
    assert!(bad.unchecked().contains(&Unchecked::DatePattern("%Q".to_owned())));
    assert!(bad.unchecked().contains(&Unchecked::Pattern("(?!x)".to_owned())));
    check_all(&bad, &[("anything", "ok")]);
    let bound = rules(FieldType::Number(NumberFormat::default()), |f| f.constraints.minimum = Some("low".to_owned()));
    assert_eq!(bound.unchecked(), [Unchecked::Bound("low".to_owned())]);
}

#[cfg(feature = "json-schema")]
#[test]
fn json_schema_of_a_field() {
    let rules = rules(FieldType::Object, |f| f.constraints.json_schema = Some(serde_json::json!({"required": ["id"]})));
    check_all(&rules, &[(r#"{"id": 1}"#, "ok"), ("{}", "C313/json-schema"), ("[]", "C313")]);
}

/// Every check, kind and argument that a finding uses must be in the table of words.
fn has_words(finding: &Finding) -> bool {
    let check = crate::finding::checks::find(finding.code.text()).unwrap();
    let kind = check.kind(finding.kind);
    let named = |template: &str| {
        // Optional parts may lack their names; what stands outside the brackets may not.
        let mut depth = 0;
        let solid: String = template
            .chars()
            .filter(|c| {
                match c {
                    '[' => depth += 1,
                    ']' => depth -= 1,
                    _ => return depth == 0,
                }
                false
            })
            .collect();
        solid.split('{').skip(1).filter_map(|p| p.split_once('}')).all(|(name, _)| {
            (name == "value" && finding.value.is_some()) || finding.get(name).is_some() || (name == "near" && finding.fixes.len() != 1)
        })
    };
    kind.name == finding.kind && named(kind.message) && named(kind.expected) && named(kind.mend)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_field((schema, cells) in testing::schema_strategy().prop_flat_map(|s| {
        let cells: Vec<_> = s.fields.iter().map(|f| proptest::collection::vec(testing::cell_strategy(f), 8)).collect();
        (Just(s), cells)
    })) {
        for (i, texts) in cells.iter().enumerate() {
            let rules = CellRules::new(&schema, i);
            prop_assert!(rules.unchecked().is_empty(), "{:?}", rules.unchecked());
            let evidence = Evidence::gather(&schema.fields[i].kind, texts.iter().map(String::as_str));
            for text in texts {
                let finding = rules.check(text, &evidence, Place::default());
                let plain = rules.check(text, &Evidence::default(), Place::default());
                prop_assert_eq!(finding.as_ref().map(|f| (f.code.clone(), f.kind)), plain.map(|f| (f.code, f.kind)), "evidence changes no code");
                let is_error = finding.as_ref().is_some_and(|f| f.severity == Severity::Error);
                prop_assert_eq!(rules.accepts(text), !is_error, "{:?} in {:?}: {:?}", text, schema.fields[i], finding);
                let Some(finding) = finding else {
                    prop_assert!(!hygiene::is_odd(text) || rules.is_missing(text) || !rules.accepts(hygiene::trimmed(text)), "{:?}", text);
                    continue;
                };
                prop_assert!(has_words(&finding), "{:?}", finding);
                prop_assert!(finding.fixes.iter().filter(|f| f.safe).count() <= 1);
                prop_assert!(finding.fixes.len() == 1 || finding.fixes.iter().all(|f| !f.safe));
                for fix in &finding.fixes {
                    prop_assert!(rules.accepts(&fix.replacement), "{:?} for {:?} in {:?}", fix, text, schema.fields[i]);
                    prop_assert!(fix.replacement != *text);
                }
            }
        }
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,40}", digits in "[0-9:/., T%$()+-]{0,24}", mixed in "[0-9a-zA-Z\u{0}-\u{20}\u{A0}\u{FEFF}é%/.,:-]{0,24}", schema in testing::schema_strategy()) {
        for text in [&text, &digits, &mixed] {
            for i in 0..schema.fields.len() {
                let _ = value::read(&schema.fields[i].kind, text);
                let rules = CellRules::new(&schema, i);
                let _ = rules.check(text, &Evidence::gather(&schema.fields[i].kind, std::iter::once(text.as_str())), Place::default());
            }
            let _ = describe::describe(text);
            let _ = value::pattern::compile(text);
            let _ = loose::dates(text);
            let _ = loose::time(text);
        }
    }

    #[test]
    fn a_table_gives_ordered_facts((schema, text) in testing::table_strategy(0..12)) {
        let facts = crate::reference::check_csv(&schema, &text);
        prop_assert!(facts.windows(2).all(|w| w[0] <= w[1]));
    }
}
