//! What is declared about licenses, checked: texts in, typed declarations out, every error at once.
//!
//! ```text
//! LicensePolicies     the keys `matching` and `valuation` of license rule files
//!   MatchingRules     which right may cover which use, and in what way
//!   ValuationRules    prices, and what over-use costs by which terms
//! ```
//!
//! Knows no rows and no rights: whether a product or an entitlement exists is asked where they are known.

mod figures;
mod matching;
mod plans;
mod policies;
#[cfg(test)]
mod tests;
mod valuation;

pub use matching::{
    EditionLadder, Excuse, ExcuseKind, MatchingRules, NeededRight, ProductName, Reassignment,
    Reserve, Solver, Suite, USE_RIGHTS, WholeHost,
};
pub use plans::{Plan, PlanName};
pub use policies::{LicensePolicies, shipped_policies};
pub use valuation::{
    AuditTerms, HouseRounding, Offer, OveruseKind, OverusePolicy, PriceBasis, Prorate,
    ValuationRules,
};
