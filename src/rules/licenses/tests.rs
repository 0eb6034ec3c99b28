use super::*;
use crate::rules::testing::shown;

/// A sound file of one metric; tests spoil a part of it.
const SOUND: &str = "\
tables:
  weights:
    source: { url: 'https://example.com', read: 2026-01-01 }
    columns: { kind: exact, weight: number }
    rows: [ { kind: a, weight: 1 }, { kind: b, weight: 0.5 } ]
metrics:
  thing:
    unit: core
    of: installs
    versions:
      - from: 2024-01-01
        to: 2025-01-01
        source: { url: 'https://example.com', read: 2026-01-01 }
        params: { least: 8 }
        steps:
          - widen: host
          - { name: count, measure: 'max(cores, least)' }
          - factor: { table: weights, key: { kind: edition }, value: weight, otherwise: 1 }
        interpretations:
          - { name: strict, params: { least: 16 } }
          - { name: loose, like: strict, replace: { count: { measure: least } } }
      - from: 2025-01-01
        source: { url: 'https://example.com', read: 2026-01-01 }
        steps: [ { measure: '1' } ]
";

fn read(text: &str) -> Result<LicenseRules, Vec<Finding>> {
    read_files(&[("a.yaml", text)], &[])
}

fn read_files(
    files: &[(&str, &str)],
    tables: &[(&str, &str)],
) -> Result<LicenseRules, Vec<Finding>> {
    let texts = |all: &[(&str, &str)]| -> Vec<RuleText> {
        let text =
            |(path, text): &(&str, &str)| RuleText { path: (*path).into(), text: (*text).into() };
        all.iter().map(text).collect()
    };
    LicenseRules::read(&texts(files), &texts(tables))
}

/// What is wrong, and the first message.
fn faults(text: &str) -> (Vec<String>, String) {
    let found = read(text).expect_err("something is wrong");
    (shown(&found), format!("{} {:?}", found[0].message, found[0].help))
}

#[test]
fn what_is_shipped_is_sound() {
    let rules = LicenseRules::shipped().unwrap_or_else(|found| panic!("{found:#?}"));
    assert!(rules.metrics.iter().all(|metric| !metric.examples.is_empty()));
    let (files, tables) = crate::rules::shipped::license_rules();
    let named = LicenseRules::table_paths(&files);
    let known: Vec<&str> = tables.iter().map(|table| table.path.as_str()).collect();
    assert_eq!(named, known);
}

#[test]
fn readings_lean_on_each_other() {
    let rules = read(SOUND).unwrap_or_else(|found| panic!("{found:#?}"));
    let readings = &rules.metrics[0].versions[0].readings;
    let names: Vec<&str> = readings.iter().map(|reading| &*reading.name).collect();
    assert_eq!(names, ["default", "strict", "loose"]);
    let sixteen = Param::Number(number("16").unwrap());
    assert_eq!(readings[2].params["least"], sixteen);
    let Verb::Measure { value, .. } = &readings[2].steps[1].verb else { panic!() };
    assert_eq!(value.to_string(), "least");
}

