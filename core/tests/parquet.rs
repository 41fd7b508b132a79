//! Parquet files that the library's own writer made, and damaged copies of them.

#![cfg(feature = "parquet")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ops::ControlFlow;
use std::sync::Arc;

use concord_core::bounds::Sheet;
use concord_core::read::{Kind, Rows, parquet::each};
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

const SCHEMA: &str = "message table { REQUIRED INT32 id; OPTIONAL BYTE_ARRAY name (UTF8); OPTIONAL INT64 amount (DECIMAL(18,2)); \
    REQUIRED INT32 day (DATE); REQUIRED INT64 seen (TIMESTAMP(MICROS,true)); REQUIRED BOOLEAN paid; REQUIRED DOUBLE share; \
    OPTIONAL group tags (LIST) { REPEATED group list { OPTIONAL BYTE_ARRAY element (UTF8); } } }";

/// A file of these records, `group` to a row group: names and amounts may be missing.
fn write(records: &[(i32, Option<String>, Option<i64>)], group: usize, packing: Compression) -> Vec<u8> {
    let properties = Arc::new(WriterProperties::builder().set_compression(packing).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(parse_message_type(SCHEMA).unwrap()), properties).unwrap();
    for records in records.chunks(group) {
        let mut rows = writer.next_row_group().unwrap();
        let ids: Vec<i32> = records.iter().map(|r| r.0).collect();
        let days: Vec<i32> = records.iter().map(|r| r.0.rem_euclid(20_000)).collect();
        let seen: Vec<i64> = records.iter().map(|r| i64::from(r.0) * 1_000_000).collect();
        let paid: Vec<bool> = records.iter().map(|r| r.0 % 2 == 0).collect();
        let share: Vec<f64> = records.iter().map(|r| f64::from(r.0) / 4.0).collect();
        macro_rules! column {
            ($kind:ty, $values:expr, $levels:expr, $repeats:expr) => {{
                let mut column = rows.next_column().unwrap().unwrap();
                column.typed::<$kind>().write_batch($values, $levels, $repeats).unwrap();
                column.close().unwrap();
            }};
        }
        column!(Int32Type, &ids, None, None);
        let names: Vec<ByteArray> = records.iter().filter_map(|r| r.1.as_deref().map(ByteArray::from)).collect();
        let levels: Vec<i16> = records.iter().map(|r| i16::from(r.1.is_some())).collect();
        column!(ByteArrayType, &names, Some(&levels), None);
        let amounts: Vec<i64> = records.iter().filter_map(|r| r.2).collect();
        let levels: Vec<i16> = records.iter().map(|r| i16::from(r.2.is_some())).collect();
        column!(Int64Type, &amounts, Some(&levels), None);
        column!(Int32Type, &days, None, None);
        column!(Int64Type, &seen, None, None);
        column!(BoolType, &paid, None, None);
        column!(DoubleType, &share, None, None);
        // Two tags each, of which the second is missing.
        let tags: Vec<ByteArray> = records.iter().map(|_| ByteArray::from("x")).collect();
        let levels: Vec<i16> = records.iter().flat_map(|_| [3, 2]).collect();
        let repeats: Vec<i16> = records.iter().flat_map(|_| [0, 1]).collect();
        column!(ByteArrayType, &tags, Some(&levels), Some(&repeats));
        rows.close().unwrap();
    }
    writer.into_inner().unwrap()
}

fn read(bytes: Vec<u8>, bounds: &Sheet) -> (Rows, Vec<String>) {
    let (mut rows, mut findings) = (Rows::new(), Vec::new());
    each(bytes, bounds, &mut findings, &mut |batch, _| {
        batch.iter().for_each(|row| rows.push(row));
        ControlFlow::Continue(())
    });
    (rows, findings.iter().map(|f| format!("{} {}", f.code.text(), f.kind)).collect())
}

#[test]
fn values_come_back_with_their_kinds() {
    use Kind::{Boolean, Date, Number, Text};
    let records = [(7, Some("Lee, \"MA\"".to_owned()), Some(-5)), (-3, None, None)];
    let (rows, findings) = read(write(&records, 1, Compression::SNAPPY), &Sheet::default());
    assert_eq!(findings, [""; 0]);
    let header: Vec<&str> = rows.get(0).unwrap().cells().map(|c| c.0).collect();
    assert_eq!(header, ["id", "name", "amount", "day", "seen", "paid", "share", "tags"]);
    let cells: Vec<_> = rows.get(1).unwrap().cells().collect();
    assert_eq!(
        cells,
        [
            ("7", Number),
            ("Lee, \"MA\"", Text),
            ("-0.05", Number),
            ("1970-01-08", Date),
            ("1970-01-01T00:00:07Z", Date),
            ("false", Boolean),
            ("1.75", Number),
            ("[\"x\",null]", Text)
        ]
    );
    let cells: Vec<_> = rows.get(2).unwrap().cells().map(|c| c.0).collect();
    assert_eq!(cells, ["-3", "", "", "2024-10-01", "1969-12-31T23:59:57Z", "false", "-0.75", "[\"x\",null]"]);
    assert_eq!(rows.iter().map(|r| r.origin.row).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn bounds_are_named() {
    let long = (0..20_000).map(|_| (1, Some("0".repeat(1000)), None)).collect::<Vec<_>>();
    for packing in [Compression::GZIP(GzipLevel::default()), Compression::ZSTD(ZstdLevel::default())] {
        let bytes = write(&long, 20_000, packing);
        let cells = Sheet { cells: 10_000, ..Sheet::default() };
        assert_eq!(read(bytes.clone(), &cells).1, ["C230 "]);
        let text = Sheet { text: 100_000, ..Sheet::default() };
        assert_eq!(read(bytes.clone(), &text).1, ["C230 text"]);
        let pages = Sheet { pages: 1000, ..Sheet::default() };
        assert_eq!(read(bytes.clone(), &pages).1, ["C110 "]);
        let columns = Sheet { columns: 7, ..Sheet::default() };
        assert_eq!(read(bytes, &columns).1, ["C216 columns"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_written_is_read(
        records in prop::collection::vec((any::<i32>(), prop::option::of("\\PC{0,12}"), prop::option::of(-99_999_999_999i64..99_999_999_999)), 0..3000),
        group in 1usize..2000, packing in 0usize..4,
    ) {
        let packing = [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(GzipLevel::default()), Compression::ZSTD(ZstdLevel::default())][packing];
        let group = group.max(records.len() / 20 + 1);
        let (rows, findings) = read(write(&records, group, packing), &Sheet::default());
        prop_assert_eq!(findings, Vec::<String>::new());
        prop_assert_eq!(rows.len(), records.len() + 1);
        for (record, row) in records.iter().zip(rows.iter().skip(1)) {
            prop_assert_eq!(row.text(0), record.0.to_string());
            prop_assert_eq!(row.text(1), record.1.as_deref().unwrap_or(""));
            let amount = concord_core::decimal::Decimal::parse(row.text(2));
            prop_assert_eq!(amount, record.2.map(|a| concord_core::decimal::Decimal::from_i64(a).scaled(-2)));
        }
    }

    #[test]
    fn damage_never_ends_the_reading_badly(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), packing in 0usize..3) {
        let packing = [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(GzipLevel::default())][packing];
        let records = (0..50).map(|i| (i, (i % 3 > 0).then(|| format!("name {i}")), Some(i64::from(i)))).collect::<Vec<_>>();
        let mut bytes = write(&records, 30, packing);
        for (index, value) in flips {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        let small = Sheet { cells: 100_000, ..Sheet::default() };
        read(bytes, &small);
    }
}
