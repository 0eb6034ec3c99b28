//! Warnings of contracts: ends, notices, renewals, commitments.

use chrono::NaiveDate;
use num_traits::Zero;

use crate::diagnostics::Severity;
use crate::licenses::burndown::BurnDown;
use crate::licenses::contracts::{ContractState, Terms, contract_kind_name};
use crate::licenses::forecast::method_text;
use crate::licenses::inventory::ContractKind;
use crate::licenses::money::{money_text, number_text};
use crate::rules::licenses::WarningKind;

use super::given::Watched;
use super::limits::Limits;
use super::warning::{About, Warning};

pub(super) fn watch(watched: &Watched<'_>, limits: Limits<'_>, found: &mut Vec<Warning>) {
    for terms in watched.terms {
        let own = One { terms, limits, day: watched.day };
        own.end(found);
        own.notice(found);
        own.renewal(found);
        own.coming(found);
    }
    for burn in watched.burn_downs {
        commitment(burn, watched.day, limits, found);
    }
}

struct One<'a> {
    terms: &'a Terms,
    limits: Limits<'a>,
    day: NaiveDate,
}

impl One<'_> {
    fn warn(&self, kind: WarningKind, text: String) -> Warning {
        Warning::new(kind, About::terms(self.terms), text).row(&self.terms.contract.origin)
    }

    fn name(&self) -> String {
        let contract = &self.terms.contract;
        match contract.title.as_deref().or(contract.publisher.as_deref()) {
            Some(title) => format!("{} ({title})", contract.id),
            None => contract.id.to_string(),
        }
    }

    /// Days before something on which it is told.
    fn days(&self, of_notice: bool) -> Option<u32> {
        let about = About::terms(self.terms);
        self.limits.of(&about, |rule| if of_notice { rule.notice_days } else { rule.expiry_days })
    }

    fn end(&self, found: &mut Vec<Warning>) {
        let (Some(last), Some(left), Some(days)) =
            (self.terms.last_day, self.terms.days_left, self.days(false))
        else {
            return;
        };
        let contract = &self.terms.contract;
        let is_support = contract.kind == ContractKind::Support;
        let name = self.name();
        let (kind, text, to_do) = match self.terms.state {
            ContractState::Upcoming => return,
            ContractState::Active if left > i64::from(days) => return,
            ContractState::Active if self.terms.renews() => (
                WarningKind::Expiry,
                format!("{name} renews itself after {last}, in {left} days"),
                "Nothing, where it is to go on at that price; else give notice in time.",
            ),
            ContractState::Active => (
                WarningKind::Expiry,
                format!("{name} ends on {last}, in {left} days"),
                match contract.kind {
                    ContractKind::Reservation | ContractKind::SavingsPlan => {
                        "Renew it if the use goes on: from the next day on it is billed on demand."
                    }
                    _ => "Renew it, or see that nothing under it is used after that day.",
                },
            ),
            ContractState::Renewed => (
                WarningKind::Expiry,
                format!("{name} ended on {last} and renews itself; the register tells no new term"),
                "Enter the new end, price and days of notice, or that it has ended.",
            ),
            ContractState::Ended if -left > i64::from(days) => return,
            ContractState::Ended => (
                if is_support { WarningKind::SupportLapsed } else { WarningKind::Expiry },
                format!("{name} ended on {last}, {} days ago", -left),
                "Stop what is used under it, renew it, or take it out of the register.",
            ),
        };
        let is_certain_to_renew = self.terms.renews() && self.terms.state == ContractState::Active;
        let mut warning = self
            .warn(kind, format!("{} contract {text}", contract_kind_name(contract.kind)))
            .on(Some(last))
            .money(self.terms.value.clone())
            .advice(to_do);
        if is_certain_to_renew {
            warning = warning.severity(Severity::Note);
        }
        warning.about.detail = last.to_string();
        found.push(warning);
    }

    fn notice(&self, found: &mut Vec<Warning>) {
        let (Some(notice), Some(last_day), Some(days)) =
            (&self.terms.notice, self.terms.last_day, self.days(true))
        else {
            return;
        };
        let is_open = self.terms.state == ContractState::Active;
        let left = (notice.last - self.day).num_days();
        if !is_open || left > i64::from(days) {
            return;
        }
        let name = self.name();
        let offered = self.terms.offered.as_ref().or(self.terms.capped.as_ref());
        let (text, to_do, severity) = if left < 0 {
            let text = format!(
                "notice for {name} was to be given by {}; it holds until {last_day}",
                notice.last
            );
            let to_do = "Ask whether the vendor still lets you out; else plan for the next term.";
            (text, to_do.to_owned(), Severity::Note)
        } else {
            let text =
                format!("notice for {name} can be given until {}, in {left} days", notice.last);
            let to_do = format!(
                "Decide, and where it is to end give notice by {}, a business day.",
                notice.workday
            );
            (text, to_do, WarningKind::Notice.severity())
        };
        let mut warning = self
            .warn(WarningKind::Notice, text)
            .severity(severity)
            .on(Some(notice.last))
            .money(offered.or(self.terms.value.as_ref()).cloned())
            .advice(to_do);
        warning.about.detail = last_day.to_string();
        found.push(warning);
        if left >= 0 && !notice.is_certain {
            let text = format!(
                "the last day of notice for {name} is counted by {}, which does not know all holidays from {} to {last_day}",
                notice.calendar, notice.last
            );
            let warning = self.warn(WarningKind::Unknown, text).on(Some(notice.last)).advice(
                "Declare these days under `holidays`; each of them makes the last day earlier.",
            );
            found.push(warning);
        }
    }

    fn renewal(&self, found: &mut Vec<Warning>) {
        let contract = &self.terms.contract;
        let (Some(offered), Some(cap)) = (&contract.renewal_uplift, &contract.uplift_cap) else {
            return;
        };
        if offered <= cap || self.terms.state == ContractState::Ended {
            return;
        }
        let text = format!(
            "the renewal of {} is offered {} % dearer, and the contract caps it at {} %",
            self.name(),
            number_text(offered),
            number_text(cap)
        );
        let clause = contract.clause.as_deref().map(|clause| format!(" ({clause})"));
        let mut warning = self
            .warn(WarningKind::RenewalAboveCap, text)
            .known(offered.clone())
            .limit(cap.clone())
            .unit("percent")
            .on(self.terms.last_day)
            .money(self.terms.above_cap.clone())
            .advice(format!("Refuse it and point to the cap{}.", clause.unwrap_or_default()));
        warning.about.detail = self.terms.last_day.map(|day| day.to_string()).unwrap_or_default();
        found.push(warning);
    }

    /// Days that are only to be known of.
    fn coming(&self, found: &mut Vec<Warning>) {
        let Some(days) = self.days(false) else { return };
        let near = |day: &NaiveDate| Limits::is_near(self.day, *day, days);
        if let Some(hold) = self.terms.contract.price_hold.filter(near) {
            let text = format!("the prices of {} are held until {hold}", self.name());
            let warning = self.warn(WarningKind::PriceHold, text).on(Some(hold));
            let to_do = "Order until then what is needed soon, or have the hold prolonged.";
            found.push(warning.money(self.terms.value.clone()).advice(to_do));
        }
        if let Some(count) = self.terms.contract.true_up.filter(near) {
            let text = format!("use under {} is counted and charged on {count}", self.name());
            let warning = self.warn(WarningKind::TrueUp, text).on(Some(count));
            found.push(warning.advice("Give back what is not needed before that day."));
        }
    }
}

