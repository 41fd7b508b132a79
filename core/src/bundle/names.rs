//! Files sorted by their names: which may be tables, and which were left behind by programs or are meant for people.

use std::collections::BTreeSet;

use super::DESCRIPTOR;

/// What a file's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A form of tables.
    Table,
    /// Only its content can say.
    Perhaps,
    /// No table; the kind of `C232`, or `archive` for an archive.
    Left(&'static str),
}

/// Forms that nearly always hold a table.
const TABLES: &[&str] = &["csv", "tsv", "tab", "txt", "psv", "ndjson", "jsonl", "geojson", "xlsx", "xlsm", "xls", "ods", "parquet", "gz"];

/// Forms for people.
const DOCUMENTS: &[&str] = &[
    "md", "pdf", "html", "htm", "doc", "docx", "rtf", "odt", "odp", "ppt", "pptx", "png", "jpg", "jpeg", "gif", "svg", "webp", "tif",
    "tiff", "bmp", "ico", "mp3", "mp4", "mov", "eml", "msg",
];

/// Archives that are not opened within another.
const ARCHIVES: &[&str] = &["zip", "7z", "rar", "tar", "tgz", "bz2", "xz", "zst"];

/// Names of texts for people, without what follows the first point.
const TEXTS: &[&str] =
    &["readme", "read_me", "read me", "license", "licence", "copying", "notice", "changelog", "changes", "authors", "contributing"];

/// A path's last part.
pub fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A path's last part, up to its first point.
pub fn stem(path: &str) -> &str {
    let base = base(path);
    base.split_once('.').map_or(base, |(stem, _)| stem)
}

/// Whether the name is that of a workbook.
pub fn is_workbook(name: &str) -> bool {
    extension(name).is_some_and(|e| ["xlsx", "xlsm", "xls", "ods"].contains(&e.as_str()))
}

fn extension(name: &str) -> Option<String> {
    base(name).rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase())
}

/// Sorts one file by its path.
pub fn sort(path: &str) -> Sort {
    let name = base(path).to_ascii_lowercase();
    let hidden = |part: &str| part.starts_with('.') || part.eq_ignore_ascii_case("__MACOSX");
    if path.split('/').any(hidden) || name.starts_with("~$") || matches!(name.as_str(), "thumbs.db" | "desktop.ini") {
        return Sort::Left("program");
    }
    if TEXTS.contains(&stem(&name)) {
        return Sort::Left("");
    }
    if [".table.json", ".schema.json"].iter().any(|e| name.ends_with(e)) {
        return Sort::Perhaps;
    }
    match extension(&name).as_deref() {
        Some(e) if TABLES.contains(&e) => Sort::Table,
        Some(e) if DOCUMENTS.contains(&e) => Sort::Left(""),
        Some(e) if ARCHIVES.contains(&e) => Sort::Left("archive"),
        _ => Sort::Perhaps,
    }
}

/// Files sorted, each by its index.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    /// Those that are tables by their names.
    pub tables: Vec<usize>,
    /// Those of which only the content can say.
    pub perhaps: Vec<usize>,
    /// Those left out, by why.
    pub left: Vec<(&'static str, Vec<usize>)>,
    /// The innermost folder in which all tables lie, when it is not the top.
    pub folder: Option<String>,
}

/// Sorts all files but those that are `used` already. Of the folder in which all tables lie, those right in it go before those in folders below; where
/// there is none right in it, all are taken.
pub fn sort_all(names: &[String], used: &[usize]) -> Sorted {
    let mut sorted = Sorted::default();
    let used: BTreeSet<usize> = used.iter().copied().collect();
    let mut left = |kind, index| match sorted.left.iter_mut().find(|(k, _)| *k == kind) {
        Some((_, files)) => files.push(index),
        None => sorted.left.push((kind, vec![index])),
    };
    let (mut tables, mut perhaps) = (Vec::new(), Vec::new());
    for (index, name) in names.iter().enumerate().filter(|(i, _)| !used.contains(i)) {
        match sort(name) {
            Sort::Table => tables.push(index),
            Sort::Perhaps => perhaps.push(index),
            Sort::Left(kind) => left(kind, index),
        }
    }
    let folder = common_folder(if tables.is_empty() { &perhaps } else { &tables }, names);
    let inside = |i: &usize| names[*i].strip_prefix(&folder).is_some_and(|rest| !rest.contains('/'));
    if tables.iter().any(inside) || (tables.is_empty() && perhaps.iter().any(inside)) {
        for index in tables.extract_if(.., |i| !inside(i)).chain(perhaps.extract_if(.., |i| !inside(i))) {
            left("deeper", index);
        }
    }
    sorted.folder = folder.strip_suffix('/').map(str::to_owned);
    (sorted.tables, sorted.perhaps) = (tables, perhaps);
    sorted
}

