//! Rules of other systems, written as ours.
//!
//! ```text
//! Source              a text and what it is called
//! Kind                whose rules it holds
//!   Tree              what the text says, whatever its syntax, with places
//! Draft               dimensions, rules and pools that say the same, and what could not be said
//!   Condition         what is asked of a charge
//!   Example           a charge for each rule, and what must become of it
//! Imported            the text of a rule file, checked; a finding for each loss
//! ```
//!
//! Owns what other systems mean by their words, and how that is said in our language. May use
//! `domain`, `diagnostics` and the public types of `rules`. Knows no disk, no bills and no charges.
//!
//! Order: a text becomes a tree before anything of it is understood, so that three syntaxes of one
//! system are understood once; what a rule refers to is made before the rule, because our
//! dimensions see only those before them; examples are made of the draft and not of the written
//! text, so that they hold the text to account; the text is compiled last, by the rules' own
//! compiler.
//!
//! Invariants: nothing of a source is dropped without a finding at its place; what is written
//! compiles; same source, same bytes.

mod aws;
mod azure;
mod cloudability;
mod cloudformation;
mod cloudzero;
mod condition;
mod draft;
mod emit;
mod hcl;
mod json;
mod koku;
mod proof;
mod terraform;
mod tree;
mod write;
mod yaml;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::Org;
use crate::rules::{DriverScope, RuleSet, RuleText, Scope, compile};

use condition::{Condition, Test};
use draft::{Dimension, Draft, LossKind, Outcome, Rule};

/// Whose rules a source holds, and in which syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// AWS Cost Categories as the API writes them (JSON).
    AwsCostCategory,
    /// `aws_ce_cost_category` in Terraform's HCL or JSON.
    Terraform,
    /// `AWS::CE::CostCategory` in templates of `CloudFormation` (YAML or JSON).
    CloudFormation,
    /// `CloudZero` `CostFormation` (YAML).
    CloudZero,
    /// Azure cost allocation rules as the API writes them (JSON).
    AzureCostAllocation,
    /// Cloudability business mappings as the API writes them (JSON).
    Cloudability,
    /// Cost models of koku as the API writes them (JSON).
    Koku,
}

/// A text to be imported.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name that comments and findings give it.
    pub path: String,
    pub text: String,
}

/// What is asked for beside the rules themselves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Make the values of a dimension owners.
    pub as_owners: bool,
    /// The dimension that is meant, by the source's name or ours, where there are several.
    pub dimension: Option<String>,
}

/// Rules that were written.
#[derive(Clone, Debug)]
pub struct Imported {
    /// A rule file.
    pub text: String,
    /// The same, compiled for a project without cost centers.
    pub rules: RuleSet,
    /// Tables of quantities that the project must declare for them.
    pub drivers: Vec<DriverScope>,
    /// A warning for everything that is left out or means something else.
    pub findings: Vec<Finding>,
}

/// Why nothing was written.
#[derive(Clone, Debug)]
pub struct Refused {
    pub findings: Vec<Finding>,
    /// What would have been written, where the findings are about it.
    pub text: Option<String>,
}

/// What findings about the written text call it.
pub const WRITTEN: &str = "imported.yaml";

