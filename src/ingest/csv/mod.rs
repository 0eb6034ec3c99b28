//! CSV, and what is turned into it: from the bytes of a file to judged rows.
//!
//! ```text
//! stream      what the bytes are: UTF-16 is decoded (encoding), JSON lines are turned
//!   foreign   what is no text of a bill at all
//! blocks      cut where records end, so that blocks are read side by side
//!   marks     where fields and records end, 64 bytes at a time
//! feed        blocks to who reads them, hashed beside
//! records     a block → fields, without copying, whatever its quotes
//!   quotes    a quoted field that has taken rows in
//! rows        fields → rows for the desk
//!   batch     charges whose texts stay where they lie
//! ```
//!
//! Owns how text becomes rows. Knows no provider: what a column means is told by the binding.
//!
//! Invariants: blocks put together are the stream; a record lies in one block; a row that cannot
//! be split is told with its text, never passed over.

mod batch;
pub(in crate::ingest) mod blocks;
pub(in crate::ingest) mod encoding;
pub(in crate::ingest) mod feed;
mod foreign;
mod marks;
mod quotes;
pub(in crate::ingest) mod records;
pub(in crate::ingest) mod rows;
pub(in crate::ingest) mod stream;
