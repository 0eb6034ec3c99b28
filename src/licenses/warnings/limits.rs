//! Which limits hold for a warning, by the declared thresholds.

use chrono::NaiveDate;

use crate::licenses::contracts::Terms;
use crate::rules::licenses::{DutyRules, ThresholdRule};

use super::warning::{About, Warning};

#[derive(Clone, Copy)]
pub(super) struct Limits<'a> {
    pub(super) rules: &'a DutyRules,
    pub(super) contracts: &'a [Terms],
}

impl<'a> Limits<'a> {
    /// What the first entry that is about this subject and has the key says.
    pub(super) fn of<T>(
        self,
        about: &About,
        key: impl Fn(&'a ThresholdRule) -> Option<T>,
    ) -> Option<T> {
        // A warning that is nothing but its subject, so that both are asked in the same way.
        let mut subject = Warning::new(
            crate::rules::licenses::WarningKind::Unknown,
            about.clone(),
            String::new(),
        );
        self.join_contract(&mut subject);
        self.matching(&subject).find_map(key)
    }

    fn matching(self, warning: &Warning) -> impl Iterator<Item = &'a ThresholdRule> {
        let renews = warning.about.auto_renew;
        self.rules
            .thresholds
            .iter()
            .filter(move |rule| rule.subjects.matches(|aspect| warning.aspect(aspect), renews))
    }

    pub(super) fn contract(self, id: &str) -> Option<&'a Terms> {
        self.contracts.iter().find(|terms| *terms.contract.id == *id)
    }

    /// Fills what the contract of a warning knows: its owner, its product's maker, its notice.
    fn join_contract(self, warning: &mut Warning) {
        let Some(terms) = warning.about.contract.as_deref().and_then(|id| self.contract(id)) else {
            return;
        };
        warning.about.auto_renew = terms.contract.auto_renew;
        warning.about.last_notice = terms.notice.as_ref().map(|notice| notice.last);
        if warning.owner.is_none() {
            warning.owner.clone_from(&terms.contract.owner);
        }
    }

    /// Owner, severity and id of a warning that is otherwise made.
    pub(super) fn complete(self, warning: &mut Warning) {
        self.join_contract(warning);
        let severity =
            self.matching(warning).find_map(|rule| rule.severity.get(&warning.kind).copied());
        let owner = self.matching(warning).find_map(|rule| rule.owner.as_deref());
        warning.severity = severity.unwrap_or(warning.severity);
        if warning.owner.is_none() {
            warning.owner = owner.map(Into::into);
        }
        *warning = warning.clone().named();
    }

    /// Whether a day is today or at most so many days ahead.
    pub(super) fn is_near(today: NaiveDate, day: NaiveDate, days: u32) -> bool {
        (0..=i64::from(days)).contains(&(day - today).num_days())
    }
}
