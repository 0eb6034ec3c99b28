//! What bills say of commitments: the cube's months, by the scope of each contract.

use std::collections::BTreeMap;

use crate::allocate::{Cube, ScopeField, billed_by_month};
use crate::cli::load::Loaded;
use crate::diagnostics::{Code, Finding, Place, did_you_mean};
use crate::licenses::{Contract, Spent};

/// Values by the field that they are of.
type Scope = BTreeMap<ScopeField, Vec<String>>;

/// Contracts that commit to spend of a scope.
pub(in crate::cli) fn burns(project: &Loaded) -> impl Iterator<Item = &Contract> {
    let contracts = project.licenses.iter().flat_map(|own| &own.told.inventory.contracts);
    contracts.filter(|contract| !contract.commitments.is_empty() && !contract.scope.is_empty())
}

/// What was spent on each commitment in each month at hand, and scopes that cannot be read.
pub(in crate::cli) fn spent(project: &Loaded, cube: &Cube) -> (Vec<Spent>, Vec<Finding>) {
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    for contract in burns(project) {
        let scope = match scope(contract) {
            Ok(scope) => scope,
            Err(finding) => {
                notes.push(finding);
                continue;
            }
        };
        let months = billed_by_month(cube, &scope).unwrap_or_default();
        found.extend(months.into_iter().map(|((month, currency), amount)| Spent {
            contract: contract.id.clone(),
            days: month.days(),
            amount,
            currency,
        }));
    }
    (found, notes)
}

/// `provider:AWS; service:Amazon EC2`.
fn scope(contract: &Contract) -> Result<Scope, Finding> {
    let mut found = Scope::new();
    for word in &contract.scope {
        let (name, value) = word.split_once(':').unwrap_or((&**word, ""));
        let field = ScopeField::ALL.into_iter().find(|field| field.name() == name.trim());
        let value = value.trim();
        let Some(field) = field.filter(|_| !value.is_empty()) else {
            let known = ScopeField::ALL.map(ScopeField::name);
            let help = did_you_mean(name.trim(), known).map_or_else(
                || format!("write it as provider:AWS; fields are {}", known.join(", ")),
                |near| format!("did you mean `{near}:{value}`?"),
            );
            let text = format!("the scope `{word}` of `{}` names no charges", contract.id);
            let origin = &contract.origin;
            let place = Place::Cell { path: origin.path.clone(), row: origin.row, column: None };
            return Err(Finding::new(Code::LicenseReference, text).help(help).at(place));
        };
        found.entry(field).or_default().push(value.to_owned());
    }
    Ok(found)
}
