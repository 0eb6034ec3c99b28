//! A warning and its name.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use crate::diagnostics::Severity;
use crate::licenses::extent::{Extent, Number};
use crate::licenses::inventory::{Holder, Product};
use crate::licenses::money::Money;
use crate::rules::licenses::{Aspect, WarningKind};

/// What a warning is about.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub product: Option<Product>,
    pub contract: Option<Arc<str>>,
    pub holder: Holder,
    pub metric: Option<Arc<str>>,
    pub interpretation: Option<Arc<str>>,
    /// Tells warnings of one kind about one subject apart: a right, a stretch, a plan.
    pub detail: String,
    /// Of the contract, for silences.
    pub auto_renew: Option<bool>,
    pub last_notice: Option<NaiveDate>,
}

/// Something that somebody should know.
#[derive(Clone, Debug)]
pub struct Warning {
    /// The same from run to run, whatever the figures are.
    pub id: String,
    pub kind: WarningKind,
    pub severity: Severity,
    pub about: About,
    /// What is, in `unit`.
    pub figure: Option<Extent>,
    /// What should not be passed.
    pub limit: Option<Number>,
    pub unit: Option<Arc<str>>,
    /// The day of the breach, of the end or of the duty; of over-use, since when.
    pub date: Option<NaiveDate>,
    pub money: Option<Money>,
    pub owner: Option<Arc<str>>,
    /// One sentence of facts.
    pub text: String,
    pub to_do: String,
    /// Where the figures come from: an id of evidence, or file and row.
    pub evidence: Option<Arc<str>>,
    /// The name of the silence that silences it.
    pub silenced_by: Option<Arc<str>>,
}

impl Warning {
    /// What selectors ask of it.
    pub(super) fn aspect(&self, aspect: Aspect) -> Option<&str> {
        let product = self.about.product.as_ref();
        match aspect {
            Aspect::Publisher => product.and_then(|product| product.publisher.as_deref()),
            Aspect::Product => product.map(|product| &*product.name),
            Aspect::Edition => product.and_then(|product| product.edition.as_deref()),
            Aspect::Metric => self.about.metric.as_deref(),
            Aspect::Interpretation => self.about.interpretation.as_deref(),
            Aspect::Contract => self.about.contract.as_deref(),
            Aspect::LegalEntity => self.about.holder.legal_entity.as_deref(),
            Aspect::Pool => self.about.holder.pool.as_deref(),
            Aspect::Owner => self.owner.as_deref(),
        }
    }

    /// Tells the same of the same, and no more.
    fn name(&self) -> String {
        let about = &self.about;
        let product = about.product.as_ref();
        let edition = product.and_then(|product| product.edition.as_deref());
        let parts = [
            Some(self.kind.name()),
            product.and_then(|product| product.publisher.as_deref()),
            product.map(|product| &*product.name),
            edition,
            about.contract.as_deref(),
            about.holder.legal_entity.as_deref(),
            about.holder.region.as_deref(),
            about.holder.pool.as_deref(),
            about.holder.environment.as_deref(),
            about.metric.as_deref(),
            about.interpretation.as_deref(),
            Some(about.detail.as_str()),
        ];
        let mut hash = Sha256::new();
        for part in parts {
            // What is absent is not the same as an empty text.
            hash.update([u8::from(part.is_some())]);
            hash.update(part.unwrap_or_default().as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        let start = digest.iter().take(6).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        format!("{}-{start:012x}", self.kind.name().replace('_', "-"))
    }

    /// Gives the warning its id.
    pub(super) fn named(mut self) -> Self {
        self.id = self.name();
        self
    }
}

/// The gravest first, then by date, kind and what they are about; several of one id are numbered.
pub(super) fn put_in_order(warnings: &mut [Warning]) {
    warnings.sort_by(|one, two| {
        let key = |it: &Warning| {
            (
                it.silenced_by.is_some(),
                std::cmp::Reverse(it.severity),
                it.date.is_none(),
                it.date,
                it.kind,
                it.id.clone(),
                it.text.clone(),
            )
        };
        key(one).cmp(&key(two))
    });
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for warning in warnings {
        let count = seen.entry(warning.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            warning.id = format!("{}-{count}", warning.id);
        }
    }
}
