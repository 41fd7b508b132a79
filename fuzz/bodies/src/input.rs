//! Cutting an input into the parts that a body wants, the same way every time.

/// Bytes taken from the front of an input; zeros when it has no more.
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Input<'a> {
        Input { rest: data }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((&first, rest)) => {
                self.rest = rest;
                first
            }
            None => 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// A text as long as the next byte says, at most; bytes that are no UTF-8 become replacement characters.
    pub(crate) fn text(&mut self) -> String {
        let wanted = usize::from(self.byte());
        let (text, rest) = self.rest.split_at(wanted.min(self.rest.len()));
        self.rest = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// The parts of an input between lines `== <name>`, each with its name; what stands before the first such line has no name.
pub(crate) fn parts(data: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut parts = vec![(String::new(), Vec::new())];
    for line in data.split_inclusive(|&b| b == b'\n') {
        match line.strip_prefix(b"== ") {
            Some(name) => parts.push((String::from_utf8_lossy(name.trim_ascii()).into_owned(), Vec::new())),
            None => {
                if let Some((_, bytes)) = parts.last_mut() {
                    bytes.extend_from_slice(line);
                }
            }
        }
    }
    parts
}
