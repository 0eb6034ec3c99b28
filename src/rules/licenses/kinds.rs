//! Everything about licenses that is warned of.

use std::fmt;

use crate::diagnostics::Severity;

macro_rules! kinds {
    ($($variant:ident $name:literal $severity:ident $meaning:literal)*) => {
        /// What a warning is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum WarningKind { $(#[doc = $meaning] $variant),* }

        impl WarningKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As thresholds, silences and `--fail-on` write it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// How grave it is where no threshold says otherwise.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }
        }
    };
}

kinds! {
    OverUse "over_use" Error "More is used than is owned."
    Limit "limit" Error "Use passed a limit that the terms set."
    AuditMaterial "audit_material" Error "More is used than is owned, by so much that an audit clause asks for a penalty."
    ByolWithoutEntitlement "byol_without_entitlement" Error "A cloud bill says that an own license is brought, and none is owned."
    SupportLapsed "support_lapsed" Warning "Support or maintenance ended while the product is still owned."
    CommitmentShortfall "commitment_shortfall" Warning "Less is spent than was committed, or will be."
    RenewalAboveCap "renewal_above_cap" Warning "The renewal that is offered is dearer than the agreed cap."
    Notice "notice" Warning "The last day on which notice can be given is near, or passed while the contract can still end."
    Expiry "expiry" Warning "A contract, a right, a reservation or a savings plan ends soon, or has ended."
    PriceHold "price_hold" Note "A price that is held ends soon."
    TrueUp "true_up" Note "A day on which use is counted and paid is near."
    ForecastBreach "forecast_breach" Warning "Use grows so that it will pass what is owned."
    Threshold "threshold" Warning "Use passed a declared part of what is owned."
    Budget "budget" Warning "What is spent, or will be, is above a declared budget."
    UncappedGrowth "uncapped_growth" Warning "Use that nothing caps grows faster than is declared."
    Unused "unused" Note "Seats that nobody uses, or rights that nothing needs."
    Overlap "overlap" Note "Somebody holds two plans of which one contains the other."
    IncludedWhileIdle "included_while_idle" Note "A cloud price includes a license while own ones are idle."
    Unknown "unknown" Warning "A figure is not known, because an input is missing or thin."
    Unrecognised "unrecognised" Warning "A product that no rule recognises."
    SilenceExpired "silence_expired" Warning "A declared silence is over, and what it silenced still holds."
    SilenceUnmatched "silence_unmatched" Note "A declared silence silences nothing."
}

impl WarningKind {
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether a silence may silence it: what is wrong with silences is always told.
    #[must_use]
    pub fn can_be_silent(self) -> bool {
        !matches!(self, Self::SilenceExpired | Self::SilenceUnmatched)
    }
}

impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
