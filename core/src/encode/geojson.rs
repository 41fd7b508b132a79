//! GeoJSON (RFC 7946): a FeatureCollection with one feature a row, a line each.
//!
//! The place of a row comes from the first of these that the table has: a field of the type `geojson`, a field of the type `geopoint`, or
//! two fields whose names say latitude and longitude. Coordinates are WGS 84 with the cell's own digits. A row without a place, or with
//! one that cannot be on the globe, has the geometry `null`.
//!
//! A cell that became the geometry is not repeated among the properties; latitude and longitude stand in both, so that the properties
//! are the whole record.

use crate::decimal::Decimal;
use crate::schema::{FieldType, GeoPointFormat, NumberFormat, TableSchema};
use crate::value::{Number, geo, number};

use super::json::write_number;
use super::{JsonWriter, RowWriter};

/// Writes features, one a row.
#[derive(Debug, Clone)]
pub struct GeoJsonWriter {
    /// Writes the properties.
    properties: JsonWriter,
    place: Place,
    rows: u64,
}

/// Which fields say where a row is.
#[derive(Debug, Clone)]
enum Place {
    None,
    Shape(usize),
    Point(usize, GeoPointFormat),
    Pair { lat: (usize, NumberFormat), lon: (usize, NumberFormat) },
}

impl GeoJsonWriter {
    /// `fields` are the indexes of the schema's fields that are written.
    pub fn new(schema: &TableSchema, fields: &[usize]) -> GeoJsonWriter {
        GeoJsonWriter { properties: JsonWriter::new(schema, fields, false), place: Place::of(schema, fields), rows: 0 }
    }
}

/// Whether the place of a record can be told by some of a table's fields.
pub fn says_place(schema: &TableSchema, fields: &[usize]) -> bool {
    !matches!(Place::of(schema, fields), Place::None)
}

impl Place {
    fn of(schema: &TableSchema, fields: &[usize]) -> Place {
        let known = || fields.iter().filter_map(|&f| schema.fields.get(f).map(|field| (f, field)));
        if let Some((f, _)) = known().find(|(_, field)| matches!(field.kind, FieldType::GeoJson { topology: false })) {
            return Place::Shape(f);
        }
        let point = |(f, field): (usize, &crate::schema::Field)| match field.kind {
            FieldType::GeoPoint(format) => Some(Place::Point(f, format)),
            _ => None,
        };
        if let Some(place) = known().find_map(point) {
            return place;
        }
        let named = |names: &[&str]| {
            // `Latitude`, and `location_latitude` with its `location_longitude`.
            known().find_map(|(f, field)| {
                let name = field.name.to_ascii_lowercase();
                let end = names.iter().find(|n| name.ends_with(**n))?;
                let before = &name[..name.len() - end.len()];
                let format = match &field.kind {
                    FieldType::Number(format) | FieldType::Integer(format) => format.clone(),
                    FieldType::String(_) | FieldType::Any => NumberFormat::default(),
                    _ => return None,
                };
                (before.is_empty() || before.ends_with(['_', '-', ' ', '.'])).then_some((f, format))
            })
        };
        match (named(&["latitude", "lat"]), named(&["longitude", "long", "lon", "lng"])) {
            (Some(lat), Some(lon)) => Place::Pair { lat, lon },
            _ => Place::None,
        }
    }

    /// Appends the geometry of a row; the field whose cell it is made of and that need not stand among the properties.
    fn write(&self, cells: &[&str], out: &mut Vec<u8>) -> Option<usize> {
        let cell = |f: usize| cells.get(f).copied().unwrap_or_default();
        match self {
            Place::None => {}
            Place::Shape(f) => {
                if let Some(shape) = geometry(cell(*f)) {
                    out.extend_from_slice(shape.as_bytes());
                    return Some(*f);
                }
            }
            Place::Point(f, format) => {
                if let Some((lon, lat)) = angles(*format, cell(*f)) {
                    point(&lon, &lat, out);
                    return Some(*f);
                }
            }
            Place::Pair { lat, lon } => {
                if let (Some(lat), Some(lon)) = (degrees(cell(lat.0), &lat.1, 90), degrees(cell(lon.0), &lon.1, 180)) {
                    point(&lon, &lat, out);
                    return None;
                }
            }
        }
        out.extend_from_slice(b"null");
        None
    }
}

/// The digits of an angle that is at most so many degrees.
fn degrees(cell: &str, format: &NumberFormat, most: i64) -> Option<String> {
    let cell = cell.trim();
    let Ok(Number::Finite(value)) = number::read(format, cell) else { return None };
    let limit = Decimal::from_i64(most);
    (value <= limit && value >= limit.negated()).then(|| digits(cell, format)).flatten()
}

