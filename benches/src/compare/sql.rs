//! The benchmark's rules as SQL for DuckDB.

use std::path::Path;

use crate::bulk::Format;
use crate::bulk::columns::{COLUMNS, NEEDED};
use crate::bulk::rules::{Rule, Target, Test, pool_name};
use crate::bulk::world::TAG_KEYS;

const TEMPLATE: &str = include_str!("../../sql/cube.sql");

/// The whole job over a project's files.
#[must_use]
pub fn cube(project: &Path, format: Format, rules: &[Rule]) -> String {
    let paths = TAG_KEYS.iter().flat_map(|(_, keys)| keys).map(|key| format!("'$.\"{key}\"'"));
    let cases =
        rules.iter().map(|rule| format!("WHEN {} THEN {}", condition(rule), target(&rule.target)));
    let names = || TAG_KEYS.iter().map(|(name, _)| *name);
    let filled = [
        ("{project}", literal_path(project)),
        ("{source}", source(project, format)),
        ("{tag_paths}", join(paths, ", ")),
        ("{dimensions}", join((0..TAG_KEYS.len()).map(dimension), ",\n        ")),
        ("{owner_cases}", join(cases, "\n            ")),
        ("{tag_counts}", join(names().map(tag_count), ",\n    ")),
        (
            "{tag_totals}",
            join(
                names().map(|name| format!("CAST(sum({name}_tagged) AS BIGINT) AS {name}")),
                ",\n    ",
            ),
        ),
    ];
    filled.iter().fold(TEMPLATE.to_owned(), |sql, (name, text)| sql.replace(name, text))
}

fn join(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

fn literal_path(path: &Path) -> String {
    path.display().to_string().replace('\'', "''")
}

/// CSV columns are declared, so that DuckDB need not guess and reads costs as exact decimals.
fn source(project: &Path, format: Format) -> String {
    let files = format!("{}/data/*", literal_path(project));
    if format == Format::Parquet {
        return format!("read_parquet('{files}')");
    }
    let columns = COLUMNS.iter().map(|(name, _)| {
        let kind = match *name {
            "ChargePeriodStart" => "TIMESTAMPTZ",
            cost if cost.ends_with("Cost") && NEEDED.contains(&cost) => "DECIMAL(38, 12)",
            _ => "VARCHAR",
        };
        format!("'{name}': '{kind}'")
    });
    let columns = join(columns, ", ");
    format!(
        "read_csv('{files}', header = true, auto_detect = false, delim = ',', quote = '\"', \
         escape = '\"', nullstr = '', columns = {{{columns}}})"
    )
}

/// The tag under any of its spellings, as the rules want it.
fn dimension(index: usize) -> String {
    let first = 3 * index + 1;
    let tag = format!("coalesce(tag[{first}], tag[{}], tag[{}])", first + 1, first + 2);
    match TAG_KEYS[index].0 {
        "cost_center" => format!("upper({tag}) AS cost_center"),
        "environment" => format!(
            "coalesce(CASE lower({tag}) WHEN 'prd' THEN 'prod' WHEN 'production' THEN 'prod' \
             ELSE lower({tag}) END, 'unknown') AS environment"
        ),
        name => format!("{tag} AS {name}"),
    }
}

fn tag_count(name: &str) -> String {
    if name == "environment" {
        return "count(nullif(environment, 'unknown')) AS environment_tagged".to_owned();
    }
    format!("count({name}) AS {name}_tagged")
}

fn condition(rule: &Rule) -> String {
    join(rule.tests.iter().map(test), " AND ")
}

fn test(test: &Test) -> String {
    match test {
        Test::Equals(field, text) => format!("{field} = '{text}'"),
        Test::In(field, texts) => {
            format!("{field} IN ({})", join(texts.iter().map(|text| format!("'{text}'")), ", "))
        }
        Test::Glob(field, text) => format!("{field} GLOB '{text}'"),
        Test::Prefix(field, text) => format!("starts_with({field}, '{text}')"),
        Test::Contains(field, text) => format!("contains({field}, '{text}')"),
        Test::Regex(field, text) => format!("regexp_matches({field}, '{text}')"),
        Test::IsOwner(field) => format!("{field} IN (SELECT id FROM owners)"),
    }
}

fn target(target: &Target) -> String {
    match target {
        Target::Owner(owner) => format!("'{owner}'"),
        Target::Pool(pool) => format!("'{}'", pool_name(*pool)),
        Target::Inherited(dimension) => (*dimension).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::rules::rules;

    #[test]
    fn nothing_is_left_to_fill_in() {
        for format in [Format::Parquet, Format::CsvGz] {
            let sql = cube(Path::new("it's here"), format, &rules(50));
            assert!(!sql.contains("{tag") && !sql.contains("{owner") && !sql.contains("{source"));
            assert!(sql.contains("'it''s here/owners.csv'"));
            assert_eq!(sql.matches("WHEN").count(), 50 + 3, "rules, two synonyms, the unallocated");
        }
    }
}
