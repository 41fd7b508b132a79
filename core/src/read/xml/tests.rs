#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::read::tests::in_pieces;

fn read_with(record: Option<&str>, bytes: &[u8], pieces: &[usize]) -> (Rows, Vec<Finding>) {
    in_pieces(XmlReader::new(record), bytes, pieces)
}

fn read(text: &str) -> (Vec<Vec<String>>, Vec<Finding>) {
    let (rows, findings) = read_with(None, text.as_bytes(), &[]);
    (texts(&rows), findings)
}

fn texts(rows: &Rows) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.cells().map(|(text, _)| text.to_owned()).collect()).collect()
}

fn codes(findings: &[Finding]) -> Vec<String> {
    findings.iter().filter(|f| f.code.text() != "C240").map(|f| format!("{} {}", f.code.text(), f.kind).trim().to_owned()).collect()
}

#[test]
fn parts_of_records_become_columns() {
    let (rows, findings) = read(
        "<?xml version='1.0'?>\n<town name='Lee'><row id='1'><a>x</a><b k='v'>y &amp; z</b></row>\n<row id='2'><a>p</a><a2/><a>q</a><p>\n   one\n  </p>\n  <b><c>1</c> t <c>2</c> u </b>w<!-- no --></row></town>",
    );
    assert_eq!(
        rows,
        [
            ["@id", "a", "a2", "a[2]", "p", "b/c", "b/c[2]", "b/@k", "b", "#text"],
            ["1", "x", "", "", "", "", "", "v", "y & z", ""],
            ["2", "p", "", "q", "one", "1", "2", "", "t u", "w"]
        ]
    );
    assert_eq!(codes(&findings), ["C237"]);
    assert_eq!(findings.iter().find(|f| f.code.text() == "C237").and_then(|f| f.value.as_deref()), Some("@name"));
}

#[test]
fn the_record_is_found_by_evidence() {
    for (text, record, kind) in [
        ("<r><q><a>1</a><b>2</b></q><q><a>1</a><b>2</b></q></r>", "q", ""),
        ("<r><one><a>1</a><b>2</b></one></r>", "one", ""),
        ("<a>1</a>", "a", ""),
        ("<r><link/><link/><link/><e><x/><y/><z/></e><e><x/><y/><z/></e></r>", "e", ""),
        (
            "<r><c n='1'><rec a='1' b='2' c='3'/><rec a='1' b='2' c='3'/></c><c n='2'><rec a='1' b='2' c='3'/><rec/></c></r>",
            "rec",
            "doubtful",
        ),
        ("<r><q><a/><b/><c/><k>1</k><k>2</k><k>3</k></q><q><a/><b/><c/><k>1</k><k>2</k><k>3</k></q></r>", "q", ""),
    ] {
        let (_, findings) = read(text);
        let found = findings.iter().find(|f| f.code.text() == "C240").unwrap();
        assert_eq!((found.value.as_deref(), found.kind), (Some(record), kind), "{text}");
    }
    let text = b"<r><q><k>1</k><k>2</k></q><x:q xmlns:x='u'><k>3</k></x:q></r>";
    assert_eq!(texts(&read_with(Some("r/q"), text, &[]).0), [["k", "k[2]"], ["1", "2"], ["3", ""]]);
    assert_eq!(texts(&read_with(Some("k"), text, &[]).0), [["#text"], ["1"], ["2"], ["3"]]);
    assert_eq!(codes(&read_with(Some("z"), text, &[]).1), [""; 0]);
    assert!(read_with(Some("z"), text, &[]).0.is_empty());
}

#[test]
fn places_are_those_of_the_file() {
    let text = "<r>\n  <q><a>é</a></q><q><a>1</a></q>\r\n<q>\n<a>2</a></q></r>";
    let expected = [(0, 0, 0), (1, 2, 3), (2, 2, 19), (3, 3, 1)];
    let places = |rows: &Rows| rows.iter().map(|r| (r.origin.row, r.origin.line, r.origin.byte_column)).collect::<Vec<_>>();
    assert_eq!(places(&read_with(None, text.as_bytes(), &[]).0), expected);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (rows, findings) = read_with(None, &utf16, &[7, 8, 9]);
    assert_eq!(places(&rows), [(0, 0, 0), (1, 2, 5), (2, 2, 35), (3, 3, 1)]);
    assert_eq!(rows.get(1).unwrap().text(0), "é");
    assert_eq!(codes(&findings), ["C123 undeclared"]);
}

