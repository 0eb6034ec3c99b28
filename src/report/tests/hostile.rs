//! Names that would do harm if they were anything but text, and charts of nothing.

use std::fs;

use super::ties::ties;
use super::{records, written};
use crate::report::testkit::{World, charge};

#[test]
fn hostile_names_are_text_and_nothing_else() {
    let hostile = "</text><script>alert(1)</script>\u{202e}\u{1b}[31m\"'&\n=HYPERLINK(1)";
    let charges = [
        charge(&format!("owner:{hostile}"), hostile, "10"),
        charge("none", hostile, "5"),
        charge("none", &"very-long-".repeat(40), "4"),
    ];
    let world = World::of(&charges);
    ties(&world);
    let directory = written(&world);
    for name in ["cost_by_owner", "unallocated_pareto"] {
        let svg = fs::read_to_string(directory.path().join(format!("charts/{name}.svg"))).unwrap();
        assert!(svg.starts_with("<svg role=\"img\" aria-labelledby="), "{svg}");
        assert!(!svg.contains("<script") && !svg.contains('\u{202e}') && !svg.contains('\u{1b}'));
        assert!(svg.contains("&lt;/text&gt;"), "the name is shown: {svg}");
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }
    let list = records(directory.path(), "unallocated.csv");
    assert_eq!(list[0]["sub_account_id"], hostile, "machine files are never guarded");
    assert_eq!(list[0]["suggested_rule"].lines().count(), 1);
    let detail = records(directory.path(), "showback_detail.csv");
    assert!(detail[0].contains_key("dimension_rule"), "told apart from the column `rule`");
}

#[test]
fn charts_say_so_when_there_is_nothing() {
    let directory = written(&World::of(&[charge("owner:web", "1", "3")]));
    let svg = fs::read_to_string(directory.path().join("charts/unallocated_pareto.svg")).unwrap();
    assert!(svg.contains("Nothing is unallocated in 2026-10."));
    let nothing = written(&World::of(&[]));
    let svg = fs::read_to_string(nothing.path().join("charts/cost_by_owner.svg")).unwrap();
    assert!(svg.contains("No month at hand holds any cost."));
}
