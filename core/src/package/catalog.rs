//! The set of known packages.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::crosswalk::Crosswalk;
use super::load::{Loaded, load};
use super::notes::{arg_if, near, note};
use super::references::{Kind, Reference};
use super::{Package, StandardRef, Status};
use crate::finding::{Finding, RuleWords};

/// Known packages, by id and version.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Of each id the versions, oldest first.
    packages: BTreeMap<String, Vec<Arc<Package>>>,
    /// By an id, the packages that name it, each once.
    named: BTreeMap<String, Vec<Arc<Package>>>,
    /// What was found while loading, by folder, in order of the folders.
    findings: Vec<(String, Finding)>,
}

/// One step of a conversion: by this crosswalk into this package.
#[derive(Debug, Clone)]
pub struct Leg {
    /// The layout the records come from.
    pub from: Arc<Package>,
    /// The layout they go to; the crosswalk lies in this package.
    pub to: Arc<Package>,
    /// Index into `to.crosswalks`.
    index: usize,
}

/// Why no way was taken from one layout to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRoute {
    /// There is none.
    None,
    /// There are several of one length through different standards: the references of each between its ends.
    Several(Vec<Vec<String>>),
}

impl NoRoute {
    /// The ways that there are, in words: `umas@2014 or budget-tidy@1`. Empty when there is none.
    pub fn ways(&self) -> String {
        match self {
            NoRoute::None => String::new(),
            NoRoute::Several(ways) => ways.iter().map(|way| way.join(", then ")).collect::<Vec<_>>().join(" or "),
        }
    }
}

/// Most ways of one length that are told apart.
const MOST_WAYS: usize = 64;

impl Leg {
    /// The crosswalk.
    pub fn crosswalk(&self) -> &Crosswalk {
        &self.to.crosswalks[self.index]
    }
}

