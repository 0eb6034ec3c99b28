//! "Did you mean": the one candidate that an unknown name was likely meant to be.

use strsim::damerau_levenshtein;

/// Names longer than this are not compared: no one misspells them, and comparing is quadratic.
const LONGEST_CHARS: usize = 64;

/// The candidate nearest to an unknown name, or nothing where none is near. Case and separators
/// are looked through first, then a typing slip per three letters is forgiven, three at most.
#[must_use]
pub fn did_you_mean<T: AsRef<str>>(
    unknown: &str,
    candidates: impl IntoIterator<Item = T>,
) -> Option<String> {
    let wanted = folded(unknown);
    let length = wanted.chars().count();
    if length == 0 || length > LONGEST_CHARS {
        return None;
    }
    let allowed = (length / 3).min(3);
    let mut best: Option<(usize, String)> = None;
    for candidate in candidates {
        let candidate = candidate.as_ref();
        let near = distance(&wanted, length, &folded(candidate));
        if near > allowed || candidate == unknown {
            continue;
        }
        // Of equally near names the first in alphabetical order, whatever order they come in.
        let found = (near, candidate.to_owned());
        if best.as_ref().is_none_or(|known| found < *known) {
            best = Some(found);
        }
    }
    best.map(|(_, name)| name)
}

fn distance(wanted: &str, length: usize, candidate: &str) -> usize {
    let other = candidate.chars().count();
    if other == 0 || length.abs_diff(other) > 3 {
        return usize::MAX;
    }
    damerau_levenshtein(wanted, candidate)
}

fn folded(name: &str) -> String {
    let letters = name.chars().filter(|letter| !matches!(letter, '-' | '_' | ' ' | '.'));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 7] =
        ["sources", "owners", "rules", "rounding", "cost-center", "ServiceName", "all"];

    #[test]
    fn near_names_are_found() {
        for (unknown, expected) in [
            ("soruces", "sources"),
            ("source", "sources"),
            ("Rules", "rules"),
            ("cost_center", "cost-center"),
            ("CostCentre", "cost-center"),
            ("service_name", "ServiceName"),
            ("roundign", "rounding"),
        ] {
            assert_eq!(did_you_mean(unknown, KEYS).as_deref(), Some(expected), "{unknown}");
        }
    }

    #[test]
    fn far_names_are_not_guessed() {
        for unknown in ["", "x", "al", "currency", "organisation", &"a".repeat(10_000)] {
            assert_eq!(did_you_mean(unknown, KEYS), None, "{unknown}");
        }
    }

    #[test]
    fn the_order_of_candidates_decides_nothing() {
        assert_eq!(did_you_mean("poolc", ["poolb", "poola"]).as_deref(), Some("poola"));
        assert_eq!(did_you_mean("poolc", ["poola", "poolb"]).as_deref(), Some("poola"));
    }
}
