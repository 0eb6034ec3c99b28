//! Values to pixels, and round ticks between them. Floats begin here and end as pixels.

use crate::domain::Amount;

use super::label::grouped;

/// A straight scale from values to pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    start: i32,
    end: i32,
}

/// The ticks of an axis: values with their text.
pub(super) type Ticks = Vec<(f64, String)>;

/// The amount as a float, for geometry only: a pixel is coarser than any error made here.
pub(super) fn float(amount: Amount) -> f64 {
    amount.to_string().parse().unwrap_or(0.0)
}

impl Scale {
    /// `from` comes to lie on pixel `start`, `to` on pixel `end`.
    pub(super) fn new((from, to): (f64, f64), (start, end): (i32, i32)) -> Self {
        Self { from, to, start, end }
    }

    pub(super) fn pixel(&self, value: f64) -> i32 {
        let span = if self.to > self.from { self.to - self.from } else { 1.0 };
        let part = (value - self.from) / span;
        rounded(f64::from(self.start) + part * f64::from(self.end - self.start))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a pixel of a chart, clamped to one")]
fn rounded(value: f64) -> i32 {
    value.round().clamp(-100_000.0, 100_000.0) as i32
}

/// Round values that cover `low` to `high`, which has zero in it, in about five steps of 1, 2 or
/// 5 times a power of ten. The first and last tick are the ends of the axis.
pub(super) fn ticks(low: f64, high: f64) -> Ticks {
    let high = if high > low { high } else { low + 1.0 };
    let rough = (high - low) / 5.0;
    let exponent = rounded(rough.log10().floor());
    let power = 10_f64.powi(exponent);
    let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    let step = step.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(10.0 * power);
    let first = rounded((low / step).floor());
    let last = rounded((high / step).ceil()).max(first + 1);
    let decimals = usize::try_from(-rounded(step.log10().floor())).unwrap_or(0);
    let tick = |index: i32| {
        let value = f64::from(index) * step;
        (value, grouped(&format!("{value:.decimals$}")))
    };
    (first..=last).map(tick).collect()
}

/// The ends of an axis with such ticks.
pub(super) fn ends(ticks: &Ticks) -> (f64, f64) {
    let value = |tick: Option<&(f64, String)>| tick.map_or(0.0, |(value, _)| *value);
    (value(ticks.first()), value(ticks.last()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(low: f64, high: f64) -> String {
        let texts: Vec<String> = ticks(low, high).into_iter().map(|(_, text)| text).collect();
        texts.join(" ")
    }

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        assert_eq!(texts(0.0, 9_000.0), "0 2,000 4,000 6,000 8,000 10,000");
        assert_eq!(texts(-30.0, 100.0), "−50 0 50 100");
        assert_eq!(texts(0.0, 0.0012), "0.0000 0.0005 0.0010 0.0015");
        assert_eq!(texts(0.0, 0.0), "0.0 0.2 0.4 0.6 0.8 1.0");
    }

    #[test]
    fn a_scale_is_straight_and_survives_an_empty_range() {
        let scale = Scale::new((0.0, 10.0), (300, 100));
        assert_eq!([0.0, 5.0, 10.0].map(|value| scale.pixel(value)), [300, 200, 100]);
        assert_eq!(Scale::new((1.0, 1.0), (0, 10)).pixel(1.0), 0);
    }
}
