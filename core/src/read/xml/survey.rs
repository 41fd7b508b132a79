//! Which element of a file is the record: evidence from the file's start.

use std::collections::HashMap;

use super::markup::{At, Name, Sink};

/// Most different paths that are looked at; a file with more has no records.
const MAX_PATHS: usize = 50_000;

/// The elements of a file's start, one node for each path of names.
#[derive(Debug, Default)]
pub(super) struct Survey {
    nodes: Vec<Node>,
    below: HashMap<(u32, Box<str>), u32>,
    /// The open elements: the node, and a number that no other element has. `None` when there were too many paths.
    open: Vec<Option<(u32, u64)>>,
    elements: u64,
}

#[derive(Debug)]
struct Node {
    parent: u32,
    /// The element's name; an attribute's with `@`.
    name: Box<str>,
    instances: u64,
    /// Most elements of this path in one parent.
    most: u64,
    run: (u64, u64),
    has_children: bool,
    has_text: bool,
}

/// The record's element.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Names from the outermost element, without prefixes.
    pub(super) path: Vec<String>,
    /// Another element that is nearly as likely.
    pub(super) rival: Option<String>,
}

const NONE: u32 = u32::MAX;

impl Survey {
    fn enter(&mut self, name: &str, attribute: bool) -> Option<u32> {
        let (parent, instance) = match self.open.last() {
            Some(open) => (*open)?,
            None => (NONE, 0),
        };
        let key = (parent, if attribute { format!("@{name}").into_boxed_str() } else { Box::from(name) });
        let node = match self.below.get(&key) {
            Some(&node) => node,
            None if self.nodes.len() >= MAX_PATHS => return None,
            None => {
                let node = self.nodes.len() as u32;
                let name = key.1.clone();
                self.nodes.push(Node { parent, name, instances: 0, most: 0, run: (0, 0), has_children: false, has_text: attribute });
                self.below.insert(key, node);
                node
            }
        };
        let here = &mut self.nodes[node as usize];
        here.instances += 1;
        here.run = if here.run.0 == instance { (instance, here.run.1 + 1) } else { (instance, 1) };
        here.most = here.most.max(here.run.1);
        if !attribute && parent != NONE {
            self.nodes[parent as usize].has_children = true;
        }
        Some(node)
    }

    /// The record's element. It repeats among its siblings, and it has most of the file's values in it: the product of how often it stands
    /// there and of its different values, squared, since a record has many and a list in a record has few. Where nothing repeats, it is the
    /// outermost element that has more than one child. `None` when the given one is not there, or there is no element.
    pub(super) fn record(&self, given: Option<&[String]>) -> Option<Found> {
        if let Some(given) = given {
            let all = (0..self.nodes.len() as u32).filter(|&n| !self.nodes[n as usize].name.starts_with('@')).map(|n| self.path(n));
            let fits = |path: &Vec<String>| path == given || (given.len() == 1 && path.last() == given.first());
            return all.into_iter().find(fits).map(|path| Found { path, rival: None });
        }
        // Different values in each element; children stand behind their parents.
        let mut values: Vec<u64> = self.nodes.iter().map(|n| u64::from(n.has_text || !n.has_children)).collect();
        let mut children = vec![0u32; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate().rev() {
            if node.parent != NONE {
                values[node.parent as usize] += values[i];
                children[node.parent as usize] += u32::from(!node.name.starts_with('@'));
            }
        }
        let score = |i: usize| u128::from(self.nodes[i].instances) * u128::from(values[i]).pow(2);
        let mut candidates: Vec<usize> =
            (0..self.nodes.len()).filter(|&i| self.nodes[i].most > 1 && !self.nodes[i].name.starts_with('@')).collect();
        candidates.sort_by_key(|&i| (std::cmp::Reverse(score(i)), i));
        if let Some(&best) = candidates.first() {
            let rival = candidates.get(1).filter(|&&i| score(i) * 2 >= score(best));
            let rival = rival.map(|&i| self.nodes[i].name.to_string());
            return Some(Found { path: self.path(best as u32), rival });
        }
        let mut at = 0u32;
        self.nodes.first()?;
        while children[at as usize] == 1 && !self.nodes[at as usize].has_text {
            let Some(child) = (0..self.nodes.len()).find(|&i| self.nodes[i].parent == at && !self.nodes[i].name.starts_with('@')) else {
                break;
            };
            if !self.nodes[child].has_children {
                break;
            }
            at = child as u32;
        }
        Some(Found { path: self.path(at), rival: None })
    }

    fn path(&self, node: u32) -> Vec<String> {
        let mut path = Vec::new();
        let mut at = node;
        while at != NONE {
            path.push(self.nodes[at as usize].name.to_string());
            at = self.nodes[at as usize].parent;
        }
        path.reverse();
        path
    }
}

impl Sink for Survey {
    fn open(&mut self, name: Name<'_>, _: At) {
        self.elements += 1;
        let node = self.enter(name.local, false);
        self.open.push(node.map(|node| (node, self.elements)));
    }

    fn attribute(&mut self, name: Name<'_>, _: &str, _: At) {
        self.enter(name.local, true);
    }

    fn text(&mut self, text: &str, _: At) {
        if let Some(Some((node, _))) = self.open.last()
            && !text.trim_ascii().is_empty()
        {
            self.nodes[*node as usize].has_text = true;
        }
    }

    fn close(&mut self, _: At) {
        self.open.pop();
    }
}
