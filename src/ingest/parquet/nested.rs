//! Lists, maps and objects of a Parquet column as JSON text, so that one reader does for all formats.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use parquet::errors::ParquetError;

use super::column::TextColumn;
use crate::ingest::json::literal::write_string;

/// Appends one value as JSON. Numbers keep the digits that they have.
///
/// # Errors
/// Where the file holds a type that has no text.
pub(in crate::ingest) fn write(
    array: &ArrayRef,
    index: usize,
    out: &mut Vec<u8>,
) -> Result<(), ParquetError> {
    if array.is_null(index) {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    match array.data_type() {
        DataType::List(_) => items(&array.as_list::<i32>().value(index), out),
        DataType::LargeList(_) => items(&array.as_list::<i64>().value(index), out),
        DataType::Struct(fields) => {
            let object = array.as_struct();
            let mut begin = b'{';
            for (field, column) in fields.iter().zip(object.columns()) {
                out.push(begin);
                begin = b',';
                write_string(field.name(), out);
                out.push(b':');
                write(column, index, out)?;
            }
            if begin == b'{' {
                out.push(begin);
            }
            out.push(b'}');
            Ok(())
        }
        DataType::Map(..) => map(&array.as_map().value(index), out),
        _ => scalar(array, index, out),
    }
}

fn items(items: &ArrayRef, out: &mut Vec<u8>) -> Result<(), ParquetError> {
    out.push(b'[');
    for index in 0..items.len() {
        if index > 0 {
            out.push(b',');
        }
        write(items, index, out)?;
    }
    out.push(b']');
    Ok(())
}

/// Entries without a value are none.
fn map(entries: &arrow_array::StructArray, out: &mut Vec<u8>) -> Result<(), ParquetError> {
    let (keys, values) = (entries.column(0), entries.column(1));
    let names = TextColumn::new(&keys.slice(0, keys.len()))?.into_texts();
    out.push(b'{');
    let mut is_first = true;
    for (index, name) in names.iter().enumerate() {
        let Some(name) = name.as_ref().filter(|_| values.is_valid(index)) else { continue };
        if !is_first {
            out.push(b',');
        }
        is_first = false;
        write_string(&String::from_utf8_lossy(name), out);
        out.push(b':');
        write(values, index, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn scalar(array: &ArrayRef, index: usize, out: &mut Vec<u8>) -> Result<(), ParquetError> {
    let one = array.slice(index, 1);
    let text = TextColumn::new(&one)?.into_texts().pop().flatten().unwrap_or_default();
    let is_bare = array.data_type().is_numeric() || *array.data_type() == DataType::Boolean;
    if is_bare {
        out.extend_from_slice(&text);
    } else {
        write_string(&String::from_utf8_lossy(&text), out);
    }
    Ok(())
}