impl Catalog {
    /// Builds a catalog from files by their path below the folder of standards, `national/lives/2.0/standard.toml`.
    /// Files that lie less deep belong to no package and are passed over.
    pub fn from_files<P: AsRef<str>, B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, B)>) -> Catalog {
        let mut folders: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
        for (path, bytes) in files {
            let path = path.as_ref();
            let Some((at, _)) = path.match_indices('/').nth(2) else { continue };
            folders.entry(path[..at].to_owned()).or_default().insert(path[at + 1..].to_owned(), bytes.into());
        }
        let mut catalog = Catalog::default();
        for (folder, files) in folders {
            let Loaded { package, findings } = load(files);
            catalog.findings.extend(findings.into_iter().map(|f| (folder.clone(), f)));
            if let Some(package) = package {
                catalog.findings.extend(check_folder(&package, &folder).map(|f| (folder.clone(), f)));
                if let Some(finding) = catalog.add(package) {
                    catalog.findings.push((folder, finding));
                }
            }
        }
        let unresolved: Vec<(String, Finding)> = catalog
            .all()
            .flat_map(|package| {
                let folder = format!("{}/{}/{}", package.manifest.tier, package.manifest.id, package.manifest.version);
                catalog.unresolved(package).into_iter().map(move |f| (folder.clone(), f))
            })
            .collect();
        catalog.findings.extend(unresolved);
        catalog.findings.sort_by(|a, b| a.0.cmp(&b.0));
        catalog
    }

    /// Adds a package. When there is one of that id and version already, it stays, and a finding says so.
    pub fn add(&mut self, package: Package) -> Option<Finding> {
        let versions = self.packages.entry(package.manifest.id.clone()).or_default();
        let place = versions.partition_point(|p| compare_versions(&p.manifest.version, &package.manifest.version).is_lt());
        if versions.get(place).is_some_and(|p| p.manifest.version == package.manifest.version) {
            return Some(note("C910", "", "").value(&package.reference()));
        }
        let package = Arc::new(package);
        versions.insert(place, Arc::clone(&package));
        let ids: BTreeSet<String> = package.references().iter().filter_map(|r| Some(StandardRef::parse(&r.to)?.id)).collect();
        for id in ids {
            self.named.entry(id).or_default().push(Arc::clone(&package));
        }
        None
    }

    /// The package meant by a reference; without a version, the newest stable one.
    pub fn get(&self, reference: &StandardRef) -> Option<&Arc<Package>> {
        let versions = self.versions(&reference.id);
        match &reference.version {
            Some(version) => versions.iter().find(|p| p.manifest.version == *version),
            None => versions.iter().rfind(|p| p.manifest.status == Status::Stable),
        }
    }

    /// As [`Catalog::get`], from `id` or `id@version` as a person writes it.
    pub fn find(&self, text: &str) -> Option<&Arc<Package>> {
        self.get(&StandardRef::parse(text)?)
    }

    /// All packages by id, each with its oldest version first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Package>> {
        self.packages.values().flatten()
    }

    /// The versions of one id, oldest first; empty when the id is not known.
    pub fn versions(&self, id: &str) -> &[Arc<Package>] {
        self.packages.get(id).map_or(&[], Vec::as_slice)
    }

    /// The packages that name an id, in whatever version of it.
    pub(crate) fn naming(&self, id: &str) -> impl Iterator<Item = &Arc<Package>> {
        self.named.get(id).into_iter().flatten()
    }

    /// The words of a standard's rule by its code, `<standard>/<rule>`: those of the newest stable version that has it, else of the newest one,
    /// since reports of drafts and of older versions name rules too.
    pub fn rule(&self, code: &str) -> Option<RuleWords> {
        let (standard, rule) = code.split_once('/')?;
        let stable = self.get(&StandardRef { id: standard.to_owned(), version: None });
        let packages = stable.into_iter().chain(self.versions(standard).iter().rev());
        let rule = packages.flat_map(|p| &p.rules).find(|r| r.id == rule)?;
        Some(RuleWords { code: code.to_owned(), title: rule.title.clone(), why: rule.why.clone(), mend: rule.mend.clone() })
    }

    /// What was found while loading, each with its package's folder, sorted by folder.
    pub fn findings(&self) -> &[(String, Finding)] {
        &self.findings
    }

    /// The known reference most like this text, for "did you mean".
    pub fn near(&self, text: &str) -> Option<String> {
        let all: Vec<String> = self.all().map(|p| p.reference()).collect();
        near(text, all.iter().map(String::as_str).chain(self.packages.keys().map(String::as_str)))
    }

    /// The way from one layout to another: the direct crosswalk, or the shortest chain of them. Empty when both ends are the same package.
    ///
    /// Chains of one length that go through other versions of the same standards are one way: the newest stable versions are taken, since they say
    /// what is meant today. Chains that go through different standards carry different things, and nobody but the user can say which of them are
    /// wanted: those are [`NoRoute::Several`].
    ///
    /// `sees` says of an id whether the way may go through that standard.
    ///
    /// # Errors
    /// There is no way, an end is not known, or there are several.
    pub fn route(&self, from: &StandardRef, to: &StandardRef, sees: &dyn Fn(&str) -> bool) -> Result<Vec<Leg>, NoRoute> {
        let (Some(from), Some(to)) = (self.get(from), self.get(to)) else { return Err(NoRoute::None) };
        let (from, to) = (from.reference(), to.reference());
        // By standard: the crosswalks that lead to it. Of two between the same two the first counts, as everywhere.
        let mut roads: Vec<Leg> = Vec::new();
        for target in self.all().filter(|p| sees(&p.manifest.id)) {
            for (index, crosswalk) in target.crosswalks.iter().enumerate() {
                let Some(source) = self.find(&crosswalk.from).filter(|p| sees(&p.manifest.id)) else { continue };
                let same = |leg: &&Leg| leg.from.reference() == source.reference() && leg.to.reference() == target.reference();
                if roads.iter().find(same).is_none() {
                    roads.push(Leg { from: Arc::clone(source), to: Arc::clone(target), index });
                }
            }
        }
        // How many crosswalks it takes to get to a standard.
        let mut distance = BTreeMap::from([(from.clone(), 0)]);
        let mut queue = VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            let next = distance.get(&at).copied().unwrap_or(0) + 1;
            for reached in roads.iter().filter(|leg| leg.from.reference() == at).map(|leg| leg.to.reference()) {
                if !distance.contains_key(&reached) {
                    distance.insert(reached.clone(), next);
                    queue.push_back(reached);
                }
            }
        }
        let Some(&length) = distance.get(&to) else { return Err(NoRoute::None) };
        // All ways of that length, from their end to their beginning.
        let mut ways: Vec<Vec<Leg>> = vec![Vec::new()];
        for left in (0..length).rev() {
            let longer = |way: &Vec<Leg>| {
                let head = way.first().map_or_else(|| to.clone(), |leg| leg.from.reference());
                let before = |leg: &&Leg| leg.to.reference() == head && distance.get(&leg.from.reference()) == Some(&left);
                roads.iter().filter(before).map(|leg| [std::slice::from_ref(leg), way].concat()).collect::<Vec<_>>()
            };
            ways = ways.iter().flat_map(longer).take(MOST_WAYS).collect();
        }
        let ids = |way: &[Leg]| way.iter().map(|leg| leg.to.manifest.id.clone()).collect::<Vec<_>>();
        let Some(first) = ways.first() else { return Err(NoRoute::None) };
        if ways.iter().any(|way| ids(way) != ids(first)) {
            let over = |way: &Vec<Leg>| way.iter().rev().skip(1).rev().map(|leg| leg.to.reference()).collect();
            return Err(NoRoute::Several(ways.iter().map(over).collect()));
        }
        let newer = |a: &&Vec<Leg>, b: &&Vec<Leg>| {
            let at = |leg: &Leg| (leg.to.manifest.status == Status::Stable, leg.to.manifest.version.clone());
            let legs = a.iter().map(at).zip(b.iter().map(at));
            let order = legs.map(|((x, v), (y, w))| x.cmp(&y).then_with(|| compare_versions(&v, &w)));
            order.fold(Ordering::Equal, Ordering::then)
        };
        Ok(ways.iter().max_by(newer).cloned().unwrap_or_default())
    }

    /// The layouts from which there is a way to a target, direct ones first, then by the number of crosswalks and by id and version.
    pub fn sources(&self, to: &Package, sees: &dyn Fn(&str) -> bool) -> Vec<Arc<Package>> {
        let mut found: Vec<Arc<Package>> = Vec::new();
        let mut queue: VecDeque<&Package> = VecDeque::from([to]);
        while let Some(target) = queue.pop_front() {
            for source in target.crosswalks.iter().filter_map(|c| self.find(&c.from)).filter(|p| sees(&p.manifest.id)) {
                let is_new = source.reference() != to.reference() && !found.iter().any(|p| p.reference() == source.reference());
                if is_new {
                    found.push(Arc::clone(source));
                    queue.push_back(source);
                }
            }
        }
        found
    }

    /// References of a package to others that are not known here.
    pub(crate) fn unresolved(&self, package: &Package) -> Vec<Finding> {
        let missing = package.references().into_iter().filter(|r| self.find(&r.to).is_none());
        missing
            .map(|Reference { kind, to }| {
                let (file, at) = match kind {
                    Kind::Supersedes => ("standard.toml".to_owned(), "supersedes"),
                    Kind::Crosswalk => (format!("crosswalk from {to}"), "from"),
                    Kind::Uses => ("standard.toml".to_owned(), "references"),
                };
                arg_if(note("C921", "", at).value(&to).arg("file", file), "near", self.near(&to))
            })
            .collect()
    }
}

