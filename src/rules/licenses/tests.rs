use super::*;

#[test]
fn what_is_shipped_is_sound() {
    let rules = LicenseRules::shipped().unwrap_or_else(|found| panic!("{found:#?}"));
    assert!(rules.metrics.iter().all(|metric| !metric.examples.is_empty()));
}
