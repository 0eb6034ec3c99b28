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
        "The file is not YAML, or uses a part of YAML that costbook refuses because it hides what a rule says: anchors, aliases, merge keys, tags, several documents in one file."
    DuplicateKey "duplicate-key" Error Configuration
        "A mapping has the same key twice. One of the two would silently win; remove or rename one."
    UnknownKey "unknown-key" Error Configuration
        "A key that costbook does not know at this place. It is refused rather than ignored, so that a misspelt rule cannot be a rule that does nothing."
    MissingKey "missing-key" Error Configuration
        "A key that is needed at this place is not there."
    WrongType "wrong-type" Error Configuration
        "The value is of another shape than the key needs: a text where a list is expected, or the like."
    InvalidValue "invalid-value" Error Configuration
        "The value is of the right shape but means nothing here: not a date, not a currency, not a share, not a regular expression, an empty range of dates."
    DuplicateName "duplicate-name" Error Configuration
        "Two things of one kind have the same name. Reports and explanations name rules, pools, dimensions and sources, so each name must be one thing."
    UnknownName "unknown-name" Error Configuration
        "A field, list, pool, owner, component or dimension that nothing declares. Unknown names are refused, so that a rule cannot silently match nothing."
    SharesSum "shares-sum" Error Configuration
        "The shares of a fixed split must sum to exactly 100 %. Use fractions such as 1/3 where percentages do not come out even."
    StageOrder "stage-order" Error Configuration
        "Stages must name every declared pool exactly once; the order in which pools are emptied decides who pays."
    RuleTestFailed "rule-test-failed" Error Configuration
        "An example that a rule file or column map carries does not come out as it says. Either the rule or the example is wrong."
    ColumnMapBroken "column-map-broken" Error Configuration
        "A column map lacks something without which no charge can be read, such as where `BilledCost` comes from."
    PathOutsideProject "path-outside-project" Error Configuration
        "A path in the project leads out of the project's folder. Inputs live beside the rules that read them, so that a project can be moved and reviewed as a whole."
    NotFound "not-found" Error Configuration
        "A file or folder that the command or the project names is not there or cannot be read."
    BadReference "bad-reference" Error Configuration
        "A table of cost centers or metadata has a row that cannot be used: no id, a bad date, a parent that does not exist, two rows valid on the same day, a cycle."

    NoFiles "no-files" Error Input
        "A pattern of a source matches no file. A month without a delivery is not a month without cost."
    FormatUnclear "format-unclear" Error Input
        "The source has `format: auto`, and the header of a file is of no shipped format, or of several. Name the format, or write a column map."
    UnreadableFile "unreadable-file" Error Input
        "The file cannot be read: it vanished, is not a regular file, or permission is lacking."
    EmptyFile "empty-file" Error Input
        "The file holds no row of charges. An empty delivery is never taken for zero cost."
    BrokenFile "broken-file" Error Input
        "The file is torn or malformed: a gzip stream that ends early or fails its checksum, a quote that never closes, a Parquet file that does not hold together. Nothing of it is counted."
    SheetUnclear "sheet-unclear" Error Input
        "It is not clear which sheet of a workbook is the table, or which of its rows is the header: no row has the columns that are looked for, more than one sheet has them, or cells of the header are merged. Name the sheet with `sheet:` and the row with `header_row:` in the source."
    DuplicateColumn "duplicate-column" Error Input
        "Two columns of the file have the same name, so it cannot be known which one is meant."
    ColumnMissing "column-missing" Error Input
        "A column without which no charge can be read is not in the file."
    TooManyBadRows "too-many-bad-rows" Error Input
        "So many rows have more or fewer fields than the header that the file is likely torn or of another format."
    IncompleteDelivery "incomplete-delivery" Error Input
        "A provider's manifest names files, rows or bytes that are not there. A part of a bill is never taken for a smaller bill."
    DuplicateFile "duplicate-file" Note Advice
        "A file has the same name and bytes as another of the same source. It counts once."
    SameContent "same-content" Warning Advice
        "A file has the same content as another one that is called or compressed differently or belongs to another source. It counts once. If another bill was meant, it is missing."
    DeliveryReplaced "delivery-replaced" Note Advice
        "A newer delivery of the same period took the place of an older one. The older is read for its totals, which stand in manifest.json with the difference, and counts for nothing."
    OverlappingDeliveries "overlapping-deliveries" Error Input
        "Two deliveries have charges of the same sub account on the same days, so that cost would count twice. Take the older one away, or declare `deliveries:` on the source: `newest` where one replaces the other, `append` where each brings charges that the other lacks."
    MissingDays "missing-days" Error Input
        "A source that must have charges on every day of the month has none on some. A delivery is likely missing. Fetch it, or declare the days: `days: { missing: [ … ] }`, `days: { until: … }` while the month is open, `days: any` where charges are sparse."
    SumOverflow "sum-overflow" Error Input
        "The amounts of the input sum to more than 170,000,000,000,000,000,000 and cannot be kept exactly."
    NoChargesInPeriod "no-charges-in-period" Error Input
        "No file holds a charge that is billed in the period. Either the period is wrong or a delivery is missing."

    BadRate "bad-rate" Error Input
        "A row of the table of exchange rates cannot be used: no day, no currency of ISO 4217, a rate that is zero, negative or no number, or a second rate for the same pair and day."
    RateLeap "rate-leap" Error Input
        "An exchange rate is ten times the one before it, or a tenth of it: a misplaced point or a swapped pair looks like this. Where the leap is real, raise `leap` of `exchange`."
    RateMissing "rate-missing" Error Input
        "Charges of the period are in a currency for which the declared policy finds no rate. Nothing is converted by a rate that is not there, nor by way of a third currency."

    BadInvoice "bad-invoice" Error Input
        "A row of a table of provider invoices cannot be used: no invoice, no currency of ISO 4217, no amount, amounts that do not add up, or an invoice that another file has too."
    InvoiceVariance "invoice-variance" Error Input
        "A provider's invoice and the bill differ by more than the declared tolerance, and nothing that is known explains it. Nothing is published: either rows are missing or doubled, or the invoice is of something else. A difference that was looked into can be declared with its reason, under `accepted_variances`."

    BadAmount "bad-amount" Warning Advice
        "A cost is not a plain decimal number, or is empty. The row is quarantined: its money is unknown, not zero."
    BadDate "bad-date" Warning Advice
        "A date does not exist or is written in a way that the format does not declare. The row is quarantined."
    BadCurrency "bad-currency" Warning Advice
        "The billing currency is not an ISO 4217 code. The row is quarantined."
    BadText "bad-text" Warning Advice
        "A field holds bytes that are not UTF-8, or a NUL. The row is quarantined."
    BadCell "bad-cell" Warning Advice
        "A cell of a workbook stands for a value that is not known: an error such as #DIV/0!, a formula whose result was never computed, or a number of more digits than a sheet can keep. The row is quarantined."
    BadRowLength "bad-row-length" Warning Advice
        "The row has more or fewer fields than the header. The row is quarantined."
    BadTags "bad-tags" Warning Advice
        "The tags of the row, or another of its fields that holds a list or an object, are not in the shape that the format declares. The row is quarantined."
    TextForm "text-form" Warning Advice
        "Texts of a bill spell accented letters in another Unicode normal form than NFC. Both spellings are one name and are kept as NFC."
    CostUnknown "cost-unknown" Warning Advice
        "`ListCost` or `ContractedCost` is empty where FOCUS demands a value. The row counts for the other metrics; the sum of this metric is known to be incomplete."
    BinarySource "binary-source" Warning Advice
        "The file keeps money as binary floating point. Each value is taken as the shortest decimal that means it, which may not be what the provider computed with."
    UnknownColumn "unknown-column" Warning Advice
        "The file has columns that the column map does not know. They can be used in rules under their own name, but nothing else reads them."
    FocusColumnMissing "focus-column-missing" Note Advice
        "The file lacks columns that its FOCUS version has. Reports leave blank what they would have told."
    FocusDefect "focus-defect" Warning Advice
        "The file departs from the FOCUS specification in a way that does not hinder reading it."
    MappedColumnMissing "mapped-column-missing" Warning Advice
        "A column map of the project reads a column or an input from headers that no file of its sources has. The header may be misspelt in the map, or the export was changed."
    DateOrder "date-order" Warning Advice
        "The file has dates such as `9/2/2023`, and its format does not say whether the day or the month comes first. The order was proven from a part beyond 12 in the head of the file; without proof, rows with such dates are quarantined. Declare it under `dates` in the column map."
    WrongSuffix "wrong-suffix" Warning Advice
        "The content of the file is of another kind than its name says. The content decides."
    OtherDelimiter "other-delimiter" Warning Advice
        "The fields of the file are not separated by commas. The separator was found from the header."
    OtherPeriod "other-period" Note Advice
        "Files hold charges of other months alone. They are counted in their files' control totals, serve as history and stay out of the period's totals."
    LateRows "late-rows" Warning Advice
        "A file with charges of the period also holds rows that are billed in another month: they came late, or early. They are in the file's control totals and in no total of the period; reports of their month that were made without this file do not have them."
    SourceWithoutCharges "source-without-charges" Warning Advice
        "A source holds charges of other months but none of the period. Its bill of the month is likely missing, and the totals are too small by it."
    RowsExcluded "rows-excluded" Note Advice
        "Rows were left out by a named rule of the column map, such as repeated headers or total rows."
    RowsQuarantined "rows-quarantined" Warning Advice
        "Rows could not be read and stand in quarantine.csv with file, row, column and reason. Their money is missing from every total."

    Unallocated "unallocated" Warning Advice
        "Part of the period's cost has no owner. unallocated.csv lists it by reason, with a suggested rule."
    UnknownOwner "unknown-owner" Warning Advice
        "A charge names an owner that is not among the cost centers. It stays unallocated."
    ClosedOwner "closed-owner" Warning Advice
        "A charge or a fixed share names a cost center that is not valid on the charge date. It stays unallocated."
    OwnerCase "owner-case" Warning Advice
        "A charge names an owner that differs from a cost center in case only. It stays unallocated; declare `case:` on the dimension to accept it."
    OwnerLookalike "owner-lookalike" Warning Advice
        "An owner looks like another one and is not the same: it has letters of another script, wide or invisible characters. The two are never taken for one; mend whichever was not meant."
    ZeroDriver "zero-driver" Warning Advice
        "A pool has nothing to be split by in the period; its declared policy was applied."
    ZeroDriverRefused "zero-driver-refused" Error Input
        "A pool has nothing to be split by in the period, and its declared policy is to fail."
    NoReceivers "no-receivers" Warning Advice
        "No cost center is open to receive a pool. Its cost stays unallocated."
    RuleWithoutMatch "rule-without-match" Note Advice
        "A rule matched no charge of any month at hand. It may be misspelt, shadowed by an earlier rule, or no longer needed."
    CreditsExceedCost "credits-exceed-cost" Note Advice
        "The total of an owner is negative: credits and refunds exceed its cost."
    ConservationBroken "conservation-broken" Error Input
        "What went into a stage is not what came out of it. This is a fault of costbook itself; nothing is published."
    HistoryUnconverted "history-unconverted" Note Advice
        "Charges of another month are in a currency for which the table of exchange rates has no rate of that month. What compares with that month stays blank in the report currency."
    InvoiceExplained "invoice-explained" Warning Advice
        "A provider's invoice and the bill differ, by what can be told: tax, credits, rows in quarantine, rows billed in another month, or a variance that the project accepts. reconciliation.csv has the figures."
    InvoiceMissing "invoice-missing" Warning Advice
        "The bill names an invoice, or a billing account has cost, for which no table of invoices has a row. Its cost is not checked against what the provider asks for."
    InvoiceUnchecked "invoice-unchecked" Note Advice
        "Rows of the period name no invoice, so that their billed cost cannot be tied to one. FOCUS has `InvoiceId` since 1.2; older exports lack it."
    OutputInTheWay "output-in-the-way" Error State
        "The place for the reports is taken by something that costbook did not write, or is a link. Nothing there is touched."
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
