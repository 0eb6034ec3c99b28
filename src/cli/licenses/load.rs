//! License rules, packs, calendars and tables of a project from disk.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::cli::load::Loader;
use crate::cli::run::today;
use crate::cli::workbook::executable;
use crate::diagnostics::{Code, Finding, Place, Span, did_you_mean};
use crate::domain::Period;
use crate::ingest::{contained, month_of, sha256_hex};
use crate::licenses::{
    Calendars, LicenseFile, LicensePart, Told, gather, read_file, read_product_table,
};
use crate::report::InputFile;
use crate::rules::licenses::{InputDecl, InputKind, LicenseRules, LicensesDecl, ProductRules};
use crate::rules::{Project, RuleText, fill_period, names_month, shipped};

/// What every project goes by, whatever packs it chooses: duties, matching, names of products.
const ALWAYS: [&str; 3] = ["duties", "matching", "products/usual"];
const PACKS: &str = "shipped:rules/licenses/";

/// What a project declares and tells of licenses.
#[derive(Clone, Debug)]
pub(in crate::cli) struct LoadedLicenses {
    pub(in crate::cli) rules: LicenseRules,
    pub(in crate::cli) calendars: Calendars,
    pub(in crate::cli) told: Told,
    /// Rule files in the order that they were read, shipped ones first.
    pub(in crate::cli) rule_texts: Vec<RuleText>,
    /// By path.
    pub(in crate::cli) files: Vec<ReadFile>,
}

/// A table that was read.
#[derive(Clone, Debug)]
pub(in crate::cli) struct ReadFile {
    pub(in crate::cli) input: String,
    pub(in crate::cli) kind: InputKind,
    pub(in crate::cli) path: String,
    pub(in crate::cli) rows: u64,
}

/// Name of a shipped pack: `oracle`.
fn pack_name(file: &RuleText) -> Option<&str> {
    let name = file.path.strip_prefix(PACKS)?.strip_suffix(".yaml")?;
    (!ALWAYS.contains(&name)).then_some(name)
}

impl Loader {
    /// What the project says of licenses; `None` where it says nothing, or something of it is wrong.
    pub(in crate::cli) fn licenses(&mut self, project: &Project) -> Option<LoadedLicenses> {
        let declared = project.licenses.as_ref()?;
        let before = self.errors.len();
        let rules = self.license_rules(declared);
        let calendars = rules.as_ref().and_then(|(rules, _)| self.calendars(rules));
        let products = rules.as_ref().map(|(rules, _)| self.products(declared, rules));
        // Tables are read by rules of products; without them what is wrong with rows is told all the same.
        let products = products.unwrap_or_default();
        let mut parts = Vec::new();
        for input in &declared.inputs {
            parts.extend(self.license_parts(input, &products));
        }
        if self.errors.len() > before {
            return None;
        }
        let files = parts.iter().map(|part| ReadFile {
            input: part.input.clone(),
            kind: part.kind,
            path: part.path.to_string(),
            rows: part.rows,
        });
        let mut files: Vec<ReadFile> = files.collect();
        files.sort_by(|a, b| (&a.path, &a.input).cmp(&(&b.path, &b.input)));
        match gather(parts) {
            Err(findings) => {
                self.errors.extend(findings);
                None
            }
            Ok(told) => {
                let ((rules, rule_texts), calendars) = (rules?, calendars?);
                Some(LoadedLicenses { rules, calendars, told, rule_texts, files })
            }
        }
    }

    /// The last day of the month that is looked at; today where none is.
    fn license_day(&self) -> NaiveDate {
        self.period.map_or_else(today, Period::last)
    }

    fn license_rules(&mut self, declared: &LicensesDecl) -> Option<(LicenseRules, Vec<RuleText>)> {
        let before = self.errors.len();
        let (shipped, mut tables) = shipped::license_rules();
        let own = self.own_license_rules(declared);
        let span = declared.rules.first().map(|(_, span)| span.clone());
        for path in LicenseRules::table_paths(&own) {
            let text = self.read(&path, "license table", span.as_ref());
            tables.extend(text.map(|text| RuleText { path, text }));
        }
        if self.errors.len() > before {
            return None;
        }
        // A pack that is not there is no reason not to look at the rules.
        let mut files = self.packs(declared, shipped);
        for file in &files {
            self.inputs.push(InputFile {
                kind: "license pack",
                path: file.path.clone(),
                sha256: sha256_hex(file.text.as_bytes()),
                bytes: file.text.len() as u64,
            });
        }
        files.extend(own);
        match LicenseRules::read(&files, &tables) {
            Ok(rules) => Some((rules, files)),
            Err(findings) => {
                self.errors.extend(findings);
                None
            }
        }
    }

