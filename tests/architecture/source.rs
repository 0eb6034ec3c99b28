//! Rust text, looked at without a parser: comments and texts are blanked, tests are cut out, and
//! what remains is searched for words, braces and paths.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of `src`.
pub(crate) struct Source {
    /// Below `src`, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text of equal length with comments and texts blanked.
    bare: String,
    /// The same without tests.
    code: String,
}

impl Source {
    pub(crate) fn read(root: &Path, path: &str) -> Self {
        let text = fs::read_to_string(root.join(path)).expect("a source file");
        Self::of(path, text)
    }

    fn of(path: &str, text: String) -> Self {
        let bare = blanked(&text);
        let code = without_tests(&bare);
        Self { path: path.to_owned(), text, bare, code }
    }

    /// The files of modules that exist in tests only.
    pub(crate) fn test_modules(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for (at, _) in self.bare.match_indices("#[cfg(test)]") {
            let declared = self.bare[at..].split(['{', ';']).next().unwrap_or_default();
            let is_file = self.bare[at + declared.len()..].starts_with(';');
            if let Some((_, name)) = declared.rsplit_once("mod ").filter(|_| is_file) {
                found.push(self.folder_of_modules().join(name.trim()));
            }
        }
        found
    }

    /// Where the files of this file's modules lie.
    fn folder_of_modules(&self) -> PathBuf {
        let path = Path::new(&self.path);
        let folder = path.parent().unwrap_or(Path::new(""));
        match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("mod" | "lib" | "main") | None => folder.to_owned(),
            Some(stem) => folder.join(stem),
        }
    }

    pub(crate) fn is_within(&self, modules: &BTreeSet<PathBuf>) -> bool {
        let path = Path::new(&self.path).with_extension("");
        modules.iter().any(|module| path.starts_with(module))
    }

    /// Rooms named behind `crate::`, with their lines.
    pub(crate) fn imported_rooms(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (at, _) in
            self.code.match_indices("crate::").filter(|(at, _)| starts_word(&self.code, *at))
        {
            let rest = &self.code[at + "crate::".len()..];
            let names = if rest.starts_with('{') { first_names(rest) } else { vec![word(rest)] };
            found.extend(names.into_iter().map(|name| (self.line(at), name.to_owned())));
        }
        found
    }

    /// Lines on which a chain of `super` is longer than the module is deep in its room.
    pub(crate) fn climbs_out_of_its_room(&self) -> Vec<usize> {
        let is_mod = self.path.ends_with("/mod.rs");
        let steps = self.path.split('/').count() - usize::from(is_mod);
        let chain = "super::".repeat(steps);
        let inner = self.code.match_indices(&chain);
        // A module in the file itself stands one step deeper.
        let top = inner.filter(|(at, _)| !self.code[..*at].ends_with("super::"));
        top.filter(|(at, _)| depth(&self.code[..*at]) == 0).map(|(at, _)| self.line(at)).collect()
    }

    /// Lines of code on which the word stands as a word.
    pub(crate) fn lines_with(&self, word: &str) -> Vec<usize> {
        let ends_open = word.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let stands = |at: &usize| {
            let after = self.code[*at + word.len()..].chars().next();
            let goes_on = after.is_some_and(|next| next.is_alphanumeric() || next == '_');
            let begins = !word.starts_with(char::is_alphanumeric) || starts_word(&self.code, *at);
            begins && !(ends_open && goes_on)
        };
        let found = self.code.match_indices(word).map(|(at, _)| at).filter(stands);
        found.map(|at| self.line(at)).collect()
    }

    /// Line, name and length of every function, those of tests included.
    pub(crate) fn functions(&self) -> Vec<(usize, String, usize)> {
        let mut found = Vec::new();
        for (at, _) in self.bare.match_indices("fn ").filter(|(at, _)| starts_word(&self.bare, *at))
        {
            let name = word(&self.bare[at + 3..]);
            if name.is_empty() {
                continue;
            }
            if let Some(open) = body(&self.bare, at) {
                let close = closing(&self.bare, open);
                found.push((self.line(at), name.to_owned(), self.line(close) - self.line(at) + 1));
            }
        }
        found
    }

    fn line(&self, at: usize) -> usize {
        self.bare[..at].matches('\n').count() + 1
    }
}

