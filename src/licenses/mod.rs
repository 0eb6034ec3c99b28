//! Licenses: what is owned against what is used, by metrics that are data.
//!
//! ```text
//! Inventory           everything that was told, each row with its file, row and snapshot day
//!   Entitlement       a right that is owned, with its terms
//!   Contract          what was agreed: ends, notices, commitments
//!   UseRow            a row of use: an installation, a host, a machine, a seat, a sample, a counter
//! LicenseCharges      rights as charges of a month, in FOCUS columns
//! Extent              a number between bounds: what is unknown is a range and never zero
//! Measured            what a metric makes of the use of a product, in one reading of its terms
//!   Demand            so much is needed, of this product, here, for this machine or user
//! ```
//!
//! Order: inventory tables → products recognised → metrics measured, once per interpretation →
//! entitlements matched → position → exposure, warnings, evidence. The cost of licenses leaves as charges and goes
//! through the same door as cloud charges do.
//!
//! May use `domain`, `diagnostics`, `rules` and `ingest`. Knows nothing about who bears which cost, and no clock: the day
//! of the position is given.
//!
//! Invariants: numbers are exact fractions; `entitled − consumed = surplus − shortfall`, one of the two
//! 0; a missing input makes a number a range, with the input's name; the same inputs give the same lines in the same order.

mod assess;
mod billing;
mod burndown;
mod calendar;
mod charges;
mod consumption;
mod contracts;
mod extent;
mod forecast;
mod inventory;
#[cfg(test)]
mod made_up;
mod matching;
mod measure;
mod measured;
mod money;
mod parts;
mod position;
#[cfg(test)]
mod position_tests;
mod read;
mod reassign;
mod solver;
mod suites;
#[cfg(test)]
mod suites_tests;
#[cfg(test)]
mod testkit;
mod valuation;
mod warnings;

pub use assess::{Beside, Given, LicenseOutcome, MONTHS_BACK, assess};
pub use billing::{BesideLicenses, LicensePlan, LicenseSink, license_uses};
pub use burndown::{BurnDown, BurnMonth, ShortfallRule, Spent, burn_downs};
pub use calendar::{Calendar, Calendars};
pub use charges::{CHARGES_TABLE, ChargedBySource, LicenseCharges, license_charges};
pub use consumption::{Consumption, consumption};
pub use contracts::{
    ContractState, NoticeTerms, Terms, beyond_allowance, contract_kind_name, contract_terms,
    is_material,
};
pub use extent::{Extent, Number};
pub use forecast::{Line, first_day_above, line_of, method_text};
pub use inventory::{
    Contract, ContractKind, Entitlement, Environment, Field, Holder, Inventory, LicenseKind,
    Origin, Product, UseKind, UseRight, UseRow, Value,
};
pub use matching::{
    Bound, Cover, Match, MatchInput, MatchKind, Matched, NotUsed, Spared, Uncovered, UsePlace,
    World, match_rights,
};
pub use measure::{check_examples, measure, measure_all};
pub use measured::{Breach, Demand, Gap, Measured, Reading, Step, Subject, SubjectKind};
pub use money::{Money, money_text, number_of, number_text};
pub use parts::Part;
pub use position::{
    Figures, LineKind, Position, PositionInput, PositionKey, Status, UnitPrice, line_parts,
    position,
};
pub use read::{
    LicenseFile, LicensePart, QuarantinedRow, RawCells, RawProduct, Told, Unrecognised, gather,
    products_of, raw_cells, read_file, read_product_table,
};
pub use reassign::{Reused, reused};
pub use solver::{Cheapest, HostChoice, Purchase, SingleOffer};
pub use suites::{Containment, Overlap, containment, overlaps};
pub use valuation::{AuditFinding, OverUse, Valued, audit, over_uses, plain, rounded, valuate};
pub use warnings::{
    About, CloudModel, CloudUse, DutyPrice, FailOn, HeldTwice, Standing, UnknownProduct, Warning,
    Watched, warnings,
};
