//! A progress bar per source, on a terminal only.

use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::ingest::{FileId, Progress, SourceFile};

/// The bars of one scan. They vanish when dropped.
pub(super) struct Bars {
    bars: Vec<ProgressBar>,
    of_file: Vec<usize>,
}

impl Bars {
    pub(super) fn new(files: &[SourceFile]) -> Self {
        let all = MultiProgress::new();
        let mut sources: BTreeMap<&str, usize> = BTreeMap::new();
        let mut bars: Vec<ProgressBar> = Vec::new();
        let mut of_file = Vec::new();
        for file in files {
            let index = *sources.entry(&file.source).or_insert_with(|| {
                let bar = all.add(ProgressBar::new(0).with_prefix(file.source.to_string()));
                bars.push(bar.with_style(style()));
                bars.len() - 1
            });
            bars[index].inc_length(file.location.metadata().map_or(0, |found| found.len()));
            of_file.push(index);
        }
        Self { bars, of_file }
    }
}

fn style() -> ProgressStyle {
    let template = "{prefix:>12} [{bar:30}] {bytes}/{total_bytes} {eta}";
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

impl Progress for Bars {
    fn advanced(&self, file: FileId, bytes: u64) {
        let bar = &self.bars[self.of_file[file.0 as usize]];
        // Compressed text is longer than its file: the bar grows with it rather than overflow.
        if bar.length().is_some_and(|length| bar.position() + bytes > length) {
            bar.set_length(bar.position() + bytes);
        }
        bar.inc(bytes);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        for bar in &self.bars {
            bar.finish_and_clear();
        }
    }
}
