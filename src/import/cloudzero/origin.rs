//! Sources: where a rule or condition takes its values from, and what is done to them first.

use crate::diagnostics::Span;
use crate::import::draft::Dimension;
use crate::import::tree::Tree;

use super::{Formation, Wrong};

/// Sources, how several are taken together, and their transforms in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    pub(super) sources: Vec<(String, Span)>,
    /// The first source that has a value counts, and no other.
    pub(super) coalesces: bool,
    transforms: Vec<Tree>,
}

/// What transforms make of a text, as far as costbook has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Transformed {
    /// `lower` or `upper`.
    pub(super) case: Option<&'static str>,
    pub(super) trims: bool,
}

/// Sources of `CloudZero` that are columns.
const FIELDS: [(&str, &str); 15] = [
    ("Account", "sub_account_id"),
    ("PayerAccount", "billing_account_id"),
    ("Region", "region"),
    ("Service", "x_ServiceCode"),
    ("UsageType", "x_UsageType"),
    ("Operation", "x_Operation"),
    ("UsageFamily", "x_ProductFamily"),
    ("ProductFamily", "x_ProductFamily"),
    ("LineItemType", "x_LineItemType"),
    ("Description", "charge_description"),
    ("InvoiceID", "invoice_id"),
    ("PricingUnit", "pricing_unit"),
    ("CommittedUseSubscription", "commitment_discount_id"),
    ("CloudProvider", "provider"),
    ("UsageDay", "charge_period_start"),
];

impl Origin {
    pub(super) fn of(tree: &Tree) -> Self {
        let sources = tree.get("Source").or(tree.get("Sources")).map(Tree::items);
        let sources = sources.unwrap_or_default().iter();
        let sources =
            sources.filter_map(|source| Some((source.scalar()?.to_owned(), source.span.clone())));
        let transforms = tree.get("Transforms").map(Tree::items).unwrap_or_default();
        Self {
            sources: sources.collect(),
            coalesces: tree.get("CoalesceSources").is_some_and(Tree::is_true),
            transforms: transforms.to_vec(),
        }
    }

    /// A source of one's own takes the place of everything inherited; transforms alone are added.
    pub(super) fn or(self, inherited: &Self) -> Self {
        if !self.sources.is_empty() {
            return self;
        }
        let transforms = [inherited.transforms.clone(), self.transforms].concat();
        Self { sources: inherited.sources.clone(), coalesces: inherited.coalesces, transforms }
    }
}

impl Formation<'_> {
    /// The fields of the sources. With transforms, or several that coalesce, one dimension that
    /// stands for them all.
    pub(super) fn fields_of(
        &mut self,
        origin: &Origin,
        span: &Span,
        what: &str,
    ) -> Result<Vec<String>, Wrong> {
        let transformed = self.transformed(origin, what)?;
        let fields = self.plain_fields(origin, span)?;
        if transformed == Transformed::default() {
            return Ok(fields);
        }
        if fields.len() > 1 && !origin.coalesces {
            let each = fields.into_iter().map(|field| self.helper(vec![field], transformed));
            return Ok(each.collect());
        }
        Ok(vec![self.helper(fields, transformed)])
    }

    pub(super) fn plain_fields(
        &mut self,
        origin: &Origin,
        span: &Span,
    ) -> Result<Vec<String>, Wrong> {
        if origin.sources.is_empty() {
            return Err((span.clone(), "it names no source".to_owned()));
        }
        let sources = origin.sources.iter();
        sources.map(|(name, span)| self.field(name, span)).collect()
    }

    fn field(&mut self, name: &str, span: &Span) -> Result<String, Wrong> {
        if let Some(key) = name.strip_prefix("Tag:").filter(|key| !key.is_empty()) {
            return Ok(format!("tag.{key}"));
        }
        let own = name.strip_prefix("User:Defined:").unwrap_or(name);
        if name != own || self.first.contains_key(own) {
            return self.dimension_of(own).map_err(|why| (span.clone(), why));
        }
        if name == "CloudProvider" {
            let why = "its values are the provider's name as the bill has it";
            self.tell_once(span, "the source `CloudProvider`", why);
        }
        let found = FIELDS.iter().find(|(known, _)| *known == name);
        if found.is_some_and(|(_, field)| field.starts_with("x_")) {
            let why =
                "they are columns of AWS' reports; charges of other providers do not have them";
            let what = "services, usage types and the like";
            self.tell_once(span, what, why);
        }
        found.map(|(_, field)| (*field).to_owned()).ok_or_else(|| {
            let why = if name.starts_with("K8s:") {
                format!("`{name}` is known from the cluster and not from bills; split the cluster's cost by a driver")
            } else {
                format!("costbook has no column for the source `{name}`")
            };
            (span.clone(), why)
        })
    }

    /// What the transforms come to, or why they cannot be written.
    pub(super) fn transformed(
        &mut self,
        origin: &Origin,
        what: &str,
    ) -> Result<Transformed, Wrong> {
        let mut made = Transformed::default();
        for transform in &origin.transforms {
            let name = transform.scalar_of("Type").or(transform.scalar()).unwrap_or_default();
            match name {
                "Lower" => made.case = Some("lower"),
                "Upper" => made.case = Some("upper"),
                "Trim" => made.trims = true,
                "Normalize" | "Clean" => {
                    made.trims = true;
                    if name == "Normalize" {
                        made.case = Some("lower");
                    }
                    let why = format!(
                        "`{name}` trims and folds case, but signs between words stay as they are and do not become dashes"
                    );
                    self.draft.write_otherwise(
                        &transform.span,
                        format!("a transform in {what}"),
                        why,
                    );
                }
                _ => {
                    let why = format!("costbook has no transform `{name}`");
                    return Err((transform.span.clone(), why));
                }
            }
        }
        Ok(made)
    }

    /// The dimension that holds the first value of the fields, transformed.
    pub(super) fn helper(&mut self, fields: Vec<String>, transformed: Transformed) -> String {
        let case = transformed.case;
        let key = format!("{} {}", fields.join(" "), case.unwrap_or("trimmed"));
        if let Some(name) = self.helpers.get(&key) {
            return name.clone();
        }
        let name = self.draft.dimension_name(&format!("cz {key}"));
        let mut dimension = Dimension::new(name.clone(), &key);
        dimension.notes.push(format!("the first value of {}, transformed", fields.join(", ")));
        dimension.from = fields;
        dimension.case = case;
        dimension.detail = false;
        self.draft.dimensions.push(dimension);
        self.helpers.insert(key, name.clone());
        name
    }
}
