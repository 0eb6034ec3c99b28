//! What the footer of a Parquet file says, compared with itself before anything is decoded.
//!
//! The footer is not covered by a checksum, and says many things twice: the type and the name of a
//! column stand in the schema and in every column chunk, row counts in the file, the row groups
//! and the chunks. The decoder believes the first and does not look at the second. One changed
//! byte could so make a column of money another one; here it makes the file contradict itself.
//!
//! The layout: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use parquet::errors::ParquetError;

use super::thrift::{Broken, Kind, Thrift};

/// The footer's length and the magic number, at the end of the file.
const TAIL: u64 = 8;
const FOOTER_LIMIT: u64 = 1 << 28;
/// Structures inside each other.
const DEPTH_LIMIT: usize = 32;
/// Columns and groups of columns.
const ELEMENT_LIMIT: usize = 100_000;
/// Bytes of one value of a column of fixed width.
const WIDTH_LIMIT: i64 = 4096;
/// Rows of a row group.
const ROW_LIMIT: i64 = 1 << 31;

const DECIMAL: i64 = 5;
const REPEATED: i64 = 2;

/// An entry of the schema.
#[derive(Debug, Default)]
struct Element {
    /// Physical type; groups have none.
    kind: Option<i64>,
    width: Option<i64>,
    repetition: Option<i64>,
    name: Vec<u8>,
    children: usize,
    converted: Option<i64>,
    scale: Option<i64>,
    precision: Option<i64>,
    /// Scale and precision of the newer way to say that it is a decimal.
    decimal: Option<(i64, i64)>,
}

/// A column that holds values, with the names that lead to it.
#[derive(Debug)]
struct Leaf {
    kind: i64,
    path: Vec<Vec<u8>>,
    is_repeated: bool,
}

/// The values of one column in one row group.
#[derive(Debug, Default)]
struct Chunk {
    kind: Option<i64>,
    path: Vec<Vec<u8>>,
    values: i64,
    packed: i64,
    begin: Option<i64>,
    dictionary: Option<i64>,
    bounds: Vec<usize>,
}

#[derive(Debug, Default)]
struct Group {
    chunks: Vec<Chunk>,
    rows: i64,
}

/// Reads the footer and refuses one that contradicts itself or asks for what no bill needs.
///
/// # Errors
/// What is wrong with it.
pub(super) fn vet(file: &File) -> Result<(), ParquetError> {
    let (footer, end) = footer(file)?;
    let (elements, rows, groups) = read(&footer).map_err(general)?;
    let leaves = leaves(&elements).map_err(general)?;
    let mut sum = 0_i64;
    for group in &groups {
        vet_group(group, &leaves, end).map_err(general)?;
        sum = sum.checked_add(group.rows).ok_or_else(|| general("row counts overflow"))?;
    }
    if sum != rows {
        return Err(general("its row groups do not hold as many rows as the file says"));
    }
    Ok(())
}

pub(super) fn general(reason: impl Into<String>) -> ParquetError {
    ParquetError::General(reason.into())
}

