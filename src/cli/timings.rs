//! How long each stage took. For stderr only: published files know no clock.

use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(super) struct Timings {
    stages: Vec<(&'static str, Duration)>,
}

impl Timings {
    /// Does a stage and remembers how long it took.
    pub(super) fn stage<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let result = work();
        self.stages.push((name, begun.elapsed()));
        result
    }

    /// A line per stage and one for all, in milliseconds.
    pub(super) fn lines(&self) -> Vec<String> {
        let total: Duration = self.stages.iter().map(|(_, time)| *time).sum();
        let all = self.stages.iter().copied().chain([("total", total)]);
        all.map(|(name, time)| format!("{name:<12} {:>8} ms", time.as_millis())).collect()
    }
}
