//! Our own engine for XML Schema, held against the published tests.

use concord_core::xsd::{Bounds, Document, Schema, Validator, compile, utf8};

use crate::xsd_corpus::{Compiled, Engine, Named, Resolve};

/// The compiled engine.
#[derive(Debug, Clone, Copy)]
pub struct Ours;

struct Set(Schema);

impl Engine for Ours {
    fn compile(&self, roots: &[Named], resolve: &mut Resolve<'_>) -> Result<Box<dyn Compiled>, Vec<String>> {
        let documents: Vec<Document<'_>> = roots.iter().map(|(name, bytes)| Document { name, bytes }).collect();
        match compile(&documents, resolve, &Bounds::default()) {
            Ok(schema) => Ok(Box::new(Set(schema))),
            Err(faults) => Err(faults.iter().map(|f| format!("{}:{}: {} {}", f.document, f.line, f.code, f.what)).collect()),
        }
    }
}

impl Compiled for Set {
    fn validate(&self, bytes: &[u8]) -> Vec<String> {
        let bytes = utf8(bytes);
        let mut validator = Validator::new(&self.0, &Bounds::default());
        // In pieces, as files come.
        for piece in bytes.chunks(1000) {
            if !validator.feed(piece) {
                break;
            }
        }
        let outcome = validator.finish();
        outcome.faults.iter().map(|f| format!("{} {:?}", f.pointer, f.kind)).collect()
    }
}
