//! Rows of FOCUS bills.

use std::collections::BTreeMap;

/// The columns of FOCUS 1.2, as the specification lists them.
pub(crate) const FOCUS_1_2: [&str; 57] = [
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "CapacityReservationId",
    "CapacityReservationStatus",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "CommitmentDiscountUnit",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
];

/// What a sound charge holds; every other column is null.
const SOUND: [(&str, &str); 38] = [
    ("BilledCost", "1"),
    ("BillingAccountId", "001234567890"),
    ("BillingAccountName", "Acme payer"),
    ("BillingAccountType", "Billing Account"),
    ("BillingCurrency", "EUR"),
    ("BillingPeriodEnd", "2026-11-01T00:00:00Z"),
    ("BillingPeriodStart", "2026-10-01T00:00:00Z"),
    ("ChargeCategory", "Usage"),
    ("ChargeDescription", "One hour of a small machine"),
    ("ChargeFrequency", "Usage-Based"),
    ("ChargePeriodEnd", "2026-10-06T00:00:00Z"),
    ("ChargePeriodStart", "2026-10-05T00:00:00Z"),
    ("ConsumedQuantity", "1"),
    ("ConsumedUnit", "Hours"),
    ("ContractedCost", "1"),
    ("ContractedUnitPrice", "1"),
    ("EffectiveCost", "1"),
    ("InvoiceId", "INV-2026-10"),
    ("InvoiceIssuerName", "Cloud AG"),
    ("ListCost", "1"),
    ("ListUnitPrice", "1"),
    ("PricingCategory", "Standard"),
    ("PricingCurrency", "EUR"),
    ("PricingCurrencyContractedUnitPrice", "1"),
    ("PricingCurrencyEffectiveCost", "1"),
    ("PricingCurrencyListUnitPrice", "1"),
    ("PricingQuantity", "1"),
    ("PricingUnit", "Hours"),
    ("ProviderName", "Cloud"),
    ("PublisherName", "Cloud AG"),
    ("RegionId", "eu-1"),
    ("ResourceId", "vm-1"),
    ("ServiceCategory", "Compute"),
    ("ServiceName", "Machines"),
    ("ServiceSubcategory", "Virtual Machines"),
    ("SkuId", "M1"),
    ("SkuPriceId", "M1.hour"),
    ("SubAccountId", "pay-prod"),
];

/// The four cost columns.
pub(crate) const COSTS: [&str; 4] = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"];

/// One row: column → text. What has no text is null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    values: BTreeMap<String, String>,
}

impl Charge {
    /// A charge as FOCUS 1.2 wants it: 1 EUR on the fifth of October.
    pub(crate) fn sound() -> Self {
        let values = SOUND.iter().map(|(column, text)| ((*column).to_owned(), (*text).to_owned()));
        Self { values: values.collect() }
    }

    /// Sets a column; an empty text is null.
    pub(crate) fn with(mut self, column: &str, text: &str) -> Self {
        if text.is_empty() {
            self.values.remove(column);
        } else {
            self.values.insert(column.to_owned(), text.to_owned());
        }
        self
    }

    /// The same amount in all four costs, and in what FOCUS derives from them.
    pub(crate) fn costs(self, amount: &str) -> Self {
        COSTS.iter().fold(self, |charge, column| charge.with(column, amount))
    }

    /// Another month and day, the charge of which it is billed in full.
    pub(crate) fn on(self, month: &str, day: &str) -> Self {
        self.with("BillingPeriodStart", &format!("{month}-01T00:00:00Z"))
            .with("BillingPeriodEnd", &format!("{}-01T00:00:00Z", next_month(month)))
            .with("ChargePeriodStart", &format!("{day}T00:00:00Z"))
            .with("ChargePeriodEnd", &format!("{day}T23:00:00Z"))
    }

    pub(crate) fn get(&self, column: &str) -> Option<&str> {
        self.values.get(column).map(String::as_str)
    }
}

fn next_month(month: &str) -> String {
    let (year, number) = month.split_once('-').expect("a month is written as 2026-10");
    let (year, number): (u32, u32) =
        (year.parse().expect("a year"), number.parse().expect("a number"));
    if number == 12 { format!("{}-01", year + 1) } else { format!("{year}-{:02}", number + 1) }
}

/// Charges under one header.
#[derive(Clone, Debug)]
pub(crate) struct Bill {
    pub(crate) columns: Vec<String>,
    pub(crate) charges: Vec<Charge>,
}

impl Bill {
    /// A bill with all columns of FOCUS 1.2.
    pub(crate) fn of(charges: impl IntoIterator<Item = Charge>) -> Self {
        let columns = FOCUS_1_2.iter().map(|column| (*column).to_owned()).collect();
        Self { columns, charges: charges.into_iter().collect() }
    }

    /// One sound charge.
    pub(crate) fn sound() -> Self {
        Self::of([Charge::sound()])
    }

    pub(crate) fn with_column(mut self, column: &str) -> Self {
        self.columns.push(column.to_owned());
        self
    }

    pub(crate) fn without_column(mut self, column: &str) -> Self {
        self.columns.retain(|known| known != column);
        self
    }

    pub(crate) fn csv(&self) -> String {
        self.separated(b',')
    }

    pub(crate) fn separated(&self, delimiter: u8) -> String {
        let writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        let mut writer = writer;
        writer.write_record(&self.columns).expect("memory takes all");
        for charge in &self.charges {
            let fields = self.columns.iter().map(|column| charge.get(column).unwrap_or_default());
            writer.write_record(fields).expect("memory takes all");
        }
        let bytes = writer.into_inner().expect("memory takes all");
        String::from_utf8(bytes).expect("texts are UTF-8")
    }
}
