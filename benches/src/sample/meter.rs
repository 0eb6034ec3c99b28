//! A meter that runs on a resource: what it costs a day, and how that changes.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::calendar::is_weekend;
use super::company::SubAccount;
use super::service::Service;
use crate::random::Random;

/// One kind of use of one resource (or of `count` alike), billed day by day.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    pub account: &'static str,
    pub service: &'static Service,
    /// AWS: the resource's name. Azure: `resource group/name`.
    pub resource: &'static str,
    pub count: u32,
    pub sku: &'static str,
    pub unit: &'static str,
    /// Units of one resource on a working day of August.
    pub daily: &'static str,
    /// List price of a unit.
    pub price: &'static str,
    /// `key=value; key=value`; a second space after the semicolon belongs to the key.
    pub tags: &'static str,
    pub covered_by: Option<&'static str>,
    growth: i64,
    weekend: i64,
    steady: bool,
    first: Option<NaiveDate>,
    end: Option<NaiveDate>,
    surge: Option<(NaiveDate, NaiveDate, i64)>,
    /// From this day on the tags are these.
    retagged: Option<(NaiveDate, &'static str)>,
}

impl Meter {
    pub const fn new(
        account: &'static str,
        service: &'static Service,
        resource: &'static str,
        [sku, unit, daily, price]: [&'static str; 4],
        tags: &'static str,
    ) -> Self {
        Self {
            account,
            service,
            resource,
            count: 1,
            sku,
            unit,
            daily,
            price,
            tags,
            covered_by: None,
            growth: 0,
            weekend: 100,
            steady: false,
            first: None,
            end: None,
            surge: None,
            retagged: None,
        }
    }

    pub const fn times(self, count: u32) -> Self {
        Self { count, ..self }
    }

    /// May be covered by that commitment, in the order of the catalogue.
    pub const fn covered_by(self, commitment: &'static str) -> Self {
        Self { covered_by: Some(commitment), ..self }
    }

    /// Percent a month, on what it was in August.
    pub const fn grows(self, percent: i64) -> Self {
        Self { growth: percent, ..self }
    }

    /// Percent of a working day.
    pub const fn weekend(self, percent: i64) -> Self {
        Self { weekend: percent, ..self }
    }

    /// The same amount every day.
    pub const fn steady(self) -> Self {
        Self { steady: true, ..self }
    }

    pub const fn starts(self, first: NaiveDate) -> Self {
        Self { first: Some(first), ..self }
    }

    pub const fn ends(self, end: NaiveDate) -> Self {
        Self { end: Some(end), ..self }
    }

    /// From the first day to before the second it runs at that percent.
    pub const fn surges(self, from: NaiveDate, to: NaiveDate, percent: i64) -> Self {
        Self { surge: Some((from, to, percent)), ..self }
    }

    pub const fn retagged(self, from: NaiveDate, tags: &'static str) -> Self {
        Self { retagged: Some((from, tags)), ..self }
    }

    /// The units used on a day by the `index`-th resource; none before it starts or after it ends.
    pub fn quantity(&self, index: u32, day: NaiveDate) -> Option<Decimal> {
        let runs =
            self.first.is_none_or(|first| first <= day) && self.end.is_none_or(|end| day < end);
        let base = decimal(self.daily);
        if !runs || self.steady {
            return runs.then_some(base);
        }
        let month = (day - super::calendar::day(8, 1)).num_days();
        let mut noise = Random::of(&format!("{} {index} {} {day}", self.resource, self.sku));
        let basis_points = 10_000 + self.growth * 100 * month / 30 + noise.between(-250, 250);
        let weekend = if is_weekend(day) { self.weekend } else { 100 };
        let surging = self.surge.filter(|(from, to, _)| (*from..*to).contains(&day));
        let percent = weekend * surging.map_or(100, |(_, _, percent)| percent);
        let factor = Decimal::new(basis_points, 4) * Decimal::new(percent, 4);
        Some((base * factor).round_dp((base.scale() + 4).min(8)))
    }

    /// The tags on a day, as keys and values.
    pub fn tags_on(&self, day: NaiveDate) -> Vec<(&'static str, &'static str)> {
        let text =
            self.retagged.filter(|(from, _)| *from <= day).map_or(self.tags, |(_, tags)| tags);
        parse_tags(text)
    }

    /// The name of the `index`-th of its resources.
    pub fn resource_name(&self, index: u32) -> String {
        let name = self.resource.rsplit('/').next().unwrap_or_default();
        if self.count == 1 { name.to_owned() } else { format!("{name}-{:02}", index + 1) }
    }

    pub fn resource_group(&self) -> Option<&'static str> {
        self.resource.split_once('/').map(|(group, _)| group)
    }
}

/// `key=value; key=value`
pub fn parse_tags(text: &'static str) -> Vec<(&'static str, &'static str)> {
    text.split("; ").filter_map(|tag| tag.split_once('=')).collect()
}

/// The id of a resource in the provider's form.
pub fn resource_id(account: &SubAccount, meter: &Meter, name: &str) -> String {
    let stem = meter.service.id_stem;
    if let Some(group) = meter.resource_group() {
        return format!(
            "/subscriptions/{}/resourceGroups/{group}/providers/{stem}/{name}",
            account.id
        );
    }
    let (service, kind) = stem.split_once(':').unwrap_or((stem, ""));
    // Ids that AWS draws itself are hexadecimal; those that people choose are names.
    let drawn = stem.ends_with("i-") || stem.ends_with("tgw-") || stem.ends_with("dxcon-");
    let own = if drawn { Random::of(name).hex(17) } else { name.to_owned() };
    if service == "s3" {
        return format!("arn:aws:s3:::acme-{own}");
    }
    format!("arn:aws:{service}:{}:{}:{kind}{own}", super::charge::AWS_REGION.0, account.id)
}

/// # Panics
/// If the text is not a decimal. Only for numbers that are written in the source.
#[must_use]
pub fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).expect("a decimal")
}
