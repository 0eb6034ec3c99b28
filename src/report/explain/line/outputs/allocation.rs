//! How shared cost was divided: the trace, reciprocal pools, the allocated dataset.

use super::super::figures::{dataset, reciprocal, trace};
use super::super::registry::{Output, Pick, When, adds, by, says, sum};

pub(in super::super) static TRACE: Output = Output {
    file: "allocation_trace.csv",
    line_is: "what one receiver got of one division of a pool",
    keys: &["step", "pool", "to_kind", "to", "currency", "component", "metric", "days"],
    columns: &[
        says("step", "the position of the pool in the order in which pools were emptied"),
        says("pool", "the pool that was divided"),
        by("rule", trace::rule),
        says("from", "the pool that was divided"),
        says("to_kind", "what the receiver is"),
        says("to", "who received"),
        says("currency", "the billing currency"),
        says("component", "the kind of cost that was divided"),
        says("metric", "the cost metric that was divided"),
        says("days", "the charge dates that the division covers; the last one is not in it"),
        by("pool_amount", trace::pool_amount),
        by("method", trace::method),
        by("driver_value", trace::driver_value),
        by("driver_total", trace::driver_total),
        by("share", trace::share),
        by("share_fraction", trace::share_fraction),
        by("raw", trace::raw),
        by("rounded", trace::rounded),
        says("report_currency", "the project's currency"),
        by("report_pool_amount", trace::pool_amount),
        by("report_rounded", trace::rounded),
    ],
};

pub(in super::super) static RECIPROCAL: Output = Output {
    file: "reciprocal.csv",
    line_is: "what a pool turns over with the pools that it uses and that use it",
    keys: &["group", "pool", "currency", "metric", "flow", "party"],
    columns: &[
        says("period", "the month that was asked for"),
        says("group", "the pools of the stage"),
        says("pool", "the pool whose balance this is"),
        says("currency", "the billing currency"),
        says("metric", "the cost metric"),
        says("flow", "what the pool had, what came from others of the group, what went out"),
        says("party", "from whom it was received"),
        by("amount", reciprocal::amount),
        by("amount_fraction", reciprocal::fraction),
    ],
};

pub(in super::super) static ALLOCATED_FOCUS: Output = Output {
    file: "allocated_focus.csv",
    line_is: "a charge, or the part of one that a party bears in the end",
    keys: &["x_OriginChargeId", "x_OwnerKind", "x_OwnerId"],
    columns: &[
        by("BilledCost", dataset::divided),
        by("EffectiveCost", dataset::divided),
        by("ListCost", dataset::divided),
        by("ContractedCost", dataset::divided),
        by("PricingQuantity", dataset::divided),
        by("ConsumedQuantity", dataset::divided),
        by("CommitmentDiscountQuantity", dataset::divided),
        by("PricingCurrencyEffectiveCost", dataset::divided),
        by("AllocatedMethodDetails", dataset::method),
        says("AllocatedMethodId", "the pool that bore the charge; blank where none did"),
        says("AllocatedResourceId", "the owner that bears this part"),
        says("AllocatedResourceName", "the owner's name"),
        says("AllocatedTags", "owner and pool as tags"),
        says("x_OriginChargeId", "file and row of the charge that this is, or is a part of"),
        says("x_OwnerKind", "whether an owner bears it"),
        says("x_OwnerId", "as in showback.csv"),
        says("x_OwnerPath", "as in showback.csv"),
        says("x_Pool", "the pool that bore the charge; blank where none did"),
        says("x_Rule", "the classify rule that decided"),
        says("x_Component", "the kind of cost"),
        says("x_SourceFile", "where the charge stands"),
        says("x_SourceRow", "where the charge stands"),
        says("*", "of the charge, as its column map reads it"),
    ],
};

const PARTS: [When; 3] = [
    When::As("x_OwnerKind", "kind"),
    When::As("x_OwnerId", "owner"),
    When::As("BillingCurrency", "currency"),
];
const BORNE: [When; 3] = [When::Same("kind"), When::Same("owner"), When::Same("currency")];

pub(in super::super) static ALLOCATED_FOCUS_TIE: Output = Output {
    file: "allocated_focus_tie.csv",
    line_is: "what one party bears by the allocated dataset and by showback",
    keys: &["kind", "owner", "currency", "metric"],
    columns: &[
        says("period", "the month that was asked for"),
        says("kind", DIVISION_PARTY),
        says("owner", DIVISION_PARTY),
        says("currency", "the billing currency"),
        says("metric", "the cost metric"),
        sum("in_rows", "allocated_focus.csv", Pick::Metric("metric"), &PARTS),
        says("price_transfers", "what prices moved to or from the party beside all charges"),
        sum("showback", "showback_detail.csv", Pick::Metric("metric"), &BORNE),
        adds("difference", &["showback", "-in_rows", "-price_transfers"]),
    ],
};

const DIVISION_PARTY: &str = "the party, as in showback.csv";
