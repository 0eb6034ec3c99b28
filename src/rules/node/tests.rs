use proptest::prelude::*;

use super::super::testing::shown;
use super::*;

fn read(text: &str) -> (Option<Node>, Vec<Finding>) {
    let mut sink = Sink::default();
    let node = parse("a.yaml", text, &mut sink);
    (node, sink.finish::<()>(None).unwrap_err())
}

fn faults(text: &str) -> Vec<String> {
    shown(&read(text).1)
}

/// Every key and scalar with its place, in the order of the text.
fn places(node: &Node, found: &mut Vec<String>) {
    let place = |span: &Span| format!("{}:{}+{}", span.line, span.column, span.length);
    match &node.kind {
        Kind::Null => found.push(format!("null {}", place(&node.span))),
        Kind::Scalar(text) => found.push(format!("{text} {}", place(&node.span))),
        Kind::List(nodes) => nodes.iter().for_each(|node| places(node, found)),
        Kind::Map(entries) => {
            for (key, value) in entries {
                found.push(format!("{}: {}", key.text, place(&key.span)));
                places(value, found);
            }
        }
    }
}

#[test]
fn places_are_lines_and_columns_in_characters() {
    for (text, expected) in [
        ("a: b\nc: 'd e'\n", vec!["a: 1:1+1", "b 1:4+1", "c: 2:1+1", "d e 2:4+5"]),
        (
            "größe: { ü: 東京, x: y }",
            vec!["größe: 1:1+5", "ü: 1:10+1", "東京 1:13+2", "x: 1:17+1", "y 1:20+1"],
        ),
        ("\u{feff}a: b\r\n\r\nc: d\r\n", vec!["a: 1:1+1", "b 1:4+1", "c: 3:1+1", "d 3:4+1"]),
        ("- 😀\n- [ x ]  # note\n", vec!["😀 1:3+1", "x 2:5+1"]),
        (
            "a:\nb: ~\nc: ''",
            vec!["a: 1:1+1", "null 1:2+1", "b: 2:1+1", "null 2:4+1", "c: 3:1+1", " 3:4+2"],
        ),
        (
            "a: 0123\nb: no\n'c d': \"é\\n\"",
            vec!["a: 1:1+1", "0123 1:4+4", "b: 2:1+1", "no 2:4+2", "c d: 3:1+5", "é\n 3:8+5"],
        ),
    ] {
        let (node, findings) = read(text);
        assert_eq!(findings, [], "{text}");
        let mut found = Vec::new();
        places(&node.unwrap(), &mut found);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_hides_meaning_is_refused_with_its_place() {
    for (text, expected) in [
        ("a: &x b\nc: *x\n", vec!["yaml-syntax 1:4+4", "yaml-syntax 2:4+2"]),
        ("a: *nobody", vec!["yaml-syntax 1:4+1"]),
        ("a: !secret b", vec!["yaml-syntax 1:4+9"]),
        ("a: !!str 1", vec!["yaml-syntax 1:4+7"]),
        ("a: 1\n---\nb: 2\n", vec!["yaml-syntax 2:1+3"]),
        ("<<: { a: 1 }\nb: 2", vec!["yaml-syntax 1:1+2"]),
        ("? [ a ]\n: b", vec!["yaml-syntax 1:3+1"]),
        ("a: [ b", vec!["yaml-syntax 2:1+1"]),
        ("a: b\n\tc: d", vec!["yaml-syntax 1:4+1"]),
        ("a: b: c", vec!["yaml-syntax 1:5+1"]),
        ("a: b\0\nhidden: rule\u{1b}", vec!["yaml-syntax 1:5+1", "yaml-syntax 2:13+1"]),
    ] {
        assert_eq!(faults(text), expected, "{text:?}");
        assert!(read(text).0.is_none(), "{text:?}");
    }
}

#[test]
fn duplicate_keys_are_reported_and_the_first_is_kept() {
    let (node, findings) = read("a: 1\nb: { c: 2, c: 3 }\na: { d: 4 }\n'a': 5\n");
    let expected = ["duplicate-key 2:12+1", "duplicate-key 3:1+1", "duplicate-key 4:1+3"];
    assert_eq!(shown(&findings), expected);
    let mut found = Vec::new();
    places(&node.unwrap(), &mut found);
    assert_eq!(found, ["a: 1:1+1", "1 1:4+1", "b: 2:1+1", "c: 2:6+1", "2 2:9+1"]);
}

#[test]
fn bombs_are_refused() {
    let deep = "[".repeat(100);
    let wide = format!("[{}]", "a,".repeat(limits::NODES + 1));
    let large = "#".repeat(limits::TEXT_BYTES + 1);
    let nested = (0..200).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "a:\n");
    assert_eq!(faults(&deep), ["yaml-syntax 1:49+1"]);
    assert_eq!(faults(&nested), ["yaml-syntax 49:49+1"]);
    assert_eq!(faults(&wide).len(), 1);
    assert_eq!(faults(&large), ["yaml-syntax a.yaml"]);
}

#[test]
fn an_empty_text_is_nothing() {
    for text in ["", "# only a note\n", "---\n", "\u{feff}"] {
        let (node, findings) = read(text);
        assert_eq!(findings, [], "{text:?}");
        assert!(matches!(node.unwrap().kind, Kind::Null), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the text, the answer is a tree or a finding inside the text.
    #[test]
    fn no_text_breaks_the_reader(text in "[-a:\\[\\]{}, \n\r\t'\"#&*!|>?%@`~<é\u{85}\u{2028}😀0\\\\]{0,60}") {
        let (node, findings) = read(&text);
        prop_assert!(node.is_some() || !findings.is_empty());
        let lines = text.split('\n').count() + 1;
        for finding in &findings {
            if let Some(Place::Text(span)) = &finding.place {
                prop_assert!(span.length >= 1 && usize::try_from(span.line).unwrap() <= lines);
            }
        }
    }
}
