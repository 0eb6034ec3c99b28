//! What the scan needs to know before the first row: which texts to read, which decide, and where
//! in time rules change.

use chrono::NaiveDate;

use crate::domain::{Column, DateRange, Org, Period};
use crate::ingest::{FileId, MetadataTable, SourceFile, WantedText};
use crate::rules::{DimensionId, Field, FieldId, FieldUse, Pool, RuleSet, Values as _};
use crate::tags::{Dimensions, Provenance, Resolved};

use super::cube::{Bearer, Group, NameId};
use super::focus_columns::FocusColumns;
use super::names::Names;
use super::prints::Questions;

/// The texts that every cube needs, whatever the rules ask. From [`Role::Resource`] on, they decide
/// nothing by themselves: there are many of them, and most tuples would be there once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    ServiceProvider,
    Provider,
    InvoiceIssuer,
    Invoice,
    BillingAccount,
    SubAccount,
    Service,
    ChargeCategory,
    Resource,
    Commitment,
    CommitmentName,
    CommitmentType,
    CommitmentCategory,
    CommitmentStatus,
}

/// Their columns, in the order of [`Role`].
const ROLES: [Column; 14] = [
    Column::ServiceProviderName,
    Column::ProviderName,
    Column::InvoiceIssuerName,
    Column::InvoiceId,
    Column::BillingAccountId,
    Column::SubAccountId,
    Column::ServiceName,
    Column::ChargeCategory,
    Column::ResourceId,
    Column::CommitmentDiscountId,
    Column::CommitmentDiscountName,
    Column::CommitmentDiscountType,
    Column::CommitmentDiscountCategory,
    Column::CommitmentDiscountStatus,
];

/// The plan of one scan, shared by all threads.
#[derive(Debug)]
pub struct Plan<'p> {
    pub(super) rules: &'p RuleSet,
    pub(super) org: &'p Org,
    pub(super) period: Period,
    pub(super) dimensions: Dimensions<'p>,
    pub(super) sources: Vec<String>,
    /// Index into `sources`, by file.
    pub(super) source_of_file: Vec<u16>,
    /// The texts that decide: all but the resource and those of commitments, unless a rule asks them
    /// too; each with the questions that are all that is asked of it, where that is so.
    pub(super) tuple_texts: Vec<(usize, Option<Questions<'p>>)>,
    pub(super) resource_text: usize,
    /// Dimensions that reports keep apart.
    pub(super) detail: Vec<DimensionId>,
    /// Days on which anything that decides changes, ascending.
    change_days: Vec<NaiveDate>,
    /// Whether charges of other months are told apart by invoice.
    pub(super) keeps_invoices: bool,
    pub(super) keeps_scopes: bool,
    /// Whether charges of other months are told apart by day.
    pub(super) keeps_days: bool,
    /// Fields by which pools tell their charges apart, or those of their receivers.
    pub(super) lot_fields: Vec<FieldId>,
    /// The positions of `lot_fields` that are asked of receivers' charges.
    receiver_fields: Vec<usize>,
}

impl<'p> Plan<'p> {
    #[must_use]
    pub fn new(
        rules: &'p RuleSet,
        org: &'p Org,
        metadata: &'p [MetadataTable],
        files: &[SourceFile],
        period: Period,
    ) -> Self {
        let also = ROLES.map(WantedText::Column);
        let dimensions = Dimensions::new(rules, metadata, &also);
        let resource_text = Role::Resource as usize;
        let tuple_texts = tuple_texts(rules, &dimensions);
        let mut sources: Vec<String> = files.iter().map(|file| file.source.to_string()).collect();
        sources.sort_unstable();
        sources.dedup();
        let source_of = |file: &SourceFile| {
            let index = sources.iter().position(|name| **name == *file.source);
            index.and_then(|index| u16::try_from(index).ok()).unwrap_or_default()
        };
        let source_of_file = files.iter().map(source_of).collect();
        let change_days = change_days(rules, org, metadata);
        let detail = rules.detail_dimensions();
        let mut lot_fields: Vec<FieldId> = rules.pools.iter().flat_map(Pool::lot_fields).collect();
        lot_fields.sort_unstable();
        lot_fields.dedup();
        let is_of_receivers =
            |field: &FieldId| rules.pools.iter().any(|p| p.within.contains(field));
        let receiver_fields = lot_fields.iter().enumerate().filter(|(_, f)| is_of_receivers(f));
        let receiver_fields = receiver_fields.map(|(position, _)| position).collect();
        Self {
            rules,
            org,
            period,
            dimensions,
            sources,
            source_of_file,
            tuple_texts,
            resource_text,
            detail,
            change_days,
            keeps_invoices: false,
            keeps_scopes: false,
            keeps_days: false,
            lot_fields,
            receiver_fields,
        }
    }

    /// Tells charges of other months apart by invoice too, to know what of an invoice came late.
    #[must_use]
    pub fn keep_invoices(self, keeps_invoices: bool) -> Self {
        Self { keeps_invoices, ..self }
    }

    /// Tells charges of other months apart by the fields of scopes too, to know what burned a commitment.
    #[must_use]
    pub fn keep_scopes(self, keeps_scopes: bool) -> Self {
        Self { keeps_scopes, ..self }
    }

    /// Tells charges of other months apart by day too, for drivers that are dated by day.
    #[must_use]
    pub fn keep_days(self, keeps_days: bool) -> Self {
        Self { keeps_days, ..self }
    }

