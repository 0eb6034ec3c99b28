//! Bad input and its answer: every case that is known to be delivered, or sent to do harm.
//!
//! Each case has a generator and the answer that it must get: the file refused (exit 3), the row
//! quarantined while the rest goes on, a warning or a note, or nothing at all. Whatever the case,
//! nothing is published beside a refusal, and stderr holds findings and no panic.
//!
//! ```text
//! answer              what may come of a case, and how that is checked
//! files               torn, empty, compressed, mixed, huge; what is no file
//! parquet             headers that contradict themselves or ask for too much
//! hand_made           Parquet written byte by byte, so that each header can lie
//! columnar            figures of one file, by the library
//! lines               JSON lines
//! columns             headers, delimiters, lengths, rows that are none
//! numbers             amounts and their sums
//! days                dates that do not exist, or are not proven
//! reference           currencies, tables of owners and metadata, shares and cycles
//! text                names, tags and owners that would do harm if they were not just text
//! ```

mod support;

#[path = "bad_input/answer.rs"]
mod answer;
#[path = "bad_input/columnar.rs"]
mod columnar;
#[path = "bad_input/columns.rs"]
mod columns;
#[path = "bad_input/days.rs"]
mod days;
#[path = "bad_input/files.rs"]
mod files;
#[path = "bad_input/hand_made.rs"]
mod hand_made;
#[path = "bad_input/lines.rs"]
mod lines;
#[path = "bad_input/numbers.rs"]
mod numbers;
#[path = "bad_input/parquet.rs"]
mod parquet;
#[path = "bad_input/reference.rs"]
mod reference;
#[path = "bad_input/text.rs"]
mod text;