#[test]
fn faults_are_told_with_their_place() {
    let mut others = Vec::new();
    for (sound, spoilt, place, says) in [
        (
            "from: 2025-01-01\n        source",
            "from: 2024-06-01\n        source",
            "invalid-value 22:9+4",
            "hold on the same days",
        ),
        (
            "from: 2025-01-01\n        source",
            "from: 2025-02-01\n        source",
            "invalid-value 22:9+4",
            "from 2025-01-01 until 2025-02-01",
        ),
        ("to: 2025-01-01", "to: 2023-01-01", "invalid-value 11:9+4", "holds on no day"),
        ("table: weights", "table: weight", "unknown-name 18:30+6", "did you mean `weights`"),
        ("widen: host", "widden: host", "unknown-key 16:13+6", "did you mean `widen`"),
        ("widen: host", "widen: rack", "invalid-value 16:20+4", "`host`"),
        ("cores, least", "core, least", "unknown-name 17:28+7", "did you mean `cores`"),
        ("cores, least", "cores, 8 / 0", "invalid-value 17:53+1", "divides by zero"),
        ("'max(cores, least)'", "'max(cores, least'", "invalid-value 17:54+1", "`)` is expected"),
        ("'max(cores, least)'", "'maxi(cores, least)'", "invalid-value 17:38+4", "is no function"),
        (
            "'max(cores, least)'",
            "'cores ; least'",
            "invalid-value 17:44+1",
            "no sign of the language",
        ),
        ("like: strict", "like: loose", "invalid-value 21:34+5", "like itself"),
        ("like: strict", "like: stric", "unknown-name 21:34+5", "did you mean `strict`"),
        ("name: strict", "name: default", "duplicate-name 20:21+7", "two readings"),
        ("replace: { count:", "replace: { other:", "unknown-name 21:53+5", "no step `other`"),
        ("least: 8", "least: 8, most: 9", "unknown-name 14:29+4", "asks the parameter `most`"),
        ("least: 16", "last: 16", "unknown-name 20:39+4", "did you mean `least`"),
        ("key: { kind:", "key: { sort:", "unknown-name 18:46+4", "known here: `kind`"),
        ("value: weight", "value: kind", "invalid-value 18:70+4", "is not a number"),
        ("weight: 0.5", "weight: half", "invalid-value 5:56+4", "is no number"),
        ("kind: b", "sort: b", "unknown-key 5:39+4", "known here: `kind`"),
        ("of: installs", "of: install", "invalid-value 9:9+7", "did you mean `installs`"),
        ("unit: core", "units: core", "missing-key 8:5+5", ""),
    ] {
        let text = SOUND.replacen(sound, spoilt, 1);
        let (found, message) = faults(&text);
        let is_there = found.iter().any(|one| one == place);
        if !is_there || !message.contains(says) {
            others.push(format!("{spoilt}: {place}, but {found:?} {message}"));
        }
    }
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn a_table_that_is_refused_is_told_once() {
    assert_eq!(faults(&SOUND.replace("weight: 0.5", "weight: half")).0, ["invalid-value 5:56+4"]);
}

#[test]
fn names_are_one_thing_and_own_ones_stand_in_for_shipped_ones() {
    let found = read_files(&[("a.yaml", SOUND), ("b.yaml", SOUND)], &[]).unwrap_err();
    assert_eq!(shown(&found), ["duplicate-name 2:3+7", "duplicate-name 7:3+5"]);
    let own = SOUND.replace("unit: core", "unit: socket");
    let files = [("a.yaml", own.as_str()), ("shipped:a.yaml", SOUND)];
    let rules = read_files(&files, &[]).unwrap_or_else(|found| panic!("{found:#?}"));
    assert_eq!(rules.metrics.len(), 1);
    assert_eq!(&*rules.metrics[0].unit, "socket");
}

#[test]
fn tables_of_files_are_checked_cell_by_cell() {
    let text =
        SOUND.replace("rows: [ { kind: a, weight: 1 }, { kind: b, weight: 0.5 } ]", "file: t.csv");
    let of = |csv: &str| read_files(&[("rules/a.yaml", &text)], &[("rules/t.csv", csv)]);
    assert!(of("weight,kind,more\n1,a,x\n").is_ok());
    let found = of("weight,kind\none,a\n2\n").unwrap_err();
    let places: Vec<String> =
        found.iter().filter_map(|f| Some(f.place.as_ref()?.to_string())).collect();
    assert!(places.contains(&"rules/t.csv, row 2, column weight".to_owned()), "{places:?}");
    assert!(places.contains(&"rules/t.csv, row 3".to_owned()), "{places:?}");
    assert!(of("weight\n1\n").unwrap_err()[0].message.contains("no column `kind`"));
    let missing = read_files(&[("rules/a.yaml", &text)], &[]).unwrap_err();
    assert_eq!(missing[0].code, Code::NotFound);
    let outside = text.replace("t.csv", "../t.csv");
    let found = read_files(&[("rules/a.yaml", &outside)], &[]).unwrap_err();
    assert_eq!(found[0].code, Code::PathOutsideProject);
}

#[test]
fn hostile_files_are_bounded() {
    let deep = format!("{}1{}", "(".repeat(500), ")".repeat(500));
    let (found, message) = faults(&SOUND.replace("max(cores, least)", &deep));
    assert!(message.contains("nests deeper"), "{found:?} {message}");
    let long = format!("1{}", " + 1".repeat(450));
    assert!(faults(&SOUND.replace("max(cores, least)", &long)).1.contains("too many operators"));
    let minus = "-".repeat(900) + "1";
    assert!(faults(&SOUND.replace("max(cores, least)", &minus)).1.contains("nests deeper"));
    let steps = "          - widen: host\n".repeat(65);
    let many = SOUND.replacen("          - widen: host\n", &steps, 1);
    assert!(faults(&many).1.contains("at most 64 steps"));
    let text =
        SOUND.replace("rows: [ { kind: a, weight: 1 }, { kind: b, weight: 0.5 } ]", "file: t.csv");
    let huge = format!("kind,weight\n{}", "a,1\n".repeat(50_000));
    let found = read_files(&[("a.yaml", &text)], &[("t.csv", &huge)]).unwrap_err();
    assert!(found[0].message.contains("at most 20000 rows"), "{found:?}");
}

/// The reference, docs/licenses.md.
const REFERENCE: &str = concat!(
    include_str!("../../../docs/licenses.md"),
    include_str!("../../../docs/licenses-inputs.md"),
    include_str!("../../../docs/license-position.md"),
    include_str!("../../../docs/license-contracts.md"),
);

#[test]
fn every_example_of_the_reference_is_what_it_says() {
    let blocks = REFERENCE.split("```yaml licenses\n").skip(1);
    let texts: Vec<&str> = blocks.filter_map(|text| text.split("\n```").next()).collect();
    assert!(texts.len() > 4);
    for text in texts {
        read(text).unwrap_or_else(|found| panic!("{found:#?}\n{text}"));
    }
}

#[test]
fn every_word_of_the_language_is_in_the_reference() {
    let mut words = std::collections::BTreeSet::new();
    for key in KEYS {
        words.insert(key.name);
        gather(key.shape, &mut words);
    }
    words.extend(expression::FUNCTIONS.iter().map(|(name, _, _)| *name));
    assert!(words.len() > 80, "{words:?}");
    let is_there = |word: &str| {
        let written = [("`", "`"), ("`", ":"), (" ", ":"), (": ", "`"), (": ", " "), ("`", "(")];
        written.iter().any(|(before, after)| REFERENCE.contains(&format!("{before}{word}{after}")))
    };
    let missing: Vec<&str> = words.into_iter().filter(|word| !is_there(word)).collect();
    assert!(missing.is_empty(), "not in the reference: {missing:?}");
}

/// Keys and words of choices, however deep.
fn gather(shape: Shape, words: &mut std::collections::BTreeSet<&'static str>) {
    match shape {
        Shape::Map(keys) => {
            for key in keys {
                words.insert(key.name);
                gather(key.shape, words);
            }
        }
        Shape::Choice(names) | Shape::Choices(names) => words.extend(names()),
        Shape::Each(names, inner) => {
            words.extend(names());
            gather(*inner, words);
        }
        Shape::Named(inner)
        | Shape::Identified { shape: inner, .. }
        | Shape::List(inner)
        | Shape::Some(inner)
        | Shape::Optional(inner) => gather(*inner, words),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| gather(*shape, words)),
        _ => {}
    }
}

#[test]
fn every_shipped_metric_is_in_the_reference() {
    let rules = LicenseRules::shipped().expect("sound packs");
    let is_there = |metric: &&Metric| !REFERENCE.contains(&format!("`{}`", metric.name));
    let missing: Vec<&str> = rules.metrics.iter().filter(is_there).map(|m| &*m.name).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_source_tells_when_it_was_read_or_who_tells_of_it() {
    let of = |by: &str| read(&SOUND.replacen("read: 2026-01-01", by, 1));
    for by in ["via: a reseller", "read: 2026-01-01, via: a stored copy"] {
        assert!(of(by).is_ok(), "{by}");
    }
    let found = of("clause: all cores").unwrap_err();
    assert!(found.iter().any(|f| f.message.contains("or `via`: who tells of it")), "{found:?}");
    let whole = LicenseRules::shipped().unwrap();
    let sources = whole.metrics.iter().flat_map(|metric| &metric.versions).map(|v| &v.source);
    let shown: Vec<String> = sources.map(ToString::to_string).collect();
    assert!(shown.iter().any(|text| text.contains("(read 2026-11-22, a stored copy)")));
    assert!(shown.iter().any(|text| text.contains("(not read; costbook's own definition)")));
}