/// The bytes of the footer, and where it begins.
fn footer(mut file: &File) -> Result<(Vec<u8>, u64), ParquetError> {
    let size = file.metadata()?.len();
    let tail_at = size.checked_sub(TAIL).ok_or_else(|| general("the file is too short"))?;
    let mut tail = [0; 8];
    file.seek(SeekFrom::Start(tail_at))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = tail;
    if magic != *b"PAR1" {
        return Err(general("it does not end as Parquet does; the end is missing"));
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    let begin = tail_at.checked_sub(length).filter(|_| length <= FOOTER_LIMIT);
    let begin = begin.ok_or_else(|| general("its footer cannot have the length that it tells"))?;
    let mut footer = Vec::new();
    file.seek(SeekFrom::Start(begin))?;
    file.take(length).read_to_end(&mut footer)?;
    file.rewind()?;
    Ok((footer, begin))
}

/// The schema, the rows of the file, and the row groups.
type Parts = (Vec<Element>, i64, Vec<Group>);

fn read(footer: &[u8]) -> Result<Parts, Broken> {
    let (mut elements, mut rows, mut groups) = (Vec::new(), 0, Vec::new());
    Thrift::new(footer).structure(|thrift, id, kind| {
        match (id, kind) {
            (2, Kind::List) => elements = entries(thrift, ELEMENT_LIMIT, element)?,
            (3, Kind::Number) => rows = thrift.number()?,
            (4, Kind::List) => groups = entries(thrift, usize::MAX, group)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok((elements, rows, groups))
}

fn entries<T>(
    thrift: &mut Thrift<'_>,
    limit: usize,
    read: impl Fn(&mut Thrift<'_>) -> Result<T, Broken>,
) -> Result<Vec<T>, Broken> {
    let (kind, size) = thrift.list()?;
    if kind != Kind::Structure || size > limit {
        return Err("a list in the footer has the wrong kind of entries, or too many");
    }
    (0..size).map(|_| read(thrift)).collect()
}

fn element(thrift: &mut Thrift<'_>) -> Result<Element, Broken> {
    let mut found = Element::default();
    thrift.structure(|thrift, id, kind| {
        match (id, kind) {
            (1, Kind::Number) => found.kind = Some(thrift.number()?),
            (2, Kind::Number) => found.width = Some(thrift.number()?),
            (3, Kind::Number) => found.repetition = Some(thrift.number()?),
            (4, Kind::Text) => found.name = thrift.text()?.to_vec(),
            (5, Kind::Number) => {
                let children = usize::try_from(thrift.number()?);
                found.children = children.map_err(|_| "a group has fewer than no columns")?;
            }
            (6, Kind::Number) => found.converted = Some(thrift.number()?),
            (7, Kind::Number) => found.scale = Some(thrift.number()?),
            (8, Kind::Number) => found.precision = Some(thrift.number()?),
            (10, Kind::Structure) => found.decimal = logical_decimal(thrift)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(found)
}

fn logical_decimal(thrift: &mut Thrift<'_>) -> Result<Option<(i64, i64)>, Broken> {
    let mut found = None;
    thrift.structure(|thrift, id, kind| {
        if (id, kind) != (DECIMAL, Kind::Structure) {
            return Ok(false);
        }
        let (mut scale, mut precision) = (0, 0);
        thrift.structure(|thrift, id, kind| {
            match (id, kind) {
                (1, Kind::Number) => scale = thrift.number()?,
                (2, Kind::Number) => precision = thrift.number()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        found = Some((scale, precision));
        Ok(true)
    })?;
    Ok(found)
}

fn group(thrift: &mut Thrift<'_>) -> Result<Group, Broken> {
    let mut found = Group::default();
    thrift.structure(|thrift, id, kind| {
        match (id, kind) {
            (1, Kind::List) => found.chunks = entries(thrift, ELEMENT_LIMIT, chunk)?,
            (3, Kind::Number) => found.rows = thrift.number()?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(found)
}

fn chunk(thrift: &mut Thrift<'_>) -> Result<Chunk, Broken> {
    let mut found = Chunk::default();
    thrift.structure(|thrift, id, kind| match (id, kind) {
        (1, Kind::Text) => Err("a column lies in another file"),
        (3, Kind::Structure) => chunk_metadata(thrift, &mut found).map(|()| true),
        _ => Ok(false),
    })?;
    Ok(found)
}

fn chunk_metadata(thrift: &mut Thrift<'_>, found: &mut Chunk) -> Result<(), Broken> {
    thrift.structure(|thrift, id, kind| {
        match (id, kind) {
            (1, Kind::Number) => found.kind = Some(thrift.number()?),
            (3, Kind::List) => {
                let (kind, size) = thrift.list()?;
                if kind != Kind::Text || size > DEPTH_LIMIT {
                    return Err("the path of a column is not one of names");
                }
                let names = (0..size).map(|_| thrift.text().map(<[u8]>::to_vec));
                found.path = names.collect::<Result<_, _>>()?;
            }
            (5, Kind::Number) => found.values = thrift.number()?,
            (7, Kind::Number) => found.packed = thrift.number()?,
            (9, Kind::Number) => found.begin = Some(thrift.number()?),
            (11, Kind::Number) => found.dictionary = Some(thrift.number()?),
            (12, Kind::Structure) => found.bounds = bounds(thrift)?,
            _ => return Ok(false),
        }
        Ok(true)
    })
}

/// Bytes of the least and the greatest value, in the old and the new way to tell them.
fn bounds(thrift: &mut Thrift<'_>) -> Result<Vec<usize>, Broken> {
    let mut found = Vec::new();
    thrift.structure(|thrift, id, kind| {
        if !matches!((id, kind), (1 | 2 | 5 | 6, Kind::Text)) {
            return Ok(false);
        }
        found.push(thrift.text()?.len());
        Ok(true)
    })?;
    Ok(found)
}

/// The columns below the schema's root, in order.
fn leaves(elements: &[Element]) -> Result<Vec<Leaf>, Broken> {
    let (root, rest) = elements.split_first().ok_or("the footer has no schema")?;
    let mut leaves = Vec::new();
    // Groups that are open: how many of their children are still to come.
    let mut open = vec![root.children];
    let mut path: Vec<Vec<u8>> = Vec::new();
    let mut repeated = vec![false];
    for element in rest {
        while open.last() == Some(&0) {
            open.pop();
            path.pop();
            repeated.pop();
        }
        *open.last_mut().ok_or("the schema has columns that belong to no group")? -= 1;
        vet_element(element)?;
        let is_repeated = repeated.last() == Some(&true) || element.repetition == Some(REPEATED);
        path.push(element.name.clone());
        match (element.children, element.kind) {
            (0, Some(kind)) => {
                leaves.push(Leaf { kind, path: path.clone(), is_repeated });
                path.pop();
            }
            (0, None) => {
                path.pop();
            }
            (children, None) if open.len() < DEPTH_LIMIT && children < elements.len() => {
                open.push(children);
                repeated.push(is_repeated);
            }
            _ => return Err("a group of columns is nested too deep, or has values of its own"),
        }
    }
    if open.iter().any(|children| *children > 0) {
        return Err("the schema ends before all its columns are named");
    }
    Ok(leaves)
}

fn vet_element(element: &Element) -> Result<(), Broken> {
    if element.width.is_some_and(|width| width > WIDTH_LIMIT) {
        return Err("the values of a column are wider than any that a bill needs");
    }
    let converted = element.converted == Some(DECIMAL);
    match element.decimal {
        Some((scale, precision)) => {
            let agrees = |told: Option<i64>, other: i64| told.is_none_or(|told| told == other);
            let is_converted = element.converted.is_none() || converted;
            let same = agrees(element.scale, scale) && agrees(element.precision, precision);
            if !same || !is_converted {
                return Err("a decimal column is told to have two different scales or types");
            }
        }
        None if element.precision.is_some_and(|digits| digits > 0) && !converted => {
            return Err("a column has the digits of a decimal, and another type");
        }
        None => {}
    }
    Ok(())
}

fn vet_group(group: &Group, leaves: &[Leaf], end: u64) -> Result<(), Broken> {
    if !(0..ROW_LIMIT).contains(&group.rows) {
        return Err("a row group cannot have as many rows as it tells");
    }
    if group.chunks.len() != leaves.len() {
        return Err("a row group has other columns than the schema");
    }
    for (chunk, leaf) in group.chunks.iter().zip(leaves) {
        if chunk.kind != Some(leaf.kind) {
            return Err("a column has one type in the schema and another where its values are");
        }
        if chunk.path != leaf.path {
            return Err("a column has one name in the schema and another where its values are");
        }
        if !leaf.is_repeated && chunk.values != group.rows {
            return Err("a column has more or fewer values than its row group has rows");
        }
        let fixed = match leaf.kind {
            0 => Some(1),
            1 | 4 => Some(4),
            2 | 5 => Some(8),
            3 => Some(12),
            _ => None,
        };
        if fixed.is_some_and(|width| chunk.bounds.iter().any(|bytes| *bytes != width)) {
            return Err("the least and greatest values of a column are not of its type");
        }
        let begin = chunk.dictionary.or(chunk.begin).and_then(|at| u64::try_from(at).ok());
        let bytes = u64::try_from(chunk.packed).ok();
        let stop = begin.zip(bytes).and_then(|(begin, bytes)| begin.checked_add(bytes));
        if stop.is_none_or(|stop| stop > end) {
            return Err("a column lies beyond the end of the file");
        }
    }
    Ok(())
}
