//! Licenses: owned against used, contracts and warnings. Their own explanation goes down to rules and rows;
//! here each column is told.

use super::super::registry::{Column, Output, says};

const AS_TOLD: Column = says("*", "as docs/outputs.md tells of the table's columns");
const LINE: &[&str] =
    &["publisher", "product", "edition", "metric", "interpretation", "legal_entity", "pool"];
const DECLARED: &str = "as the contract register of the project tells";

pub(in super::super) static POSITION: Output = Output {
    file: "license_position.csv",
    line_is: "a product by a metric, in one reading of its terms, of one legal entity and pool",
    keys: LINE,
    columns: &[
        says(
            "entitled",
            "units of rights that hold on the day; license_matches.csv tells of which",
        ),
        says("consumed", "what the metric makes of the rows of use, by its steps in this reading"),
        says("surplus", "`entitled` less `consumed`, where that is not below zero"),
        says("shortfall", "`consumed` less `entitled`, where that is not below zero"),
        says("utilisation", "`consumed` as percent of what is entitled, shared rights included"),
        says(
            "status",
            "over, unknown where an input is missing, warning from the threshold on, else ok",
        ),
        says("unit_price", "contracted, else offered, else listed, as `basis` says"),
        says("exposure", "`shortfall` at `unit_price`"),
        says("since", "the first snapshot of the unbroken run of those that are over"),
        says("missing", "inputs that are missing, so that only bounds are known"),
        AS_TOLD,
    ],
};

pub(in super::super) static MATCHES: Output = Output {
    file: "license_matches.csv",
    line_is: "units of a right given to a use, or of neither",
    keys: &["metric", "interpretation", "bound", "match", "product", "subject", "entitlement"],
    columns: &[
        says("quantity", "units of the metric"),
        says("reason", "why this right covers this use, or why it covers none"),
        AS_TOLD,
    ],
};

pub(in super::super) static PURCHASES: Output = Output {
    file: "license_purchases.csv",
    line_is: "what to buy so that it costs least",
    keys: &["metric", "interpretation", "bound", "product", "edition", "host"],
    columns: &[says("amount", "`quantity` at `unit_price`"), AS_TOLD],
};

pub(in super::super) static VALUATION: Output = Output {
    file: "license_valuation.csv",
    line_is: "what the over-use of a line costs by one policy",
    keys: &["product", "metric", "interpretation", "legal_entity", "pool", "policy"],
    columns: &[
        says("amount", "`exact`, rounded once; `working` is the arithmetic"),
        says("working", "units × price × part of the year, so that it can be done again by hand"),
        AS_TOLD,
    ],
};

pub(in super::super) static UNRECOGNISED: Output = Output {
    file: "license_unrecognised.csv",
    line_is: "a product that no rule recognises",
    keys: &["publisher", "product", "edition", "sku", "currency"],
    columns: &[says("paid", "units times the price of one, of its rights"), AS_TOLD],
};

pub(in super::super) static QUARANTINE: Output = Output {
    file: "license_quarantine.csv",
    line_is: "a fault of a row of an inventory that stands aside",
    keys: &["file", "row", "column"],
    columns: &[AS_TOLD],
};

pub(in super::super) static CONTRACTS: Output = Output {
    file: "contracts.csv",
    line_is: "a contract and what follows from its terms on the day",
    keys: &["contract"],
    columns: &[
        says("notice_days", DECLARED),
        says("last_notice", "so many days, or business days, before `last_day`"),
        says("value", "its rights of the last day at their prices, as `value_basis` reckons"),
        says("capped_value", "`value` with the cap on top"),
        says("offered_value", "`value` with the offered uplift on top"),
        AS_TOLD,
    ],
};

pub(in super::super) static BURNDOWN: Output = Output {
    file: "contract_burndown.csv",
    line_is: "a stretch of days with a committed amount",
    keys: &["contract", "start"],
    columns: &[
        says("committed", "as the register tells, with what was carried over"),
        says("forecast", "what will have been spent at the end, by `method`"),
        says("shortfall", "what is lacking of `committed` at the end"),
        AS_TOLD,
    ],
};

pub(in super::super) static BURNDOWN_MONTHS: Output = Output {
    file: "contract_burndown_months.csv",
    line_is: "a month of a commitment",
    keys: &["contract", "start", "month"],
    columns: &[AS_TOLD],
};

pub(in super::super) static WARNINGS: Output = Output {
    file: "license_warnings.csv",
    line_is: "something that somebody should know before it costs money",
    keys: &["id"],
    columns: &[
        says("figure", "what is, in `unit`"),
        says("limit", "what should not be passed"),
        says("money", "as `money_basis` reckons it"),
        says("silenced_by", "the entry of `silence` in license rules that accepts it"),
        AS_TOLD,
    ],
};
