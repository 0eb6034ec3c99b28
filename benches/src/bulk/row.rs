//! A row of the benchmark's bill, drawn from its number alone, so that any part of the bill can be
//! made without the rest.

use std::fmt::Write;

use crate::random::Random;

use super::world::{RESOURCES, Resource};

/// Days of the billed month, October 2026.
pub const DAYS: u64 = 31;

/// Digits after the point of the costs.
pub const COST_SCALE: usize = 12;
/// Digits after the point of quantities and prices.
pub const QUANTITY_SCALE: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Usage,
    Credit,
    Tax,
}

impl Category {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "Usage",
            Self::Credit => "Credit",
            Self::Tax => "Tax",
        }
    }
}

/// Costs are whole units of the twelfth digit.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub resource: usize,
    /// From 0.
    pub day: u64,
    pub category: Category,
    pub quantity: u64,
    pub billed: i128,
    pub effective: i128,
    pub list: i128,
    pub contracted: i128,
    /// The commitment that covers it.
    pub plan: Option<u64>,
}

/// Which rows a bill has: after so many, they come again with other quantities, so that there are
/// more rows of the very same cells.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    pub distinct: u64,
}

impl Rows {
    #[must_use]
    pub fn row(self, index: u64, resources: &[Resource]) -> Row {
        Row::drawn(index % self.distinct, index / self.distinct, resources)
    }
}

impl Row {
    #[must_use]
    fn drawn(index: u64, again: u64, resources: &[Resource]) -> Self {
        let mut random = Random::new(index.wrapping_mul(0xd134_2543_de82_ef95));
        let resource = random.below(RESOURCES as u64) as usize;
        let day = random.below(DAYS);
        let draw = random.below(1000);
        // Many small amounts and few large ones, as in any bill.
        let most = [900, 40_000, 1_500_000, 50_000_000][random.below(4) as usize];
        let quantity = 1 + (random.below(most) + again * 7_919) % most;
        let price = resources[resource].list_price;
        let cost = |percent: u64| i128::from(quantity) * i128::from(price / 100 * percent);
        let (list, contracted) = (cost(100), cost(93));
        let row = |category, billed, effective, list, contracted, plan| Self {
            resource,
            day,
            category,
            quantity,
            billed,
            effective,
            list,
            contracted,
            plan,
        };
        match draw {
            0..4 => row(Category::Credit, -contracted, -contracted, 0, 0, None),
            4..6 => row(Category::Tax, contracted, contracted, contracted, contracted, None),
            6..200 => {
                let plan = Some(random.below(20));
                row(Category::Usage, 0, cost(72), list, contracted, plan)
            }
            _ => row(Category::Usage, contracted, contracted, list, contracted, None),
        }
    }
}

/// Writes `units × 10^-scale` without trailing zeros.
pub fn write_decimal(text: &mut String, units: i128, scale: usize) {
    if units < 0 {
        text.push('-');
    }
    let one = 10_u128.pow(scale as u32);
    let units = units.unsigned_abs();
    // A text in memory takes whatever is written.
    let _ = write!(text, "{}", units / one);
    if !units.is_multiple_of(one) {
        let _ = write!(text, ".{:0scale$}", units % one);
        text.truncate(text.trim_end_matches('0').len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_lose_their_trailing_zeros_only() {
        let cases = [(0, "0"), (-1_500_000, "-1.5"), (20_000_000, "20"), (7, "0.000007")];
        for (units, expected) in cases {
            let mut text = String::new();
            write_decimal(&mut text, units, 6);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn costs_do_not_rise_from_list_to_effective() {
        let resources = super::super::world::resources();
        for index in 0..1000 {
            let row = Rows { distinct: 1000 }.row(index, &resources);
            if row.category == Category::Usage {
                assert!(row.list >= row.contracted && row.contracted >= row.effective);
            }
        }
    }
}
