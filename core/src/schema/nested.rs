//! A table that is written as nested documents: its fields are paths into one, and rows that agree in a key are one document.
//!
//! A path is names with `/` between. A name may be followed by
//!
//! - `[]`: in JSON, what stands here is an item of an array of that name;
//! - `#label`: one more element (or item) of that name, apart from those with other labels;
//! - `*`: one for each row of the document; rows that say the same give one.
//!
//! Elements come in the order of the fields, those of one name together.

use super::Field;

/// How documents are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NestedForm {
    /// XML with an outermost element of a namespace, which may be empty.
    Xml {
        /// Name of the outermost element.
        root: String,
        /// Its namespace, and that of all others.
        namespace: String,
    },
    /// JSON objects.
    Json,
}

/// How a table is written as nested documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// Their form.
    pub form: NestedForm,
    /// The fields in which the rows of one document agree.
    pub key: Vec<usize>,
    /// What stands in the outermost element or object.
    pub parts: Vec<Part>,
    /// By `*`: the fields below it.
    pub each: Vec<Vec<usize>>,
    /// By field: the `*` that it lies below.
    pub each_of: Vec<Option<usize>>,
}

/// An element or member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// It is an item of an array of that name.
    pub array: bool,
    label: String,
    /// There is one for each row: index into [`Nested::each`].
    pub each: Option<usize>,
    /// Fields without which it is not written.
    pub anchors: Vec<usize>,
    /// What is in it.
    pub below: Below,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Below {
    /// The value of a field.
    Value(usize),
    /// Further parts.
    Parts(Vec<Part>),
}

/// A segment of a path: name, item of an array, label, one for each row.
type Segment<'a> = (&'a str, bool, &'a str, bool);

fn segment(text: &str) -> Option<Segment<'_>> {
    let (text, each) = text.strip_suffix('*').map_or((text, false), |rest| (rest, true));
    let (head, label) = text.split_once('#').unwrap_or((text, ""));
    let (name, array) = head.strip_suffix("[]").map_or((head, false), |rest| (rest, true));
    let plain = |t: &str| !t.contains(['[', ']', '#', '*']);
    (!name.is_empty() && plain(name) && plain(label) && (text.contains('#') != label.is_empty())).then_some((name, array, label, each))
}

impl Nested {
    /// Reads the fields' names as paths.
    ///
    /// # Errors
    /// The field whose name is no such path, and what is wrong with it, as a sentence without a full stop.
    pub fn new(form: NestedForm, key: Vec<usize>, fields: &[Field]) -> Result<Nested, (String, String)> {
        let mut made = Nested { form, key, parts: Vec::new(), each: Vec::new(), each_of: vec![None; fields.len()] };
        let is_xml = matches!(made.form, NestedForm::Xml { .. });
        for (f, field) in fields.iter().enumerate() {
            let wrong = |why: &str| Err((field.name.clone(), why.to_owned()));
            let mut parts = &mut made.parts;
            let mut each_here = None;
            let segments: Option<Vec<Segment<'_>>> = field.name.split('/').map(segment).collect();
            let Some(segments) = segments else {
                return wrong("it is no path of names with / between, each perhaps with [], #label and *");
            };
            for (n, &(name, array, label, each)) in segments.iter().enumerate() {
                let last = n + 1 == segments.len();
                if is_xml && array {
                    return wrong("XML has no arrays; an element that comes several times has a #label or a *");
                }
                if !is_xml && !array && (each || !label.is_empty()) {
                    return wrong("what comes several times in JSON is an item of an array, so its name ends in []");
                }
                if each && each_here.is_some() {
                    return wrong("a * cannot lie below another");
                }
                let at = parts.iter().position(|p| p.name == name && p.label == label && p.array == array);
                let at = match at {
                    Some(at) if last || matches!(parts[at].below, Below::Value(_)) => {
                        return wrong("another field has this path, or a part of it");
                    }
                    Some(at) => at,
                    None => {
                        // Those of one name stand together.
                        let at = parts.iter().rposition(|p| p.name == name).map_or(parts.len(), |i| i + 1);
                        if parts.get(at.wrapping_sub(1)).is_some_and(|p| p.name == name && p.array != array) {
                            return wrong("its name stands with [] in one place and without in another");
                        }
                        let below = if last { Below::Value(f) } else { Below::Parts(Vec::new()) };
                        let each = each.then(|| {
                            made.each.push(Vec::new());
                            made.each.len() - 1
                        });
                        parts.insert(at, Part { name: name.to_owned(), array, label: label.to_owned(), each, anchors: Vec::new(), below });
                        at
                    }
                };
                let part = &mut parts[at];
                if each != part.each.is_some() {
                    return wrong("a part has a * in one place and none in another");
                }
                each_here = each_here.or(part.each);
                // The part in which the value stands is the one that goes without it.
                if field.extras.anchor && (n + 2 == segments.len() || (last && n == 0)) {
                    part.anchors.push(f);
                }
                match &mut part.below {
                    Below::Parts(below) => parts = below,
                    Below::Value(_) => break,
                }
            }
            if let Some(each) = each_here {
                made.each[each].push(f);
                made.each_of[f] = Some(each);
            }
        }
        match made.key.iter().find(|&&f| made.each_of[f].is_some()) {
            Some(&f) => Err((fields[f].name.clone(), "what tells documents apart cannot lie below a *".to_owned())),
            None => Ok(made),
        }
    }
}