/// Bytes that can be read and bytes that cannot.
const ODD: &[&[u8]] =
    &[b"\xbe", b"\xed\xa0\x80", b"\xe2\x82", b"\xef\xbf\xbd", b"\xc3\xa9", b"a", b"\n", b"\r\n", b"</a></q><q><a>", b"<!-- \xff -->"];

proptest! {
    #[test]
    fn places_count_the_bytes_of_the_file_where_some_cannot_be_read(
        parts in proptest::collection::vec(proptest::sample::select(ODD), 0..30),
        mark: bool,
        pieces in proptest::collection::vec(1usize..7, 0..20),
    ) {
        let mark: &[u8] = if mark { b"\xef\xbb\xbf" } else { b"" };
        let file = [mark, b"<r><q><a>0</a></q><q><a>", &parts.concat(), b"</a><![CDATA[\xff \x01]]></b></q></r>"].concat();
        let at = file.windows(4).position(|w| w == b"</b>").unwrap();
        let place = |at: usize| {
            let line = file[..at].iter().filter(|&&b| b == b'\n').count() as u64 + 1;
            (line, (at - file[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1)) as u64 + 1)
        };
        let (_, findings) = read_with(Some("q"), &file, &pieces);
        for (kind, at) in [("", at), ("control", at - 4)] {
            let found: Vec<_> = findings.iter().filter(|f| f.code.text() == "C235" && f.kind == kind).collect();
            let last = found.last().map(|f| (f.place.line, f.place.byte_column));
            prop_assert_eq!(last, Some(place(at)), "{} {:?}", kind, findings);
        }
        let whole = read_with(Some("q"), &file, &[]).1;
        prop_assert_eq!(findings, whole);
    }
}

#[test]
fn damage_is_found_where_it_is_and_what_was_read_before_stays() {
    let start = "<r><q><a>1</a></q>\n<q><a>2</a></q>\n";
    for (rest, code, line, byte) in [
        ("<q><a>3</b></q></r>", "C235", 3, 8),
        ("<q><a>3 & 4</a></q></r>", "C235 ampersand", 3, 9),
        ("<q><a>3 &", "C235 ampersand", 3, 9),
        ("<q><a>3</a>", "C235 cut", 3, 12),
        ("<q><a>3</a", "C235", 3, 8),
        ("</r><s/>", "C235", 3, 5),
        ("</r>\n x", "C235", 4, 2),
        ("</r></r>", "C235", 3, 5),
        ("<q 1='2'/></r>", "C235", 3, 1),
        ("<q a='2' a='3'/></r>", "C235", 3, 1),
        ("<q a=2/></r>", "C235", 3, 1),
        ("<!bad><q/></r>", "C235", 3, 1),
        ("<!DOCTYPE r><q/></r>", "C235", 3, 1),
        ("<q xmlns:xml='urn:x'/></r>", "C235", 3, 1),
        ("<q><a>\u{b}</a></q></r>", "C235 control", 3, 7),
        ("<q><a>&#0;</a></q></r>", "C236 character", 3, 7),
        ("<q><a>&no;</a></q></r>", "C236 entity", 3, 7),
    ] {
        let text = format!("{start}{rest}");
        let (rows, findings) = read_with(None, text.as_bytes(), &[]);
        assert_eq!(texts(&rows)[..3], [["a"], ["1"], ["2"]], "{rest}");
        let found: Vec<_> = findings.iter().filter(|f| f.code.text() != "C240").collect();
        assert_eq!(codes(&findings), [code], "{rest}");
        assert_eq!((found[0].place.line, found[0].place.byte_column), (line, byte), "{rest}");
    }
}

