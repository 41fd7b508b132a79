//! The `xsd-schema` crate as an engine: the reference that ours is held against.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use xsd_schema::validation::{CollectingValidationSink, SchemaValidator, SchemaValidity, ValidationFlags, drive_quick_xml};
use xsd_schema::{SchemaError, SchemaLoader, SchemaResult, SchemaSet, SchemaSetBuilder};

use crate::xsd_corpus::{Compiled, Engine, Named, Resolve, resolver};

/// The reference.
#[derive(Debug, Clone, Copy)]
pub struct Reference;

/// A scheme of our own, so that the crate takes no name for a file of this machine.
const SCHEME: &str = "given:///";

/// Documents by their names, with the scheme before them.
#[derive(Debug)]
struct Loader(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    documents: BTreeMap<String, Vec<u8>>,
    folder: std::path::PathBuf,
}

impl SchemaLoader for Loader {
    fn load(&self, location: &str) -> SchemaResult<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = location.strip_prefix(SCHEME).unwrap_or(location);
        let found = known.documents.get(name).cloned();
        let found = found.or_else(|| resolver(&known.folder)("", name, None).map(|(_, bytes)| bytes));
        xsd_schema::decode_xml_bytes(found.ok_or_else(|| SchemaError::resolution(format!("{name} is not there")))?)
    }

    fn can_load(&self, location: &str) -> bool {
        location.starts_with(SCHEME)
    }
}

/// A compiled schema of the reference.
struct Set(SchemaSet);

impl Reference {
    /// Compiles documents; others are looked for below a folder.
    pub fn set(roots: &[Named], folder: &std::path::Path) -> Result<SchemaSet, String> {
        let known = Known { documents: roots.iter().cloned().collect(), folder: folder.to_owned() };
        let mut chain = xsd_schema::LoaderChain::new();
        chain.add(Box::new(xsd_schema::EmbeddedLoader::new()));
        chain.add(Box::new(Loader(Arc::new(Mutex::new(known)))));
        let mut builder = SchemaSetBuilder::with_loader(Box::new(chain));
        for (name, _) in roots {
            builder.try_add(&format!("{SCHEME}{name}")).map_err(|e| e.to_string())?;
        }
        Ok(builder.compile().map_err(|e| e.to_string())?.into_schema_set())
    }
}

/// The reference over documents below a folder.
#[derive(Debug)]
pub struct Below(pub std::path::PathBuf);

impl Engine for Below {
    fn compile(&self, roots: &[Named], _: &mut Resolve<'_>) -> Result<Box<dyn Compiled>, Vec<String>> {
        Ok(Box::new(Set(Reference::set(roots, &self.0).map_err(|e| vec![e])?)))
    }
}

impl Compiled for Set {
    fn validate(&self, bytes: &[u8]) -> Vec<String> {
        let validator = SchemaValidator::new(&self.0, ValidationFlags::default());
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        let mut runtime = validator.start_run(CollectingValidationSink { errors: &mut errors, warnings: &mut warnings });
        let bytes = match xsd_schema::decode_xml_to_utf8_bytes(bytes.to_vec()) {
            Ok(bytes) => bytes,
            Err(error) => return vec![error.to_string()],
        };
        let outcome = drive_quick_xml(bytes.as_slice(), &mut runtime, &self.0);
        drop(runtime);
        let mut said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        match outcome {
            Err(error) => said.push(error.to_string()),
            Ok(outcome) if said.is_empty() && outcome.root_validity != Some(SchemaValidity::Valid) => {
                said.push(format!("the root is {:?}", outcome.root_validity));
            }
            Ok(_) => {}
        }
        said
    }
}
