//! What stands behind the keys of project files, rule files and column maps.
//!
//! Each mapping has one table of its keys. The reader refuses keys that are not in it and offers
//! those that are; the [schema](super::schema) is made of the same tables. So a key is known to both
//! once it stands in its table. A shape says what YAML may stand there, no more: what a value means
//! is decided where it is read.

/// A key of a mapping.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyShape {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) is_needed: bool,
}

/// A key that may be left out.
pub(super) const fn key(name: &'static str, shape: Shape) -> KeyShape {
    KeyShape { name, shape, is_needed: false }
}

/// A key that must be there.
pub(super) const fn needed(name: &'static str, shape: Shape) -> KeyShape {
    KeyShape { name, shape, is_needed: true }
}

impl AsRef<str> for KeyShape {
    fn as_ref(&self) -> &str {
        self.name
    }
}

/// Words among which one is chosen, told when they are asked for.
pub(super) type Names = fn() -> Vec<&'static str>;

/// What may stand behind a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A single value.
    Text,
    /// Values in a list, or one without the brackets.
    Texts,
    /// `true` or `false`.
    Flag,
    /// A day, such as 2026-10-31.
    Day,
    /// A whole number up to this one.
    Whole(u32),
    /// A number with or without digits after the point.
    Number,
    /// One of a few words.
    Choice(Names),
    /// Some of a few words, or one without the brackets.
    Choices(Names),
    /// A mapping with keys of a table.
    Map(&'static [KeyShape]),
    /// A mapping of which every key is one of a few words.
    Each(Names, &'static Shape),
    /// A mapping whose keys are FOCUS columns, or columns beside FOCUS where they begin with `x_`.
    Columns(&'static Shape),
    /// A mapping whose keys are names of the user's, of any kind.
    Named(&'static Shape),
    /// As [`Shape::Named`]: lower-case letters, digits, `_`, and `-` where it may be.
    Identified {
        dash: bool,
        shape: &'static Shape,
    },
    List(&'static Shape),
    /// A list, or one of its items without the brackets.
    Some(&'static Shape),
    /// Any of these.
    Either(&'static [Shape]),
    /// The shape, or no value.
    Optional(&'static Shape),
    /// A condition over a charge, as behind `when`.
    Condition,
    /// What is asked of one field in a condition.
    Test,
}

/// The words of choices that stand for something.
pub(super) fn words_of<T>(choices: &[(&'static str, T)]) -> Vec<&'static str> {
    choices.iter().map(|(word, _)| *word).collect()
}

/// `{ from: DAY, to: DAY }`.
pub(super) const VALID_KEYS: &[KeyShape] = &[key("from", Shape::Day), key("to", Shape::Day)];
/// A text, or the value of a field.
pub(super) const GIVEN: Shape = Shape::Either(&[Shape::Text, Shape::Map(FROM_KEYS)]);
pub(super) const FROM_KEYS: &[KeyShape] = &[needed("from", Shape::Text)];
/// Where knowledge comes from.
pub(super) const CITATION_KEYS: &[KeyShape] =
    &[needed("url", Shape::Text), needed("read", Shape::Day)];
