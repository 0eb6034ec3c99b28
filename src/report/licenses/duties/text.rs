//! Fields of tables.

use chrono::NaiveDate;

use crate::diagnostics::printable;
use crate::licenses::{Money, Number, number_text};

pub(super) fn words(text: Option<&str>) -> String {
    text.map(|text| printable(text).into_owned()).unwrap_or_default()
}

pub(super) fn day(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

pub(super) fn number(number: Option<&Number>) -> String {
    number.map(number_text).unwrap_or_default()
}

pub(super) fn whole(number: Option<u32>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

pub(super) fn money(money: Option<&Money>) -> String {
    money.map(|money| number_text(&money.amount)).unwrap_or_default()
}

pub(super) fn truth(truth: Option<bool>) -> String {
    truth.map(|truth| if truth { "yes" } else { "no" }.to_owned()).unwrap_or_default()
}
