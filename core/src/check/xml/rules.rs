//! The rules of a standard beside its XML schema, held against a document while it streams by. What a rule needs is kept for one element of
//! its path at a time, so that memory grows with the largest such element.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::lines::Lines;
use crate::bounds::{MAX_RECORD, XML_FAULTS};
use crate::finding::{Code, Finding, Place, RuleWords, Severity, cut};
use crate::package::Package;
use crate::package::document_rules::{Demand, path};
use crate::package::documents::XmlResource;
use crate::package::rules::{Implied, RuleKind};
use crate::xsd::regex::Pattern;
use crate::xsd::watch::{Node, Paths, Spot, Text, Watch, Watcher};

mod judge;
mod shape;
#[cfg(test)]
mod tests;

/// Longest text that a rule looks at, in bytes.
const LONGEST: usize = 1 << 20;

/// As much as is kept of a text of which only matters whether it is there.
const PRESENCE: usize = 64;

/// Most texts that are kept for the rules of one element.
const TEXTS: usize = 200_000;

/// Most pairs of edges of rings that are compared in one document.
const PAIRS: u64 = 20_000_000;

/// Rules of one kind of document, ready to run.
#[derive(Debug)]
pub(super) struct DocumentRules {
    paths: Arc<Paths>,
    contexts: Vec<Context>,
    /// The context of each slot.
    owners: Vec<usize>,
    /// The codes of all rules.
    pub(super) codes: Vec<String>,
}

/// The rules of one path of elements.
#[derive(Debug)]
struct Context {
    at: String,
    nodes: Vec<Node>,
    rules: Vec<Rule>,
    slots: Vec<usize>,
}

#[derive(Debug)]
struct Rule {
    code: Code,
    severity: Severity,
    demand: Demand,
    /// Where the texts of its paths are, in the order of [`Demand::paths`].
    slots: Vec<usize>,
    pattern: Option<Pattern>,
    /// How many elements lead to one of those that are to differ.
    depth: usize,
}

impl DocumentRules {
    /// The rules of a package about a document; `None` when there are none. A rule whose names cannot be read is left out: the package's own
    /// check says so.
    pub(super) fn of_package(package: &Package, document: &XmlResource) -> Option<Arc<DocumentRules>> {
        let mut rules = DocumentRules { paths: Arc::new(Paths::new()), contexts: Vec::new(), owners: Vec::new(), codes: Vec::new() };
        let mut paths = Paths::new();
        for rule in package.rules.iter().filter(|r| r.resource == document.name) {
            let RuleKind::Within { at, demand } = &rule.kind else { continue };
            let words = RuleWords {
                code: format!("{}/{}", package.manifest.id, rule.id),
                title: rule.title.clone(),
                why: rule.why.clone(),
                mend: rule.mend.clone(),
            };
            if rules.add(&mut paths, document, at, demand, Code::Rule(Arc::new(words)), rule.severity).is_some() {
                rules.codes.push(format!("{}/{}", package.manifest.id, rule.id));
            }
        }
        rules.paths = Arc::new(paths);
        (!rules.codes.is_empty()).then(|| Arc::new(rules))
    }

    fn add(&mut self, paths: &mut Paths, document: &XmlResource, at: &str, demand: &Demand, code: Code, severity: Severity) -> Option<()> {
        let read = |text: &str| path(text, document.space(), &document.prefixes);
        let (above, _) = read(at).filter(|(_, attribute)| attribute.is_none())?;
        let fields: Vec<_> = demand.paths().iter().map(|text| read(text)).collect::<Option<_>>()?;
        let pattern = match demand {
            Demand::Pattern { pattern, .. } => Some(Pattern::new(pattern).ok()?),
            _ => None,
        };
        let depth = match demand {
            Demand::Apart { each, .. } => 1 + above.len() + read(each)?.0.len(),
            _ => 0,
        };
        let context = match self.contexts.iter().position(|c| c.at == at) {
            Some(known) => known,
            None => {
                self.contexts.push(Context { at: at.to_owned(), nodes: Vec::new(), rules: Vec::new(), slots: Vec::new() });
                self.contexts.len() - 1
            }
        };
        let first = self.owners.len();
        let slots: Vec<usize> = (first..first + fields.len()).collect();
        self.owners.extend(slots.iter().map(|_| context));
        for (space, local) in &document.roots {
            let root = paths.child(0, &crate::xsd::watch::Name { space: space.clone(), local: local.clone() });
            let node = above.iter().fold(root, |node, name| paths.child(node, name));
            paths.want_end(node);
            if !self.contexts[context].nodes.contains(&node) {
                self.contexts[context].nodes.push(node);
            }
            for (i, (names, attribute)) in fields.iter().enumerate() {
                let node = names.iter().fold(node, |node, name| paths.child(node, name));
                match attribute {
                    Some(name) => paths.want_attribute(node, name, slots[i]),
                    None => paths.want_text(node, slots[i], if only_presence(demand, i) { PRESENCE } else { LONGEST }),
                }
            }
        }
        let context = &mut self.contexts[context];
        context.slots.extend(&slots);
        context.rules.push(Rule { code, severity, demand: demand.clone(), slots, pattern, depth });
        Some(())
    }

