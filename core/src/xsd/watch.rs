//! Looks at some paths of a document while it streams by, without a schema: the texts of the elements and attributes that are asked for, and
//! the ends of elements. Memory grows with the depth of a document and with the longest text that is asked for.

use std::ops::Range;
use std::sync::Arc;

use super::Bounds;
use super::names::XML_URI;
use super::scan::{RawAttr, Scanner, Sink, Stop, TextKind, decode};
use super::validate::pour;

/// An expanded name: the address of its namespace, empty for none, and its local part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) space: String,
    pub(crate) local: String,
}

/// Number of an element's path among those that are watched; 0 is the document itself.
pub(crate) type Node = usize;

#[derive(Debug, Default)]
struct Watched {
    children: Vec<(Name, Node)>,
    attributes: Vec<(Name, Vec<usize>)>,
    /// Who is given the element's text, and how many bytes of it at most are kept.
    text: Vec<usize>,
    longest: usize,
    /// Its end is told.
    ends: bool,
}

/// The paths that are watched, as a tree.
#[derive(Debug)]
pub(crate) struct Paths {
    nodes: Vec<Watched>,
}

impl Paths {
    pub(crate) fn new() -> Paths {
        Paths { nodes: vec![Watched::default()] }
    }

    /// The element of that name within another.
    pub(crate) fn child(&mut self, parent: Node, name: &Name) -> Node {
        let next = self.nodes.len();
        let Some(node) = self.nodes.get_mut(parent) else { return 0 };
        if let Some((_, known)) = node.children.iter().find(|(n, _)| n == name) {
            return *known;
        }
        node.children.push((name.clone(), next));
        self.nodes.push(Watched::default());
        next
    }

    /// The element's own text is given to `slot`, at most so many bytes of it.
    pub(crate) fn want_text(&mut self, node: Node, slot: usize, longest: usize) {
        let Some(node) = self.nodes.get_mut(node) else { return };
        node.text.push(slot);
        node.longest = node.longest.max(longest);
    }

    /// The value of an attribute is given to `slot`.
    pub(crate) fn want_attribute(&mut self, node: Node, name: &Name, slot: usize) {
        let Some(node) = self.nodes.get_mut(node) else { return };
        match node.attributes.iter_mut().find(|(n, _)| n == name) {
            Some((_, slots)) => slots.push(slot),
            None => node.attributes.push((name.clone(), vec![slot])),
        }
    }

    /// The element's end is told.
    pub(crate) fn want_end(&mut self, node: Node) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.ends = true;
        }
    }
}

/// Where an element or an attribute stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spot {
    /// Offset of the start tag.
    pub(crate) at: u64,
    /// `/alert/info[2]/@id`, names as they are spelled.
    pub(crate) pointer: String,
    /// For each element of the path, how many of that name there were before it within its parent, and itself.
    pub(crate) numbers: Vec<u32>,
}

/// A text that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) spot: Spot,
    pub(crate) value: String,
    /// There was more than was to be kept.
    pub(crate) cut: bool,
}

/// Who is told.
pub(crate) trait Watch {
    fn text(&mut self, slot: usize, text: &Text);
    fn end(&mut self, node: Node, spot: Spot);
}

/// One document.
#[derive(Debug)]
pub(crate) struct Watcher<W> {
    scanner: Scanner,
    buffer: Vec<u8>,
    base: u64,
    run: Run<W>,
    stopped: bool,
}

#[derive(Debug)]
struct Frame {
    node: Node,
    at: u64,
    /// Where its spelled name begins, and its text.
    name: usize,
    text: usize,
    bindings: usize,
    number: u32,
    cut: bool,
}

/// A prefix and its namespace.
type Binding = (Box<[u8]>, Box<[u8]>);

#[derive(Debug)]
struct Run<W> {
    paths: Arc<Paths>,
    watch: W,
    frames: Vec<Frame>,
    names: Vec<u8>,
    texts: Vec<u8>,
    bindings: Vec<Binding>,
    /// How many elements were met on each path, within the parent that is open.
    counts: Vec<u32>,
    /// How many elements are open within one that is not watched, itself included.
    skipped: usize,
}

impl<W: Watch> Watcher<W> {
    pub(crate) fn new(paths: Arc<Paths>, bounds: &Bounds, watch: W) -> Watcher<W> {
        let counts = vec![0; paths.nodes.len()];
        let (frames, names, texts, bindings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let run = Run { paths, watch, frames, names, texts, bindings, counts, skipped: 0 };
        Watcher { scanner: Scanner::new(bounds), buffer: Vec::new(), base: 0, run, stopped: false }
    }

    /// Takes the next bytes, in UTF-8. What is not well-formed ends the watch; whoever validates tells it.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.stopped {
            return;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        self.stopped = !pour(&mut buffer, bytes, &mut |data| self.step(data, false));
        self.buffer = buffer;
    }

