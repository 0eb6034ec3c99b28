use super::*;

/// Policy, month that the patterns fix, bills and manifests.
struct Case {
    policy: DeliveryPolicy,
    month: Option<&'static str>,
    bills: Vec<String>,
    manifests: Vec<Manifest>,
}

impl Case {
    fn of(policy: DeliveryPolicy, bills: &[&str]) -> Self {
        let mut bills: Vec<String> = bills.iter().map(|bill| (*bill).to_owned()).collect();
        bills.sort_unstable();
        Self { policy, month: None, bills, manifests: Vec::new() }
    }

    fn month(self, month: &'static str) -> Self {
        Self { month: Some(month), ..self }
    }

    /// A manifest of October of one export.
    fn manifest(self, path: &str, made_at: Option<u32>, files: &[&str]) -> Self {
        self.manifest_of("2026-10", "export", path, made_at, files)
    }

    fn manifest_of(
        mut self,
        month: &str,
        series: &str,
        path: &str,
        made_at: Option<u32>,
        files: &[&str],
    ) -> Self {
        let month: Period = month.parse().unwrap();
        let named =
            |name: &&str| NamedFile { name: (*name).to_owned(), rows: None, bytes: Some(1) };
        self.manifests.push(Manifest {
            path: path.to_owned(),
            sha256: String::new(),
            id: None,
            made_at: made_at.and_then(|hour| month.next().first().and_hms_opt(hour, 0, 0)),
            range: Some((month.first(), month.last())),
            series: vec![series.to_owned()],
            files: files.iter().map(named).collect(),
        });
        self
    }

    fn drafts(&self) -> Result<Vec<Draft>, Vec<String>> {
        let month = self.month.map(|month| month.parse().unwrap());
        let period = Some("2026-10".parse().unwrap());
        drafts(&self.bills, &self.manifests, Circumstances { policy: self.policy, month, period })
    }

    /// Each delivery as its files, `!` and what is missing, `<` and who replaced it.
    fn told(&self) -> Vec<String> {
        let drafts = self.drafts().unwrap();
        let told = drafts.iter().map(|draft| {
            let files: Vec<&str> =
                draft.files.keys().map(|bill| self.bills[*bill].as_str()).collect();
            let missing: Vec<String> = draft.missing.iter().map(|key| format!(" !{key}")).collect();
            let newer = draft.replaced_by.map(|newer| format!(" <{}", drafts[newer].name));
            files.join(" ") + &missing.concat() + &newer.unwrap_or_default()
        });
        told.collect()
    }
}

use DeliveryPolicy::{Append, ByManifest, Newest};

#[test]
fn parts_are_told_from_dates_and_versions() {
    for (bills, expected) in [
        (&["a/x-1.csv", "a/x-2.csv"][..], &["a/x-1.csv a/x-2.csv"][..]),
        (&["a/x-00000.csv.gz", "a/x-00001.csv.gz"], &["a/x-00000.csv.gz a/x-00001.csv.gz"]),
        (&["x_9.csv", "x_10.csv", "x_11.csv"], &["x_10.csv", "x_11.csv", "x_9.csv"]),
        (&["a/x-1.csv", "b/x-2.csv"], &["a/x-1.csv", "b/x-2.csv"]),
        (&["x-1.csv", "x-2.parquet"], &["x-1.csv", "x-2.parquet"]),
        (&["x-1.csv", "x-3.csv"], &["x-1.csv", "x-3.csv"]),
        (&["x-2026-01.csv", "x-2026-02.csv"], &["x-2026-01.csv", "x-2026-02.csv"]),
        (&["x-2026-10-01.csv", "x-2026-10-02.csv"], &["x-2026-10-01.csv", "x-2026-10-02.csv"]),
        (&["x-20261001.csv", "x-20261002.csv"], &["x-20261001.csv", "x-20261002.csv"]),
        (&["xv1.csv", "xv2.csv"], &["xv1.csv", "xv2.csv"]),
        (&["part_0_0001.csv", "part_1_0001.csv"], &["part_0_0001.csv part_1_0001.csv"]),
        (
            &["part-00000-9f.c000.snappy.parquet", "part-00001-9f.c000.snappy.parquet"],
            &["part-00000-9f.c000.snappy.parquet part-00001-9f.c000.snappy.parquet"],
        ),
        (&["ä-1.csv", "é1.csv", "1.csv", "0.csv"], &["0.csv", "1.csv", "ä-1.csv", "é1.csv"]),
    ] {
        assert_eq!(Case::of(ByManifest, bills).told(), expected, "{bills:?}");
    }
}