    /// Begins a document.
    pub(super) fn open(self: &Arc<Self>) -> Watcher<Run> {
        let run = Run {
            seen: vec![Vec::new(); self.owners.len()],
            over: vec![false; self.contexts.len()],
            rules: self.clone(),
            kept: 0,
            pairs: PAIRS,
            found: Vec::new(),
            more: 0,
            skipped: BTreeSet::new(),
        };
        Watcher::new(self.paths.clone(), &super::bounds(), run)
    }
}

/// Whether of the text of a demand's path only matters that it is there.
fn only_presence(demand: &Demand, path: usize) -> bool {
    match demand {
        Demand::Requires { .. } => true,
        Demand::Implies { must, .. } => path == 1 && !matches!(must, Implied::In(_)),
        Demand::Address { .. } => path == 1,
        _ => false,
    }
}

/// What was found in one document.
#[derive(Debug)]
pub(super) struct Run {
    rules: Arc<DocumentRules>,
    /// The texts of the elements that are open, by slot.
    seen: Vec<Vec<Text>>,
    /// There was too much to keep in the element of a context that is open.
    over: Vec<bool>,
    kept: usize,
    pairs: u64,
    found: Vec<(Spot, Finding)>,
    more: u64,
    /// Rules that could not be judged everywhere.
    skipped: BTreeSet<String>,
}

impl Watch for Run {
    fn text(&mut self, slot: usize, text: &Text) {
        let Some(&context) = self.rules.owners.get(slot) else { return };
        if self.kept + text.value.len() > MAX_RECORD || self.seen[slot].len() >= TEXTS {
            self.over[context] = true;
            return;
        }
        self.kept += text.value.len();
        self.seen[slot].push(text.clone());
    }

    fn end(&mut self, node: Node, _spot: Spot) {
        let rules = self.rules.clone();
        for (i, context) in rules.contexts.iter().enumerate().filter(|(_, c)| c.nodes.contains(&node)) {
            let over = std::mem::take(&mut self.over[i]);
            for rule in &context.rules {
                let judged = if over { Err(()) } else { judge::judge(rule, &self.seen, &mut self.pairs) };
                match judged {
                    Ok(broken) => broken.into_iter().for_each(|how| self.tell(rule, how)),
                    Err(()) => drop(self.skipped.insert(rule.code.text().to_owned())),
                }
            }
            for &slot in &context.slots {
                self.kept -= self.seen[slot].iter().map(|t| t.value.len()).sum::<usize>();
                self.seen[slot].clear();
            }
        }
    }
}

impl Run {
    fn tell(&mut self, rule: &Rule, how: judge::Break) {
        if self.found.len() >= XML_FAULTS {
            self.more += 1;
            return;
        }
        let place = Place { field: Some(how.field.as_str().into()), pointer: Some(how.spot.pointer.as_str().into()), ..Place::default() };
        let value = Some(cut(&how.value)).filter(|v| !v.is_empty());
        let (kind, severity, fixes) = ("", rule.severity, Vec::new());
        let finding = Finding { code: rule.code.clone(), kind, severity, place, value, args: how.args, fixes };
        self.found.push((how.spot, finding));
    }

    /// The findings in the order of the document, with their places; how many more there were; and the rules that were not judged everywhere.
    pub(super) fn findings(mut self, lines: &Lines) -> (Vec<Finding>, u64, BTreeSet<String>) {
        self.found.sort_by_key(|(spot, _)| spot.at);
        let place = |(spot, mut finding): (Spot, Finding)| {
            let Place { field, pointer, .. } = std::mem::take(&mut finding.place);
            finding.place = Place { field, pointer, ..lines.place(spot.at) };
            finding
        };
        (self.found.into_iter().map(place).collect(), self.more, self.skipped)
    }
}