#[test]
fn shorthand_is_never_expanded_and_nothing_is_fetched() {
    let text = "<!DOCTYPE r SYSTEM 'http://127.0.0.1:9/x' [<!ENTITY e 'eeee'>]><r><q><a>&e;&lt;</a></q><q><a b='&e;'/></q></r>";
    let (rows, findings) = read(text);
    assert_eq!(rows, [["a/@b", "a"], ["", "&e;<"], ["&e;", ""]]);
    assert_eq!(codes(&findings), ["C236", "C236 external", "C236 entity", "C236 entity"]);
}

#[test]
fn late_fields_and_equal_names_are_counted() {
    let mut text = "<r xmlns:x='u'>".to_owned();
    while text.len() < XML_SAMPLE {
        text.push_str("<q><a>1</a></q>");
    }
    text.push_str("<q><a>1</a><b>2</b><c><d e='f'/></c></q><q><x:a>1</x:a><b>3</b></q></r>");
    let (rows, findings) = read_with(None, text.as_bytes(), &[1000, 2000]);
    assert_eq!(rows.get(0).unwrap().text(0), "a");
    let last: Vec<Vec<String>> = texts(&rows).split_off(rows.len() - 2);
    assert_eq!(last, [["1", "2", "f"], ["1", "3", ""]]);
    let found: Vec<_> =
        findings.iter().filter(|f| f.code.text() != "C240").map(|f| (f.code.text(), f.value.as_deref(), f.get("count"))).collect();
    assert_eq!(found, [("C239", Some("a"), None)]);
    let mut reader = XmlReader::new(None);
    reader.push(text.as_bytes(), &mut Rows::new(), &mut Vec::new());
    assert_eq!(reader.late(), ["b", "c/d/@e"]);
    reader.finish(&mut Rows::new(), &mut Vec::new());
    assert_eq!(reader.late(), ["b", "c/d/@e"]);
    assert_eq!(reader.facts().more, [("record", "r/q".to_owned())]);
    assert_eq!(reader.pointer(3, Some("c/d/@e")).as_deref(), Some("(/r/q)[3]/c/d/@e"));
}

