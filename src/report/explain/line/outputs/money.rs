//! Who bears what: showback, its detail, the worklist, commitments.

use super::super::figures::{commitment, detail, showback, worklist};
use super::super::registry::{Column, Output, Pick, When, adds, by, says, sum};

use Pick::{Named, View};
use When::{Component, Given, Is, Received, Same};

const DETAIL_FILE: &str = "showback_detail.csv";
const PERIOD: Column = says("period", "the month that was asked for");
const PARTY: [When; 3] = [Same("kind"), Same("owner"), Same("currency")];
const CARD: &str = "from the table of cost centers, as of the last day of the month";

const fn component(name: &'static str) -> Column {
    const WHEN: [When; 4] = [PARTY[0], PARTY[1], PARTY[2], Component];
    sum(name, DETAIL_FILE, View, &WHEN)
}

pub(in super::super) static SHOWBACK: Output = Output {
    file: "showback.csv",
    line_is: "what one party bears in one currency",
    keys: &["kind", "owner", "currency"],
    columns: &[
        PERIOD,
        says("kind", "what the party is: an owner, a pool, nobody, or the rest of rounding"),
        says("owner", "as rules name it"),
        says("owner_path", CARD),
        says("cost_center", CARD),
        says("legal_entity", "of the cost center, or of the nearest one above it that has one"),
        says("manager", "of the cost center, or of the nearest one above it that has one"),
        says("currency", "the billing currency"),
        says("metric", "what the figures are in, by the policy `view`"),
        sum("direct", DETAIL_FILE, View, &[PARTY[0], PARTY[1], PARTY[2], Is("stage", "direct")]),
        sum("shared_in", DETAIL_FILE, View, &[PARTY[0], PARTY[1], PARTY[2], Received]),
        sum("shared_out", DETAIL_FILE, View, &[PARTY[0], PARTY[1], PARTY[2], Given]),
        adds("total", &["direct", "shared_in", "shared_out"]),
        component("usage"),
        component("commitment_amortized"),
        component("unused_commitment"),
        component("credits"),
        component("tax"),
        component("support"),
        component("license"),
        component("x_*"),
        sum("billed_cost", DETAIL_FILE, Named("billed_cost"), &PARTY),
        sum("effective_cost", DETAIL_FILE, Named("effective_cost"), &PARTY),
        by("prior_period", showback::prior),
        adds("delta", &["total", "-prior_period"]),
        says("budget", "blank: no budget is declared yet"),
        says("variance", "blank: no budget is declared yet"),
        says("report_currency", "the project's currency"),
    ],
};

const BILL: &str = "as the bill has it; blank for what came from a pool";

pub(in super::super) static DETAIL: Output = Output {
    file: DETAIL_FILE,
    line_is: "the charges of one kind and day, or what a pool gave to one party",
    keys: &["kind", "owner", "stage", "rule", "component", "day", "currency"],
    columns: &[
        PERIOD,
        says("owner", "as rules name it"),
        says("kind", "what the party is"),
        says("stage", "`direct` by a rule, or the pool that it came from or went out of"),
        by("rule", detail::rule),
        says("provider", BILL),
        says("source", "the source in costbook.yaml; blank for what came from a pool"),
        says("billing_account_id", BILL),
        says("sub_account_id", BILL),
        says("service_name", BILL),
        says("charge_category", BILL),
        says("component", "the first component of the rules whose condition holds, else usage"),
        says("day", "the charge date (UTC); blank for what came from a pool"),
        says("currency", "the billing currency"),
        by("billed_cost", detail::amount),
        by("effective_cost", detail::amount),
        by("list_cost", detail::amount),
        by("contracted_cost", detail::amount),
        by("rows", detail::rows),
        says("report_currency", "the project's currency"),
        says("*", "a dimension of the rules: its value for these charges"),
    ],
};

const WHERE: &str =
    "where the cost arose, as the bill has it; blank for what a pool could not give";

pub(in super::super) static UNALLOCATED: Output = Output {
    file: "unallocated.csv",
    line_is: "cost of one resource, or of one pool, that nobody bears",
    keys: &["reason", "asked_owner", "resource_id", "currency"],
    columns: &[
        says("reason", "why nobody bears it"),
        says("asked_owner", "the owner that its charges ask for, or the pool"),
        says("provider", WHERE),
        says("billing_account_id", WHERE),
        says("sub_account_id", WHERE),
        says("service_name", WHERE),
        says("resource_id", WHERE),
        says("currency", "the billing currency"),
        by("effective_cost", worklist::amount),
        by("billed_cost", worklist::amount),
        by("rows", worklist::rows),
        says("since", "the earliest month at hand in which it had no owner"),
        says("age_in_months", "months from then to the period"),
        says("suggested_rule", "a proposal, made from what has an owner; after # the evidence"),
        says("report_currency", "the project's currency"),
        by("report_effective_cost", worklist::converted),
        by("report_billed_cost", worklist::converted),
    ],
};

const NAMED_IN_BILL: &str = "as the bill has it; several, joined, where its charges differ";
const OF_COMMITMENT: [When; 3] =
    [Same("provider"), Same("commitment_discount_id"), Same("currency")];
const USE: &str = "commitment_use.csv";

pub(in super::super) static COMMITMENTS: Output = Output {
    file: "commitments.csv",
    line_is: "a commitment in one currency, by its charges of the month",
    keys: &["provider", "commitment_discount_id", "currency"],
    columns: &[
        PERIOD,
        says("provider", "who provides it"),
        says("commitment_discount_id", "as the bill has it"),
        says("commitment_discount_name", NAMED_IN_BILL),
        says("commitment_discount_type", NAMED_IN_BILL),
        says("commitment_discount_category", NAMED_IN_BILL),
        says("currency", "the billing currency"),
        by("purchased", commitment::of_charges),
        adds("amortized", &["used", "unused", "other"]),
        sum("used", USE, Named("used"), &OF_COMMITMENT),
        sum("unused", USE, Named("unused"), &OF_COMMITMENT),
        by("other", commitment::of_charges),
        by("utilisation", commitment::utilisation),
        says("beneficiaries", "who bears its used charges, largest first: see commitment_use.csv"),
        says("unused_bearers", "who bears its unused charges: see commitment_use.csv"),
        says("unused_rules", "the rules that decided who bears its unused charges"),
        by("savings_list", commitment::saved),
        by("savings_contracted", commitment::saved),
        adds("net_savings_list", &["savings_list", "-unused"]),
        adds("net_savings_contracted", &["savings_contracted", "-unused"]),
        sum("rows", USE, Named("rows"), &OF_COMMITMENT),
    ],
};

pub(in super::super) static COMMITMENT_USE: Output = Output {
    file: USE,
    line_is: "what one party bears of one commitment's charges",
    keys: &["provider", "commitment_discount_id", "kind", "owner", "currency"],
    columns: &[
        PERIOD,
        says("provider", "who provides the commitment"),
        says("commitment_discount_id", "as the bill has it"),
        says("currency", "the billing currency"),
        says("kind", "what the party is"),
        says("owner", "as rules name it"),
        by("used", commitment::of_charges),
        by("unused", commitment::of_charges),
        by("share", commitment::share),
        by("list_cost", commitment::of_charges),
        by("contracted_cost", commitment::of_charges),
        by("savings_list", commitment::saved),
        by("savings_contracted", commitment::saved),
        by("rows", commitment::of_charges),
    ],
};