    /// Fills in what allocation asks of a charge beside its bearer.
    pub(super) fn tell_apart(&self, names: &mut Names, group: &mut Group, charge: &Resolved<'_>) {
        let asked: Vec<usize> = match group.verdict.bearer {
            Bearer::Owner(_) => self.receiver_fields.clone(),
            Bearer::Pool(pool, _) => {
                let fields = self.rules.pool(pool).lot_fields();
                let position = |field| self.lot_fields.binary_search(field).ok();
                fields.iter().filter_map(position).collect()
            }
            Bearer::Unallocated(_) => Vec::new(),
        };
        if !asked.is_empty() {
            let mut traits = vec![NameId::ABSENT; self.lot_fields.len()];
            for position in asked {
                traits[position] = names.id(charge.value(self.lot_fields[position]));
            }
            group.traits = traits.into();
        }
        if let Bearer::Owner(_) = group.verdict.bearer {
            let bases = self.rules.bases.iter().enumerate();
            let holding = bases.filter(|(_, basis)| basis.holds(charge));
            group.bases = holding.fold(0, |bits, (bit, _)| bits | 1 << bit);
        }
    }

    /// The texts that the scan must hand over.
    #[must_use]
    pub fn wanted(&self) -> &[WantedText] {
        self.dimensions.wanted()
    }

    /// The texts that the scan must hand over where rows are to be shown: those of
    /// [`Plan::wanted`], and behind them what names a row.
    #[must_use]
    pub fn wanted_of_rows(&self) -> Vec<WantedText> {
        let wanted = self.wanted().iter().cloned();
        wanted.chain([WantedText::Identity]).collect()
    }

    /// The texts that the scan must hand over for a FOCUS dataset: those of [`Plan::wanted`], and
    /// behind them the other columns.
    #[must_use]
    pub fn wanted_of_focus(&self, focus: &FocusColumns) -> Vec<WantedText> {
        let mut wanted = self.wanted().to_vec();
        let columns = focus.columns.iter().copied().map(WantedText::Column);
        let asked = columns.chain(focus.customs.iter().cloned().map(WantedText::Custom));
        let others: Vec<WantedText> = asked.filter(|text| !wanted.contains(text)).collect();
        wanted.extend(others);
        wanted
    }

    /// The stretch of days between two changes that holds `day`; index into [`Plan::segments`].
    pub(super) fn segment(&self, day: NaiveDate) -> u16 {
        let begun = self.change_days.partition_point(|change| *change <= day);
        u16::try_from(begun).unwrap_or(u16::MAX)
    }

    /// The stretches between changes; together they are all time.
    pub(super) fn segments(&self) -> Vec<DateRange> {
        let begins = std::iter::once(None).chain(self.change_days.iter().copied().map(Some));
        let ends = self.change_days.iter().copied().map(Some).chain(std::iter::once(None));
        begins.zip(ends).map(|(from, to)| DateRange::new(from, to).unwrap_or_default()).collect()
    }

    pub(super) fn source_name(&self, file: FileId) -> &str {
        &self.sources[usize::from(self.source_of_file[file.0 as usize])]
    }

    pub(super) fn text<'t>(role: Role, texts: &[Option<&'t str>]) -> Option<&'t str> {
        texts[role as usize]
    }

    /// The provider by whichever column names it.
    pub(super) fn provider<'t>(texts: &[Option<&'t str>]) -> Option<&'t str> {
        let columns = [Role::ServiceProvider, Role::Provider, Role::InvoiceIssuer];
        columns.into_iter().find_map(|role| Self::text(role, texts))
    }

    /// Where each dimension's value came from, as numbers.
    pub(super) fn profile(resolved: &Resolved<'_>) -> Box<[u16]> {
        resolved.provenance().map(code_of).collect()
    }

    /// A profile as reports write it.
    pub(super) fn profile_labels(&self, profile: &[u16]) -> Vec<String> {
        let numbered = profile.iter().zip(0_u16..);
        numbered
            .map(|(code, index)| self.dimensions.label(DimensionId(index), of_code(*code)))
            .collect()
    }
}

/// The days on which anything that decides changes, ascending.
pub(super) fn change_days(
    rules: &RuleSet,
    org: &Org,
    metadata: &[MetadataTable],
) -> Vec<NaiveDate> {
    let mut days = rules.change_days();
    days.extend(org.change_days());
    days.extend(metadata.iter().flat_map(MetadataTable::change_days));
    days.sort_unstable();
    days.dedup();
    days
}

/// Which texts decide, and how far they must be told apart.
fn tuple_texts<'p>(
    rules: &'p RuleSet,
    dimensions: &Dimensions<'p>,
) -> Vec<(usize, Option<Questions<'p>>)> {
    let field_of = |wanted: &WantedText| {
        let field = match wanted {
            WantedText::Column(column) => Field::Column(*column),
            WantedText::Custom(name) => Field::Custom(name.clone()),
            WantedText::Identity => return None,
        };
        rules.field_id(&field)
    };
    let mut texts = Vec::new();
    for (index, wanted) in dimensions.wanted().iter().enumerate() {
        let field = field_of(wanted);
        let in_cube = index < Role::Resource as usize;
        let is_tags = dimensions.tags_text() == Some(index);
        let keep = match field.map(|field| rules.use_of(field)) {
            _ if in_cube || is_tags => Some(None),
            Some(FieldUse::Value) => Some(None),
            Some(FieldUse::Questions(questions)) => Some(Some(questions)),
            None => None,
        };
        texts.extend(keep.map(|questions| (index, questions)));
    }
    texts
}

fn code_of(provenance: Provenance) -> u16 {
    match provenance {
        Provenance::Rule => 0,
        Provenance::Default => 1,
        Provenance::Absent => 2,
        Provenance::Invalid => 3,
        Provenance::From(position) => position.saturating_add(4),
    }
}

fn of_code(code: u16) -> Provenance {
    match code {
        0 => Provenance::Rule,
        1 => Provenance::Default,
        2 => Provenance::Absent,
        3 => Provenance::Invalid,
        position => Provenance::From(position - 4),
    }
}
