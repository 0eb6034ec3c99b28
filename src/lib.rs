//! costbook turns cloud bills, license inventories and tag metadata into showback reports and
//! chargeback ledgers that finance can close the books on.
//!
//! Rooms, in the order in which data passes them. A room may use the public types of rooms before
//! it; nothing uses `report` but `cli`, and nothing uses `cli`.
//!
//! ```text
//! domain        the nouns and their arithmetic
//! diagnostics   findings: code, place, mend
//! rules         the declarative language
//! import        other systems' rules → ours
//! ingest        bills → charges, every row accounted for
//! tags          governed dimensions
//! licenses      owned against used: metrics, positions, contracts
//! allocate      who bears what: cube, pools, proof
//! reconcile     invoices against bills
//! report        files
//! cli           commands
//! ```

pub mod allocate;
pub mod cli;
pub mod diagnostics;
pub mod domain;
pub mod import;
pub mod ingest;
pub mod licenses;
pub mod reconcile;
pub mod report;
pub mod rules;
pub mod tags;