    /// Ends the document; whether it was watched to its end.
    pub(crate) fn finish(mut self) -> (W, bool) {
        let data = std::mem::take(&mut self.buffer);
        let whole = !self.stopped && self.step(&data, true).is_some();
        (self.run.watch, whole)
    }

    fn step(&mut self, data: &[u8], last: bool) -> Option<usize> {
        let used = self.scanner.run(data, self.base, last, &mut self.run).ok()?;
        self.base += used as u64;
        Some(used)
    }
}

impl<W> Run<W> {
    /// The namespace of a prefix; `None` for a prefix that is not bound.
    fn space(&self, prefix: &[u8]) -> Option<&[u8]> {
        match self.bindings.iter().rev().find(|(p, _)| **p == *prefix) {
            Some((_, uri)) => Some(uri),
            None if prefix.is_empty() => Some(b""),
            None if prefix == b"xml" => Some(XML_URI.as_bytes()),
            None => None,
        }
    }

    fn is(&self, raw: &[u8], attribute: bool, name: &Name) -> bool {
        let (prefix, local) = match memchr::memchr(b':', raw) {
            Some(n) => (&raw[..n], &raw[n + 1..]),
            None => (&b""[..], raw),
        };
        let space = if attribute && prefix.is_empty() { Some(&b""[..]) } else { self.space(prefix) };
        local == name.local.as_bytes() && space == Some(name.space.as_bytes())
    }

    fn spot(&self, at: u64, attribute: Option<&[u8]>) -> Spot {
        let mut pointer = String::new();
        let numbers = self.frames.iter().map(|f| f.number).collect();
        for (i, frame) in self.frames.iter().enumerate() {
            let end = self.frames.get(i + 1).map_or(self.names.len(), |f| f.name);
            pointer.push('/');
            pointer.push_str(&String::from_utf8_lossy(self.names.get(frame.name..end).unwrap_or(b"")));
            if frame.number > 1 {
                pointer.push_str(&format!("[{}]", frame.number));
            }
        }
        if let Some(attribute) = attribute {
            pointer.push_str("/@");
            pointer.push_str(&String::from_utf8_lossy(attribute));
        }
        Spot { at, pointer, numbers }
    }
}

impl<W: Watch> Sink for Run<W> {
    fn start(&mut self, data: &[u8], name: Range<usize>, attributes: &[RawAttr], at: u64) -> Result<(), Stop> {
        if self.skipped > 0 {
            self.skipped += 1;
            return Ok(());
        }
        let raw = data.get(name).unwrap_or(b"");
        let bindings = self.bindings.len();
        let value = |attribute: &RawAttr| {
            let mut value = Vec::new();
            decode(attribute.value(data), true, true, &mut value).map(|()| value).unwrap_or_default()
        };
        for attribute in attributes {
            let prefix = match attribute.name(data) {
                b"xmlns" => b"",
                other => match other.strip_prefix(b"xmlns:") {
                    Some(prefix) => prefix,
                    None => continue,
                },
            };
            self.bindings.push((prefix.into(), value(attribute).into()));
        }
        let parent = self.frames.last().map_or(0, |f| f.node);
        let paths = self.paths.clone();
        let found = paths.nodes.get(parent).and_then(|p| p.children.iter().find(|(name, _)| self.is(raw, false, name)));
        let Some(&(_, node)) = found else {
            self.bindings.truncate(bindings);
            self.skipped = 1;
            return Ok(());
        };
        let Some(watched) = paths.nodes.get(node) else { return Ok(()) };
        self.counts[node] += 1;
        for (_, child) in &watched.children {
            self.counts[*child] = 0;
        }
        let (number, cut) = (self.counts[node], false);
        self.frames.push(Frame { node, at, name: self.names.len(), text: self.texts.len(), bindings, number, cut });
        self.names.extend_from_slice(raw);
        if watched.attributes.is_empty() {
            return Ok(());
        }
        for attribute in attributes {
            let raw = attribute.name(data);
            let Some((_, slots)) = watched.attributes.iter().find(|(name, _)| self.is(raw, true, name)) else { continue };
            let value = String::from_utf8_lossy(&value(attribute)).into_owned();
            let text = Text { spot: self.spot(at, Some(raw)), value, cut: false };
            slots.iter().for_each(|slot| self.watch.text(*slot, &text));
        }
        Ok(())
    }

    fn text(&mut self, data: &[u8], text: Range<usize>, kind: TextKind, _whole: bool, _at: u64) -> Result<(), Stop> {
        let Some(frame) = self.frames.last_mut().filter(|_| self.skipped == 0) else { return Ok(()) };
        let Some(watched) = self.paths.nodes.get(frame.node).filter(|w| !w.text.is_empty()) else { return Ok(()) };
        let raw = data.get(text).unwrap_or(b"");
        if self.texts.len() - frame.text >= watched.longest {
            frame.cut |= !raw.is_empty();
            return Ok(());
        }
        match kind {
            TextKind::Blank | TextKind::Plain => self.texts.extend_from_slice(raw),
            // What cannot be decoded is not well-formed, and told by whoever validates.
            TextKind::Encoded | TextKind::Cdata => drop(decode(raw, false, kind == TextKind::Encoded, &mut self.texts)),
        }
        if self.texts.len() - frame.text > watched.longest {
            frame.cut = true;
            self.texts.truncate(frame.text + watched.longest);
        }
        Ok(())
    }