    /// The shipped rule files that the project uses.
    fn packs(&mut self, declared: &LicensesDecl, shipped: Vec<RuleText>) -> Vec<RuleText> {
        let Some(wanted) = &declared.packs else { return shipped };
        let known: Vec<&str> = shipped.iter().filter_map(pack_name).collect();
        for (name, span) in wanted.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            let help = did_you_mean(name, known.iter().copied()).map_or_else(
                || format!("packs are {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let finding = Finding::new(Code::UnknownName, format!("there is no pack `{name}`"));
            self.errors.push(finding.help(help).at(Place::Text(span.clone())));
        }
        let is_sound = wanted.iter().all(|(name, _)| known.contains(&name.as_str()));
        let is_used = |file: &RuleText| {
            let is_wanted = |pack| wanted.iter().any(|(name, _)| name == pack);
            !is_sound || pack_name(file).is_none_or(is_wanted)
        };
        shipped.iter().filter(|file| is_used(file)).cloned().collect()
    }

    fn own_license_rules(&mut self, declared: &LicensesDecl) -> Vec<RuleText> {
        let mut paths: BTreeMap<String, Span> = BTreeMap::new();
        for (pattern, span) in &declared.rules {
            match contained(&self.root, pattern, span) {
                Ok(found) if found.is_empty() => {
                    let text = format!("no license rule file matches `{pattern}`");
                    let finding = Finding::new(Code::NotFound, text).help(self.nearby(pattern));
                    self.errors.push(finding.at(Place::Text(span.clone())));
                }
                Ok(found) => paths.extend(found.into_iter().map(|path| (path, span.clone()))),
                Err(finding) => self.errors.push(finding),
            }
        }
        let read = paths.into_iter().filter_map(|(path, span)| {
            let text = self.read(&path, "license rules", Some(&span))?;
            Some(RuleText { path, text })
        });
        read.collect()
    }

    fn calendars(&mut self, rules: &LicenseRules) -> Option<Calendars> {
        let holidays = &rules.duties.holidays;
        let before = self.errors.len();
        let named: BTreeMap<&str, &Span> = holidays
            .iter()
            .filter_map(|declared| declared.file.as_ref())
            .map(|(path, span)| (path.as_str(), span))
            .collect();
        let mut tables = Vec::new();
        for (path, span) in named {
            let text = self.read(path, "license calendar", Some(span));
            tables.extend(text.map(|text| (path, text)));
        }
        if self.errors.len() > before {
            return None;
        }
        let tables: Vec<(&str, &str)> =
            tables.iter().map(|(path, text)| (*path, text.as_str())).collect();
        Calendars::of(holidays, &tables).map_err(|findings| self.errors.extend(findings)).ok()
    }

    /// The project's own table stands before products of rule files.
    fn products(&mut self, declared: &LicensesDecl, rules: &LicenseRules) -> ProductRules {
        let products = rules.products.clone();
        let Some((path, span)) = &declared.products else { return products };
        if !self.hashed(path, "license products", span) {
            return products;
        }
        match read_product_table(&self.root.join(path), path, executable().as_deref()) {
            Ok(own) => products.behind(own),
            Err(findings) => {
                self.errors.extend(findings);
                products
            }
        }
    }

    fn license_parts(&mut self, input: &InputDecl, products: &ProductRules) -> Vec<LicensePart> {
        let reader = executable();
        let mut parts = Vec::new();
        for (path, month) in self.license_files(input) {
            if let Err(finding) = self.contained(&path, Some(&input.span)) {
                self.errors.push(finding);
                continue;
            }
            let read = read_file(
                &LicenseFile {
                    location: &self.root.join(&path),
                    path: &path,
                    declared: input,
                    day: month.map_or_else(|| self.license_day(), Period::last),
                    reader: reader.as_deref(),
                },
                products,
            );
            match read {
                Err(findings) => self.errors.extend(findings),
                Ok(part) => {
                    self.license_input(&part);
                    parts.push(part);
                }
            }
        }
        parts
    }

    /// Several inputs may read sheets of one workbook, which is one input.
    fn license_input(&mut self, part: &LicensePart) {
        let is_known =
            self.inputs.iter().any(|input| input.kind == "licenses" && *input.path == *part.path);
        if !is_known {
            self.inputs.push(InputFile {
                kind: "licenses",
                path: part.path.to_string(),
                sha256: part.sha256.clone(),
                bytes: part.bytes,
            });
        }
    }

    /// The files of an input by path, each with the month that its name tells. Tables of use are read of all months up
    /// to the one that is looked at, since earlier ones tell since when and whereto; what is owned and agreed is told
    /// whole by each month's table, so that only the newest counts.
    fn license_files(&mut self, input: &InputDecl) -> BTreeMap<String, Option<Period>> {
        let mut files = BTreeMap::new();
        for (pattern, span) in &input.files {
            let found = match contained(&self.root, &fill_period(pattern, None), span) {
                Ok(found) => found,
                Err(finding) => {
                    self.errors.push(finding);
                    continue;
                }
            };
            let with_month = found.into_iter().map(|path| {
                let month = month_of(pattern, &path);
                (path, month)
            });
            let last = self.period;
            let is_past =
                |month: &Option<Period>| month.zip(last).is_none_or(|(month, last)| month <= last);
            let mut own: BTreeMap<String, Option<Period>> =
                with_month.filter(|(_, month)| is_past(month)).collect();
            if own.is_empty() {
                let of = last.filter(|_| names_month(pattern));
                let of = of.map_or(String::new(), |month| format!(" of {month} or earlier"));
                let text = format!("no table of {}{of} matches `{pattern}`", input.kind.name());
                let help =
                    "a table that has not come tells of nothing owned or used; check the pattern";
                let finding = Finding::new(Code::NoFiles, text).help(help);
                self.errors.push(finding.at(Place::Text(span.clone())));
            }
            let newest = own.values().max().copied().flatten();
            if matches!(input.kind, InputKind::Entitlements | InputKind::Contracts) {
                own.retain(|_, month| *month == newest);
            }
            if let Some((newest, last)) = newest.zip(last).filter(|(newest, last)| newest < last) {
                let text = format!(
                    "there is no table of {} of {last}; the newest is of {newest}",
                    input.kind.name()
                );
                let help = format!(
                    "add the table of {last}; until then the figures are those of {newest}"
                );
                let finding = Finding::new(Code::LicenseStale, text).help(help);
                self.notes.push(finding.at(Place::Text(span.clone())));
            }
            files.extend(own);
        }
        files
    }
}
