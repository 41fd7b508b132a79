//! The Table Schema model: what a tabular resource's columns mean.
//!
//! Source: Data Package v2, "Table Schema" (26 June 2024), and v1 where it differs.
//! Parsing lives in [`crate::schema::parse`]; this file is only the model.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::package::CodeList;

pub mod nested;
pub mod parse;
pub(crate) mod pattern;

/// One tabular resource's schema.
#[derive(Debug, Clone, PartialEq)]
pub struct TableSchema {
    /// The columns in their declared order.
    pub fields: Vec<Field>,
    /// How the file's columns must relate to `fields`.
    pub fields_match: FieldsMatch,
    /// Cell texts that mean "no value", applied before anything else. Default `[""]`.
    pub missing_values: Vec<String>,
    /// Indexes into `fields`; empty when there is no primary key.
    pub primary_key: Vec<usize>,
    /// Further keys; a record with an empty part is left out of the check.
    pub unique_keys: Vec<Vec<usize>>,
    /// References to other resources, or to this one.
    pub foreign_keys: Vec<ForeignKey>,
    /// What the elements are called when the table is written as XML; else the resource's own words.
    pub elements: Option<Elements>,
    /// How the table is written as nested documents, when its fields are paths into one.
    pub nested: Option<std::sync::Arc<nested::Nested>>,
}

/// Names of XML elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elements {
    /// Of the outermost.
    pub root: String,
    /// Of a record.
    pub record: String,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The header as the standard writes it.
    pub name: String,
    /// A short human title; empty when there is none.
    pub title: String,
    /// What the field means; empty when there is none.
    pub description: String,
    /// An example value; empty when there is none.
    pub example: String,
    /// The type with its format.
    pub kind: FieldType,
    /// What values must satisfy.
    pub constraints: Constraints,
    /// This field's own missing values, in place of the schema's.
    pub missing_values: Option<Vec<String>>,
    /// The only values allowed, when the field is categorical (v2).
    pub categories: Vec<Category>,
    /// The code list that the values are taken from, resolved by the package loader.
    pub codes: Option<Arc<CodeList>>,
    /// Everything under the field's `concord` key.
    pub extras: FieldExtras,
}

/// What stands under a field's `concord` key. See `standards/README.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldExtras {
    /// Name of the code list, as written.
    pub codes: Option<String>,
    /// A value outside the code list is a warning only.
    pub open: bool,
    /// The publisher's wish for this field.
    pub presence: Presence,
    /// The column must exist although cells may be empty.
    pub column: bool,
    /// Other headers under which this column is known.
    pub aliases: Vec<String>,
    /// Unit of a number, as a word.
    pub unit: Option<String>,
    /// Document and section the rule comes from.
    pub reference: Option<String>,
    /// In a nested document, the part in which the value stands is not written without it.
    pub anchor: bool,
}

/// How strongly a publisher asks for something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Presence {
    Required,
    Recommended,
    #[default]
    Optional,
}

impl Presence {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Presence::Required => "required",
            Presence::Recommended => "recommended",
            Presence::Optional => "optional",
        }
    }
}

/// `fieldsMatch` of Table Schema v2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FieldsMatch {
    /// The same fields in the same order. The default.
    #[default]
    Exact,
    /// The same fields in any order.
    Equal,
    /// The file has all the schema's fields, and may have more.
    Subset,
    /// The file has only the schema's fields, and may have fewer.
    Superset,
    /// At least one field in common.
    Partial,
}

/// A value of a categorical field and its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// The value as it stands in a cell.
    pub value: String,
    /// What it means; equal to `value` when the schema gives no label.
    pub label: String,
}

/// The type of a field with its format.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum FieldType {
    String(StringFormat),
    Number(NumberFormat),
    Integer(NumberFormat),
    /// Texts that mean true and texts that mean false.
    Boolean {
        true_values: Vec<String>,
        false_values: Vec<String>,
    },
    /// A JSON object in the cell.
    Object,
    /// A JSON array in the cell.
    Array,
    /// Texts or other simple values between delimiters (v2).
    List {
        delimiter: String,
        item: ListItem,
    },
    DateTime(DateFormat),
    Date(DateFormat),
    Time(DateFormat),
    Year,
    YearMonth,
    /// ISO 8601 duration.
    Duration,
    GeoPoint(GeoPointFormat),
    /// `true` for TopoJSON.
    GeoJson {
        topology: bool,
    },
    Any,
}

/// Formats of `string`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum StringFormat {
    #[default]
    Default,
    Email,
    Uri,
    Binary,
    Uuid,
}

/// How numbers are written in cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat {
    /// Between whole and fraction. One character. Default `.`.
    pub decimal: char,
    /// Between groups of digits; `None` when numbers carry none.
    pub group: Option<char>,
    /// `false`: text before and after the digits is let pass (`95%`, `EUR 95`).
    pub bare: bool,
}

