//! Acme: its cost centers, and the accounts and subscriptions it is billed for.

/// A cloud provider as Acme's contract with it sees it.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    pub name: &'static str,
    pub invoice_issuer: &'static str,
    pub billing_account_id: &'static str,
    pub billing_account_name: &'static str,
    pub billing_account_type: &'static str,
    pub sub_account_type: &'static str,
    pub currency: &'static str,
    /// What is left of the list price after the negotiated discount.
    pub contracted: &'static str,
    pub invoice_prefix: &'static str,
}

pub static AWS: Provider = Provider {
    name: "AWS",
    invoice_issuer: "Amazon Web Services EMEA SARL",
    billing_account_id: "100020003000",
    billing_account_name: "acme-payer",
    billing_account_type: "Organization",
    sub_account_type: "Linked Account",
    currency: "USD",
    contracted: "0.93",
    invoice_prefix: "EUINDE26",
};

pub static AZURE: Provider = Provider {
    name: "Microsoft",
    invoice_issuer: "Microsoft Ireland Operations Limited",
    billing_account_id: "7654321",
    billing_account_name: "Acme GmbH",
    billing_account_type: "Enterprise Agreement",
    sub_account_type: "Subscription",
    currency: "EUR",
    contracted: "0.885",
    invoice_prefix: "E0800T",
};

/// An AWS account or an Azure subscription, with what Acme's own list says of it.
#[derive(Debug)]
pub struct SubAccount {
    pub provider: &'static Provider,
    pub id: &'static str,
    pub name: &'static str,
    pub environment: &'static str,
    pub cost_center: &'static str,
    pub product: &'static str,
}

const fn account(
    provider: &'static Provider,
    id: &'static str,
    name: &'static str,
    [environment, cost_center, product]: [&'static str; 3],
) -> SubAccount {
    SubAccount { provider, id, name, environment, cost_center, product }
}

/// The first id has a leading zero: it is a text and no number.
pub static SUB_ACCOUNTS: [SubAccount; 14] = [
    account(&AWS, "012345670101", "retail-prod", ["prod", "", "web-shop"]),
    account(&AWS, "112345670102", "retail-dev", ["dev", "", "web-shop"]),
    account(&AWS, "112345670104", "loyalty-prod", ["prod", "", "loyalty"]),
    account(&AWS, "212345670201", "payments-prod", ["prod", "", "payments"]),
    account(&AWS, "212345670202", "payments-dev", ["dev", "", "payments"]),
    account(&AWS, "312345670301", "data-prod", ["prod", "", "analytics"]),
    account(&AWS, "312345670302", "data-sandbox", ["sandbox", "CC3020", "analytics"]),
    account(&AWS, "912345670901", "platform-prod", ["prod", "CC9010", "platform"]),
    account(&AWS, "912345670902", "network-hub", ["prod", "CC9010", "platform"]),
    account(&AWS, "912345670903", "security", ["prod", "CC9020", "security"]),
    account(&AWS, "100020003000", "acme-payer", ["", "", ""]),
    account(&AZURE, "0f3c1b52-7a86-4c0e-9d15-2b8f5e6a1001", "Retail Web", ["prod", "", "web-shop"]),
    account(
        &AZURE,
        "5b9e7d04-13fa-4f6b-8c2e-91d0a47c1002",
        "Data Lab",
        ["dev", "CC3020", "analytics"],
    ),
    account(
        &AZURE,
        "c84a2f6d-e07b-4d39-a5f1-36be08d21003",
        "Corporate IT",
        ["prod", "CC9010", "platform"],
    ),
];

/// # Panics
/// If Acme has no account of that name.
#[must_use]
pub fn sub_account(name: &str) -> &'static SubAccount {
    SUB_ACCOUNTS.iter().find(|account| account.name == name).expect("an account of Acme")
}

/// The cost centers: one that closed, and one that moved to another unit in the middle of October.
pub const COST_CENTERS: &str = "\
id,name,parent,legal_entity,manager,valid_from,valid_to
ACME,Acme Group,,Acme GmbH,Vera Lindqvist,,
RETAIL,Retail,ACME,Acme GmbH,Jonas Weber,,
PAYMENTS,Payments,ACME,Acme Inc,Priya Raman,,
DATA,Data and Analytics,ACME,Acme GmbH,Tomás Herrera,,
CC1010,Web Shop,RETAIL,Acme GmbH,Anke Möller,,
CC1020,Mobile App,RETAIL,Acme GmbH,Felix Brandt,,
CC1030,Store Systems,RETAIL,Acme GmbH,Marta Kowalska,,
CC1040,Loyalty Programme,RETAIL,Acme GmbH,Oskar Nyberg,,2026-10-01
CC2010,Card Processing,PAYMENTS,Acme Inc,Daniel Okafor,,
CC2020,Fraud Prevention,PAYMENTS,Acme Inc,Grace Liu,,
CC2030,Settlement,PAYMENTS,Acme Inc,Samuel Ortiz,,
CC3010,Data Warehouse,DATA,Acme GmbH,Elif Kaya,,
CC3020,Machine Learning,DATA,Acme Inc,Noah Fischer,,
CC3030,Recommendations,RETAIL,Acme GmbH,Ines Duarte,,2026-10-15
CC3030,Recommendations,DATA,Acme GmbH,Ines Duarte,2026-10-15,
CC9010,Platform Engineering,ACME,Acme GmbH,Henrik Voss,,
CC9020,Information Security,ACME,Acme GmbH,Leila Haddad,,
";

/// The Azure resource groups and AWS applications, as the register of applications has them.
pub const RESOURCE_GROUPS: &str = "\
id,name,cost_center,environment,product
rg-shop-prod,Web shop,CC1010,prod,web-shop
rg-store-prod,Tills and stores,CC1030,prod,store
rg-datalab,Data laboratory,CC3020,dev,analytics
rg-genai,Product texts and search,CC3030,prod,recommendations
rg-net-hub,Wide area network,CC9010,prod,platform
rg-corp-it,Directory and backup,CC9010,prod,platform
rg-legacy,Not in use since 2023,,prod,
";
