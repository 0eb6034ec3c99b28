//! Records of XLSB and of XLS, as far as their readers pass over what they say.
//!
//! XLSB: <https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-xlsb/>;
//! XLS: <https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-xls/>

use std::io::{Read, Seek};

use calamine::Dimensions;

use super::archive;
use super::frames::Refusal;

/// XLSB: a sheet of the workbook, and cells that are merged.
const BUNDLE_SHEET: u16 = 0x9c;
const MERGED_CELL: u16 = 0xb0;
/// XLS: a sheet of the workbook, a text that cells share, the end of a sheet.
const BOUND_SHEET: u16 = 0x85;
const SHARED_TEXT: u16 = 0xfd;
const END: u16 = 0x0a;

/// Merged cells of a sheet of an XLSB.
pub(super) fn merged(
    file: &mut (impl Read + Seek),
    sheet: &str,
) -> Result<Vec<Dimensions>, Refusal> {
    let Some(workbook) = part(file, "xl/workbook.bin")? else { return Ok(Vec::new()) };
    let Some(links) = part(file, "xl/_rels/workbook.bin.rels")? else { return Ok(Vec::new()) };
    let id = records(&workbook).find_map(|(kind, body)| {
        let (id, behind) = wide(body.get(8..)?)?;
        let (name, _) = wide(behind)?;
        (kind == BUNDLE_SHEET && name == sheet).then_some(id)
    });
    let target = id.and_then(|id| target(&String::from_utf8_lossy(&links), &id));
    let Some(target) = target else { return Ok(Vec::new()) };
    // Targets are relative to the workbook, or to the archive.
    let path = match target.strip_prefix('/') {
        Some(path) => path.to_owned(),
        None => format!("xl/{target}"),
    };
    let Some(cells) = part(file, &path)? else { return Ok(Vec::new()) };
    let areas = records(&cells).filter(|(kind, _)| *kind == MERGED_CELL);
    let area = |(_, body): (u16, &[u8])| {
        let [first, last, left, right] = [0, 4, 8, 12].map(|at| number(body, at));
        Some(Dimensions { start: (first?, left?), end: (last?, right?) })
    };
    Ok(areas.filter_map(area).collect())
}

fn part(file: &mut (impl Read + Seek), name: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let mut bytes = Vec::new();
    let is_there = archive::read(file, name, &mut |read| {
        bytes.extend_from_slice(read);
        Ok(())
    })?;
    Ok(is_there.then_some(bytes))
}

/// The target of a relationship.
fn target(links: &str, id: &str) -> Option<String> {
    let link = links.split('<').find(|tag| {
        tag.starts_with("Relationship ") && attribute(tag, "Id").is_some_and(|found| found == id)
    })?;
    attribute(link, "Target").map(str::to_owned)
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let begin = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[begin..].split('"').next()
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let found = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(found.try_into().ok()?))
}

/// A text in UTF-16 with its length before it, and what follows.
fn wide(bytes: &[u8]) -> Option<(String, &[u8])> {
    let units = usize::try_from(number(bytes, 0)?).ok()?;
    let end = units.checked_mul(2)?.checked_add(4)?;
    let text = bytes.get(4..end)?.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
    Some((char::decode_utf16(text).map(|unit| unit.unwrap_or('\u{fffd}')).collect(), &bytes[end..]))
}

/// The records of a part of XLSB.
fn records(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (first, behind) = rest.split_first()?;
        let mut kind = u16::from(*first);
        rest = behind;
        if kind >= 0x80 {
            let (second, behind) = rest.split_first()?;
            kind = kind & 0x7f | u16::from(*second) << 7;
            rest = behind;
        }
        let mut length = 0_usize;
        for shift in [0, 7, 14, 21] {
            let (byte, behind) = rest.split_first()?;
            rest = behind;
            length |= usize::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                break;
            }
        }
        let (body, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some((kind, body))
    })
}

/// By sheet of an XLS, in their order: the cells that refer to a text which the workbook shares.
pub(super) fn shared(stream: &[u8]) -> Vec<Vec<(u32, u32)>> {
    let sheets = old_records(stream).take_while(|(kind, _)| *kind != END);
    let begins = sheets.filter(|(kind, _)| *kind == BOUND_SHEET);
    let begins = begins.filter_map(|(_, body)| usize::try_from(number(body, 0)?).ok());
    let cells = |begin: usize| {
        let records = old_records(stream.get(begin..).unwrap_or_default());
        let records = records.take_while(|(kind, _)| *kind != END);
        let texts = records.filter(|(kind, body)| *kind == SHARED_TEXT && body.len() >= 10);
        let short =
            |body: &[u8], at: usize| u32::from(u16::from_le_bytes([body[at], body[at + 1]]));
        texts.map(|(_, body)| (short(body, 0), short(body, 2))).collect()
    };
    begins.map(cells).collect()
}

fn old_records(stream: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = stream;
    std::iter::from_fn(move || {
        let ([a, b, c, d], behind) = rest.split_first_chunk()?;
        let (body, behind) = behind.split_at_checked(u16::from_le_bytes([*c, *d]).into())?;
        rest = behind;
        Some((u16::from_le_bytes([*a, *b]), body))
    })
}