impl Kind {
    /// Every kind by the name that the command knows.
    pub const ALL: [(&'static str, Self); 7] = [
        ("aws-cost-category", Self::AwsCostCategory),
        ("terraform", Self::Terraform),
        ("cloudformation", Self::CloudFormation),
        ("cloudzero", Self::CloudZero),
        ("azure-cost-allocation", Self::AzureCostAllocation),
        ("cloudability", Self::Cloudability),
        ("koku", Self::Koku),
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// Writes the rules of the sources as one rule file. Sources of one import may refer to each other.
///
/// # Errors
/// Sources that cannot be read; or, with the text, what our own checks find in what was written.
pub fn import(kind: Kind, sources: &[Source], options: &Options) -> Result<Imported, Refused> {
    let mut draft = Draft::default();
    let paths: Vec<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    draft.head =
        vec![format!("Imported by `costbook import {}` from {}.", kind.name(), paths.join(", "))];
    let read = match kind {
        Kind::AwsCostCategory => aws::import(sources, options, &mut draft),
        Kind::Terraform => terraform::import(sources, options, &mut draft),
        Kind::CloudFormation => cloudformation::import(sources, options, &mut draft),
        Kind::CloudZero => cloudzero::import(sources, options, &mut draft),
        Kind::AzureCostAllocation => azure::import(sources, options, &mut draft),
        Kind::Cloudability => cloudability::import(sources, &mut draft),
        Kind::Koku => koku::import(sources, &mut draft),
    };
    let refused = |findings| Refused { findings, text: None };
    read.map_err(refused)?;
    if options.as_owners && kind != Kind::AzureCostAllocation {
        let splits_itself = kind != Kind::CloudZero;
        make_owners(options.dimension.as_deref(), splits_itself, &mut draft)
            .map_err(|finding| refused(vec![finding]))?;
    }
    let text = write::write(&draft, &proof::examples(&draft));
    let file = RuleText { path: WRITTEN.to_owned(), text: text.clone() };
    let drivers: Vec<DriverScope> = draft
        .drivers
        .iter()
        .map(|(name, _)| DriverScope { name: name.clone(), scope: Vec::new() })
        .collect();
    let scope = Scope { org: &Org::default(), entities: &[], drivers: &drivers };
    match compile(&[file], &scope) {
        Ok(rules) => Ok(Imported { text, rules, drivers, findings: findings(&draft) }),
        Err(findings) => Err(Refused { findings, text: Some(text) }),
    }
}

/// The last rule: who bears a charge is the value of the dimension.
///
/// `splits_itself` says that what is split is split among values of one dimension.
fn make_owners(
    wanted: Option<&str>,
    splits_itself: bool,
    draft: &mut Draft,
) -> Result<(), Finding> {
    let candidates: Vec<&Dimension> =
        draft.dimensions.iter().filter(|dimension| dimension.detail).collect();
    let meant = |dimension: &&&Dimension| {
        let names = [dimension.name.as_str(), dimension.title.as_str()];
        wanted.is_none_or(|wanted| names.contains(&wanted))
    };
    let found: Vec<&&Dimension> = candidates.iter().filter(meant).collect();
    let [dimension] = found[..] else {
        let names: Vec<&str> = candidates.iter().map(|found| found.title.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let message = "it is not clear which dimension's values are to be owners";
        let help = format!("name one with --dimension; there are: {names}");
        return Err(Finding::new(Code::ImportBroken, message).help(help));
    };
    let (name, title) = (dimension.name.clone(), dimension.title.clone());
    if let Some((view, span)) =
        draft.view.clone().filter(|(view, _)| splits_itself && *view != title)
    {
        let why = format!(
            "it moves cost among the values of `{view}`, while the values of `{title}` are owners"
        );
        draft.write_otherwise(&span, format!("the splits of `{view}`"), why);
    }
    let rule = Rule {
        name: draft.rule_name(&title),
        note: format!(
            "the values of `{title}` are owners: the table of cost centers must have them"
        ),
        when: Condition::ask(&name, Test::Absent).negated(),
        outcome: Outcome::Owner(name),
    };
    draft.classify.push(rule);
    Ok(())
}

fn findings(draft: &Draft) -> Vec<Finding> {
    let told = draft.losses.iter().map(|loss| {
        let verb = match loss.kind {
            LossKind::LeftOut => "is left out",
            LossKind::Otherwise => "is written with another meaning",
        };
        let message = format!("{} {verb}: {}", loss.what, loss.why);
        Finding::new(Code::ImportLossy, message).at(Place::Text(loss.span.clone()))
    });
    told.collect()
}