#[test]
fn bounds_hold() {
    let start = Instant::now();
    let deep = "<a>".repeat(100_000);
    assert_eq!(codes(&read(&deep).1), ["C216 depth"]);
    let name = "n".repeat(5000);
    assert_eq!(codes(&read(&format!("<r><q/><q/><{name}/></r>")).1), ["C216 name"]);
    let attributes: String = (0..20_000).map(|i| format!(" a{i}='1'")).collect();
    assert_eq!(codes(&read(&format!("<r><q b='1'/><q b='2'/><q{attributes}/></r>")).1), ["C216 attributes"]);
    // A record of more than the bound is passed over; the one behind it is read.
    let long = "x".repeat(crate::bounds::MAX_RECORD + 10);
    let (rows, findings) = read(&format!("<r><q><a>1</a></q><q><a>{long}</a></q><q><a>3</a></q></r>"));
    assert_eq!(rows, [["a"], ["1"], ["3"]]);
    assert_eq!(codes(&findings), ["C216"]);
    // A tag that never ends.
    let (_, findings) = read(&format!("<r><q/><q/><q a='{long}"));
    assert_eq!(codes(&findings), ["C216"]);
    let (_, findings) = read_with(None, format!("<r><q/><q/><!-- {long}").as_bytes(), &[100_000; 90]);
    assert_eq!(codes(&findings), ["C216"]);
    // Many different names.
    let names: String = (0..60_000).map(|i| format!("<q><n{i}/></q>")).collect();
    let (rows, findings) = read_with(None, format!("<r>{names}</r>").as_bytes(), &[]);
    assert_eq!(rows.get(0).unwrap().len(), crate::bounds::XML_COLUMNS);
    assert_eq!(codes(&findings)[0], "C216 names");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

fn conformance() -> Option<PathBuf> {
    let folder = std::env::var_os("CONCORD_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    #[allow(clippy::print_stderr)]
    {
        eprintln!("NOT TESTED: {} is not there", folder.display());
    }
    None
}

#[test]
fn attacks_are_answered_at_once() {
    let Some(folder) = conformance().map(|f| f.join("xml-attacks")) else { return };
    let manifest = std::fs::read_to_string(folder.join("manifest.csv")).unwrap();
    let mut seen = 0;
    for line in manifest.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let (file, expected) = (cells[0], cells[2]);
        if !file.ends_with(".xml") {
            continue;
        }
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let start = Instant::now();
        let (rows, findings) = read_with(None, &bytes, &[]);
        assert!(start.elapsed() < Duration::from_secs(2), "{file} took {:?}", start.elapsed());
        let text: usize = rows.bytes();
        assert!(text <= bytes.len() * 2 + 100_000, "{file} grew to {text} bytes");
        assert!(!texts(&rows).concat().concat().contains("root:"), "{file} read another file");
        assert_eq!(read_with(None, &bytes, &[1; 500]), (rows, findings.clone()), "{file} depends on the cuts");
        let grave = findings.iter().any(|f| f.severity != crate::finding::Severity::Info);
        match expected {
            "reject" => assert!(grave, "{file}: {findings:?}"),
            "accept" => assert!(!grave, "{file}: {findings:?}"),
            _ => {}
        }
        seen += 1;
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn published_feeds_are_read() {
    let Some(folder) = conformance().map(|f| f.join("open311")) else { return };
    for (file, record, records, cells) in [
        ("valid/spec-requests.xml", "request", 2, 17),
        ("valid/spec-request-single.xml", "request", 1, 0),
        ("valid/toronto-requests.xml", "request", 0, 17),
        ("valid/spec-services.xml", "service", 0, 0),
        ("valid/boston-errors.xml", "error", 0, 0),
        ("valid/dc-service-definition-S0301.xml", "attribute", 0, 0),
        ("valid/discovery-dc.xml", "endpoint", 0, 0),
    ] {
        let (rows, findings) = read_with(None, &std::fs::read(folder.join(file)).unwrap(), &[100]);
        let found = findings.iter().find(|f| f.code.text() == "C240").unwrap();
        assert_eq!(found.value.as_deref(), Some(record), "{file}");
        assert!(findings.iter().all(|f| f.severity == crate::finding::Severity::Info), "{file}: {findings:?}");
        assert!(rows.len() > 1, "{file}");
        if records > 0 {
            assert_eq!(rows.len(), records + 1, "{file}");
        }
        if cells > 0 {
            assert_eq!(rows.get(0).unwrap().len(), cells, "{file}");
        }
    }
    let bulk = std::fs::read(folder.join("invalid/spec-bulk-requests.xml")).unwrap();
    assert!(codes(&read_with(None, &bulk, &[]).1).contains(&"C235".to_owned()));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\r', "&#13;")
}

/// Pieces of markup in any order: mostly no XML at all, often nearly so.
fn soup() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("<r>"),
        Just("</r>"),
        Just("<q>"),
        Just("</q>"),
        Just("<q/>"),
        Just("<a x='1'>"),
        Just("</a>"),
        Just("t"),
        Just(" "),
        Just("\r"),
        Just("\n"),
        Just("&amp;"),
        Just("&e;"),
        Just("&"),
        Just("é"),
        Just("\u{feff}"),
        Just("<!-- c -->"),
        Just("<![CDATA[x]]>"),
        Just("<!"),
        Just("<?p?>"),
        Just("<x:a>"),
        Just("</x:a>"),
        Just("'"),
        Just("\""),
        Just("<"),
        Just(">"),
        Just("]]>"),
        Just("\u{1}"),
        Just("<!DOCTYPE q []>")
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

/// Records that are nearly ordinary.
fn near() -> impl Strategy<Value = String> {
    let child = prop::sample::select(
        &[
            "<a>x</a>",
            "<b> y z </b>",
            "<c></c>",
            "<a/>",
            "<b>é</b>",
            "<c>1 > 0</c>",
            "\n  ",
            "<d>new</d>",
            "<a>x\ny</a>",
            "<a>\n x\n</a>",
            "<b>p&amp;q</b>",
            "<b k='1'>v</b>",
            "<c><a>in</a></c>",
            "<!-- no -->",
            "t",
            "<n:a>q</n:a>",
            "<b>\u{1}</b>",
            "<a><![CDATA[<]]></a>",
            "\r\n",
            "<b>&x;</b>",
        ][..],
    );
    let end = prop::sample::select(&["</q>", "</q>", "</q>\n", "</q>", "", "</r>", "</q>t"][..]);
    let start = prop::sample::select(&["<q>", "<q>", "\n<q>", "<q >", "<q i='1'>", "<o/><q>", "<n:q>"][..]);
    (start, prop::collection::vec(child, 0..5), end).prop_map(|(start, children, end)| format!("{start}{}{end}", children.concat()))
}

proptest! {
    #[test]
    fn ordinary_records_are_read_as_all_others(records in prop::collection::vec(near(), 0..8), cuts in prop::collection::vec(0usize..30, 0..20), latin: bool) {
        let head = "<q><a>1</a><b>2</b><c>3</c></q>\n".repeat(3);
        let mut bytes = format!("<r>\n{head}{}</r>", records.concat()).into_bytes();
        if latin && let Some(at) = bytes.windows(2).position(|w| w == "é".as_bytes()) {
            bytes.remove(at);
        }
        let mut slow = XmlReader::new(None);
        slow.slowly = true;
        let (mut rows, mut findings) = (Rows::new(), Vec::new());
        slow.push(&bytes, &mut rows, &mut findings);
        slow.finish(&mut rows, &mut findings);
        prop_assert_eq!(read_with(None, &bytes, &cuts), (rows, findings));
    }

    #[test]
    fn cuts_change_nothing(text in soup(), rooted in any::<bool>(), cuts in prop::collection::vec(0usize..9, 0..60)) {
        let text = if rooted { format!("<r><q><a>1</a></q>{text}") } else { text };
        let whole = read_with(None, text.as_bytes(), &[]);
        prop_assert_eq!(&read_with(None, text.as_bytes(), &cuts), &whole);
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let whole = read_with(None, &bytes, &[]);
        prop_assert_eq!(read_with(None, &bytes, &[3; 30]), whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn cuts_behind_the_start_change_nothing(words in prop::collection::vec(soup().prop_map(String::into_bytes).boxed().prop_union(prop::collection::vec(any::<u8>(), 0..3).boxed()), 0..4), cuts in prop::collection::vec(0usize..9, 0..60)) {
        // The start is decided on as a whole; what is read piece by piece is behind it.
        let mut long = format!("<r><q><a>0</a></q><!-- {}-->", "x".repeat(XML_SAMPLE)).into_bytes();
        long.extend_from_slice(&words.concat());
        let whole = read_with(None, &long, &[]);
        let mut pieces = vec![XML_SAMPLE + 20];
        pieces.extend(&cuts);
        prop_assert_eq!(&read_with(None, &long, &pieces), &whole);
    }

    #[test]
    fn records_come_back(rows in prop::collection::vec(prop::collection::vec("[ -~é€\t]{0,12}", 3), 2..8), pretty in any::<bool>()) {
        let line = if pretty { "\n  " } else { "" };
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<records>");
        for row in &rows {
            let value = row[2].replace('\t', " ");
            let attribute = escaped(&value).replace('\'', "&apos;");
            text.push_str(&format!("{line}<record id='{attribute}'>{line}<first>{}</first>{line}<n:second xmlns:n='u'><![CDATA[{}]]></n:second>{line}</record>", escaped(&row[0]), row[1].replace("]]>", "")));
        }
        text.push_str("</records>");
        let (read, findings) = read(&text);
        let mut expected = vec![vec!["@id".to_owned(), "first".to_owned(), "second".to_owned()]];
        expected.extend(rows.iter().map(|row| vec![row[2].replace('\t', " "), row[0].clone(), row[1].replace("]]>", "")]));
        prop_assert_eq!(read, expected);
        prop_assert_eq!(codes(&findings), Vec::<String>::new());
    }
}
