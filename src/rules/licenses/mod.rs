//! License rule files: what is declared about products, metrics and contracts.
//!
//! ```text
//! DutyRules           what is warned of and when
//!   ThresholdRule     from which figures on, for which products, pools and contracts
//!   SilenceRule       which warnings are known and accepted, by whom, why and until when
//!   HolidayDecl       the days on which nobody works
//! Selector            which of them a declaration is about
//! WarningKind         everything that is warned of
//! ```

mod duties;
mod holidays;
mod kinds;
mod selector;
mod silence;
mod thresholds;

pub use duties::{DutyRules, duty_rules, shipped_duties};
pub use holidays::HolidayDecl;
pub use kinds::WarningKind;
pub use selector::{Aspect, Selector};
pub use silence::SilenceRule;
pub use thresholds::{Budget, ForecastMethod, Growth, ThresholdRule};
