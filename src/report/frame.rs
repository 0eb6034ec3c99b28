//! The border to polars: exact sums by way of integer limbs.
//!
//! polars has no exact decimal that is wide enough, and its decimal sum wraps without a word. So
//! an amount crosses as seven `Int64` columns, the digits of its two integers in base 10⁹, each
//! limb smaller than 10⁹ in size. A frame has fewer than 2³² rows, so no sum of limbs can leave
//! the range of an `Int64`; the sums are put together again on the way back.

use polars::frame::PivotColumnNaming;
use polars::prelude::{
    Column, DataFrame, DataType, IntoLazy, JoinArgs, JoinType, NamedFrom, PlSmallStr, PolarsResult,
    Series, SortMultipleOptions, by_name, col, element,
};

use crate::diagnostics::{Code, Finding};
use crate::domain::Amount;

const LIMBS: [&str; 7] = ["h0", "h1", "h2", "h3", "h4", "t0", "t1"];
const HEAD_LIMBS: usize = 5;
const BASE: i128 = 1_000_000_000;
const MEASURE: &str = "measure";

/// Amounts under text keys and a numbered measure, waiting to be summed.
pub(super) struct Long {
    names: Vec<&'static str>,
    keys: Vec<Vec<String>>,
    measures: Vec<u32>,
    limbs: [Vec<i64>; LIMBS.len()],
}

impl Long {
    pub(super) fn new(names: &[&'static str]) -> Self {
        let keys = names.iter().map(|_| Vec::new()).collect();
        Self { names: names.to_vec(), keys, measures: Vec::new(), limbs: Default::default() }
    }

    pub(super) fn push(&mut self, keys: &[&str], measure: u32, amount: Amount) {
        for (column, key) in self.keys.iter_mut().zip(keys) {
            column.push((*key).to_owned());
        }
        self.measures.push(measure);
        for (column, limb) in self.limbs.iter_mut().zip(limbs(amount)) {
            column.push(limb);
        }
    }

    /// Groups by all keys and turns measures into columns, each the exact sum. A measure that a
    /// group does not have is zero.
    pub(super) fn pivot(self, measures: u32) -> Result<Wide, Finding> {
        let frame = self.pivoted(measures).map_err(|error| broken(&error))?;
        Ok(Wide { frame })
    }

    fn pivoted(self, measures: u32) -> PolarsResult<DataFrame> {
        let names = self.names.clone();
        let on = Column::new(MEASURE.into(), (0..measures).collect::<Vec<u32>>());
        self.frame()?
            .lazy()
            .pivot(
                by_name([MEASURE], true, false),
                DataFrame::new_infer_height(vec![on])?.into(),
                by_name(names, true, false),
                by_name(LIMBS, true, false),
                element().sum(),
                true,
                PlSmallStr::from_static("_"),
                PivotColumnNaming::Combine,
            )
            .collect()
    }

    fn frame(self) -> PolarsResult<DataFrame> {
        let keys = self.names.iter().zip(&self.keys);
        let keys = keys.map(|(name, texts)| Column::new((*name).into(), texts));
        let measure = Column::new(MEASURE.into(), &self.measures);
        let limbs = LIMBS.iter().zip(&self.limbs);
        let limbs = limbs.map(|(name, limbs)| Column::new((*name).into(), limbs));
        DataFrame::new_infer_height(keys.chain([measure]).chain(limbs).collect())
    }
}

/// One row per group of keys, one exact sum per measure.
pub(super) struct Wide {
    frame: DataFrame,
}

impl Wide {
    /// Adds the columns of `other` to the rows that agree with it on the keys; they are empty
    /// elsewhere.
    pub(super) fn join(self, other: Texts, on: &[&str]) -> Result<Self, Finding> {
        let keys: Vec<_> = on.iter().map(|name| col(*name)).collect();
        let joined = other.frame().and_then(|other| {
            let how = JoinArgs::new(JoinType::Left);
            self.frame.lazy().join(other.lazy(), &keys, &keys, how).collect()
        });
        Ok(Self { frame: joined.map_err(|error| broken(&error))? })
    }

