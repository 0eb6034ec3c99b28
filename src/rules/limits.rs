//! The limits of everything a text may hold. A text beyond one is refused at its place; none of
//! them is near what a real project needs.

/// Bytes of one project file, rule file or column map.
pub(super) const TEXT_BYTES: usize = 4 << 20;
/// Mappings and lists inside each other.
pub(super) const DEPTH: usize = 48;
/// Keys, values, lists and mappings of one text.
pub(super) const NODES: usize = 400_000;
/// Characters of a name that reports show.
pub(super) const NAME_CHARS: usize = 200;
/// Characters of any other single value, such as a pattern, a path or a tag key.
pub(super) const VALUE_CHARS: usize = 2_000;
/// Rules, dimensions, pools, components and tests of a project, each. Ids have 16 bits.
pub(super) const DECLARATIONS: usize = 20_000;
/// Different fields that the rules of a project ask. Ids have 16 bits.
pub(super) const FIELDS: usize = 20_000;
/// Bytes of one compiled regular expression or glob.
pub(super) const REGEX_BYTES: usize = 1 << 20;
/// Regular expressions and globs of a project.
pub(super) const PATTERNS: usize = 2_000;
/// Findings that one reading reports; more help nobody, and a file can be wrong on every line.
pub(super) const FINDINGS: usize = 500;
