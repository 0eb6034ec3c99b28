//! Split charge rules: the cost of one value goes to others, and nothing of it stays.

use num_traits::One;

use crate::domain::Share;
use crate::import::condition::{Condition, Test};
use crate::import::draft::{Draft, Outcome, Pool, Rule, Split};
use crate::import::tree::Tree;

pub(super) fn add(
    trees: &[Tree],
    title: &str,
    dimension: &str,
    as_owners: bool,
    draft: &mut Draft,
) {
    for (number, tree) in (1..).zip(trees) {
        let what = format!("split charge rule {number} of `{title}`");
        draft.tell_unread(tree, &["Source", "Targets", "Method", "Parameters"], &what);
        match split(tree) {
            Err(why) => {
                let why = format!("{why}; the cost stays with its value");
                draft.leave_out(&tree.span, what, why);
            }
            Ok((source, split)) => {
                let maker = Maker { title, dimension, as_owners };
                maker.add(tree, &what, source, split, draft);
            }
        }
    }
}

struct Maker<'a> {
    title: &'a str,
    dimension: &'a str,
    as_owners: bool,
}

impl Maker<'_> {
    fn add(&self, tree: &Tree, what: &str, source: &str, split: Split, draft: &mut Draft) {
        draft.tell_view(&tree.span, what, self.title);
        if let (Split::Proportional { .. }, false) = (&split, self.as_owners) {
            let why = format!(
                "it goes by what the owners of the targets' names bear, which is AWS' proportion only where the values of `{}` are owners (`--as owners`)",
                self.title
            );
            draft.write_otherwise(&tree.span, what, why);
        }
        let (shown, test) = if source.is_empty() {
            ("uncategorized", Test::Absent)
        } else {
            (source, Test::OneOf(vec![source.to_owned()]))
        };
        let note = format!("{what}, {}", tree.span);
        let pool = draft.pool_name(&format!("{} {shown}", self.title));
        let rule = Rule {
            name: draft.rule_name(&format!("{}: {shown} is split", self.title)),
            note: note.clone(),
            when: Condition::ask(self.dimension, test),
            outcome: Outcome::Pool(pool.clone()),
        };
        draft.classify.push(rule);
        let note = format!("{note}; those who share are owners named as the values");
        draft.pools.push(Pool { name: pool, note, split, within: Vec::new() });
    }
}

/// The source value, and the split among targets.
fn split(tree: &Tree) -> Result<(&str, Split), String> {
    let source = tree.get("Source").and_then(Tree::scalar);
    let source = source.ok_or("it names no source")?;
    let targets = tree.get("Targets").map(Tree::items).unwrap_or_default();
    let targets: Option<Vec<String>> =
        targets.iter().map(|target| target.scalar().map(str::to_owned)).collect();
    let targets = targets.ok_or("a target is no text")?;
    if targets.is_empty() || targets.iter().any(String::is_empty) {
        return Err("it names no targets, or one without a name".into());
    }
    let mut sorted = targets.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() != targets.len() {
        return Err("a target stands twice".into());
    }
    if targets.iter().any(|target| target == source) {
        return Err("its source is among its targets".into());
    }
    let split = match tree.scalar_of("Method") {
        Some("EVEN") => even(&targets),
        // AWS shows costs by whichever metric is asked for, and splits each by itself.
        Some("PROPORTIONAL") => Split::Proportional { by: "effective_cost", include: targets },
        Some("FIXED") => Split::Fixed(fixed(tree, targets)?),
        Some(other) => return Err(format!("the method `{other}` is not known")),
        None => return Err("it names no method".into()),
    };
    Ok((source, split))
}

/// Equal shares by name, so that cost centers below the targets change nothing.
pub(in crate::import) fn even(targets: &[String]) -> Split {
    let share = match targets.len() {
        1 => "100%".to_owned(),
        count => format!("1/{count}"),
    };
    Split::Fixed(targets.iter().map(|target| (target.clone(), share.clone())).collect())
}

/// Percentages stand in the order of the targets; here each stands beside its name.
fn fixed(tree: &Tree, targets: Vec<String>) -> Result<Vec<(String, String)>, String> {
    let parameters = tree.get("Parameters").map(Tree::items).unwrap_or_default();
    let [parameter] = parameters else {
        return Err(format!("it needs one parameter and has {}", parameters.len()));
    };
    let kind = parameter.scalar_of("Type");
    if kind != Some("ALLOCATION_PERCENTAGES") {
        return Err("its parameter is no ALLOCATION_PERCENTAGES".into());
    }
    let values = parameter.get("Values").map(Tree::items).unwrap_or_default();
    if values.len() != targets.len() {
        return Err(format!("{} percentages are for {} targets", values.len(), targets.len()));
    }
    let shares: Option<Vec<String>> =
        values.iter().map(|value| value.scalar().map(|text| format!("{text}%"))).collect();
    let shares = shares.ok_or("a percentage is no number")?;
    whole(&shares)?;
    Ok(targets.into_iter().zip(shares).collect())
}

/// Checks that shares are shares, and together the whole.
pub(in crate::import) fn whole(shares: &[String]) -> Result<(), String> {
    let read: Result<Vec<Share>, _> = shares.iter().map(|share| share.parse::<Share>()).collect();
    let read = read.map_err(|error| error.to_string())?;
    let sum = Share::sum(&read);
    if sum.is_one() {
        return Ok(());
    }
    Err(format!("the shares {} sum to {sum} of the whole", shares.join(", ")))
}
