//! A validator that keeps its schema itself, for a check that lives longer than the code that began it.

use std::sync::{Arc, LazyLock};

use super::super::schema::NONE;
use super::{Bounds, Fault, Outcome, Run, Schema, Validator};

/// A validator with the schema that it holds a document against.
#[derive(Debug)]
pub struct HeldValidator {
    schema: Arc<Schema>,
    /// Bound to a schema of nothing while it waits for bytes.
    waiting: Option<Validator<'static>>,
}

static NOTHING: LazyLock<Schema> = LazyLock::new(Schema::default);

impl HeldValidator {
    /// A validator for one document.
    pub fn new(schema: Arc<Schema>, bounds: &Bounds) -> HeldValidator {
        HeldValidator { schema, waiting: Some(Validator::new(&NOTHING, bounds)) }
    }

    /// As [`Validator::feed`].
    pub fn feed(&mut self, bytes: &[u8]) -> bool {
        let Some(waiting) = self.waiting.take() else { return false };
        let mut validator = waiting.bound_to(&self.schema);
        let more = validator.feed(bytes);
        self.waiting = Some(validator.bound_to(&NOTHING));
        more
    }

    /// The faults since they were last taken. What is taken no longer counts towards [`Bounds::faults`].
    pub fn take_faults(&mut self) -> Vec<Fault> {
        self.waiting.as_mut().map(|v| std::mem::take(&mut v.run.outcome.faults)).unwrap_or_default()
    }

    /// As [`Validator::finish`]; the outcome lists the faults that were not taken.
    pub fn finish(self) -> Outcome {
        self.waiting.map_or_else(Outcome::default, |v| v.bound_to(&self.schema).finish())
    }
}

impl Validator<'_> {
    /// The same state over a schema that lives elsewhere.
    fn bound_to(self, schema: &Schema) -> Validator<'_> {
        let Validator { scanner, buffer, base, run } = self;
        let Run {
            schema: _,
            bounds,
            outcome,
            frames,
            names,
            space,
            counts,
            extras,
            direct,
            scratch,
            spare,
            links,
            ids,
            dangling,
            kept,
            entities,
            identity,
            hits,
            field,
            attributes_found,
            guesses,
            #[cfg(test)]
            thorough,
            #[cfg(test)]
            taken_quickly,
        } = run;
        let run = Run {
            schema,
            bounds,
            outcome,
            frames,
            names,
            space,
            counts,
            extras,
            direct,
            scratch,
            spare,
            links,
            ids,
            dangling,
            kept,
            entities,
            identity,
            hits,
            field,
            attributes_found,
            guesses,
            #[cfg(test)]
            thorough,
            #[cfg(test)]
            taken_quickly,
        };
        Validator { scanner, buffer, base, run }
    }
}

impl Schema {
    /// Namespace (empty for none) and local name of each element that a document may begin with, in the order of the schema.
    pub fn roots(&self) -> impl Iterator<Item = (&str, &str)> {
        let declared = self.names.iter().zip(&self.global_elements).filter(|(_, element)| **element != NONE);
        declared.map(|((space, local), _)| (self.uris.get(*space as usize).map_or("", |uri| &**uri), &**local))
    }
}
