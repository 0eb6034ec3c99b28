//! `contracts.ics`: the days of contracts as iCalendar, RFC 5545, read 2026-11-21.
//!
//! Lines end with CRLF and are folded at 75 octets; texts are escaped. An event's UID tells contract and duty, so that a
//! calendar that has it moves it; its stamp is the day of the position.

use std::fmt::Write;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use crate::diagnostics::printable;
use crate::licenses::{BurnDown, ContractState, Money, Terms, money_text};
use crate::report::sink::hex;

use super::Duties;

/// Octets of a line without its end.
const LINE: usize = 75;
/// Days before an event on which it is called to mind: the last day of notice, and all others.
const BEFORE_NOTICE: u32 = 14;
const BEFORE: u32 = 30;

/// A day of a contract.
struct Event {
    uid: String,
    day: NaiveDate,
    summary: String,
    description: String,
    category: &'static str,
    days_before: u32,
}

pub(super) fn calendar(duties: &Duties<'_>) -> String {
    let mut events: Vec<Event> = duties.terms.iter().flat_map(of_terms).collect();
    events.extend(duties.burn_downs.iter().filter(|burn| !burn.has_ended).filter_map(of_burn_down));
    events.sort_by(|one, two| (one.day, &one.uid).cmp(&(two.day, &two.uid)));
    let mut lines = Lines::default();
    lines.add("BEGIN", "VCALENDAR");
    lines.add("VERSION", "2.0");
    lines.add("PRODID", "-//costbook//license contracts//EN");
    lines.add("CALSCALE", "GREGORIAN");
    lines.add("METHOD", "PUBLISH");
    for event in &events {
        lines.event(event, duties.day);
    }
    lines.add("END", "VCALENDAR");
    lines.0
}

fn uid(contract: &str, category: &str, detail: &str) -> String {
    let mut hash = Sha256::new();
    for part in [contract, category, detail] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    format!("{}@costbook", &hex(&hash.finalize())[..24])
}

/// The days of a contract that is not over.
fn of_terms(terms: &Terms) -> Vec<Event> {
    if matches!(terms.state, ContractState::Ended | ContractState::Renewed) {
        return Vec::new();
    }
    let contract = &terms.contract;
    // In one line, whatever the register holds.
    let name = printable(contract.title.as_deref().unwrap_or(&contract.id));
    let mut found = Vec::new();
    let mut add =
        |day: Option<NaiveDate>, category: &'static str, summary: String, more: String| {
            let Some(day) = day else { return };
            let description = format!("{}{}", described(terms), more);
            let days_before = if category == "notice" { BEFORE_NOTICE } else { BEFORE };
            let uid = uid(&contract.id, category, "");
            found.push(Event { uid, day, summary, description, category, days_before });
        };
    if let Some(notice) = &terms.notice {
        let more = format!("\nBusiness day to give it by: {}", notice.workday);
        let summary = format!("Last day of notice: {name}");
        add(Some(notice.last), "notice", summary, more);
    }
    let (verb, more) = if terms.renews() {
        ("renews itself after this day", money_line("Renewal", terms.offered.as_ref()))
    } else {
        ("ends", money_line("Value", terms.value.as_ref()))
    };
    add(terms.last_day, "end", format!("{name} {verb}"), more);
    add(contract.price_hold, "price-hold", format!("Price hold ends: {name}"), String::new());
    add(contract.true_up, "true-up", format!("True-up: {name}"), String::new());
    let summary = format!("Evidence may be given up: {name}");
    add(terms.evidence_until, "evidence", summary, String::new());
    found
}

fn of_burn_down(burn: &BurnDown) -> Option<Event> {
    let day = burn.days.to()?.pred_opt()?;
    let from = burn.days.from()?;
    let mut description = format!(
        "Contract: {}\nCommitted: {}\nSpent: {}",
        printable(&burn.contract),
        money_text(&burn.committed, burn.currency),
        money_text(&burn.consumed, burn.currency)
    );
    if let Some(short) = &burn.shortfall {
        // Writing to a String cannot fail.
        let _ = write!(description, "\nForecast shortfall: {}", money_text(short, burn.currency));
    }
    description += &money_line("Due", burn.due.as_ref());
    Some(Event {
        uid: uid(&burn.contract, "commitment", &from.to_string()),
        day,
        summary: format!("Commitment ends: {}", printable(&burn.contract)),
        description,
        category: "commitment",
        days_before: BEFORE,
    })
}

fn described(terms: &Terms) -> String {
    let contract = &terms.contract;
    let told = [
        ("Contract", Some(&*contract.id)),
        ("Publisher", contract.publisher.as_deref()),
        ("Owner", contract.owner.as_deref()),
        ("Clause", contract.clause.as_deref()),
    ];
    let told =
        told.iter().filter_map(|(word, text)| Some(format!("{word}: {}", printable((*text)?))));
    told.collect::<Vec<_>>().join("\n")
}

fn money_line(word: &str, money: Option<&Money>) -> String {
    money.map_or_else(String::new, |money| {
        format!("\n{word}: {}", money_text(&money.amount, money.currency))
    })
}

/// Lines of a calendar, each ended and folded.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, value: &str) {
        let line = format!("{name}:{value}");
        let mut room = LINE;
        for letter in line.chars() {
            if letter.len_utf8() > room {
                self.0.push_str("\r\n ");
                // The space that begins a further line counts.
                room = LINE - 1;
            }
            room -= letter.len_utf8();
            self.0.push(letter);
        }
        self.0.push_str("\r\n");
    }

    fn event(&mut self, event: &Event, stamp: NaiveDate) {
        let next = event.day.succ_opt().unwrap_or(event.day);
        self.add("BEGIN", "VEVENT");
        self.add("UID", &event.uid);
        self.add("DTSTAMP", &format!("{}T000000Z", stamp.format("%Y%m%d")));
        self.add("DTSTART;VALUE=DATE", &event.day.format("%Y%m%d").to_string());
        self.add("DTEND;VALUE=DATE", &next.format("%Y%m%d").to_string());
        self.add("SUMMARY", &escaped(&event.summary));
        self.add("DESCRIPTION", &escaped(&event.description));
        self.add("CATEGORIES", event.category);
        self.add("TRANSP", "TRANSPARENT");
        self.add("BEGIN", "VALARM");
        self.add("ACTION", "DISPLAY");
        self.add("DESCRIPTION", &escaped(&event.summary));
        self.add("TRIGGER", &format!("-P{}D", event.days_before));
        self.add("END", "VALARM");
        self.add("END", "VEVENT");
    }
}

/// A text value: nothing invisible, and what means something to calendars escaped.
fn escaped(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| {
            let line = printable(line).replace('\\', "\\\\");
            line.replace(';', "\\;").replace(',', "\\,")
        })
        .collect();
    lines.join("\\n")
}
