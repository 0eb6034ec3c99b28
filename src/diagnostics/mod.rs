//! What costbook has to say about its input: findings with a stable code, a place and a mend.
//!
//! ```text
//! Finding             one thing that is wrong or worth knowing
//!   Code              its stable name, with severity, exit class and a longer explanation
//!   Place             where: a span of a text, a cell of a table, a file
//! Texts               the texts that places point into
//! render              the one way findings are drawn
//! ```
//!
//! Owns wording and drawing. Imports no other room. Knows nothing of money, rules or files: a place
//! is a path and numbers, and a text is looked up, never opened.
//!
//! Invariant: no control character, bidirectional or invisible, reaches the reader through
//! [`render`] or [`printable`].

mod code;
mod finding;
mod render;
mod suggest;
mod text;

pub use code::{Class, Code, Severity};
pub use finding::{Finding, Place, Span};
pub use render::{Texts, render};
pub use suggest::did_you_mean;
pub use text::printable;