impl Default for NumberFormat {
    fn default() -> Self {
        NumberFormat { decimal: '.', group: None, bare: true }
    }
}

/// Item types of `list`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ListItem {
    #[default]
    String,
    Integer,
    Boolean,
    Number,
    DateTime,
    Date,
    Time,
}

/// Formats of `date`, `time` and `datetime`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DateFormat {
    /// ISO 8601, as the type's default says.
    #[default]
    Default,
    /// Any reading that is not ambiguous.
    Any,
    /// A strptime pattern, as written (an old `fmt:` prefix removed).
    Pattern(String),
}

/// Formats of `geopoint`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GeoPointFormat {
    /// `lon, lat`
    #[default]
    Default,
    /// `[lon, lat]` as JSON
    Array,
    /// `{"lon": …, "lat": …}` as JSON
    Object,
}

/// The constraints of a field. Bounds are kept as written and read by the field's own type, so nothing passes through floating point.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Constraints {
    pub required: bool,
    pub unique: bool,
    /// In characters, or items for `array` and `list`, or members for `object`.
    pub min_length: Option<u64>,
    /// As `min_length`.
    pub max_length: Option<u64>,
    pub minimum: Option<String>,
    pub maximum: Option<String>,
    pub exclusive_minimum: Option<String>,
    pub exclusive_maximum: Option<String>,
    /// Anchored at both ends (XML Schema regular expression).
    pub pattern: Option<String>,
    /// Physical texts of the allowed values; compared by value.
    pub values: Vec<String>,
    pub json_schema: Option<serde_json::Value>,
}

/// A reference from fields of this resource to fields of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Indexes into this schema's fields.
    pub fields: Vec<usize>,
    /// Name of the other resource; empty for this one.
    pub resource: String,
    /// Names of the other resource's fields.
    pub target: Vec<String>,
}

impl TableSchema {
    /// A schema of text columns, for layouts of which only the headers are known.
    pub fn of_texts(names: &[&str]) -> TableSchema {
        TableSchema {
            nested: None,
            fields: names.iter().map(|n| Field::new(n, FieldType::String(StringFormat::Default))).collect(),
            fields_match: FieldsMatch::Exact,
            missing_values: vec![String::new()],
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
            foreign_keys: Vec::new(),
            elements: None,
        }
    }

    /// Index of the field with this exact name.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }

    /// The missing values that apply to one field.
    pub fn missing_for(&self, field: usize) -> &[String] {
        self.fields[field].missing_values.as_deref().unwrap_or(&self.missing_values)
    }

    /// The texts other than the empty one that mean "no value" in one field.
    pub fn missing_texts(&self, field: usize) -> Vec<String> {
        self.missing_for(field).iter().filter(|m| !m.is_empty()).cloned().collect()
    }

    /// Whether a field must be filled: by constraint, or as part of the primary key.
    pub fn is_required(&self, field: usize) -> bool {
        self.fields[field].constraints.required || self.primary_key.contains(&field)
    }
}

impl Field {
    /// A field with no constraints.
    pub fn new(name: &str, kind: FieldType) -> Field {
        Field {
            name: name.to_owned(),
            title: String::new(),
            description: String::new(),
            example: String::new(),
            kind,
            constraints: Constraints::default(),
            missing_values: None,
            categories: Vec::new(),
            codes: None,
            extras: FieldExtras::default(),
        }
    }
}

impl FieldType {
    /// The texts that Table Schema reads as true and false when a field names none.
    pub fn default_boolean() -> FieldType {
        let texts = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        FieldType::Boolean { true_values: texts(&["true", "True", "TRUE", "1"]), false_values: texts(&["false", "False", "FALSE", "0"]) }
    }

    /// The type's name in a descriptor.
    pub fn name(&self) -> &'static str {
        match self {
            FieldType::String(_) => "string",
            FieldType::Number(_) => "number",
            FieldType::Integer(_) => "integer",
            FieldType::Boolean { .. } => "boolean",
            FieldType::Object => "object",
            FieldType::Array => "array",
            FieldType::List { .. } => "list",
            FieldType::DateTime(_) => "datetime",
            FieldType::Date(_) => "date",
            FieldType::Time(_) => "time",
            FieldType::Year => "year",
            FieldType::YearMonth => "yearmonth",
            FieldType::Duration => "duration",
            FieldType::GeoPoint(_) => "geopoint",
            FieldType::GeoJson { .. } => "geojson",
            FieldType::Any => "any",
        }
    }
}

/// Schemas by resource name, for checks that look into another resource.
pub type SchemaSet = BTreeMap<String, Arc<TableSchema>>;
