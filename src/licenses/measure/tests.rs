use super::*;

#[test]
fn the_examples_of_shipped_metrics_come_out() {
    let rules = LicenseRules::shipped().expect("sound packs");
    let found = check_examples(&rules);
    assert!(found.is_empty(), "{found:#?}");
}