    /// Sorts by text columns, byte by byte.
    pub(super) fn sort(self, by: &[&str]) -> Result<Self, Finding> {
        let sorted = self
            .frame
            .lazy()
            .sort(
                by.iter().copied().map(PlSmallStr::from_str).collect::<Vec<_>>(),
                SortMultipleOptions::default(),
            )
            .collect();
        Ok(Self { frame: sorted.map_err(|error| broken(&error))? })
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<&str>, Finding> {
        let column =
            self.frame.column(name).and_then(Column::str).map_err(|error| broken(&error))?;
        Ok(column.iter().map(Option::unwrap_or_default).collect())
    }

    /// The sums of a measure, row by row.
    pub(super) fn amounts(&self, measure: u32) -> Result<Vec<Amount>, Finding> {
        let mut sums = vec![[0_i64; LIMBS.len()]; self.frame.height()];
        for (index, limb) in LIMBS.iter().enumerate() {
            let column = self.frame.column(&format!("{limb}_{measure}"));
            let column = column.and_then(Column::i64).map_err(|error| broken(&error))?;
            for (row, value) in sums.iter_mut().zip(column.iter()) {
                row[index] = value.unwrap_or(0);
            }
        }
        sums.into_iter().map(|limbs| together(limbs).ok_or_else(too_large)).collect()
    }
}

/// Text columns to join with.
pub(super) struct Texts {
    columns: Vec<(&'static str, Vec<String>)>,
}

impl Texts {
    pub(super) fn new(names: &[&'static str]) -> Self {
        Self { columns: names.iter().map(|name| (*name, Vec::new())).collect() }
    }

    pub(super) fn push(&mut self, row: impl IntoIterator<Item = String>) {
        for ((_, column), text) in self.columns.iter_mut().zip(row) {
            column.push(text);
        }
    }

    fn frame(self) -> PolarsResult<DataFrame> {
        let column = |(name, texts): (&str, Vec<String>)| Series::new(name.into(), texts).into();
        let frame = DataFrame::new_infer_height(self.columns.into_iter().map(column).collect())?;
        debug_assert!(frame.dtypes().iter().all(|dtype| *dtype == DataType::String));
        Ok(frame)
    }
}

/// The digits of an amount in base 10⁹: five limbs of its head, all of one sign, two of its tail.
fn limbs(amount: Amount) -> [i64; LIMBS.len()] {
    let (mut head, tail) = amount.parts();
    let mut tail = i128::from(tail);
    let mut limbs = [0; LIMBS.len()];
    for (index, limb) in limbs.iter_mut().enumerate() {
        let rest = if index < HEAD_LIMBS { &mut head } else { &mut tail };
        *limb = i64::try_from(*rest % BASE).unwrap_or(0);
        *rest /= BASE;
    }
    limbs
}

/// The amount that sums of limbs stand for; `None` beyond the range of amounts.
fn together(limbs: [i64; LIMBS.len()]) -> Option<Amount> {
    let number = |limbs: &[i64]| {
        let mut digits = limbs.iter().rev();
        digits.try_fold(0_i128, |sum, limb| sum.checked_mul(BASE)?.checked_add(i128::from(*limb)))
    };
    Amount::from_sums(number(&limbs[..HEAD_LIMBS])?, number(&limbs[HEAD_LIMBS..])?)
}

fn broken(error: &dyn std::fmt::Display) -> Finding {
    Finding::new(Code::OutputFailed, format!("the report tables could not be computed: {error}"))
}

fn too_large() -> Finding {
    Finding::new(Code::SumOverflow, "a sum of the report lies beyond what an amount can hold")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    const TEN_18: i128 = 1_000_000_000_000_000_000;

    fn amounts() -> impl Strategy<Value = Amount> {
        // Small enough that a hundred of them stay in range, of every length below that.
        (any::<i128>(), 7_u32..127, 0..TEN_18)
            .prop_map(|(head, shift, tail)| Amount::from_sums(head >> shift, tail).unwrap())
    }

    proptest! {
        #[test]
        fn sums_in_polars_are_the_sums_of_amounts(
            rows in prop::collection::vec(("[ab]", 0_u32..3, amounts()), 0..100)
        ) {
            let mut long = Long::new(&["key"]);
            let mut expected: BTreeMap<String, [Amount; 3]> = BTreeMap::new();
            for (key, measure, amount) in &rows {
                long.push(&[key], *measure, *amount);
                expected.entry(key.clone()).or_default()[*measure as usize] += *amount;
            }
            let wide = long.pivot(3).unwrap().sort(&["key"]).unwrap();
            let keys: Vec<&str> = expected.keys().map(String::as_str).collect();
            prop_assert_eq!(wide.texts("key").unwrap(), keys);
            for measure in 0..3 {
                let sums: Vec<Amount> = expected.values().map(|row| row[measure as usize]).collect();
                prop_assert_eq!(wide.amounts(measure).unwrap(), sums);
            }
        }

        #[test]
        fn limbs_go_both_ways_and_are_small(amount in amounts()) {
            let limbs = limbs(amount);
            prop_assert!(limbs.iter().all(|limb| i128::from(*limb).abs() < BASE));
            prop_assert_eq!(together(limbs), Some(amount));
        }
    }

    #[test]
    fn what_an_amount_cannot_hold_is_no_amount() {
        let largest = Amount::from_sums(i128::MAX, 0).unwrap();
        let mut long = Long::new(&["key"]);
        long.push(&["a"], 0, largest);
        long.push(&["a"], 0, largest);
        let sums = long.pivot(1).unwrap().amounts(0);
        assert_eq!(sums.unwrap_err().code, Code::SumOverflow);
    }

    #[test]
    fn a_join_leaves_rows_without_partner_empty() {
        let mut long = Long::new(&["key"]);
        long.push(&["a"], 0, Amount::ZERO);
        long.push(&["b"], 0, Amount::ZERO);
        let mut texts = Texts::new(&["key", "name"]);
        texts.push(["b".to_owned(), "B".to_owned()]);
        let wide = long.pivot(1).unwrap().join(texts, &["key"]).unwrap();
        let wide = wide.sort(&["key"]).unwrap();
        assert_eq!(wide.texts("name").unwrap(), ["", "B"]);
    }
}
