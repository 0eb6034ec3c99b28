//! `licenses:` of the project file.

use crate::diagnostics::{Code, Span};
use crate::rules::decode::{Mapping, is_inside_project, items, word, words};
use crate::rules::node::Node;
use crate::rules::project::{is_pattern, read_patterns, refuse_repeats};
use crate::rules::shape::{KeyShape, Shape, key};
use crate::rules::sink::Sink;

use super::charges::{CHARGE_KEYS, ChargeRule, read_charges};
use super::inputs::{INPUT_KEYS, InputDecl, read_input};

/// What the project says of licenses.
#[derive(Clone, Debug, Default)]
pub struct LicensesDecl {
    /// Patterns of license rule files of the project's own.
    pub rules: Vec<(String, Span)>,
    /// Names of the shipped packs that are used; all where none are named.
    pub packs: Option<Vec<(String, Span)>>,
    /// The project's own table of products.
    pub products: Option<(String, Span)>,
    pub inputs: Vec<InputDecl>,
    /// Which rights become charges of the month, in the order of the project file.
    pub charges: Vec<ChargeRule>,
}

pub(in crate::rules) const KEYS: &[KeyShape] = &[
    key("rules", Shape::Texts),
    key("packs", Shape::Texts),
    key("products", Shape::Text),
    key("inputs", Shape::List(&Shape::Map(INPUT_KEYS))),
    key("charges", Shape::List(&Shape::Map(CHARGE_KEYS))),
];

pub(in crate::rules) fn read_licenses(node: &Node, sink: &mut Sink) -> Option<LicensesDecl> {
    let map = Mapping::read(node, "`licenses`", KEYS, sink)?;
    let before = sink.count();
    let rules = map.get("rules").and_then(|node| read_patterns(node, "`rules`", is_pattern, sink));
    let packs = map.get("packs").and_then(|node| words(node, "`packs`", sink));
    let packs: Option<Vec<(String, Span)>> =
        packs.map(|packs| packs.into_iter().map(|pack| (pack.text, pack.span)).collect());
    let named = packs.iter().flatten().map(|(name, span)| (name.as_str(), span));
    refuse_repeats("pack", named, sink);
    let products = map.get("products").and_then(|node| word(node, "`products`", sink));
    let products = products.filter(|path| is_inside_project(path, sink));
    let nodes = map.get("inputs").and_then(|node| items(node, "`inputs`", sink));
    let nodes = nodes.unwrap_or_default();
    let inputs: Vec<InputDecl> = nodes.iter().filter_map(|node| read_input(node, sink)).collect();
    refuse_repeats("input", inputs.iter().map(|input| (input.name.as_str(), &input.span)), sink);
    if inputs.len() < nodes.len() && sink.count() == before {
        sink.report(Code::InvalidValue, &node.span, "an input cannot be read");
    }
    let charges = map.get("charges").and_then(|node| read_charges(node, sink));
    (sink.count() == before).then(|| LicensesDecl {
        rules: rules.unwrap_or_default(),
        packs,
        products: products.map(|path| (path.text, path.span)),
        inputs,
        charges: charges.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::Project;
    use crate::rules::licenses::{ColumnFrom, FieldType, InputKind};

    fn read(licenses: &str) -> Result<super::LicensesDecl, Vec<String>> {
        let text = format!(
            "organisation: Acme\ncurrency: EUR\nsources: [ {{ name: a, format: focus, files: a.csv }} ]\nlicenses:\n{licenses}"
        );
        let read = Project::parse("p.yaml", &text);
        read.map(|project| project.licenses.unwrap()).map_err(|found| {
            let shown = |f: &crate::diagnostics::Finding| {
                let help = f.help.as_deref().unwrap_or("-");
                format!("{} {}: {} ({help})", f.code, f.place.as_ref().unwrap(), f.message)
            };
            found.iter().map(shown).collect()
        })
    }

    #[test]
    fn what_a_project_declares_goes_before_what_its_format_knows() {
        let found = read(
            "  inputs:\n    - { name: s, kind: seats, files: s.csv, format: microsoft-365-active-users, columns: { status: { value: active }, x_floor: { header: Floor, type: number } } }\n",
        );
        let inputs = found.unwrap().inputs;
        let column = |field: &str| inputs[0].columns.iter().find(|c| c.field == field).unwrap();
        assert_eq!(inputs[0].kind, InputKind::Seats);
        assert_eq!(
            (column("status").from.clone(), column("status").is_own),
            (ColumnFrom::Constant, true)
        );
        assert_eq!(column("x_floor").kind, FieldType::Number);
        assert_eq!(column("product").split.as_deref(), Some("+"));
        assert!(!column("product").is_own);
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_place_and_mend() {
        let found = read(
            "  packs: [ oracle, oracle ]\n  products: ../p.csv\n  inputs:\n    - { name: a, kind: seat, files: s.csv }\n    - { name: b, kind: seats, files: s.csv, format: opensam }\n    - { name: c, kind: seats, files: s.csv, format: opensm }\n    - name: d\n      kind: entitlements\n      files: e.csv\n      columns:\n        licence_type: Art\n        quantity: { header: A, join: B }\n        unit_price: { latest: [ A, B ] }\n        license_type: { header: T, values: { Abo: subscripton } }\n        start: { type: day, header: S }\n        edition: { header: E, split: \"+\" }\n        x_a: { by: \"-\" }\n",
        );
        let found = found.unwrap_err();
        let expected = [
            ("duplicate-name p.yaml:5", "there is another pack named `oracle`"),
            ("path-outside-project p.yaml:6", "leads out"),
            ("invalid-value p.yaml:8", "`seat` is no kind of input (did you mean `seats`?)"),
            ("invalid-value p.yaml:9", "the format `opensam` has no table of seats"),
            (
                "unknown-name p.yaml:10",
                "there is no format `opensm` of license tables (did you mean `opensam`?)",
            ),
            (
                "unknown-name p.yaml:15",
                "entitlements have no field `licence_type` (did you mean `license_type`?)",
            ),
            ("invalid-value p.yaml:16", "`join` is a second"),
            ("invalid-value p.yaml:17", "only days have a latest one"),
            (
                "invalid-value p.yaml:18",
                "`subscripton` is no word of the field (did you mean `subscription`?)",
            ),
            ("invalid-value p.yaml:19", "the type of `start` is known"),
            ("invalid-value p.yaml:20", "`edition` is a single value, which is not split"),
            ("missing-key p.yaml:21", "needs the key `value`"),
        ];
        for (place, text) in expected {
            let is_told = |found: &&String| found.starts_with(place) && found.contains(text);
            assert_eq!(found.iter().filter(is_told).count(), 1, "{place} {text}: {found:#?}");
        }
        assert_eq!(found.len(), expected.len(), "{found:#?}");
    }
}