#[test]
fn a_manifest_finds_its_files_where_the_provider_put_them_and_where_users_do() {
    let key = "s3://bucket/pre/rep/20261001-20261101/a1/rep-1.csv.gz";
    for (manifest, bill) in [
        ("d/rep-Manifest.json", "d/rep-1.csv.gz"),
        ("d/rep-Manifest.json", "d/rep-1.csv"),
        ("d/rep-Manifest.json", "d/a1/rep-1.csv.gz"),
        ("rep-Manifest.json", "pre/rep/20261001-20261101/a1/rep-1.csv.gz"),
        ("m/rep-Manifest.json", "data/a1/rep-1.csv.gz"),
    ] {
        let case = Case::of(ByManifest, &[bill]).manifest(manifest, None, &[key]);
        assert_eq!(case.told(), [bill], "{manifest}");
        let bytes = case.drafts().unwrap()[0].files[&0].bytes;
        assert_eq!(bytes.is_some(), bill != "d/rep-1.csv", "{bill}");
    }
    let elsewhere = Case::of(ByManifest, &["d/a0/rep-1.csv.gz", "rep-1.csv.gz"]);
    let elsewhere = elsewhere.manifest("d/rep-Manifest.json", None, &[key]);
    assert_eq!(
        elsewhere.told(),
        [
            format!(" !{key}"),
            "d/a0/rep-1.csv.gz <d/rep-Manifest.json".into(),
            "rep-1.csv.gz".into()
        ]
    );
}

#[test]
fn the_longest_common_path_decides_between_files_of_one_name() {
    let bills = ["x/y2025/m10/f.csv", "x/y2026/m10/f.csv"];
    let case = Case::of(ByManifest, &bills).manifest("m/M.json", None, &["b/y2026/m10/f.csv"]);
    assert_eq!(case.told(), [bills[1], bills[0]]);
}

#[test]
fn a_newer_delivery_of_the_same_export_and_month_replaces_the_older() {
    let bills = ["a/f-1.csv", "a/f-2.csv", "b/f-1.csv"];
    let newer_second = Case::of(ByManifest, &bills)
        .manifest("a/M.json", Some(1), &["f-1.csv", "f-2.csv"])
        .manifest("b/M.json", Some(2), &["f-1.csv"]);
    assert_eq!(newer_second.told(), ["a/f-1.csv a/f-2.csv <b/M.json", "b/f-1.csv"]);
    let other_export = Case::of(ByManifest, &bills)
        .manifest_of("2026-10", "one", "a/M.json", Some(1), &["f-1.csv", "f-2.csv"])
        .manifest_of("2026-10", "two", "b/M.json", Some(2), &["f-1.csv"]);
    assert_eq!(other_export.told(), ["a/f-1.csv a/f-2.csv", "b/f-1.csv"]);
    let other_month = Case::of(ByManifest, &bills)
        .manifest_of("2026-09", "one", "a/M.json", Some(1), &["f-1.csv", "f-2.csv"])
        .manifest_of("2026-10", "one", "b/M.json", Some(2), &["f-1.csv"]);
    assert_eq!(other_month.told(), ["a/f-1.csv a/f-2.csv", "b/f-1.csv"]);
    let appended = Case { policy: Append, ..newer_second };
    assert_eq!(appended.told(), ["a/f-1.csv a/f-2.csv", "b/f-1.csv"]);
}

#[test]
fn of_three_deliveries_only_the_last_counts() {
    let case = Case::of(ByManifest, &["a/f.csv", "b/f.csv", "c/f.csv"])
        .manifest("a/M.json", Some(2), &["f.csv"])
        .manifest("b/M.json", Some(3), &["f.csv"])
        .manifest("c/M.json", Some(1), &["f.csv"]);
    assert_eq!(case.told(), ["a/f.csv <b/M.json", "b/f.csv", "c/f.csv <b/M.json"]);
}