    fn end(&mut self, _data: &[u8], _name: Range<usize>, _at: u64) -> Result<(), Stop> {
        if self.skipped > 0 {
            self.skipped -= 1;
            return Ok(());
        }
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let (node, at, cut) = (frame.node, frame.at, frame.cut);
        let paths = self.paths.clone();
        if let Some(watched) = paths.nodes.get(node)
            && (watched.ends || !watched.text.is_empty())
        {
            let spot = self.spot(at, None);
            if !watched.text.is_empty() {
                let mut end = self.texts.len();
                // A text that was cut may end in half a character.
                while cut && end > frame.text && self.texts.get(frame.text..end).is_some_and(|t| std::str::from_utf8(t).is_err()) {
                    end -= 1;
                }
                let value = String::from_utf8_lossy(self.texts.get(frame.text..end).unwrap_or(b"")).into_owned();
                let text = Text { spot: spot.clone(), value, cut };
                watched.text.iter().for_each(|slot| self.watch.text(*slot, &text));
            }
            if watched.ends {
                self.watch.end(node, spot);
            }
        }
        if let Some(frame) = self.frames.pop() {
            self.names.truncate(frame.name);
            self.texts.truncate(frame.text);
            self.bindings.truncate(frame.bindings);
        }
        Ok(())
    }

    fn unparsed(&mut self, _name: &[u8]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Told(Vec<String>);

    impl Watch for Told {
        fn text(&mut self, slot: usize, text: &Text) {
            self.0.push(format!("{slot} {} {:?}{}", text.spot.pointer, text.value, if text.cut { " cut" } else { "" }));
        }

        fn end(&mut self, node: Node, spot: Spot) {
            self.0.push(format!("end {node} {} at {} {:?}", spot.pointer, spot.at, spot.numbers));
        }
    }

    fn name(local: &str) -> Name {
        Name { space: "urn:a".into(), local: local.into() }
    }

    fn paths() -> Arc<Paths> {
        let mut paths = Paths::new();
        let root = paths.child(0, &name("a"));
        let info = paths.child(root, &name("b"));
        let text = paths.child(info, &name("c"));
        paths.want_text(text, 0, 8);
        paths.want_text(text, 1, 8);
        paths.want_attribute(text, &Name { space: String::new(), local: "id".into() }, 2);
        paths.want_end(info);
        assert_eq!(paths.child(info, &name("c")), text);
        Arc::new(paths)
    }

    fn told(text: &str, piece: usize) -> (Vec<String>, bool) {
        let mut watcher = Watcher::new(paths(), &crate::check::xml::bounds(), Told::default());
        text.as_bytes().chunks(piece).for_each(|piece| watcher.feed(piece));
        let (told, whole) = watcher.finish();
        (told.0, whole)
    }

    #[test]
    fn texts_and_ends_are_told_alike_in_pieces_of_any_size() {
        let text = "<x:a xmlns:x='urn:a'><b><c>not it</c></b><x:b><x:c id='1&amp;2'>a &lt;<!-- --> b</x:c><y><x:c>no</x:c></y></x:b>\
                    <b xmlns='urn:a'><c> <![CDATA[<i>]]></c><c id='3'>ääääääääää</c></b><x:b/></x:a>";
        let expected = [
            "2 /x:a/x:b/x:c/@id \"1&2\"",
            "0 /x:a/x:b/x:c \"a < b\"",
            "1 /x:a/x:b/x:c \"a < b\"",
            "end 2 /x:a/x:b at 41 [1, 1]",
            "0 /x:a/b[2]/c \" <i>\"",
            "1 /x:a/b[2]/c \" <i>\"",
            "2 /x:a/b[2]/c[2]/@id \"3\"",
            "0 /x:a/b[2]/c[2] \"ääää\" cut",
            "1 /x:a/b[2]/c[2] \"ääää\" cut",
            "end 2 /x:a/b[2] at 109 [1, 2]",
            "end 2 /x:a/x:b[3] at 193 [1, 3]",
        ];
        for piece in [1, 2, 3, 7, 50, 1000] {
            let (told, whole) = told(text, piece);
            assert!(whole);
            assert_eq!(
                told.iter().filter(|t| !t.starts_with("end")).collect::<Vec<_>>(),
                expected.iter().filter(|t| !t.starts_with("end")).collect::<Vec<_>>(),
                "{piece}"
            );
            assert_eq!(told.len(), expected.len());
            assert_eq!(told[3], expected[3]);
        }
    }

    #[test]
    fn what_is_not_well_formed_ends_the_watch() {
        let (told, whole) = told("<a xmlns='urn:a'><b><c>1</c><c></b></a>", 5);
        assert_eq!((told.len() >= 2, whole), (true, false));
    }
}
