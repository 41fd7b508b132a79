//! Points and shapes.
//!
//! A point is `lon, lat` (blanks around the comma are let pass), `[lon, lat]`, or `{"lon": …, "lat": …}` with just these members.
//! GeoJSON is checked for its shape (RFC 7946): known types, coordinates of the right depth, closed rings, and degrees within range
//! unless the object carries a `crs` of its own, as before 2016. TopoJSON is checked for `type`, `objects` and `arcs`.

use serde_json::{Map, Value};

use super::{Misread, json};
use crate::decimal::Decimal;
use crate::schema::GeoPointFormat;

/// What is wrong with a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeoFault {
    /// No `type`, or one that the format does not know.
    Type,
    /// A member that the type needs is missing or of another kind.
    Member(&'static str),
    /// A position is not two to four numbers, or coordinates are nested wrongly.
    Position,
    /// Too few positions for a line or a ring.
    TooFew,
    /// A ring does not end where it starts.
    OpenRing,
    /// A longitude or latitude outside its range.
    Range,
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(n) => Decimal::parse(&n.to_string()),
        _ => None,
    }
}

fn within(lon: &Decimal, lat: &Decimal) -> bool {
    let span = |d: &Decimal, limit: i64| *d >= Decimal::from_i64(-limit) && *d <= Decimal::from_i64(limit);
    span(lon, 180) && span(lat, 90)
}

/// Reads a point: longitude and latitude in degrees.
pub fn point(format: GeoPointFormat, text: &str) -> Result<(Decimal, Decimal), Misread> {
    let (lon, lat) = match format {
        GeoPointFormat::Default => text.split_once(',').and_then(|(lon, lat)| {
            let (lon, lat) = (lon.trim_end_matches(' '), lat.trim_start_matches(' '));
            Some((Decimal::parse(lon)?, Decimal::parse(lat)?))
        }),
        GeoPointFormat::Array => match json::parse(text)?.as_array().map(Vec::as_slice) {
            Some([lon, lat]) => decimal(lon).zip(decimal(lat)),
            _ => None,
        },
        GeoPointFormat::Object => match json::parse(text)?.as_object() {
            Some(members) if members.len() == 2 => members.get("lon").and_then(decimal).zip(members.get("lat").and_then(decimal)),
            _ => None,
        },
    }
    .ok_or(Misread::Point)?;
    if within(&lon, &lat) { Ok((lon, lat)) } else { Err(Misread::PointRange) }
}

/// Reads a GeoJSON object, or a TopoJSON one.
pub fn shape(topology: bool, text: &str) -> Result<Value, Misread> {
    let value = json::object(text)?;
    let fault = match value.as_object() {
        Some(members) if topology => topology_fault(members),
        Some(members) => object_fault(members, !members.contains_key("crs")),
        None => Some(GeoFault::Type),
    };
    fault.map_or(Ok(value), |f| Err(Misread::Geo(f)))
}

fn topology_fault(members: &Map<String, Value>) -> Option<GeoFault> {
    if members.get("type").and_then(Value::as_str) != Some("Topology") {
        return Some(GeoFault::Type);
    }
    if !members.get("objects").is_some_and(Value::is_object) {
        return Some(GeoFault::Member("objects"));
    }
    if !members.get("arcs").is_some_and(Value::is_array) {
        return Some(GeoFault::Member("arcs"));
    }
    None
}

fn object_fault(members: &Map<String, Value>, degrees: bool) -> Option<GeoFault> {
    match members.get("type").and_then(Value::as_str) {
        Some("Feature") => feature_fault(members, degrees),
        Some("FeatureCollection") => match members.get("features").and_then(Value::as_array) {
            Some(features) => features.iter().find_map(|f| match f.as_object() {
                Some(m) if m.get("type").and_then(Value::as_str) == Some("Feature") => feature_fault(m, degrees),
                _ => Some(GeoFault::Member("features")),
            }),
            None => Some(GeoFault::Member("features")),
        },
        _ => geometry_fault(members, degrees),
    }
}

fn feature_fault(members: &Map<String, Value>, degrees: bool) -> Option<GeoFault> {
    match members.get("properties") {
        Some(Value::Object(_) | Value::Null) => {}
        _ => return Some(GeoFault::Member("properties")),
    }
    match members.get("geometry") {
        Some(Value::Null) => None,
        Some(Value::Object(geometry)) => geometry_fault(geometry, degrees),
        _ => Some(GeoFault::Member("geometry")),
    }
}

fn geometry_fault(members: &Map<String, Value>, degrees: bool) -> Option<GeoFault> {
    let Some(kind) = members.get("type").and_then(Value::as_str) else { return Some(GeoFault::Type) };
    if kind == "GeometryCollection" {
        return match members.get("geometries").and_then(Value::as_array) {
            Some(all) => all.iter().find_map(|g| match g.as_object() {
                Some(m) => geometry_fault(m, degrees),
                None => Some(GeoFault::Member("geometries")),
            }),
            None => Some(GeoFault::Member("geometries")),
        };
    }
    let check: fn(&Value, bool) -> Option<GeoFault> = match kind {
        "Point" => position,
        "MultiPoint" => |v, d| each(v, d, position),
        "LineString" => line,
        "MultiLineString" => |v, d| each(v, d, line),
        "Polygon" => |v, d| each(v, d, ring),
        "MultiPolygon" => |v, d| each(v, d, |v, d| each(v, d, ring)),
        _ => return Some(GeoFault::Type),
    };
    match members.get("coordinates") {
        Some(coordinates) => check(coordinates, degrees),
        None => Some(GeoFault::Member("coordinates")),
    }
}