#[test]
fn without_a_time_the_outer_manifest_and_then_folders_of_times_decide() {
    let report = Case::of(ByManifest, &["r/0a/f.csv", "r/ff/f.csv"])
        .manifest("r/M.json", None, &["p/r/0a/f.csv"])
        .manifest("r/0a/M.json", None, &["p/r/0a/f.csv"])
        .manifest("r/ff/M.json", None, &["p/r/ff/f.csv"]);
    assert_eq!(report.told(), ["r/0a/f.csv", "r/ff/f.csv <r/M.json"]);
    let times = ["d/20261103T01-x/f.csv", "d/20261102T23-y/f.csv"];
    let timed = Case::of(ByManifest, &times)
        .manifest("d/20261103T01-x/M.json", None, &["20261103T01-x/f.csv"])
        .manifest("d/20261102T23-y/M.json", None, &["20261102T23-y/f.csv"]);
    assert_eq!(timed.told(), ["d/20261102T23-y/f.csv <d/20261103T01-x/M.json", times[0]]);
    let unknown = Case::of(ByManifest, &["a/f.csv", "b/f.csv"])
        .manifest("a/M.json", None, &["f.csv"])
        .manifest("b/M.json", None, &["f.csv"]);
    assert_eq!(unknown.told(), ["a/f.csv", "b/f.csv"]);
}

#[test]
fn what_a_manifest_does_not_name_is_left_over() {
    let bills = ["d/f-1.csv", "d/f-2.csv", "d/old/f-1.csv", "d/old/er/f-1.csv", "x.csv"];
    let case = Case::of(ByManifest, &bills).manifest("d/M.json", None, &["f-1.csv"]);
    assert_eq!(
        case.told(),
        [
            "d/f-1.csv",
            "d/f-2.csv <d/M.json",
            "d/old/er/f-1.csv",
            "d/old/f-1.csv <d/M.json",
            "x.csv"
        ]
    );
    let appended = Case { policy: Append, ..case };
    assert_eq!(appended.told().iter().filter(|told| told.contains('<')).count(), 0);
}

#[test]
fn a_file_of_two_manifests_belongs_to_the_newer() {
    let case = Case::of(ByManifest, &["d/f-1.csv", "d/f-2.csv"])
        .manifest("d/A.json", Some(1), &["f-1.csv"])
        .manifest("d/B.json", Some(2), &["f-1.csv", "f-2.csv"]);
    assert_eq!(case.told(), [" <d/B.json", "d/f-1.csv d/f-2.csv"]);
}

#[test]
fn the_manifest_of_another_month_without_files_is_passed_over() {
    let case = Case::of(ByManifest, &["b/f.csv"])
        .manifest_of("2026-09", "e", "a/M.json", None, &["a/f.csv"])
        .manifest_of("2026-10", "e", "b/M.json", None, &["b/f.csv"]);
    assert_eq!(case.told(), ["b/f.csv"]);
    let of_period = Case::of(ByManifest, &["b/f.csv"]).manifest("a/M.json", None, &["a/f.csv"]);
    assert_eq!(of_period.told(), [" !a/f.csv", "b/f.csv"]);
}

#[test]
fn the_newest_is_the_last_as_people_count() {
    let bills = ["2026-10/run-9/f-1.csv", "2026-10/run-9/f-2.csv", "2026-10/run-10/f-1.csv"];
    let case = Case::of(Newest, &bills);
    assert_eq!(case.drafts().unwrap_err().len(), 2, "the month is not known");
    assert_eq!(
        case.month("2026-10").told(),
        [bills[2].to_owned(), format!("{} {} <{}", bills[0], bills[1], bills[2])]
    );
    let dated = Case::of(Newest, &["x-20261009.csv", "x-20261010.csv"]).month("2026-10");
    assert_eq!(dated.told(), ["x-20261009.csv <x-20261010.csv", "x-20261010.csv"]);
}

#[test]
fn what_lies_beside_a_manifest_does_not_compete_with_it() {
    let case = Case::of(Newest, &["a/f.csv", "a/z.csv", "b/f.csv"])
        .manifest("a/M.json", Some(1), &["f.csv"])
        .manifest("b/M.json", Some(2), &["f.csv"]);
    assert_eq!(case.told(), ["a/f.csv <b/M.json", "b/f.csv", "a/z.csv <b/M.json"]);
}

#[test]
fn a_circle_of_replacements_replaces_nobody() {
    let chain = [Some(1), Some(2), None, Some(4), Some(3), Some(3)];
    let last: Vec<_> = (0..chain.len()).map(|index| last_of(&chain, index)).collect();
    assert_eq!(last, [Some(2), Some(2), None, None, None, None]);
}
