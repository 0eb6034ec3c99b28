//! Which charges of a batch are of a commitment, and the sums of each.
//!
//! Commitments are not in the tuple that rules decide about: each hour of a resource may be of
//! another one, so a tuple would come again for each. Few charges have one, and only those are
//! looked at: their commitment is found by a fingerprint of its texts and of who bears the charge.

use hashbrown::HashTable;

use crate::diagnostics::Code;
use crate::ingest::{Charges, Rejection, TextColumn};

use super::commitments::{DoubtfulSum, of_charge};
use super::kernel::{CONTEXT, Targets};
use super::plan::Role;
use super::prints::{ColumnPrints, Fingerprint, NoText, readable};
use super::shared::{Shared, Target};

/// The charge is of no commitment.
const NO_COMMITMENT: u32 = u32::MAX;
/// Commitments by fingerprint that are remembered before all are forgotten: some 30 MB.
const KNOWN_LIMIT: usize = 1 << 20;

/// A charge that has neither of these is of no commitment.
const TELLING: [Role; 2] = [Role::Commitment, Role::CommitmentStatus];

/// Texts that tell commitments and their parts apart and that rules have not read yet.
const OWN: [Role; 5] = [
    Role::Commitment,
    Role::CommitmentName,
    Role::CommitmentType,
    Role::CommitmentCategory,
    Role::CommitmentStatus,
];

/// Those that were read when the charge's tuple was decided.
const DECIDED: [Role; 4] =
    [Role::ServiceProvider, Role::Provider, Role::InvoiceIssuer, Role::ChargeCategory];

/// Of one thread.
#[derive(Debug)]
pub(super) struct Committed<'p> {
    columns: Vec<(Role, ColumnPrints<'p>)>,
    /// Index into the registry's commitments, or [`NO_COMMITMENT`].
    known: HashTable<(Fingerprint, u32)>,
    /// Charges of the batch that may be of a commitment, and their fingerprints.
    candidates: Vec<(usize, Fingerprint)>,
    /// Charges of the batch that came last, each with its commitment.
    found: Vec<(usize, u32)>,
    /// By index into the registry's commitments.
    pub(super) sums: Vec<DoubtfulSum>,
}

impl Committed<'_> {
    pub(super) fn new() -> Self {
        let roles = OWN.into_iter().chain(DECIDED);
        Self {
            columns: roles.map(|role| (role, ColumnPrints::new(role as usize, None))).collect(),
            known: HashTable::new(),
            candidates: Vec::new(),
            found: Vec::new(),
            sums: Vec::new(),
        }
    }

    /// Finds the commitments of a batch's charges, and refuses charges that name one by bytes that
    /// are no text.
    pub(super) fn find(
        &mut self,
        shared: &Shared,
        batch: &Charges<'_>,
        targets: &mut Targets,
        refused: &mut Vec<(usize, Rejection)>,
    ) {
        self.found.clear();
        self.gather(shared, batch, targets);
        if self.candidates.is_empty() {
            return;
        }
        for (role, prints) in &mut self.columns {
            let candidates = self.candidates.iter_mut().map(|(index, print)| (*index, print));
            prints.add_some(&shared.keys, &batch.texts[*role as usize], candidates);
        }
        let before = refused.len();
        for (index, print) in &self.candidates {
            let Some(target) = targets[*index] else { continue };
            let known = self.known.find(print[0], |(known, _)| known == print);
            let commitment = match known.map(|(_, commitment)| *commitment) {
                Some(commitment) => commitment,
                None => match commitment(shared, batch, *index, target) {
                    Ok(commitment) => {
                        if self.known.len() >= KNOWN_LIMIT {
                            self.known.clear();
                        }
                        let entry = (*print, commitment);
                        self.known.insert_unique(print[0], entry, |(known, _)| known[0]);
                        commitment
                    }
                    Err(rejection) => {
                        targets[*index] = None;
                        refused.push((*index, rejection));
                        continue;
                    }
                },
            };
            if commitment != NO_COMMITMENT {
                self.found.push((*index, commitment));
            }
        }
        if refused.len() > before {
            refused.sort_by_key(|(index, _)| *index);
        }
    }

    /// The charges that may be of a commitment. A batch without any costs one look at its columns.
    fn gather(&mut self, shared: &Shared, batch: &Charges<'_>, targets: &Targets) {
        self.candidates.clear();
        let columns = TELLING.map(|role| &batch.texts[role as usize]);
        if columns.iter().all(|column| matches!(column, TextColumn::Same(None))) {
            return;
        }
        for (index, target) in targets.iter().enumerate() {
            if columns.iter().any(|column| column.get(index).is_some())
                && let Some(target) = target
            {
                let print = shared.keys.numbers(CONTEXT, &[u64::from(target.verdict)]);
                self.candidates.push((index, print));
            }
        }
    }

    /// Adds the charges of the batch that came last to their commitments. False where a sum leaves
    /// the range.
    #[must_use]
    pub(super) fn sum(&mut self, batch: &Charges<'_>) -> bool {
        let mut fits = true;
        for (index, commitment) in &self.found {
            let (charge, commitment) = (&batch.charges[*index], *commitment as usize);
            if self.sums.len() <= commitment {
                self.sums.resize(commitment + 1, DoubtfulSum::default());
            }
            let rows = u64::from(charge.rows);
            fits &= self.sums[commitment].add(rows, &charge.costs, charge.unknown);
        }
        fits
    }

    /// Takes over what another thread summed. False where a sum leaves the range.
    #[must_use]
    pub(super) fn absorb(&mut self, other: &Self) -> bool {
        if self.sums.len() < other.sums.len() {
            self.sums.resize(other.sums.len(), DoubtfulSum::default());
        }
        self.sums.iter_mut().zip(&other.sums).all(|(mine, theirs)| mine.merge(theirs))
    }
}

/// The commitment of a charge by its texts.
fn commitment(
    shared: &Shared,
    batch: &Charges<'_>,
    index: usize,
    target: Target,
) -> Result<u32, Rejection> {
    let mut read = vec![None; batch.texts.len()];
    for role in OWN.into_iter().chain(DECIDED) {
        let text = role as usize;
        let found = batch.text(index, text).map(readable).transpose();
        read[text] = found.map_err(|NoText| Rejection { text, code: Code::BadText })?;
    }
    let mut registry = shared.registry();
    let registry = &mut *registry;
    registry.keep_forms(&read, OWN.into_iter().map(|role| role as usize));
    let texts: Vec<Option<&str>> = read.iter().map(Option::as_deref).collect();
    let decided = registry.verdicts.values[target.verdict as usize];
    let decided = (decided.month, decided.verdict, decided.currency);
    let key = of_charge(&mut registry.names, &texts, decided);
    Ok(key.map_or(NO_COMMITMENT, |key| registry.commitments.id(key)))
}