/// A number as JSON writes it, with the text's own digits.
fn digits(text: &str, format: &NumberFormat) -> Option<String> {
    let mut out = Vec::new();
    if !write_number(text, format, &mut out) {
        return None;
    }
    String::from_utf8(out).ok()
}

/// The digits of longitude and latitude.
fn angles(format: GeoPointFormat, cell: &str) -> Option<(String, String)> {
    let (lon, lat) = geo::point(format, cell).ok()?;
    let own = match format {
        GeoPointFormat::Default => cell.split_once(','),
        GeoPointFormat::Array => cell.trim().strip_prefix('[').and_then(|c| c.strip_suffix(']')).and_then(|c| c.split_once(',')),
        GeoPointFormat::Object => None,
    };
    let plain = NumberFormat::default();
    let own = own.and_then(|(lon, lat)| Some((digits(lon.trim(), &plain)?, digits(lat.trim(), &plain)?)));
    Some(own.unwrap_or_else(|| (lon.to_string(), lat.to_string())))
}

fn point(lon: &str, lat: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"Point\",\"coordinates\":[");
    out.extend_from_slice(lon.as_bytes());
    out.push(b',');
    out.extend_from_slice(lat.as_bytes());
    out.extend_from_slice(b"]}");
}

/// A cell's text when it is a geometry, on one line. A feature or a collection of features is none.
fn geometry(cell: &str) -> Option<String> {
    let value = geo::shape(false, cell).ok()?;
    let kind = value.get("type")?.as_str()?;
    let shapes = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"];
    shapes.contains(&kind).then(|| cell.trim().replace(['\n', '\r'], " "))
}

impl RowWriter for GeoJsonWriter {
    fn begin(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[");
    }

    fn row(&mut self, cells: &[&str], out: &mut Vec<u8>) {
        out.extend_from_slice(if self.rows == 0 { b"\n" } else { b",\n" });
        self.rows += 1;
        out.extend_from_slice(b"{\"type\":\"Feature\",\"geometry\":");
        let used = self.place.write(cells, out);
        out.extend_from_slice(b",\"properties\":");
        match used {
            Some(field) => {
                let mut rest = cells.to_vec();
                rest[field] = "";
                self.properties.row(&rest, out);
            }
            None => self.properties.row(cells, out),
        }
        // The object's own line end; the feature goes on.
        out.pop();
        out.push(b'}');
    }

    fn join(&mut self, part: &[u8], rows: u64, out: &mut Vec<u8>) {
        if self.rows > 0 && rows > 0 {
            out.push(b',');
        }
        self.rows += rows;
        out.extend_from_slice(part);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.rows == 0 { b"]}\n" } else { b"\n]}\n" });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::schema::Field;

    fn written(fields: Vec<Field>, rows: &[Vec<&str>]) -> String {
        let schema = TableSchema { fields, ..TableSchema::of_texts(&[]) };
        let all: Vec<usize> = (0..schema.fields.len()).collect();
        crate::encode::written(&mut GeoJsonWriter::new(&schema, &all), rows)
    }

    #[test]
    fn places_come_from_the_fields_that_say_them() {
        let number = |name: &str| Field::new(name, FieldType::Number(NumberFormat::default()));
        let text = written(
            vec![Field::new("id", FieldType::Any), number("Latitude"), number("Longitude")],
            &[vec!["1", "42.360100", "-71.05"], vec!["2", "", "-71"], vec!["3", "142.3", "-71"]],
        );
        assert_eq!(
            text,
            concat!(
                "{\"type\":\"FeatureCollection\",\"features\":[\n",
                "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[-71.05,42.360100]},",
                "\"properties\":{\"id\":\"1\",\"Latitude\":42.360100,\"Longitude\":-71.05}},\n",
                "{\"type\":\"Feature\",\"geometry\":null,\"properties\":{\"id\":\"2\",\"Longitude\":-71}},\n",
                "{\"type\":\"Feature\",\"geometry\":null,\"properties\":{\"id\":\"3\",\"Latitude\":142.3,\"Longitude\":-71}}\n]}\n",
            )
        );
        let shape = written(
            vec![Field::new("g", FieldType::GeoJson { topology: false })],
            &[
                vec!["{\"type\":\"Point\",\n\"coordinates\":[1.50,2]}"],
                vec!["{\"type\":\"Feature\",\"geometry\":null,\"properties\":null}"],
            ],
        );
        assert!(shape.contains("\"geometry\":{\"type\":\"Point\", \"coordinates\":[1.50,2]},\"properties\":{}}"), "{shape}");
        assert!(shape.contains("\"geometry\":null,\"properties\":{\"g\":{\"type\":\"Feature\""), "{shape}");
        assert_eq!(written(vec![], &[]), "{\"type\":\"FeatureCollection\",\"features\":[]}\n");
    }
}