fn commitment(burn: &BurnDown, day: NaiveDate, limits: Limits<'_>, found: &mut Vec<Warning>) {
    let terms = limits.contract(&burn.contract);
    let (Some(from), Some(last)) = (burn.days.from(), burn.days.to().and_then(|to| to.pred_opt()))
    else {
        return;
    };
    let mut about = About { contract: Some(burn.contract.clone()), ..About::default() };
    about.detail = from.to_string();
    let horizon = limits.of(&about, |rule| rule.horizon_days).unwrap_or_default();
    if from > day || (day - last).num_days() > i64::from(horizon) {
        return;
    }
    let evidence = terms.map(|terms| super::build::row_text(&terms.contract.origin));
    let new = |kind, text| {
        Warning::new(kind, about.clone(), text)
            .unit(burn.currency.code())
            .on(Some(last))
            .evidence(evidence.clone())
    };
    let lacks = lacking(burn);
    if !lacks.is_empty() {
        let text =
            format!("the commitment of {} until {last}: {}", burn.contract, lacks.join("; "));
        let mut warning = new(WarningKind::Unknown, text)
            .figure(crate::licenses::Extent::at_least(burn.consumed.clone()))
            .limit(burn.committed.clone())
            .advice("Hand in what was spent on those days, in the contract's currency; zero where nothing was.");
        warning.about.detail = format!("amounts {from}");
        found.push(warning);
    }
    let Some((short, forecast)) = burn.shortfall.as_ref().zip(burn.forecast.as_ref()) else {
        return;
    };
    if short.is_zero() {
        return;
    }
    let (verb, by) = if burn.has_ended {
        ("were", String::new())
    } else {
        ("will have been", format!(" ({})", method_text(burn.method)))
    };
    let text = format!(
        "of {} committed under {} until {last}, {} {verb} spent{by}: {} short",
        money_text(&burn.committed, burn.currency),
        burn.contract,
        money_text(forecast, burn.currency),
        money_text(short, burn.currency),
    );
    let warning = new(WarningKind::CommitmentShortfall, text)
        .known(forecast.clone())
        .limit(burn.committed.clone())
        .money(burn.due.clone())
        .severity(if burn.has_ended { Severity::Error } else { Severity::Warning })
        .advice("Move spend under the commitment, or negotiate before the end.");
    found.push(warning);
}

/// What is not known of a commitment.
fn lacking(burn: &BurnDown) -> Vec<String> {
    let mut lacks: Vec<String> =
        burn.missing.iter().map(|days| format!("nothing is told of the days {days}")).collect();
    let others = burn.other_currencies.iter();
    lacks.extend(others.map(|currency| format!("amounts in {currency} do not count")));
    if burn.forecast.is_none() {
        lacks.push("no amount is told, so that nothing can be forecast".to_owned());
    }
    lacks
}
