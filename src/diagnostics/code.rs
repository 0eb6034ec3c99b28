//! The stable codes. Each has an example among the tests that makes it appear.

use std::fmt;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What kind of trouble a code is, which decides the exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Worth knowing; the run goes on.
    Advice,
    /// Usage, project file or rules: exit 2.
    Configuration,
    /// Input refused or not reconciling: exit 3.
    Input,
    /// Somebody else's state: exit 4.
    State,
    /// A fault of costbook itself: exit 5.
    Internal,
}

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $class:ident $explanation:literal)*) => {
        /// A stable code. `costbook explain CODE` prints its explanation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $explanation] $variant),* }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class),* }
            }

            /// What the code means and how it is mended, in a few sentences.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation),* }
            }
        }
    };
}

codes! {
    YamlSyntax "yaml-syntax" Error Configuration
        "The file is not YAML, or uses a part of YAML that costbook refuses because it hides what a rule says: anchors, aliases, merge keys, tags, several documents in one file. Write the value out where it is meant, and quote what begins with a sign that YAML takes for its own."
    DuplicateKey "duplicate-key" Error Configuration
        "A mapping has the same key twice. One of the two would silently win; remove or rename one."
    UnknownKey "unknown-key" Error Configuration
        "A key that costbook does not know at this place. It is refused rather than ignored, so that a misspelt rule cannot be a rule that does nothing. Mend the name; docs/rules.md lists the keys of each place."
    MissingKey "missing-key" Error Configuration
        "A key that is needed at this place is not there. Add it; docs/rules.md says what it takes."
    WrongType "wrong-type" Error Configuration
        "The value is of another shape than the key needs: a text where a list is expected, or the like. Write it as the key needs it: `[ a, b ]` for a list of values, a dash before each item of a list of mappings."
    InvalidValue "invalid-value" Error Configuration
        "The value is of the right shape but means nothing here: not a date, not a currency, not a share, not a regular expression, an empty range of dates. Write it as the message says."
    DuplicateName "duplicate-name" Error Configuration
        "Two things of one kind have the same name. Reports and explanations name rules, pools, dimensions and sources, so each name must be one thing. Rename one of them."
    UnknownName "unknown-name" Error Configuration
        "A field, list, pool, owner, component or dimension that nothing declares. Unknown names are refused, so that a rule cannot silently match nothing. Mend the name, or declare it."
    SharesSum "shares-sum" Error Configuration
        "The shares of a fixed split must sum to exactly 100 %. Use fractions such as 1/3 where percentages do not come out even."
    StageOrder "stage-order" Error Configuration
        "Stages must name every declared pool exactly once; the order in which pools are emptied decides who pays. Add the pools that are missing, and take out what is named twice."
    RuleTestFailed "rule-test-failed" Error Configuration
        "An example that a rule file or column map carries does not come out as it says. Either the rule or the example is wrong. Mend whichever it is; the message says what came out."
    ColumnMapBroken "column-map-broken" Error Configuration
        "A column map lacks something without which no charge can be read, such as where `BilledCost` comes from. Add the column under `columns`."
    PathOutsideProject "path-outside-project" Error Configuration
        "A path in the project leads out of the project's folder. Inputs live beside the rules that read them, so that a project can be moved and reviewed as a whole. Copy the file into the project's folder and name it there."
    NotFound "not-found" Error Configuration
        "A file or folder that the command or the project names is not there or cannot be read. Mend the path, which is relative to the project's folder, or put the file there."
    ImportBroken "import-broken" Error Input
        "The file that is to be imported is not of the kind that the command names, or is torn: it cannot be read as JSON, YAML or HCL, or holds nothing of that kind. Nothing is written. Name the kind that the file has, or export it again."
    ImportLossy "import-lossy" Warning Advice
        "A part of what another system decides could not be written as a rule, or is written with another meaning; the finding says which, and why. The written file lists the same at its end. Look at each, and write by hand what is still needed."
    BadReference "bad-reference" Error Configuration
        "A table of cost centers or metadata has a row that cannot be used: no id, a bad date, a parent that does not exist, two rows valid on the same day, a cycle. Mend the row that the message names."

    NoFiles "no-files" Error Input
        "A pattern of a source matches no file. A month without a delivery is not a month without cost. Check the pattern against the names of the files, or fetch the delivery."
    FormatUnclear "format-unclear" Error Input
        "The source has `format: auto`, and the header of a file is of no shipped format, or of several. Name the format, or write a column map."
    UnreadableFile "unreadable-file" Error Input
        "The file cannot be read: it vanished, is not a regular file, or permission is lacking. Check that it exists, is a regular file and may be read by who runs costbook."
    EmptyFile "empty-file" Error Input
        "The file holds no row of charges. An empty delivery is never taken for zero cost. Fetch it again, or take it out of the source; where nothing was charged, declare `empty: allowed` on the source."
    BrokenFile "broken-file" Error Input
        "The file is torn or malformed: a gzip stream that ends early or fails its checksum, a quote that never closes, a Parquet file that does not hold together. Nothing of it is counted. Fetch it again, or save it again as the message says."
    SheetUnclear "sheet-unclear" Error Input
        "It is not clear which sheet of a workbook is the table, or which of its rows is the header: no row has the columns that are looked for, more than one sheet has them, or cells of the header are merged. Name the sheet with `sheet:` and the row with `header_row:` in the source."
    DuplicateColumn "duplicate-column" Error Input
        "Two columns of the file have the same name, so it cannot be known which one is meant. Remove or rename one of them in the export."
    ColumnMissing "column-missing" Error Input
        "A column without which no charge can be read is not in the file. Mend the name in the column map, add the column to the export, or give the source the `format:` that its files have."
    NoRows "no-rows" Note Advice
        "A file has a header and no row, and its source declares that this may be (`empty: allowed`). Its cost of the period is none. Nothing is to be done where nothing was charged; else fetch the file again."
    TooManyBadRows "too-many-bad-rows" Error Input
        "So many rows have more or fewer fields than the header that the file is likely torn or of another format. Fetch the file again, and look at the row that the message names."
    IncompleteDelivery "incomplete-delivery" Error Input
        "A provider's manifest names files, rows or bytes that are not there. A part of a bill is never taken for a smaller bill. Fetch the rest of the delivery, and let the patterns of the source match all of it."
    DuplicateFile "duplicate-file" Note Advice
        "A file has the same name and bytes as another of the same source. It counts once. Remove one of the two if both were not meant to be there."
    SameContent "same-content" Warning Advice
        "A file has the same content as another one that is called or compressed differently or belongs to another source. It counts once. If another bill was meant, it is missing. Then fetch that one; else remove one of the two."
    DeliveryReplaced "delivery-replaced" Note Advice
        "A newer delivery of the same period took the place of an older one. The older is read for its totals, which stand in manifest.json with the difference, and counts for nothing. Nothing is to be done where the new delivery was meant; else take it away."
    OverlappingDeliveries "overlapping-deliveries" Error Input
        "Two deliveries have charges of the same sub account on the same days, so that cost would count twice. Take the older one away, or declare `deliveries:` on the source: `newest` where one replaces the other, `append` where each brings charges that the other lacks."
    MissingDays "missing-days" Error Input
        "A source that must have charges on every day of the month has none on some. A delivery is likely missing. Fetch it, or declare the days: `days: { missing: [ … ] }`, `days: { until: … }` while the month is open, `days: any` where charges are sparse."
    SumOverflow "sum-overflow" Error Input
        "The amounts of the input sum to more than 170,000,000,000,000,000,000 and cannot be kept exactly. Look for an amount that is far too large, such as one with its decimal point lost."
    NoChargesInPeriod "no-charges-in-period" Error Input
        "No file holds a charge that is billed in the period. Either the period is wrong or a delivery is missing. Check `--period`, or fetch the delivery."

    BadRate "bad-rate" Error Input
        "A row of the table of exchange rates cannot be used: no day, no currency of ISO 4217, a rate that is zero, negative or no number, or a second rate for the same pair and day. Mend the row that the message names."
    RateLeap "rate-leap" Error Input
        "An exchange rate is ten times the one before it, or a tenth of it: a misplaced point or a swapped pair looks like this. Where the leap is real, raise `leap` of `exchange`."
    RateMissing "rate-missing" Error Input
        "Charges of the period are in a currency for which the declared policy finds no rate. Nothing is converted by a rate that is not there, nor by way of a third currency. Add the rate to the table."

    BadInvoice "bad-invoice" Error Input
        "A row of a table of provider invoices cannot be used: no invoice, no currency of ISO 4217, no amount, amounts that do not add up, or an invoice that another file has too. Mend the row that the message names, or fetch the table again."
    InvoiceVariance "invoice-variance" Error Input
        "A provider's invoice and the bill differ by more than the declared tolerance, and nothing that is known explains it. Nothing is published: either rows are missing or doubled, or the invoice is of something else. A difference that was looked into can be declared with its reason, under `accepted_variances`."

    DriverBroken "driver-broken" Error Input
        "A table of a driver, which says who used how much of what is shared, cannot be used: a column is missing, a quantity is unknown, negative or no number, a day is none, the same consumer stands twice for the same days, or usage without a workload has no declared policy. One wrong weight moves money between all consumers, so no row is optional. Mend what the message names, or fetch the table again."

    LicenseBroken "license-broken" Error Input
        "A table of licenses (what is owned, agreed or used) cannot be used: a column is missing, a cell is no number, day, currency or known word, an end lies before its start, an id stands twice. A wrong row makes a position wrong, so none is optional. Mend what the message names; or declare `on_invalid: quarantine` of the input, which lists the rows and makes the figures of what they are about unknown."
    LicenseReference "license-reference" Warning Advice
        "A row of licenses names something that no row tells of: the right that maintenance or an upgrade stands on, a contract, a user. The row is kept, but a right without its base gives none. Add what is missing, or mend the name."
    LicenseQuarantined "license-quarantined" Warning Advice
        "Rows of licenses could not be used and stand aside, as their input declares. The figures of the products that they are about are not known. Mend the rows."
    LicenseUnrecognised "license-unrecognised" Warning Advice
        "No rule recognises a product that an inventory names. It is listed with its rows and cost, and counts under the name that the rows give it, so that it may not meet the rights that are owned. Add its name to a product in a license rule file or in the project's table of products."
    LicenseColumnUnread "license-column-unread" Note Advice
        "A table of licenses has columns that nothing reads. Name them under `columns` of the input where they hold something of use, or under `ignored`; else nothing needs to be done."

    LicenseMetric "license-metric" Warning Advice
        "A right is counted by a metric that no rule declares, or that has no version of the day. Nothing of its use is measured, and its line of the position is unknown. Mend the metric's name in the inventory, declare the metric in a license rule file, or use the pack that has it."
    LicenseCountedTwice "license-counted-twice" Warning Advice
        "A product is owned in several metrics, and rights of more than one fit the same use, so that each metric counts it. Assign the rights to what they cover, or restrict them by environment, pool, region or legal entity."
    LicenseStale "license-stale" Warning Advice
        "The newest table of an input of licenses is of an earlier month than the one that is looked at. The position tells what was used then. Add the month's table."
    LicenseReused "license-reused" Warning Advice
        "A license was given to somebody within the days for which terms keep it with whoever gave it back, and no other one was free. Buy one more, or tell the reason of the release where terms except it, such as a leaver."

    DriverPartial "driver-partial" Warning Advice
        "The quantities of a driver are of a part of the month only, and stand for all of it. Nothing needs to be done while the month is open or where the rest is alike; else export the whole month."
    DriverBinary "driver-binary" Note Advice
        "Quantities of a driver were binary floating point where they come from. Each is taken as the shortest decimal that means it, and divides money exactly from there. Nothing needs to be done."

    BadAmount "bad-amount" Warning Advice
        "A cost is no number in the spelling that the column map declares (a plain decimal with a point where it declares none), or is empty. The row is quarantined: its money is unknown, not zero. Mend the export, or declare the spelling in a column map: `numbers: { decimal: \",\", group: \".\" }`."
    BadDate "bad-date" Warning Advice
        "A date does not exist or is written in a way that the format does not declare. The row is quarantined. Mend the export, or declare the spelling under `dates` in a column map."
    BadCurrency "bad-currency" Warning Advice
        "The billing currency is not an ISO 4217 code. The row is quarantined. Mend the column map if it reads the wrong column; else the export."
    BadText "bad-text" Warning Advice
        "A field holds bytes that are not UTF-8, or a NUL. The row is quarantined. Export the file as UTF-8."
    BadCell "bad-cell" Warning Advice
        "A cell of a workbook stands for a value that is not known: an error such as #DIV/0!, a formula whose result was never computed, or a number of more digits than a sheet can keep. The row is quarantined. Open the workbook, let it compute, mend the cell and save it."
    BadRowLength "bad-row-length" Warning Advice
        "The row has more or fewer fields than the header. The row is quarantined. Look at the row for a separator or a quote that is not escaped, and export it again."
    BadTags "bad-tags" Warning Advice
        "The tags of the row, or another of its fields that holds a list or an object, are not in the shape that the format declares. The row is quarantined. Mend the field in the export, or the shape under `tags` in the column map."
    TextForm "text-form" Warning Advice
        "Texts of a bill spell accented letters in another Unicode normal form than NFC. Both spellings are one name and are kept as NFC. Nothing needs to be done; who exports can settle for one form."
    CostUnknown "cost-unknown" Warning Advice
        "`ListCost` or `ContractedCost` is empty where FOCUS demands a value. The row counts for the other metrics; the sum of this metric is known to be incomplete. Ask the provider, or export the column; where it is not used, nothing needs to be done."
    BinarySource "binary-source" Warning Advice
        "The file keeps money as binary floating point. Each value is taken as the shortest decimal that means it, which may not be what the provider computed with. Export the bill with decimal columns, or as CSV, where the provider can."
    UnknownColumn "unknown-column" Warning Advice
        "The file has columns that the column map does not know. They can be used in rules under their own name, but nothing else reads them. Ask a column in rules as `column.Name`, or map it in a column map of your own; else nothing needs to be done."
    FocusColumnMissing "focus-column-missing" Note Advice
        "The file lacks columns that its FOCUS version has. Reports leave blank what they would have told. Add them to the export where those reports are needed."
    FocusDefect "focus-defect" Warning Advice
        "The file departs from the FOCUS specification in a way that does not hinder reading it. Report it to the provider; here nothing needs to be done."
    MappedColumnMissing "mapped-column-missing" Warning Advice
        "A column map of the project reads a column or an input from headers that no file of its sources has. The header may be misspelt in the map, or the export was changed. Mend the name, or take what no file has out of the map."
    AskedColumnMissing "asked-column-missing" Warning Advice
        "Rules ask a column by the name of a header, as `x_Name` or `column.Name`, and no file has it, so that they can never match by it. Mend the name, or take out what no file has."
    DateOrder "date-order" Warning Advice
        "The file has dates such as `9/2/2023`, and its format does not say whether the day or the month comes first. The order was proven from a part beyond 12 in the head of the file; without proof, rows with such dates are quarantined. Declare it under `dates` in the column map."
    WrongSuffix "wrong-suffix" Warning Advice
        "The content of the file is of another kind than its name says. The content decides. Rename the file."
    OtherDelimiter "other-delimiter" Warning Advice
        "The fields of the file are not separated by commas. The separator was found from the header. Nothing needs to be done if the columns are right; `costbook check --verbose` shows them."
    OtherPeriod "other-period" Note Advice
        "Files hold charges of other months alone. They are counted in their files' control totals, serve as history and stay out of the period's totals. Narrow the pattern, such as with `{period}`, where they are not meant to be read."
    LateRows "late-rows" Warning Advice
        "A file with charges of the period also holds rows that are billed in another month: they came late, or early. They are in the file's control totals and in no total of the period; reports of their month that were made without this file do not have them. Or a delivery that is about another month holds rows of the period, on days that another delivery has too: both count, which is wrong only if they are the same charges. Run those months again if they are still open."
    SourceWithoutCharges "source-without-charges" Warning Advice
        "A source holds charges of other months but none of the period. Its bill of the month is likely missing, and the totals are too small by it. Fetch it, or check the pattern of the source."
    RepeatedRows "repeated-rows" Warning Advice
        "Two deliveries of a source that appends have rows of the same name, as the column map says what names a row. Both count, which is wrong where they are the same charge. Compare the two deliveries, and take the one away that repeats the other."
    BackDatedShares "back-dated-shares" Note Advice
        "Rows that are spread over months begin before the month that bills them. Their shares of those months are history: they are in no report that was made before, and in none of the period. Nothing is to be done where those months are closed; else run them again."
    OneView "one-view" Note Advice
        "The provider delivers a month in two ways, each of which leaves out what the other tells, and only one of them is read. The message says what is missing. Nothing is to be done where that is not used; else add the other export as the reference of the format says."
    RowsExcluded "rows-excluded" Note Advice
        "Rows were left out by a named rule of the column map, such as repeated headers or total rows. Look at the counts in manifest.json, and mend the rule if it takes too much."
    RowsQuarantined "rows-quarantined" Warning Advice
        "Rows could not be read and stand in quarantine.csv with file, row, column and reason. Their money is missing from every total. Mend the export or the column map by what stands there, and run again."

    Unallocated "unallocated" Warning Advice
        "Part of the period's cost has no owner. unallocated.csv lists it by reason, with a suggested rule. Add the rule, or tag the resources."
    UnknownOwner "unknown-owner" Warning Advice
        "A charge names an owner that is not among the cost centers. It stays unallocated. Add the owner to the table of cost centers, or mend the tag or the rule."
    ClosedOwner "closed-owner" Warning Advice
        "A charge or a fixed share names a cost center that is not valid on the charge date. It stays unallocated. Change the rule or the tag to an open cost center, or mend its dates."
    OwnerCase "owner-case" Warning Advice
        "A charge names an owner that differs from a cost center in case only. It stays unallocated; declare `case:` on the dimension to accept it."
    OwnerLookalike "owner-lookalike" Warning Advice
        "An owner looks like another one and is not the same: it has letters of another script, wide or invisible characters. The two are never taken for one; mend whichever was not meant."
    ZeroDriver "zero-driver" Warning Advice
        "A pool has nothing to be split by in the period; its declared policy was applied. Check that the driver matches charges of the period, or declare what shall happen under `on_zero_driver`."
    ZeroDriverRefused "zero-driver-refused" Error Input
        "A pool has nothing to be split by in the period, and its declared policy is to fail. Check that the driver matches charges of the period, or declare another policy."
    NoDroppedUsage "no-dropped-usage" Warning Advice
        "What is unused of a commitment is to be borne by those who use less of it than in the month before (`unused_commitment: dropped_usage`), and there is nobody of whom that is known. It is borne as the rules say. Run with the bills of the month before at hand, or declare another policy."
    DriverMissing "driver-missing" Error Input
        "A pool is split by a driver that has no row for it in the period. A missing driver is not a driver of zero: nothing is published. Add the month to the driver's files, or split the pool in another way."
    DriverConsumer "driver-consumer" Error Input
        "A driver has a consumer that is neither a cost center nor a pool, or is both, or one that it names in two ways. Correct the driver's table or the table of cost centers, or write `owner:` or `pool:` in front of the name."
    AllocationCircle "allocation-circle" Error Configuration
        "Pools use each other in a circle, or one gives to a pool that an earlier stage has emptied. Change the order of the stages, or put pools that use each other into one stage as `reciprocal`, which is solved exactly."
    NoReceivers "no-receivers" Warning Advice
        "No cost center is open to receive a pool. Its cost stays unallocated. Open a cost center for the period, or mend the receivers of the pool."
    RuleWithoutMatch "rule-without-match" Note Advice
        "A rule matched no charge of any month at hand. It may be misspelt, shadowed by an earlier rule, or no longer needed. Mend or remove it."
    RuleUnreachable "rule-unreachable" Warning Advice
        "A rule can never decide: one before it takes all that it would match, or its own conditions exclude each other. Move it up, mend its condition, or remove it."
    RuleShadowed "rule-shadowed" Warning Advice
        "A rule can never decide: the rules before it take, together, all that it would match. Move it up, mend its condition, or remove it."
    RulesOverlap "rules-overlap" Warning Advice
        "Two rules match the same charges of the period and would give them to different owners or pools; the one that stands first decides. Neither is a special case of the other, so that their order alone says who pays. Let the later one leave those charges out by a `not`, or change the order."
    MoneyUncovered "money-uncovered" Warning Advice
        "Cost of the period that no rule matches, by provider and service. It stays unallocated. Add a rule; the finding suggests one where something speaks for it."
    UnusedDeclaration "unused-declaration" Warning Advice
        "A list or a dimension is declared and nothing uses it. Ask it in a rule, or remove it."
    PoolUnreached "pool-unreached" Warning Advice
        "A pool is declared and no rule leads to it, so that it never has anything to split. Let a rule lead there, or remove it."
    ReceiverClosed "receiver-closed" Warning Advice
        "A rule or pool names a cost center that is closed on days of the period, or a pool's receivers are all closed. What would go there stays unallocated. Name the successor by day, or mend the dates of the cost center."
    CreditsExceedCost "credits-exceed-cost" Note Advice
        "The total of an owner is negative: credits and refunds exceed its cost. Nothing needs to be done where the credits are right."
    ConservationBroken "conservation-broken" Error Internal
        "What went into a stage is not what came out of it. This is a fault of costbook itself; nothing is published. Keep the project as it is and report the fault."
    DatasetBlank "dataset-blank" Warning Advice
        "A quantity, unit price or time of a bill that costs do not depend on is written in a way that cannot be read, and is blank in the allocated FOCUS dataset. No cost is affected. Mend the column map where the provider writes it otherwise."
    HistoryUnconverted "history-unconverted" Note Advice
        "Charges of another month are in a currency for which the table of exchange rates has no rate of that month. What compares with that month stays blank in the report currency. Add that month's rate to the table."
    InvoiceExplained "invoice-explained" Warning Advice
        "A provider's invoice and the bill differ, by what can be told: tax, credits, rows in quarantine, rows billed in another month, or a variance that the project accepts. reconciliation.csv has the figures. Look at each, and settle with the provider what is not yours to bear."
    InvoiceMissing "invoice-missing" Warning Advice
        "The bill names an invoice, or a billing account has cost, for which no table of invoices has a row of the period. Its cost is not checked against what the provider asks for. Add the invoice once it has come; where the table has it for another month, correct `period`."
    InvoiceBillingAccount "invoice-billing-account" Note Advice
        "An invoice was matched by its name, but the table of invoices tells another billing account than the bill. Billing accounts are written in several ways; where two are meant, the invoice is compared with what it does not ask for. Correct the table, or check which bill was delivered."
    AcceptedVarianceUnused "accepted-variance-unused" Warning Advice
        "A variance that the project accepts meets no invoice: none of that name is in the tables of its entry, or the invoice agrees with the bill otherwise. Correct its invoice or amount, or take it away."
    InvoiceUnchecked "invoice-unchecked" Note Advice
        "Rows of the period name no invoice, so that their billed cost cannot be tied to one. FOCUS has `InvoiceId` since 1.2; older exports lack it. Export a newer version, or let a column map fill `InvoiceId`."
    OutputInTheWay "output-in-the-way" Error State
        "The place for the reports is taken by something that costbook did not write, or is a link. Nothing there is touched. Move it away, or name another place with `--out`."
    OutputFailed "output-failed" Error State
        "The reports could not be written. What was published before is untouched; run the same command again."
    RunInProgress "run-in-progress" Error State
        "Another run is writing the same output. Let it end, then run the same command again."
}

impl Code {
    /// The code of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