fn each(value: &Value, degrees: bool, check: fn(&Value, bool) -> Option<GeoFault>) -> Option<GeoFault> {
    match value.as_array() {
        Some(items) => items.iter().find_map(|v| check(v, degrees)),
        None => Some(GeoFault::Position),
    }
}

fn position(value: &Value, degrees: bool) -> Option<GeoFault> {
    let numbers: Option<Vec<Decimal>> = value.as_array().and_then(|items| items.iter().map(decimal).collect());
    match numbers.as_deref() {
        Some([lon, lat, rest @ ..]) if rest.len() <= 2 => (degrees && !within(lon, lat)).then_some(GeoFault::Range),
        _ => Some(GeoFault::Position),
    }
}

fn line(value: &Value, degrees: bool) -> Option<GeoFault> {
    each(value, degrees, position).or_else(|| (value.as_array().map_or(0, Vec::len) < 2).then_some(GeoFault::TooFew))
}

fn ring(value: &Value, degrees: bool) -> Option<GeoFault> {
    if let Some(fault) = each(value, degrees, position) {
        return Some(fault);
    }
    let positions = value.as_array().map(Vec::as_slice).unwrap_or_default();
    match (positions.len(), positions.first(), positions.last()) {
        (0..=3, _, _) => Some(GeoFault::TooFew),
        (_, first, last) => (first != last).then_some(GeoFault::OpenRing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points() {
        use GeoPointFormat::{Array, Default, Object};
        for (format, text, ok) in [
            (Default, "-71.06, 42.36", true),
            (Default, "-71.06,42.36", true),
            (Default, "180,90", true),
            (Default, "180.0001,0", false),
            (Default, "-71.06 42.36", false),
            (Default, "42.36, -171.06", false),
            (Default, " -71.06,42.36", false),
            (Default, "1,2,3", false),
            (Default, "", false),
            (Array, "[-71.06, 42.36]", true),
            (Array, "[-71.06]", false),
            (Array, "[\"-71\", \"42\"]", false),
            (Array, "[0, 91]", false),
            (Object, "{\"lon\": -71.06, \"lat\": 42.36}", true),
            (Object, "{\"lon\": -71.06}", false),
            (Object, "{\"lon\": -71.06, \"lat\": 42.36, \"z\": 1}", false),
            (Object, "{", false),
        ] {
            assert_eq!(point(format, text).is_ok(), ok, "{text}");
        }
    }

    #[test]
    fn shapes() {
        for (text, fault) in [
            (r#"{"type":"Point","coordinates":[-71,42]}"#, None),
            (r#"{"type":"Point","coordinates":[-71,42,3]}"#, None),
            (r#"{"type":"Point","coordinates":[-71]}"#, Some(GeoFault::Position)),
            (r#"{"type":"Point","coordinates":[236000,900000]}"#, Some(GeoFault::Range)),
            (r#"{"type":"Point","crs":{},"coordinates":[236000,900000]}"#, None),
            (r#"{"type":"Point"}"#, Some(GeoFault::Member("coordinates"))),
            (r#"{"type":"Dot","coordinates":[1,2]}"#, Some(GeoFault::Type)),
            (r#"{}"#, Some(GeoFault::Type)),
            (r#"{"type":"LineString","coordinates":[[0,0]]}"#, Some(GeoFault::TooFew)),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[0,1],[1,1],[0,0]]]}"#, None),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[0,1],[1,1],[1,0]]]}"#, Some(GeoFault::OpenRing)),
            (r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[0,1],[1,1],[0,0]]]]}"#, None),
            (r#"{"type":"Feature","properties":null,"geometry":null}"#, None),
            (r#"{"type":"Feature","geometry":null}"#, Some(GeoFault::Member("properties"))),
            (r#"{"type":"FeatureCollection","features":[]}"#, None),
            (r#"{"type":"FeatureCollection","features":[1]}"#, Some(GeoFault::Member("features"))),
            (r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[0,0]}]}"#, None),
        ] {
            let got = shape(false, text);
            assert_eq!(got.err(), fault.map(Misread::Geo), "{text}");
        }
        assert!(shape(true, r#"{"type":"Topology","objects":{},"arcs":[]}"#).is_ok());
        assert_eq!(shape(true, r#"{"type":"Topology","objects":{}}"#), Err(Misread::Geo(GeoFault::Member("arcs"))));
        assert!(matches!(shape(false, "[1]"), Err(Misread::JsonKind)));
        assert!(shape(false, &"[".repeat(100_000)).is_err());
    }
}
