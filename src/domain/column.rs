//! The columns of a FOCUS charge, of every version from 1.0 on.

use std::fmt;

macro_rules! columns {
    ($($name:ident)*) => {
        /// A FOCUS Cost and Usage column. What a version has of them, and under which other names
        /// files carry them, is data: `rules/providers/focus.yaml`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column { $($name),* }

        impl Column {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The FOCUS column id, such as `BilledCost`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

columns! {
    AllocatedMethodDetails AllocatedMethodId AllocatedResourceId AllocatedResourceName AllocatedTags
    AvailabilityZone BilledCost BillingAccountId BillingAccountName BillingAccountType
    BillingCurrency BillingPeriodEnd BillingPeriodStart CapacityReservationId
    CapacityReservationStatus ChargeCategory ChargeClass ChargeDescription ChargeFrequency
    ChargePeriodEnd ChargePeriodStart CommitmentDiscountCategory CommitmentDiscountId
    CommitmentDiscountName CommitmentDiscountQuantity CommitmentDiscountStatus
    CommitmentDiscountType CommitmentDiscountUnit ConsumedQuantity ConsumedUnit ContractApplied
    ContractedCost ContractedUnitPrice EffectiveCost HostProviderName InvoiceDetailId InvoiceId
    InvoiceIssuerName ListCost ListUnitPrice PricingCategory PricingCurrency
    PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost PricingCurrencyListUnitPrice
    PricingQuantity PricingUnit ProviderName PublisherName RegionId RegionName ResourceId
    ResourceName ResourceType ServiceCategory ServiceName ServiceProviderName ServiceSubcategory
    SkuId SkuMeter SkuPriceDetails SkuPriceId SubAccountId SubAccountName SubAccountType Tags
}

impl Column {
    /// The column of that FOCUS id, whatever the case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.name().eq_ignore_ascii_case(name))
    }

    /// The name in rules: `commitment_discount_status` for `CommitmentDiscountStatus`.
    #[must_use]
    pub fn snake_name(self) -> String {
        let mut snake = String::new();
        for letter in self.name().chars() {
            if letter.is_ascii_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        snake
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        assert_eq!(Column::ALL.len(), 66);
        assert_eq!(Column::CommitmentDiscountStatus.snake_name(), "commitment_discount_status");
        assert_eq!(Column::named("billedcost"), Some(Column::BilledCost));
        assert!(Column::ALL.is_sorted_by_key(|column| column.name()));
    }
}
