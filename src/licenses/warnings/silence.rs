//! Which warnings are known and accepted, and which silences are wrong.

use chrono::NaiveDate;

use crate::licenses::extent::Number;
use crate::rules::licenses::{SilenceRule, WarningKind};

use super::warning::{About, Warning};

/// Marks what is silent by the first silence that says so, and adds what is wrong with silences: one that is over while
/// its warnings still hold, one that is about nothing. A policy about notice windows may be about nothing.
pub(super) fn apply(rules: &[SilenceRule], day: NaiveDate, warnings: &mut Vec<Warning>) {
    let mut wrong = Vec::new();
    for rule in rules {
        let is_over = rule.until.is_some_and(|until| day >= until);
        let mut about = 0_u64;
        for warning in warnings.iter_mut().filter(|warning| is_about(rule, warning)) {
            about += 1;
            if !is_over && is_early(rule, warning, day) && warning.silenced_by.is_none() {
                warning.silenced_by = Some(rule.name.as_str().into());
            }
        }
        match rule.until {
            Some(until) if is_over && about > 0 => wrong.push(expired(rule, until, about)),
            Some(_) if about == 0 => wrong.push(unmatched(rule)),
            _ => {}
        }
    }
    warnings.extend(wrong.into_iter().map(Warning::named));
}

fn is_about(rule: &SilenceRule, warning: &Warning) -> bool {
    let is_kind = rule.kinds.is_empty() || rule.kinds.contains(&warning.kind);
    let is_named = rule.ids.is_empty() || rule.ids.contains(&warning.id);
    is_kind
        && is_named
        && rule.subjects.matches(|aspect| warning.aspect(aspect), warning.about.auto_renew)
}

/// Whether the notice window is still far, where a silence asks for that. Where no day of notice is known, it is not.
fn is_early(rule: &SilenceRule, warning: &Warning, day: NaiveDate) -> bool {
    rule.before_notice.is_none_or(|days| {
        let last = warning.about.last_notice;
        last.is_some_and(|last| (last - day).num_days() > i64::from(days))
    })
}

fn of_rule(kind: WarningKind, rule: &SilenceRule, text: String) -> Warning {
    let about = About { detail: rule.name.clone(), ..About::default() };
    let mut warning = Warning::new(kind, about, text);
    warning.owner = Some(rule.owner.as_str().into());
    warning.evidence = Some(rule.span.to_string().into());
    warning.date = rule.until;
    warning
}

fn expired(rule: &SilenceRule, until: NaiveDate, about: u64) -> Warning {
    let text = format!(
        "the silence `{}` ({}) ended on {until}, and {about} of its warnings still hold",
        rule.name, rule.reason
    );
    of_rule(WarningKind::SilenceExpired, rule, text)
        .known(Number::from_integer(about.into()))
        .unit("warning")
        .advice("Decide again: mend what is warned of, or declare a new end with its reason.")
}

fn unmatched(rule: &SilenceRule) -> Warning {
    let text = format!("the silence `{}` ({}) is about no warning", rule.name, rule.reason);
    of_rule(WarningKind::SilenceUnmatched, rule, text)
        .advice("Take it out, or mend what it is declared for.")
}