/// The innermost folder that all of these files are in, with a `/` at its end; empty when that is the top.
fn common_folder(files: &[usize], names: &[String]) -> String {
    let folder = |i: usize| names[i].rfind('/').map_or("", |end| &names[i][..=end]);
    let mut common = files.first().map_or("", |&i| folder(i));
    for &i in files {
        while !folder(i).starts_with(common) {
            let shorter = common[..common.len() - 1].rfind('/').map_or(0, |end| end + 1);
            common = &common[..shorter];
        }
    }
    common.to_owned()
}

/// The descriptor of a Data Package among files: at the top, or in the one folder that has one.
pub fn descriptor(names: &[String]) -> Option<usize> {
    if let Some(top) = names.iter().position(|n| n == DESCRIPTOR) {
        return Some(top);
    }
    let is_inner =
        |n: &str| n.split_once('/').is_some_and(|(folder, rest)| rest == DESCRIPTOR && sort(&format!("{folder}/x.csv")) == Sort::Table);
    let mut inner = names.iter().enumerate().filter(|(_, n)| is_inner(n)).map(|(i, _)| i);
    inner.next().filter(|_| inner.next().is_none())
}

/// How many names are spelled out.
const SPELLED: usize = 8;

/// Names in a sentence, the first few of them.
pub fn listed(names: &[&str]) -> String {
    let mut text = names.iter().take(SPELLED).map(|n| crate::finding::cut(n)).collect::<Vec<_>>().join(", ");
    if names.len() > SPELLED {
        text.push_str(&format!(" and {} more", names.len() - SPELLED));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_may_be_a_table() {
        for (name, expected) in [
            ("stops.txt", Sort::Table),
            ("a/b/Permits.CSV", Sort::Table),
            ("permits.csv.gz", Sort::Table),
            ("permits.json", Sort::Perhaps),
            ("permits", Sort::Perhaps),
            ("README", Sort::Left("")),
            ("Readme.txt", Sort::Left("")),
            ("licence.csv", Sort::Left("")),
            ("notes.pdf", Sort::Left("")),
            ("__MACOSX/._stops.txt", Sort::Left("program")),
            (".DS_Store", Sort::Left("program")),
            (".git/x.csv", Sort::Left("program")),
            ("~$permits.xlsx", Sort::Left("program")),
            ("inner.zip", Sort::Left("archive")),
            ("permits.table.json", Sort::Perhaps),
        ] {
            assert_eq!(sort(name), expected, "{name}");
        }
    }

    #[test]
    fn tables_at_the_top_go_first() {
        let sorted = |names: &[&str]| sort_all(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>(), &[]);
        let flat = sorted(&["a.csv", "b", "old/c.csv", "x.pdf", "__MACOSX/._a.csv"]);
        assert_eq!((flat.tables, flat.perhaps, flat.folder), (vec![0], vec![1], None));
        assert_eq!(flat.left, [("", vec![3]), ("program", vec![4]), ("deeper", vec![2])]);
        let inner = sorted(&["feed/a.csv", "feed/b.csv"]);
        assert_eq!((inner.tables, inner.folder.as_deref()), (vec![0, 1], Some("feed")));
        let below = sorted(&["feed/a.csv", "feed/old/b.csv", "doc/notes"]);
        assert_eq!((below.tables, below.perhaps, below.folder.as_deref()), (vec![0], vec![], Some("feed")));
        let spread = sorted(&["2023/a.csv", "2024/b.csv"]);
        assert_eq!((spread.tables, spread.folder), (vec![0, 1], None));
    }

    #[test]
    fn the_descriptor_lies_at_the_top_or_in_one_folder() {
        let at = |names: &[&str]| descriptor(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        assert_eq!(at(&["a.csv", "datapackage.json", "x/datapackage.json"]), Some(1));
        assert_eq!(at(&["x/a.csv", "x/datapackage.json"]), Some(1));
        assert_eq!(at(&["x/datapackage.json", "y/datapackage.json"]), None);
        assert_eq!(at(&["x/y/datapackage.json"]), None);
        assert_eq!(at(&["__MACOSX/datapackage.json"]), None);
    }
}
