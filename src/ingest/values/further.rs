//! Charges that a row stands for beside its own, bound to the columns of one file.
//!
//! Order: a further charge is made once the row's own texts are, because it has them but for what
//! its map names. Invariants: the row counts once, with its own charge; a further charge that is
//! nothing in every cost is none; what cannot be made of one refuses the row as a whole.

use crate::diagnostics::Code;
use crate::domain::{Amount, CostMetric};

use super::binding::Spot;
use super::valuation::{Asked, Fault, Fields, Read, RowValues};
use crate::ingest::tally::{Part, RowCharge};

/// A stretch of the bytes of a row; `None` where null.
type Stretch = Option<(usize, usize)>;

/// A further charge of the rows of one file.
#[derive(Clone, Debug)]
pub(in crate::ingest) struct Further {
    /// The derived column that has a value where a row stands for the charge.
    pub(super) holds: usize,
    /// In the order of [`CostMetric::ALL`]; `None` where the cost stays with the row.
    pub(in crate::ingest) costs: [Option<Spot>; CostMetric::COUNT],
    /// Wanted texts that are others than the row's.
    pub(super) texts: Vec<(usize, Asked)>,
}

/// The further charges of one row, while it is valued.
#[derive(Debug, Default)]
pub(super) struct Made {
    charges: Vec<MadeCharge>,
}

#[derive(Debug)]
struct MadeCharge {
    index: usize,
    costs: [Read; CostMetric::COUNT],
    texts: Vec<Stretch>,
}

impl Made {
    /// As rows are judged: with the texts in `bytes`.
    pub(super) fn charges<'b>(&self, bytes: &'b [u8]) -> Vec<RowCharge<'b>> {
        let text = |stretch: &Stretch| stretch.map(|(from, to)| &bytes[from..to]);
        let charge = |made: &MadeCharge| RowCharge {
            index: made.index,
            costs: made.costs,
            texts: made.texts.iter().map(text).collect(),
        };
        self.charges.iter().map(charge).collect()
    }
}

/// Makes the further charges of a row whose own texts are `texts` in `bytes`; what they have
/// otherwise is written behind. Tells the first text that cannot be made.
pub(super) fn make<F: Fields>(
    further: &[Further],
    values: &RowValues<'_, F>,
    own: &[Read; CostMetric::COUNT],
    texts: &[Stretch],
    bytes: &mut Vec<u8>,
) -> (Made, Option<(Part, Code)>) {
    let (mut made, mut fault) = (Made::default(), None);
    for (index, charge) in further.iter().enumerate() {
        if !values.holds(charge.holds) {
            continue;
        }
        let costs = CostMetric::ALL.map(|metric| match &charge.costs[metric as usize] {
            Some(spot) => values.amount(spot),
            // What is not known of the row is not known of its part.
            None => own[metric as usize].map(|amount| amount.map(|_| Amount::ZERO)),
        });
        if is_nothing(&costs) {
            continue;
        }
        let mut stretches = texts.to_vec();
        for (text, asked) in &charge.texts {
            let begin = bytes.len();
            let written = values.shown(asked).and_then(|found| match found {
                // The row and its part are taken or refused together, so no text may decide.
                Some(found) if std::str::from_utf8(&found).is_err() => Err(Fault(Code::BadText)),
                Some(found) => {
                    bytes.extend_from_slice(&found);
                    Ok(true)
                }
                None => Ok(false),
            });
            let is_there = written.unwrap_or_else(|Fault(code)| {
                fault = fault.or(Some((Part::Text(*text), code)));
                false
            });
            let own = texts[*text].map(|(from, to)| &bytes[from..to]);
            if own.is_some_and(|own| std::str::from_utf8(own).is_err()) {
                fault = fault.or(Some((Part::Text(*text), Code::BadText)));
            }
            stretches[*text] = is_there.then_some((begin, bytes.len()));
        }
        made.charges.push(MadeCharge { index, costs, texts: stretches });
    }
    (made, fault)
}

/// Whether every cost is zero, or one that need not be known.
fn is_nothing(costs: &[Read; CostMetric::COUNT]) -> bool {
    CostMetric::ALL.into_iter().all(|metric| match costs[metric as usize] {
        Ok(Some(amount)) => amount == Amount::ZERO,
        Ok(None) => matches!(metric, CostMetric::ListCost | CostMetric::ContractedCost),
        Err(_) => false,
    })
}
