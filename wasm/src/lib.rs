//! Bindings over Concord's core for browsers: blocks of bytes in, the report's JSON out.
//!
//! Nothing here knows a file system, a network or a clock. The npm package in `npm/` reads a `Blob` in slices and calls this in a worker.

use wasm_bindgen::prelude::*;

pub mod engine;

#[wasm_bindgen(typescript_custom_section)]
const OPTIONS: &str = r#"
/** What a file is checked against. Without `standard` and `schema` it is recognised by its content. */
export interface ValidatorOptions {
    /** A reference such as "blds@1.2", or "blds" for the newest stable version. */
    standard?: string | null;
    /** A Table Schema, JSON Schema or XML Schema of your own: its text, or several files of which the first is the one to check against. */
    schema?: string | { name: string; text: string }[] | null;
    /** The file's name, as the report shows it. */
    fileName?: string;
}
"#;

/// One file's validation: blocks in, report out.
#[wasm_bindgen]
pub struct Validator {
    engine: engine::Validator,
}

#[wasm_bindgen]
impl Validator {
    /// Begins a file.
    ///
    /// # Errors
    ///
    /// Throws an `Error` when the standard is not known or the schema cannot be used.
    #[wasm_bindgen(constructor)]
    pub fn new(#[wasm_bindgen(unchecked_param_type = "ValidatorOptions")] options: &JsValue) -> Result<Validator, JsError> {
        let text = |name: &str| js_sys::Reflect::get(options, &JsValue::from_str(name)).ok().and_then(|value| value.as_string());
        let file_name = text("fileName").unwrap_or_default();
        let schemas = schemas(options).map_err(|why| JsError::new(&why))?;
        let engine = engine::Validator::new(text("standard").as_deref(), &schemas, &file_name).map_err(|why| JsError::new(&why))?;
        Ok(Validator { engine })
    }

    /// Takes the next bytes of the file. Blocks may be cut anywhere.
    pub fn push(&mut self, block: &[u8]) {
        self.engine.push(block);
    }

    /// Ends the file and gives the report as JSON text, in exactly the bytes that the command line and the server write.
    #[must_use]
    pub fn finish(self) -> String {
        engine::report_json(&self.engine.finish())
    }
}

/// The schema files of the options, by name.
fn schemas(options: &JsValue) -> Result<Vec<(String, String)>, String> {
    let get = |value: &JsValue, name: &str| js_sys::Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
    let given = get(options, "schema");
    if let Some(text) = given.as_string() {
        return Ok(vec![("schema".to_owned(), text)]);
    }
    if !js_sys::Array::is_array(&given) {
        return Ok(Vec::new());
    }
    let pair = |file: JsValue| get(&file, "name").as_string().zip(get(&file, "text").as_string());
    js_sys::Array::from(&given)
        .iter()
        .map(|file| pair(file).ok_or_else(|| "Each schema file needs a name and a text.".to_owned()))
        .collect()
}

/// The embedded standards as a JSON list of `{"reference", "id", "version", "title", "tier", "domain"}`.
#[wasm_bindgen]
pub fn standards() -> String {
    engine::standards()
}

/// Which standards the first bytes of a file look like, most likely first, as JSON.
#[wasm_bindgen]
pub fn detect(head: &[u8], file_name: &str) -> String {
    engine::detect(head, file_name)
}