fn starts_word(text: &str, at: usize) -> bool {
    !text[..at].ends_with(|last: char| last.is_alphanumeric() || last == '_')
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The first name of each part of a group of imports.
fn first_names(text: &str) -> Vec<&str> {
    let inner = &text[1..closing(text, 0)];
    let mut names = Vec::new();
    let mut begin = 0;
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        if letter == ',' && depth(&inner[..at]) == 0 {
            names.push(word(inner[begin..at].trim()));
            begin = at + 1;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn depth(text: &str) -> isize {
    text.bytes().fold(0, |depth, byte| match byte {
        b'{' => depth + 1,
        b'}' => depth - 1,
        _ => depth,
    })
}

/// Where the body of the function at a place opens; `None` for one that is only declared.
fn body(text: &str, at: usize) -> Option<usize> {
    let mut nested = 0;
    for (index, byte) in text.bytes().enumerate().skip(at) {
        match byte {
            b'(' | b'[' => nested += 1,
            b')' | b']' => nested -= 1,
            b'{' if nested == 0 => return Some(index),
            b';' if nested == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Where the brace closes that opens at a place.
fn closing(text: &str, open: usize) -> usize {
    let mut depth = 0;
    for (index, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return index,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    panic!("a brace is not closed");
}

/// Blanks what stands under `#[cfg(test)]`.
fn without_tests(bare: &str) -> String {
    let mut code = bare.to_owned();
    for (at, _) in bare.match_indices("#[cfg(test)]") {
        let end = match bare[at..].find(['{', ';']).map(|end| at + end) {
            Some(end) if bare[end..].starts_with('{') => closing(bare, end),
            Some(end) => end,
            None => bare.len() - 1,
        };
        let blank: String = bare[at..=end].chars().map(blank).collect();
        code.replace_range(at..=end, &blank);
    }
    code
}

fn blank(letter: char) -> char {
    if letter == '\n' { '\n' } else { ' ' }
}

/// The text with comments, texts and characters as blanks, byte for byte as long.
fn blanked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match &bytes[at..] {
            [b'/', b'/', ..] => text[at..].find('\n').map_or(bytes.len(), |end| at + end),
            [b'/', b'*', ..] => text[at..].find("*/").map_or(bytes.len(), |end| at + end + 2),
            [b'r', b'"' | b'#', ..] if starts_word(text, at) || text[..at].ends_with('b') => {
                raw(text, at)
            }
            [b'"', ..] => quoted(bytes, at),
            [b'\'', ..] => character(text, at),
            _ => at,
        };
        for byte in &mut out[at..end] {
            *byte = if *byte == b'\n' { b'\n' } else { b' ' };
        }
        at = end.max(at + 1);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The end of a raw text, or its begin where it is none.
fn raw(text: &str, at: usize) -> usize {
    let fences = text[at + 1..].bytes().take_while(|byte| *byte == b'#').count();
    let open = at + 1 + fences;
    if !text[open..].starts_with('"') {
        return at;
    }
    let close = format!("\"{}", "#".repeat(fences));
    text[open + 1..].find(&close).map_or(text.len(), |end| open + 1 + end + close.len())
}

fn quoted(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    (end + 1).min(bytes.len())
}

/// The end of a character, or the place itself for a lifetime.
fn character(text: &str, at: usize) -> usize {
    let mut rest = text[at + 1..].char_indices();
    match rest.next() {
        Some((_, '\\')) => {
            let close = text[at + 3..].find('\'').map_or(text.len(), |end| at + 3 + end);
            close + 1
        }
        Some(_) => match rest.next() {
            Some((end, '\'')) => at + 1 + end + 1,
            _ => at,
        },
        None => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_code_is_blanked() {
        let text = "let a = \"{ // \\\" }\"; // }\nlet b = r#\"{\"#; /* { */ let c = '{'; let d: &'a str = b'\\'';\n";
        let bare = blanked(text);
        assert_eq!(bare.len(), text.len());
        assert_eq!(depth(&bare), 0);
        assert!(bare.contains("let d: &'a str = b"), "{bare}");
    }

    #[test]
    fn tests_are_no_code() {
        let text = "use crate::a::B;\n#[cfg(test)]\nmod tests {\n    use crate::c::D;\n}\nfn long(x: [u8; 2]) {\n}\n";
        let source = Source::of("room/file.rs", text.to_owned());
        assert_eq!(source.imported_rooms(), [(1, "a".to_owned())]);
        assert_eq!(source.functions(), [(6, "long".to_owned(), 2)]);
    }

    #[test]
    fn groups_name_their_rooms() {
        let text = "use crate::{a::{B, c::D}, e, f::G};\nfn x() { x.unwrap_or(1); y.unwrap() }\n";
        let source = Source::of("room/file.rs", text.to_owned());
        let rooms: Vec<String> =
            source.imported_rooms().into_iter().map(|(_, room)| room).collect();
        assert_eq!(rooms, ["a", "e", "f"]);
        assert_eq!(source.lines_with(".unwrap()"), [2]);
        assert_eq!(source.lines_with("unwrap_or"), [2]);
        assert!(source.lines_with("unwrap_o").is_empty());
    }

    #[test]
    fn super_may_not_leave_the_room() {
        let climbs = |path: &str, text: &str| {
            Source::of(path, text.to_owned()).climbs_out_of_its_room().len()
        };
        assert_eq!(climbs("room/file.rs", "use super::a;"), 0);
        assert_eq!(climbs("room/file.rs", "use super::super::a;"), 1);
        assert_eq!(climbs("room/mod.rs", "use super::a;"), 1);
        assert_eq!(climbs("room/deep/file.rs", "use super::super::a;"), 0);
    }
}