/// Whether the last parts of a package's folder say the same as its manifest: `<id>/<version>`, and the tier where the folder names one.
pub(crate) fn check_folder(package: &Package, folder: &str) -> Option<Finding> {
    let manifest = &package.manifest;
    let mut parts = folder.trim_end_matches('/').rsplit('/');
    let (version, id, tier) = (parts.next()?, parts.next()?, parts.next());
    let tier = tier.filter(|t| matches!(*t, "national" | "regional" | "local"));
    let tier_fits = tier.is_none_or(|t| t == manifest.tier.to_string());
    if version == manifest.version && id == manifest.id && tier_fits {
        return None;
    }
    let written = tier.map_or(format!("{id}/{version}"), |t| format!("{t}/{id}/{version}"));
    let meant = match tier {
        Some(_) => format!("{}/{}/{}", manifest.tier, manifest.id, manifest.version),
        None => format!("{}/{}", manifest.id, manifest.version),
    };
    Some(note("C923", "", "").value(&written).arg("expected", meant).arg("file", "standard.toml"))
}

/// Compares versions part by part: numbers by size (`1.10` is after `1.9`), and a version with a word after it comes before the one
/// without (`2.0-rc1` before `2.0`).
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (parts(a).into_iter(), parts(b).into_iter());
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (Some(part), None) => part.against_nothing(),
            (None, Some(part)) => part.against_nothing().reverse(),
            (Some(Part::Number(x)), Some(Part::Number(y))) => x.len().cmp(&y.len()).then_with(|| x.cmp(y)),
            (Some(Part::Word(x)), Some(Part::Word(y))) => x.cmp(y),
            (Some(Part::Number(_)), Some(Part::Word(_))) => Ordering::Greater,
            (Some(Part::Word(_)), Some(Part::Number(_))) => Ordering::Less,
        };
        if order.is_ne() {
            return order;
        }
    }
}

