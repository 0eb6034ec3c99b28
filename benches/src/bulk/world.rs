//! The estate that the benchmark's bills are about: who uses what, and how it is tagged.

use crate::random::Random;

pub const SUB_ACCOUNTS: usize = 300;
pub const SERVICES: usize = 40;
pub const RESOURCES: usize = 200_000;
pub const COST_CENTERS: usize = 300;

/// The governed tag keys, each as it should be spelt and as it is spelt, too.
pub const TAG_KEYS: [(&str, [&str; 3]); 6] = [
    ("cost_center", ["cost-center", "CostCenter", "cost_center"]),
    ("environment", ["environment", "env", "Environment"]),
    ("application", ["application", "app", "Application"]),
    ("team", ["owner", "Owner", "team"]),
    ("product", ["product", "Product", "service-line"]),
    ("data_class", ["data-class", "DataClass", "data_class"]),
];

/// Spellings of an environment; the sample's map takes them back to the first of each line.
const ENVIRONMENTS: [[&str; 3]; 3] =
    [["prod", "PRD", "production"], ["staging", "Staging", "staging"], ["dev", "dev", "Dev"]];

const DATA_CLASSES: [&str; 4] = ["public", "internal", "confidential", "restricted"];

const CATEGORIES: [&str; 8] = [
    "Compute",
    "Storage",
    "Databases",
    "Networking",
    "Analytics",
    "Security",
    "AI and Machine Learning",
    "Management and Governance",
];

/// A resource, by the numbers of what it belongs to.
#[derive(Clone, Debug)]
pub struct Resource {
    pub id: String,
    pub sub_account: usize,
    pub service: usize,
    pub region: usize,
    /// Millionths of a currency unit; a multiple of 100, so that discounts in percent are exact.
    pub list_price: u64,
    /// A JSON object, or nothing.
    pub tags: Option<String>,
}

/// All resources. The same on every machine.
#[must_use]
pub fn resources() -> Vec<Resource> {
    (0..RESOURCES).map(resource).collect()
}

fn resource(index: usize) -> Resource {
    let sub_account = sub_account_of(index);
    let mut random = Random::of(&format!("resource {index}"));
    let service = pick(&mut random, SERVICES);
    let region = pick(&mut random, 6);
    let list_price = 100 * (1 + random.below(20_000));
    let id = format!(
        "arn:aws:{}:{}:{}:resource/{}",
        service_code(service).to_lowercase(),
        region_id(region),
        sub_account_id(sub_account),
        random.hex(17)
    );
    // Some share their tags, some have none.
    let tagged_like = if random.below(100) < 6 { pick(&mut random, RESOURCES) } else { index };
    let tags = (random.below(100) >= 4).then(|| tags(tagged_like));
    Resource { id, sub_account, service, region, list_price, tags }
}

/// A draw of its own, because shared tags need the account of the resource they come from.
const fn sub_account_of(index: usize) -> usize {
    Random::new(index as u64).below(SUB_ACCOUNTS as u64) as usize
}

/// About 129 bytes of JSON. Resources of one account mostly agree on cost center and environment.
fn tags(index: usize) -> String {
    let sub_account = sub_account_of(index);
    let mut random = Random::of(&format!("tags {index}"));
    let cost_center = match random.below(100) {
        0..88 => format!("CC{:04}", home_cost_center(sub_account)),
        88..97 => format!("cc{:04}", home_cost_center(sub_account + 1)),
        _ => "CC9999".to_owned(),
    };
    let home = if random.below(100) < 87 { sub_account } else { sub_account + 1 };
    let values = [
        cost_center,
        ENVIRONMENTS[home % 3][pick(&mut random, 3)].to_owned(),
        format!("app-{:05}", random.below(100_000)),
        format!("team-{:03}", random.below(150)),
        format!("line-{:02}", random.below(60)),
        DATA_CLASSES[pick(&mut random, 4)].to_owned(),
    ];
    let mut pairs = Vec::new();
    for ((_, spellings), value) in TAG_KEYS.iter().zip(values) {
        let spelling = spellings[[0, 0, 0, 1, 2][pick(&mut random, 5)]];
        if random.below(100) >= 3 {
            pairs.push(format!("\"{spelling}\":\"{value}\""));
        }
    }
    format!("{{{}}}", pairs.join(","))
}

const fn pick(random: &mut Random, limit: usize) -> usize {
    random.below(limit as u64) as usize
}

const fn home_cost_center(sub_account: usize) -> usize {
    1 + sub_account % COST_CENTERS
}

#[must_use]
pub fn sub_account_id(sub_account: usize) -> String {
    format!("{:012}", 10_000_019 * (sub_account + 1))
}

/// `unit-07-prod-123`: the unit and stage can be seen in the name, as in many companies.
#[must_use]
pub fn sub_account_name(sub_account: usize) -> String {
    let stage = ENVIRONMENTS[sub_account % 3][0];
    format!("unit-{:02}-{stage}-{sub_account:03}", sub_account % 25)
}

#[must_use]
pub fn service_name(service: usize) -> String {
    format!(
        "Example {} {}",
        service_category(service),
        ["One", "Two", "Three", "Four", "Five"][service / 8]
    )
}

#[must_use]
pub fn service_code(service: usize) -> String {
    format!("Example{service:02}")
}

#[must_use]
pub const fn service_category(service: usize) -> &'static str {
    CATEGORIES[service % CATEGORIES.len()]
}

#[must_use]
pub const fn region_id(region: usize) -> &'static str {
    ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-southeast-1", "sa-east-1"][region]
}

#[must_use]
pub const fn region_name(region: usize) -> &'static str {
    ["Frankfurt", "Ireland", "N. Virginia", "Oregon", "Singapore", "São Paulo"][region]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn tags_are_as_many_and_as_long_as_promised() {
        let resources = resources();
        let tags: Vec<&str> = resources.iter().filter_map(|r| r.tags.as_deref()).collect();
        let distinct: BTreeSet<&str> = tags.iter().copied().collect();
        assert!((180_000..190_000).contains(&distinct.len()), "{} tag texts", distinct.len());
        let length = tags.iter().map(|text| text.len()).sum::<usize>() / tags.len();
        assert!((122..136).contains(&length), "{length} bytes of tags");
    }
}
