//! What reconciliation gives: one line per invoice.

use crate::allocate::Bearer;
use crate::diagnostics::Finding;
use crate::domain::{Amount, Currency};

/// Lines for the report, and what is worth knowing about them.
#[derive(Clone, Debug, Default)]
pub struct Reconciled {
    /// By provider, invoice, billing account, currency.
    pub lines: Vec<ReconciliationLine>,
    pub findings: Vec<Finding>,
}

/// An invoice, or the rows of the bill that name none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconciliationLine {
    pub provider: String,
    pub invoice: String,
    pub billing_account: String,
    pub currency: Currency,
    pub net: Option<Amount>,
    pub tax: Option<Amount>,
    /// With tax, as far as the table of invoices tells it.
    pub invoiced: Option<Amount>,
    /// Rows of bills.
    pub rows: u64,
    /// `BilledCost` by who bears it.
    pub billed: Fates,
    /// The same in the report currency; `None` where no rate is known.
    pub report: Option<Fates>,
    /// Invoiced less billed.
    pub variance: Option<Amount>,
    pub tolerance: Option<Amount>,
    pub class: Option<Class>,
    pub status: Status,
    /// What the variance is made of, in words.
    pub explanation: String,
}

impl ReconciliationLine {
    pub(super) fn key(&self) -> impl Ord + '_ {
        (&self.provider, &self.invoice, &self.billing_account, self.currency)
    }
}

/// An amount by who bears it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    pub owners: Amount,
    pub pools: Amount,
    pub unallocated: Amount,
}

impl Fates {
    pub(super) fn of(bearer: Bearer, billed: Amount) -> Self {
        match bearer {
            Bearer::Owner(_) => Self { owners: billed, ..Self::default() },
            Bearer::Pool(..) => Self { pools: billed, ..Self::default() },
            Bearer::Unallocated(_) => Self { unallocated: billed, ..Self::default() },
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.owners += other.owners;
        self.pools += other.pools;
        self.unallocated += other.unallocated;
    }

    #[must_use]
    pub fn whole(&self) -> Amount {
        self.owners + self.pools + self.unallocated
    }

    /// What rules gave to owners and pools.
    #[must_use]
    pub fn allocated(&self) -> Amount {
        self.owners + self.pools
    }
}

/// What a variance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Matched,
    WithinTolerance,
    /// The bill, rounded to the currency's minor unit, is the invoice.
    Rounding,
    /// Tax that only one of the two has.
    Tax,
    /// Credits that the invoice does not deduct.
    Credits,
    QuarantinedRows,
    /// Rows that are billed in another month.
    LateRows,
    /// Several of the above together.
    Several,
    Accepted,
    MissingInBill,
    NotInvoiced,
    CurrencyDiffers,
    Unexplained,
}

impl Class {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::WithinTolerance => "within-tolerance",
            Self::Rounding => "rounding",
            Self::Tax => "tax",
            Self::Credits => "credits",
            Self::QuarantinedRows => "quarantined-rows",
            Self::LateRows => "late-rows",
            Self::Several => "several",
            Self::Accepted => "accepted",
            Self::MissingInBill => "missing-in-bill",
            Self::NotInvoiced => "not-invoiced",
            Self::CurrencyDiffers => "currency-differs",
            Self::Unexplained => "unexplained",
        }
    }
}

/// What is to be done about a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nothing: invoice and bill agree.
    Reconciled,
    /// They differ by what can be told.
    Explained,
    /// They differ by what the project accepts.
    Accepted,
    /// The invoice has not come.
    Open,
    /// No invoice is declared, or the bill names none.
    Unchecked,
    /// They differ: nothing is published.
    Variance,
}

impl Status {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reconciled => "reconciled",
            Self::Explained => "explained",
            Self::Accepted => "accepted",
            Self::Open => "open",
            Self::Unchecked => "unchecked",
            Self::Variance => "variance",
        }
    }
}

/// What the bill says of one invoice, or of rows that name none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Billed {
    pub(super) issuer: String,
    pub(super) invoice: String,
    pub(super) billing_account: String,
    pub(super) currency: Currency,
    pub(super) rows: u64,
    pub(super) fates: Fates,
    pub(super) report: Option<Fates>,
    /// Of rows whose charge category is Tax.
    pub(super) taxes: Amount,
    /// Of rows whose charge category is Credit.
    pub(super) credits: Amount,
}

impl Billed {
    /// Nothing yet.
    pub(super) fn nothing(currency: Currency) -> Self {
        Self {
            issuer: String::new(),
            invoice: String::new(),
            billing_account: String::new(),
            currency,
            rows: 0,
            fates: Fates::default(),
            report: Some(Fates::default()),
            taxes: Amount::ZERO,
            credits: Amount::ZERO,
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.fates.add(&other.fates);
        match (&mut self.report, &other.report) {
            (Some(mine), Some(theirs)) => mine.add(theirs),
            (mine, _) => *mine = None,
        }
        self.taxes += other.taxes;
        self.credits += other.credits;
    }

    /// Several as one, their texts side by side.
    pub(super) fn together(all: &[Self], currency: Currency) -> Self {
        let texts = |of: fn(&Self) -> &String| {
            let mut texts: Vec<&str> = all.iter().map(|billed| of(billed).as_str()).collect();
            texts.sort_unstable();
            texts.dedup();
            texts.join("; ")
        };
        let mut sum = Self::nothing(currency);
        for billed in all {
            sum.add(billed);
        }
        sum.issuer = texts(|billed| &billed.issuer);
        sum.invoice = texts(|billed| &billed.invoice);
        sum.billing_account = texts(|billed| &billed.billing_account);
        sum
    }
}