enum Part<'a> {
    /// Digits without leading zeros, so of any size.
    Number(&'a str),
    Word(&'a str),
}

impl Part<'_> {
    fn against_nothing(&self) -> Ordering {
        match self {
            Part::Number(_) => Ordering::Greater,
            Part::Word(_) => Ordering::Less,
        }
    }
}

fn parts(version: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for piece in version.split(['.', '-', '_']) {
        let mut rest = piece;
        while let Some(first) = rest.chars().next() {
            let digit = first.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != digit).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            parts.push(if digit { Part::Number(part.trim_start_matches('0')) } else { Part::Word(part) });
            rest = after;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn versions_compare_by_their_parts() {
        let order = ["0.9", "1", "1.0-rc.1", "1.0-rc.2", "1.0", "1.2", "1.9", "1.10", "2.0-draft", "2.0", "2.0.1", "2016", "2016.1"];
        for (i, a) in order.iter().enumerate() {
            for (j, b) in order.iter().enumerate() {
                assert_eq!(compare_versions(a, b), i.cmp(&j), "{a} {b}");
            }
        }
    }

    fn files(list: &[(&str, &str, &str, &[&str])]) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        for (id, version, status, sources) in list {
            let folder = format!("national/{id}/{version}");
            let manifest = format!(
                "id = \"{id}\"\nversion = \"{version}\"\ntitle = \"T\"\ndescription = \"D\"\ntier = \"national\"\ndomain = \"d\"\n\
                 publisher = \"p\"\nlicence = \"CC0-1.0\"\nstatus = \"{status}\"\n[[resource]]\nname = \"t\"\ntitle = \"T\"\nrecord = \"r\"\n"
            );
            files.push((format!("{folder}/standard.toml"), manifest.into_bytes()));
            files.push((format!("{folder}/t.table.json"), br#"{"fields":[{"name":"a","type":"string"}]}"#.to_vec()));
            for source in *sources {
                let text = format!(
                    "from = \"{source}\"\ntitle = \"x\"\n[[table]]\nfrom = \"t\"\nto = \"t\"\n[[table.field]]\nto = \"a\"\nfrom = \"a\"\n"
                );
                files.push((format!("{folder}/crosswalks/from-{}.toml", source.replace('@', "-")), text.into_bytes()));
            }
        }
        files
    }

    #[test]
    fn finds_the_newest_stable_version_and_the_shortest_way() {
        let catalog = Catalog::from_files(files(&[
            ("a", "1", "stable", &[]),
            ("b", "1", "stable", &["a@1"]),
            ("c", "1.9", "stable", &["b@1"]),
            ("c", "1.10", "stable", &["c@1.9"]),
            ("c", "2.0", "draft", &["a@1"]),
            ("d", "1", "withdrawn", &[]),
        ]));
        assert!(catalog.findings().is_empty(), "{:?}", catalog.findings());
        let reference = |text: &str| StandardRef::parse(text).unwrap();
        for (wanted, found) in
            [("a", Some("a@1")), ("c", Some("c@1.10")), ("c@2.0", Some("c@2.0")), ("d", None), ("e", None), ("a@2", None)]
        {
            assert_eq!(catalog.get(&reference(wanted)).map(|p| p.reference()).as_deref(), found, "{wanted}");
        }
        let versions: Vec<String> = catalog.versions("c").iter().map(|p| p.reference()).collect();
        assert_eq!(versions, ["c@1.9", "c@1.10", "c@2.0"]);
        for (from, to, way) in [
            ("a", "b", Some("a@1>b@1")),
            ("a", "c", Some("a@1>b@1 b@1>c@1.9 c@1.9>c@1.10")),
            ("a", "c@2.0", Some("a@1>c@2.0")),
            ("a", "a@1", Some("")),
            ("b", "a", None),
            ("b", "nowhere", None),
        ] {
            let found = catalog
                .route(&reference(from), &reference(to), &|_| true)
                .ok()
                .map(|legs| legs.iter().map(|l| format!("{}>{}", l.crosswalk().from, l.crosswalk().to)).collect::<Vec<_>>().join(" "));
            assert_eq!(found.as_deref(), way, "{from} to {to}");
        }
    }

    #[test]
    fn a_way_is_not_guessed_between_two_standards() {
        let reference = |text: &str| StandardRef::parse(text).unwrap();
        let catalog = Catalog::from_files(files(&[
            ("town", "1", "stable", &[]),
            ("b", "1", "stable", &["town@1"]),
            ("b", "2", "stable", &["town@1"]),
            ("b", "3-draft", "draft", &["town@1"]),
            ("c", "1", "stable", &["town@1"]),
            ("one", "1", "stable", &["b@1", "b@2", "b@3-draft"]),
            ("two", "1", "stable", &["b@2", "c@1"]),
            ("three", "1", "stable", &["two@1"]),
        ]));
        assert!(catalog.findings().is_empty(), "{:?}", catalog.findings());
        let over = |to: &str, sees: &dyn Fn(&str) -> bool| {
            let legs = catalog.route(&reference("town"), &reference(to), sees)?;
            Ok::<_, NoRoute>(legs.iter().map(|l| l.to.reference()).collect::<Vec<_>>())
        };
        let all = |_: &str| true;
        // Versions of one standard are one way: the newest stable one, though a draft is newer.
        assert_eq!(over("one", &all).unwrap(), ["b@2", "one@1"]);
        let several = over("two", &all).unwrap_err();
        assert_eq!(several, NoRoute::Several(vec![vec!["b@2".to_owned()], vec!["c@1".to_owned()]]));
        assert_eq!(several.ways(), "b@2 or c@1");
        assert_eq!(over("three", &all).unwrap_err().ways(), "b@2, then two@1 or c@1, then two@1");
        // What may not be seen is no way.
        assert_eq!(over("three", &|id| id != "c").unwrap(), ["b@2", "two@1", "three@1"]);
        assert_eq!(over("three", &|id| id != "two"), Err(NoRoute::None));
        let sources = |to: &str| catalog.sources(catalog.find(to).unwrap(), &all).iter().map(|p| p.reference()).collect::<Vec<_>>();
        assert_eq!(sources("two"), ["b@2", "c@1", "town@1"]);
        assert_eq!(sources("town"), [""; 0]);
    }

    #[test]
    fn says_what_does_not_fit_together() {
        let mut wrong = files(&[("a", "1", "stable", &["missing@1"])]);
        wrong.extend(files(&[("a", "1", "stable", &[])]).into_iter().map(|(p, b)| (p.replace("national/a/1", "local/a/1.0"), b)));
        let catalog = Catalog::from_files(wrong);
        let found: Vec<(&str, &str)> = catalog.findings().iter().map(|(folder, f)| (folder.as_str(), f.code.text())).collect();
        assert_eq!(found, [("local/a/1.0", "C923"), ("national/a/1", "C910")]);
    }
}
